"""Figures of networks of many sizes: what they reach, and what they cost, against their units and their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gradlab.reports.charts.sizes import SizeCurve, SizePoint, by_size
from gradlab.reports.figures.record import Figure
from gradlab.reports.words import replicas_text
from gradlab.signals.profile import student_mean
from gradlab.stats.text import mean_text, number_text
from gradlab.studies.results import Analysis, CellResult

LEAST_SIZES = 3
SIZES: dict[str, Callable[[CellResult], int]] = {
    "hidden units": lambda cell: sum(shape[0] for shape in _hidden(cell)),
    "parameters": lambda cell: cell.setup.network.parameters,
}


def size_figures(analysis: Analysis) -> list[Figure]:
    """Every metric at the end, and seconds, where networks of two depths or more have three sizes each."""
    groups = _groups(analysis.cells)
    if len({depth for depth, _ in groups}) < 2:
        return []
    depths = sorted({depth for depth, _ in groups})
    variants = list(dict.fromkeys(rest for _, rest in groups))
    cells = [cell for members in groups.values() for cell in members]
    figures = []
    for metric in [name for name, rule in analysis.study.metrics.items() if rule.kind != "plateau"]:
        panels = {}
        for number, title in ((metric, metric.replace("_", " ")), ("", "seconds of training a network")):
            for x_title, size in SIZES.items():
                curves = [
                    SizeCurve(
                        f"{depth} hidden layer{'s' * (depth > 1)}{f', {rest}' if rest else ''}",
                        depths.index(depth),
                        variants.index(rest),
                        sorted((_point(cell, number, size(cell), x_title) for cell in members), key=lambda p: p.size),
                    )
                    for (depth, rest), members in groups.items()
                ]
                figure = by_size(curves, x_title, title)
                if figure is not None:
                    panels[f"{title}, by {x_title}"] = figure
        caption = (
            f"{metric.replace('_', ' ').capitalize()} at the end of training, and what it took, against size; one line a depth. "
            f"Whiskers: 95 % interval of the mean over networks, {replicas_text([cell.replicas for cell in cells])}. "
            "Seconds: a stack's, divided by its networks, on the machine of this run, with whatever else ran there."
        )
        figures.append(
            Figure(f"sizes-{metric}", f"What size buys: {metric.replace('_', ' ')}", caption, panels, least_px=420)
        )
    return figures


def _groups(cells: Sequence[CellResult]) -> dict[tuple[int, str], list[CellResult]]:
    """Cells by depth and by the levels of factors that do not change the network, if they have sizes enough."""
    found: dict[tuple[int, str], list[CellResult]] = {}
    for cell in cells:
        if not cell.replicas or cell.setup.network.depth < 1 or not cell.setup.network.parameters:
            continue
        found.setdefault((cell.setup.network.depth, _rest(cell, cells)), []).append(cell)
    kept = {}
    for key, members in found.items():
        sizes = [cell.setup.network.parameters for cell in members]
        if len(set(sizes)) == len(sizes) >= LEAST_SIZES:
            kept[key] = members
    return kept


def _rest(cell: CellResult, cells: Sequence[CellResult]) -> str:
    """Levels that networks of one shape differ in."""
    alike = [one for one in cells if one.setup.network == cell.setup.network]
    differ = [name for name in cell.levels if name != "row" and len({str(one.levels.get(name)) for one in alike}) > 1]
    return ", ".join(f"{name} {cell.levels[name]}" for name in differ)


def _hidden(cell: CellResult) -> list[tuple[int, ...]]:
    network = cell.setup.network
    return [above for layer, _, above in network.placed if layer in network.blocks][:-1]


def _point(cell: CellResult, metric: str, size: int, x_title: str) -> SizePoint:
    """A metric's mean over networks with its interval; seconds without a name."""
    where = f"{size:,} {x_title}"
    if not metric:
        return SizePoint(size, cell.seconds, cell.seconds, cell.seconds, f"{where}<br>{number_text(cell.seconds)} s")
    values = cell.metrics[metric][:, -1].astype(float)
    mean = student_mean(values, 0.95, "linear")
    low, high = (bound if math.isfinite(bound) else mean.mean for bound in (mean.low, mean.high))
    number = mean_text(mean.mean, mean.low, mean.high) if mean.n > 1 else number_text(mean.mean)
    return SizePoint(size, mean.mean, low, high, f"{where}<br>{number}<br>{mean.n} of {len(values)} networks")
