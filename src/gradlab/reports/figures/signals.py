"""Figures of what was measured inside networks: distributions by layer, quantities by layer and over training, metrics."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from gradlab.reports.charts.bands import MOST_REPLICAS
from gradlab.reports.charts.densities import LayerHistograms
from gradlab.reports.charts.heat import LayerHistory, by_layer_and_step
from gradlab.reports.charts.history import TrainingCurve, training_curves
from gradlab.reports.charts.layers import LayerValues, by_layer
from gradlab.reports.charts.style import OKABE_ITO, colour_of
from gradlab.reports.charts.violins import VIOLINS_KEY, violins
from gradlab.reports.figures.record import Figure
from gradlab.reports.figures.theory import theory_at_birth
from gradlab.reports.selection import activation_of, labels
from gradlab.reports.words import count_text, levels_text
from gradlab.signals import DISTRIBUTIONS, QUANTITIES, History, layer_names
from gradlab.stats.text import counted_text
from gradlab.studies.results import Analysis, CellResult

MOST_PANELS = 12
MOST_LINES = (
    120  # thin ones, of single networks, in a figure of many settings: more would leave a page no room for pictures
)
DEVIATIONS_KEY = "Dashes: theory's mean plus and minus one standard deviation."
MOST_CURVES = 6  # lines that can be followed in one panel
MEANINGS = {
    "dead_units": "number of hidden units whose slope is 0 for every input,",
    "recovered_units": "number of hidden units that are alive and were dead at an earlier look,",
    "weight_change": "largest change of any weight since birth",
    "hidden_bias_change": "largest change of any bias of a hidden layer since birth",
    "unit_difference": "largest difference between two units of the first hidden layer, in any weight or bias",
}
# shown where claims name no quantity: how far signals and gradients reach
FIRST = ("activation_std", "saturation", "gradient_max")


def signal_figures(analysis: Analysis) -> list[Figure]:
    """Violins of every histogram kept, then the claimed quantities by layer, then over training."""
    cells = [cell for cell in analysis.cells if cell.signals is not None]
    groups: dict[str, list[CellResult]] = {}
    for cell in cells:
        groups.setdefault(activation_of(cell), []).append(cell)
    figures = [
        figure
        for name in _histograms(cells)
        for activation, members in groups.items()
        if (figure := _violins(name, activation, members)) is not None
    ]
    for quantity in _quantities(analysis, cells):
        figures += [
            figure
            for activation, group in groups.items()
            if (members := [cell for cell in group if quantity in _of(cell).values])
            for figure in (_by_layer(quantity, activation, members), _over_training(quantity, activation, members))
            if figure is not None
        ]
    return figures


def metric_figures(analysis: Analysis) -> list[Figure]:
    """Every metric over training: a line for each cell; many cells of several rows get a panel a row, all on one scale."""
    figures = []
    for name, metric in analysis.study.metrics.items():
        if metric.kind == "plateau":  # one number a training, not a course
            continue
        cells = [cell for cell in analysis.cells if len(cell.steps) > 1 and len(cell.metrics.get(name, ()))]
        most_lines = max(5, min(MOST_REPLICAS, MOST_LINES // max(1, len(cells))))
        curves = {row: _curves(name, members, is_whole=not row) for row, members in _by_row(cells).items()}
        every = [curve for shown in curves.values() for curve in shown]
        panels = {
            row: drawn
            for row, shown in curves.items()
            if (drawn := _drawn(name, shown, most_lines, beside=every)) is not None
        }
        if panels:
            over = MEANINGS.get(metric.kind, metric.kind) + (
                f" on the inputs called {metric.over}" if metric.has_inputs else ""
            )
            most = max(len(members) for members in _by_row(cells).values())
            left = f" Of {most} settings in a panel the first {MOST_PANELS} are drawn." if most > MOST_PANELS else ""
            band = " Line: mean; band: 95 % interval of the mean, where there are networks enough."
            same = " All panels have the same axes." if len(panels) > 1 else ""
            caption = f"{over.capitalize()}; {_networks(cells)}.{band}{same}{left}"
            title, least = name.replace("_", " ").capitalize(), 420 if len(panels) > 1 else None
            figures.append(Figure(f"metric-{name}", title, caption, panels, least_px=least))
    return figures


def _by_row(cells: Sequence[CellResult]) -> dict[str, list[CellResult]]:
    """Cells by row where one panel would hold too many lines to follow, else all under ""."""
    rows: dict[str, list[CellResult]] = {}
    for cell in cells:
        rows.setdefault(str(cell.levels.get("row", "")), []).append(cell)
    if len(cells) <= MOST_CURVES or len(rows) == len(cells):
        return {"": list(cells)}
    return rows


def _curves(metric: str, cells: Sequence[CellResult], *, is_whole: bool) -> list[TrainingCurve]:
    """A line for each cell, as many as a panel holds; in a row's own panel they are named by the other levels."""
    names = labels(cells) if is_whole else [levels_text(cell.levels, leave_out=["row"]) or "all" for cell in cells]
    return [
        TrainingCurve(label, colour, cell.steps, cell.metrics[metric].astype(float))
        for label, colour, cell in zip(names, _colours(cells), cells, strict=True)
    ][:MOST_PANELS]


