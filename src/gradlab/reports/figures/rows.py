"""Figures of the named rows: rates with published numbers, causes, definitions, survival, loss curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import plotly.graph_objects as go

from gradlab.parts import ACTIVATIONS
from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import activation_of, claimed, labels, notes, others_text, row_cells
from gradlab.reports.words import cell_rate, replicas_text
from gradlab.stats import Proportion, wilson
from gradlab.stats.text import counted_text, interval_text
from gradlab.studies.results import Analysis, CellResult

LONGEST_NOTED = 44  # characters of a row's label with its note
MOST_CURVES = 12
COLLAPSED = "collapsed"
_HATCHES: tuple[Literal["/", "x", "-", "."], ...] = ("/", "x", "-", ".")
_SYMBOLS: tuple[Literal["circle", "square"], ...] = ("circle", "square")


def rate_figures(analysis: Analysis) -> list[Figure]:
    """Collapse at the end and at birth under every definition, beside the published numbers; then by cause."""
    cells = row_cells(analysis)
    if not cells:
        return []
    rules = {name: rule.over for name, rule in analysis.study.outcomes.items()}
    marks = {}
    for name in rules:
        said = name.replace("_", " ")
        marks[f"{said} at the end"], marks[f"{said} at birth"] = (name, False), (name, True)
    title = "How many networks collapse"
    shown = [_rates(analysis, cells, "rates", title, _main_caption(cells, rules), marks)]
    alive = [
        cell for cell in cells if _count(cell, "constant", at_birth=False) or _count(cell, "constant", at_birth=True)
    ]
    if alive:
        caption = (
            "Dead: some layer has no live unit for any input. Constant to precision: units are alive, but the output is"
            " the same number for every input in the arithmetic used. Printed: the two at the end."
        )
        if len(alive) < len(cells):
            caption += f" In the other {len(cells) - len(alive)} rows every collapsed network is dead."
        causes = {
            "dead at the end": ("dead", False),
            "dead at birth": ("dead", True),
            "constant to precision at the end": ("constant", False),
            "constant to precision at birth": ("constant", True),
        }
        shown.append(_rates(analysis, alive, "causes", "Why they are constant", caption, causes))
    return [figure for figure in shown if figure is not None]


def _count(cell: CellResult, outcome: str, *, at_birth: bool) -> int:
    rate = cell_rate(cell, outcome, at_birth=at_birth)
    return 0 if rate is None else rate.count


def _rates(
    analysis: Analysis,
    cells: Sequence[CellResult],
    id: str,
    title: str,
    caption: str,
    marks: Mapping[str, tuple[str, bool]],
) -> Figure | None:
    """A `rates` chart. `marks`: series name -> (outcome, at birth)."""
    series = []
    for k, (name, (_, at_birth)) in enumerate(marks.items()):
        if at_birth:
            series.append(charts.Series(name, "dot", symbol=_SYMBOLS[k // 2 % len(_SYMBOLS)]))
        else:
            series.append(charts.Series(name, "bar", hatch=_HATCHES[k // 2 % len(_HATCHES)]))
    targets = {
        kind: {name: claimed(analysis, outcome, at_birth=birth, kind=kind) for name, (outcome, birth) in marks.items()}
        for kind in ("published", "theory")
    }

    def given(kind: str, cell: CellResult) -> dict[str, float]:
        levels = tuple(cell.levels.items())  # cells of equal content share an id, not what is published of them
        return {name: found[levels] for name, found in targets[kind].items() if levels in found}

    rows = []
    for cell, label in zip(cells, row_labels(analysis, cells), strict=True):
        found = {name: cell_rate(cell, outcome, at_birth=birth) for name, (outcome, birth) in marks.items()}
        rates = {name: rate for name, rate in found.items() if rate is not None}
        colour = charts.colour_of(activation_of(cell))
        rows.append(charts.RateRow(label, colour, rates, given("published", cell), given("theory", cell)))
    figure = charts.rates(rows, series, groups=colours(cells))
    title += ", beside the published numbers" if any(row.published for row in rows) else ""
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


def _main_caption(cells: Sequence[CellResult], rules: Mapping[str, str]) -> str:
    """What the marks are, and the extremes in words."""
    text = (
        "Hatched bars: one and the same output for every input looked at, after training; dots: before the first step."
    )
    if len(rules) > 1:
        sets = "; ".join(
            f'"{name.replace("_", " ")}" looks at the inputs called {over}' for name, over in rules.items()
        )
        text += f" {len(rules)} definitions: {sets}; the printed numbers are in this order."
    named = zip(labels(cells), [cell_rate(cell, COLLAPSED) for cell in cells], strict=True)
    return f"{text}{_extremes([(label, rate) for label, rate in named if rate is not None])}{others_text(cells)}"


def _extremes(found: Sequence[tuple[str, Proportion]]) -> str:
    """Where most networks collapse and where fewest do, in a sentence; "" of a single setting."""
    if len(found) < 2:
        return ""
    low, high = (extreme(rate.rate for _, rate in found) for extreme in (min, max))
    if low == high:
        return f" As many collapse in each, {_said(found[0][1])}." if high else " None collapse in any."
    at = {end: [(label, rate) for label, rate in found if rate.rate == end] for end in (low, high)}
    (most, at_most), (fewest, at_fewest) = ((_several(at[end]), _said(at[end][0][1])) for end in (high, low))
    return f" Most collapse in {most}, {at_most}; {'none' if not low else 'fewest'} in {fewest}, {at_fewest}."


def _several(found: Sequence[tuple[str, Proportion]]) -> str:
    """A setting, and how many others are as it is."""
    others = f" and {len(found) - 1} other{'s' * (len(found) > 2)}" if len(found) > 1 else ""
    return f"{found[0][0]}{others}"


def _said(rate: Proportion) -> str:
    return interval_text(rate.rate, rate.low, rate.high)


def survival_figure(analysis: Analysis) -> Figure | None:
    """Share of networks that have not collapsed, look by look; a panel for every definition."""
    cells = [
        cell for cell in row_cells(analysis) if COLLAPSED in cell.by_look and cell.replicas and len(cell.steps) > 1
    ]
    panels: dict[str, go.Figure] = {}
    first: list[charts.Curve] = []
    for rule in analysis.study.outcomes:
        curves = [
            charts.Curve(
                label,
                charts.colour_of(activation_of(cell)),
                list(cell.steps),
                [wilson(cell.replicas - int(count), cell.replicas) for count in cell.by_look[rule]],
            )
            for cell, label in zip(cells, labels(cells), strict=True)
            if rule in cell.by_look
        ]
        said = rule.replace("_", " ")
        figure = charts.survival(curves[:MOST_CURVES], f"networks not {said} (%)")
        if figure is not None:
            first = first or curves
            panels[f"Not {said}"] = figure
    if not panels:
        return None
    if len(panels) == 1:
        panels = {"": next(iter(panels.values()))}
    text = (
        "A falling line: networks collapse while they train; a rising one: they recover; a flat one: what is decided at"
        " birth stays."
    )
    text += _largest_swing(first)
    left = (
        f" The first {MOST_CURVES} of {counted_text(len(first), 'row')} are drawn." if len(first) > MOST_CURVES else ""
    )
    bands = f" Bands are 95 % intervals; {replicas_text([cell.replicas for cell in cells[:MOST_CURVES]])}."
    found = colours(cells).items()
    named = ", ".join(f"{name} {_COLOUR_NAMES[colour]}" for name, colour in found if colour in _COLOUR_NAMES)
    colour_key = f" Colours: {named}." if len(found) > 1 else ""
    return Figure("survival", "When they collapse", f"{text}{bands}{left}{colour_key}", panels)


def _largest_swing(curves: Sequence[charts.Curve]) -> str:
    """The curve that moves farthest from where it began, in a sentence."""
    swings = []
    for curve in curves:
        k = max(range(len(curve.rates)), key=lambda k: abs(curve.rates[k].rate - curve.rates[0].rate))
        swings.append((abs(curve.rates[k].rate - curve.rates[0].rate), k, curve))
    move, k, curve = max(swings, key=lambda swing: swing[0])
    if not move:
        return " Training changes none of them."
    way = f"from {_said(curve.rates[0])} at birth to {_said(curve.rates[k])} at step {curve.steps[k]:,}"
    end = "" if k == len(curve.rates) - 1 else f", and ends at {_said(curve.rates[-1])}"
    return f" {curve.label} moves farthest, {way}{end}."


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
    titles = {
        f"{row.label}, n = {drawn[row.label]} of {row.replicas:,}": panels[row.label]
        for row in rows
        if row.label in panels
    }
    return Figure("losses", "Loss of single networks", f"{caption}{crosses}", titles, least_px=270)
