"""Figures of networks of many sizes: what they reach, and what they cost, against their units and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradlab.reports.charts.trends import Trend, TrendPoint, trends
from gradlab.reports.figures.levels import metric_point
from gradlab.reports.figures.record import Figure
from gradlab.reports.words import replicas_text
from gradlab.stats.text import number_text
from gradlab.studies.measured import Metric
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
    for metric, rule in [item for item in analysis.study.metrics.items() if item[1].kind != "plateau"]:
        panels = {}
        for number, title in ((rule, metric.replace("_", " ")), (None, "seconds of training a network")):
            for x_title, size in SIZES.items():
                curves = [
                    Trend(
                        f"{depth} hidden layer{'s' * (depth > 1)}{f', {rest}' if rest else ''}",
                        depths.index(depth),
                        variants.index(rest),
                        sorted(
                            (_point(cell, metric, number, size(cell), x_title) for cell in members), key=lambda p: p.x
                        ),
                    )
                    for (depth, rest), members in groups.items()
                ]
                figure = trends(curves, x_title, title, is_log=True)
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


def _point(cell: CellResult, name: str, metric: Metric | None, size: int, x_title: str) -> TrendPoint:
    """A metric's mean over networks with its interval; seconds without a metric."""
    where = f"{size:,} {x_title}"
    if metric is None:
        return TrendPoint(size, cell.seconds, cell.seconds, cell.seconds, f"{where}<br>{number_text(cell.seconds)} s")
    return metric_point(cell, name, metric, size, where)