def _drawn(
    metric: str, curves: Sequence[TrainingCurve], most_lines: int, beside: Sequence[TrainingCurve]
) -> go.Figure | None:
    title = metric.replace("_", " ")
    return training_curves(curves, title, has_log_steps=True, most_lines=most_lines, beside=beside)


def _histograms(cells: Sequence[CellResult]) -> list[str]:
    return list(dict.fromkeys(name for cell in cells if cell.signals for name in cell.signals.histograms))


def _quantities(analysis: Analysis, cells: Sequence[CellResult]) -> list[str]:
    """Quantities that claims are about, else the first that were measured."""
    measured = {name for cell in cells if cell.signals for name in cell.signals.values}
    claimed = [claim.measure.name for claim in analysis.study.claims if claim.measure.is_of_numbers]
    return [name for name in dict.fromkeys([*claimed, *([] if claimed else FIRST)]) if name in measured]


def _violins(name: str, activation: str, cells: Sequence[CellResult]) -> Figure | None:
    record = DISTRIBUTIONS[name]
    cells = [cell for cell in cells if name in _of(cell).histograms]
    settings = []
    for label, cell in zip(labels(cells), cells, strict=True):
        signals = _of(cell)
        histogram = signals.histograms[name]
        # linear layers, in front or at the output, reach far beyond a bounded activation and would flatten the rest
        blocks = cell.setup.network.blocks
        linear = {
            name
            for name, layer in zip(layer_names(len(blocks)), blocks, strict=True)
            if layer.activation.name == "identity"
        }
        filled = [k for k in range(len(signals.layers)) if histogram.totals[-1][:, k].any()]
        if record.needs not in ("norms", "running"):
            filled = [k for k in filled if signals.layers[k] not in linear] or filled
        shaped = filled or list(range(len(signals.layers)))
        counts, nans = histogram.counts[-1][:, shaped], histogram.nans[-1][:, shaped]
        spread = {
            kind: signals.values[f"{record.name.removesuffix('s')}_{kind}"][-1][:, shaped]
            for kind in ("mean", "std")
            if f"{record.name.removesuffix('s')}_{kind}" in signals.values
        }
        theory = theory_at_birth(cell) if name == "activations" else None
        has_theory = theory is not None and len(theory.layers) == len(signals.layers)
        settings.append(
            LayerHistograms(
                label, colour_of(activation), [signals.layers[k] for k in shaped], histogram.edges[shaped], counts,
                zero_bins=histogram.zero_bins[shaped], nans=nans, means=spread.get("mean"), stds=spread.get("std"),
                theory_std=theory["activation_std"][0, shaped] if theory is not None and has_theory else None,
                theory_mean=theory["activation_mean"][0, shaped] if theory is not None and has_theory else None,
            )
        )  # fmt: skip
    panels = violins(
        settings[:MOST_PANELS], _axis(record.symbol, record.unit), is_log10=record.formula.startswith("log10")
    )
    if not panels or not cells:
        return None
    theory_key = f" {DEVIATIONS_KEY}" if any(one.theory_std is not None for one in settings) else ""
    caption = (
        f"{_sentence(record.meaning)} {_when(cells)}; {_networks(cells)}. {VIOLINS_KEY}{theory_key}{_left_out(cells)}"
    )
    title = f"{name.replace('_', ' ').capitalize()} by layer: {activation}"
    return Figure(f"violins-{name}-{activation}", title, caption, panels, least_px=420)


