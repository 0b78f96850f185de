"""Figures of the named rows: rates with published numbers, causes, definitions, survival, loss curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradlab.parts import ACTIVATIONS
from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import activation_of, claimed, labels, notes, row_cells
from gradlab.reports.words import cell_rate, interval_text, replicas_text
from gradlab.stats import Proportion, wilson
from gradlab.studies.results import Analysis, CellResult

LONGEST_NOTED = 44  # characters of a row's label with its note
MOST_CURVES = 12
COLLAPSED = "collapsed"


def rate_figures(analysis: Analysis) -> list[Figure]:
    """Collapse at the end and at birth beside the published numbers; then by cause, and under every definition."""
    cells = row_cells(analysis)
    if not cells:
        return []
    shown = [
        _rates(
            analysis, cells, "rates", "How many networks collapse, beside the published numbers", _main_caption(cells),
            {"collapsed at the end": (COLLAPSED, False), "collapsed at birth": (COLLAPSED, True)},
        )
    ]  # fmt: skip
    if any(rate.count for cell in cells for rate in [cell_rate(cell, "constant")] if rate):
        caption = (
            "Dead: some layer has no live unit for any input. Constant to precision: units are alive, but the output is"
            " the same number for every input in the arithmetic used. Bars stand for the end, dots for birth."
        )
        causes = {
            "dead": ("dead", False),
            "constant to precision": ("constant", False),
            "dead at birth": ("dead", True),
            "constant at birth": ("constant", True),
        }
        shown.append(_rates(analysis, cells, "causes", "Why they are constant", caption, causes))
    others = [name for name in analysis.study.outcomes if name != COLLAPSED]
    if others:
        rules = {name: rule.over for name, rule in analysis.study.outcomes.items()}
        sets = ", ".join(f'"{name}" on the inputs {over}' for name, over in rules.items())
        caption = f"The same networks judged by different inputs: {sets}. A network can be constant on one and not on the other."
        marks = {name.replace("_", " "): (name, False) for name in rules}
        shown.append(_rates(analysis, cells, "definitions", "How much the definition matters", caption, marks))
    return [figure for figure in shown if figure is not None]


def _rates(
    analysis: Analysis,
    cells: Sequence[CellResult],
    id: str,
    title: str,
    caption: str,
    marks: Mapping[str, tuple[str, bool]],
) -> Figure | None:
    """A `rates` chart. `marks`: series name -> (outcome, at birth)."""
    hatches = iter("/x-.")
    series: list[charts.Series] = []
    for name, (_, at_birth) in marks.items():
        series.append(charts.Series(name, "dot") if at_birth else charts.Series(name, "bar", next(hatches)))  # type: ignore[arg-type]
    targets = {
        kind: {name: claimed(analysis, outcome, at_birth=birth, kind=kind) for name, (outcome, birth) in marks.items()}
        for kind in ("published", "theory")
    }

    def given(kind: str, cell: CellResult) -> dict[str, float]:
        return {name: found[cell.id] for name, found in targets[kind].items() if cell.id in found}

    rows = []
    for cell, label in zip(cells, row_labels(analysis, cells), strict=True):
        found = {name: cell_rate(cell, outcome, at_birth=birth) for name, (outcome, birth) in marks.items()}
        rates = {name: rate for name, rate in found.items() if rate is not None}
        colour = charts.colour_of(activation_of(cell))
        rows.append(charts.RateRow(label, colour, rates, given("published", cell), given("theory", cell)))
    figure = charts.rates(rows, series, groups=colours(cells))
    n = replicas_text([cell.replicas for cell in cells])
    return None if figure is None else Figure(id, title, f"{caption} Whiskers are 95 % intervals; {n}.", {"": figure})


def row_labels(analysis: Analysis, cells: Sequence[CellResult]) -> list[str]:
    """Names of the rows with the study's notes behind them where they are short."""
    said = notes(analysis.study)
    names = []
    for cell, label in zip(cells, labels(cells), strict=True):
        note = said.get(str(cell.levels.get("row", "")), "")
        noted = f"{label}: {note}" if note else label
        names.append(noted if len(noted) <= LONGEST_NOTED else label)
    return names