def _by_layer(quantity: str, activation: str, cells: Sequence[CellResult]) -> Figure | None:
    record = QUANTITIES[quantity]
    cells = [cell for cell in cells if quantity in _of(cell).values]  # without norms there are no numbers of norms
    settings = [
        LayerValues(label, colour, _of(cell).layers, _of(cell)[quantity][-1])
        for label, colour, cell in zip(labels(cells), _colours(cells), cells, strict=True)
    ]
    drawn = by_layer(
        settings[:MOST_PANELS], _axis(quantity.replace("_", " "), record.unit), is_log=record.scale == "log" or None
    )
    if drawn is None:
        return None
    caption = (
        f"{_sentence(f'{record.meaning}: {record.formula}')} {_when(cells)}; {_networks(cells)}. Line: mean; band: 95 %"
        f" interval; thin lines: the networks.{_left_out(cells)}"
    )
    title = f"{quantity.replace('_', ' ').capitalize()} by layer: {activation}"
    return Figure(f"layers-{quantity}-{activation}", title, caption, {"": drawn})


def _over_training(quantity: str, activation: str, cells: Sequence[CellResult]) -> Figure | None:
    trained = [cell for cell in cells if len(cell.steps) > 2 and quantity in _of(cell).values]
    record = QUANTITIES[quantity]
    settings = [
        LayerHistory(label, cell.steps, _of(cell).layers, _of(cell)[quantity])
        for label, cell in zip(labels(trained), trained, strict=True)
    ]
    panels = by_layer_and_step(settings[:MOST_PANELS], _axis(quantity.replace("_", " "), record.unit))
    if not panels:
        return None
    caption = f"Mean over networks at every look; {_networks(trained)}. The input is below.{_left_out(trained)}"
    title = f"{quantity.replace('_', ' ').capitalize()} through training: {activation}"
    return Figure(f"training-{quantity}-{activation}", title, caption, panels, least_px=420)


def _of(cell: CellResult) -> History:
    assert cell.signals is not None
    return cell.signals


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _axis(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _when(cells: Sequence[CellResult]) -> str:
    ends = {cell.steps[-1] for cell in cells}
    return "Before training" if ends == {0} else "After training"


def _networks(cells: Sequence[CellResult]) -> str:
    counts = sorted({cell.signals.values[next(iter(cell.signals.values))].shape[1] for cell in cells if cell.signals})
    counts = counts or sorted({cell.replicas for cell in cells})
    span = "" if counts[0] == counts[-1] else f"{count_text(counts[0])} to "
    return f"{span}{counted_text(counts[-1], 'network')} a setting"


def _left_out(cells: Sequence[CellResult]) -> str:
    return (
        f" The first {MOST_PANELS} of {counted_text(len(cells), 'setting')} are shown."
        if len(cells) > MOST_PANELS
        else ""
    )


def _colours(cells: Sequence[CellResult]) -> list[str]:
    """The activation's colour where it tells the cells apart, else one colour after the other."""
    names = [activation_of(cell) for cell in cells]
    if len(set(names)) == len(names):
        return [colour_of(name) for name in names]
    return [OKABE_ITO[k % len(OKABE_ITO)] for k in range(len(cells))]