def colours(cells: Sequence[CellResult]) -> dict[str, str]:
    """Activation -> its colour, for those that occur, in the catalog's order."""
    found = {activation_of(cell) for cell in cells}
    return {name.replace("_", " "): charts.colour_of(name) for name in ACTIVATIONS if name in found}


def _main_caption(cells: Sequence[CellResult]) -> str:
    """The extremes in words."""
    named = zip(labels(cells), [cell_rate(cell, COLLAPSED) for cell in cells], strict=True)
    found = sorted(((rate.rate, label, rate) for label, rate in named if rate is not None), key=lambda entry: entry[0])
    text = "Hatched bars: one and the same output for every test input after training; dots: already so before the first step."
    if len(found) > 1:
        (_, low, least), (_, high, most) = found[0], found[-1]
        text += f" Most collapse in {high}, {_said(most)}; fewest in {low}, {_said(least)}."
    return text


def _said(rate: Proportion) -> str:
    return interval_text(rate.rate, rate.low, rate.high)


def survival_figure(analysis: Analysis) -> Figure | None:
    """Share of networks that have not collapsed, look by look."""
    cells = [cell for cell in row_cells(analysis) if COLLAPSED in cell.by_look and cell.replicas and len(cell.steps) > 1]
    curves = [
        charts.Curve(
            label,
            charts.colour_of(activation_of(cell)),
            list(cell.steps),
            [wilson(cell.replicas - int(count), cell.replicas) for count in cell.by_look[COLLAPSED]],
        )
        for cell, label in zip(cells, labels(cells), strict=True)
    ]
    figure = charts.survival(curves[:MOST_CURVES])
    if figure is None:
        return None
    change = [(curve.rates[-1].rate - curve.rates[0].rate, curve) for curve in curves]
    move, curve = max(change, key=lambda entry: abs(entry[0]))
    text = "A falling line: networks collapse while they train; a rising one: they recover; a flat one: what is decided at birth stays."
    text += (
        f" Training changes {curve.label} most, from {_said(curve.rates[0])} to {_said(curve.rates[-1])}."
        if move
        else " Training changes none of them."
    )
    left = f" The first {MOST_CURVES} of {len(curves)} rows are drawn." if len(curves) > MOST_CURVES else ""
    bands = f" Bands are 95 % intervals; {replicas_text([cell.replicas for cell in cells[:MOST_CURVES]])}."
    keys = ", ".join(f"{name} {_COLOUR_NAMES[colour]}" for name, colour in colours(cells).items() if colour in _COLOUR_NAMES)
    return Figure("survival", "When they collapse", f"{text}{bands}{left} Colours: {keys}.", {"": figure})


_COLOUR_NAMES = {
    charts.colour_of("relu"): "vermillion",
    charts.colour_of("leaky_relu"): "orange",
    charts.colour_of("tanh"): "blue",
    charts.colour_of("sigmoid"): "green",
}


def loss_figure(analysis: Analysis) -> Figure | None:
    """Loss curves of a few replicas of every row."""
    cells = row_cells(analysis)
    rows, diverged = [], 0
    for cell, label in zip(cells, labels(cells), strict=True):
        curves = cell.loss_curves[:50]
        if len(curves):
            rows.append(
                charts.Losses(label, charts.colour_of(activation_of(cell)), list(cell.steps), curves, cell.replicas)
            )
    panels = charts.loss_curves(rows)
    if not panels:
        return None
    drawn = {row.label: len(row.losses) for row in rows}
    diverged = sum(rate.count for cell in cells for rate in [cell_rate(cell, "diverged")] if rate)
    caption = (
        "Every line is one network, the first replicas of each row; all panels have the same axes. Flat lines are networks"
        " that learn nothing, most of them collapsed."
    )
    crosses = " A cross marks the last finite loss of a network that diverged." if diverged else " None diverged."
    titles = {f"{row.label} ({drawn[row.label]} of {row.replicas:,})": panels[row.label] for row in rows if row.label in panels}
    return Figure("losses", "Loss of single networks", f"{caption}{crosses} n is in each panel's title.", titles, is_wide=False)
