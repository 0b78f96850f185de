"""Figures of crossed factors: the grid of rates, how much each factor moves them, and the readings of a source."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import factors_of, grid_groups, others_text, with_readings
from gradlab.reports.words import claim_of, levels_text, rate_text, replicas_text
from gradlab.stats import Proportion, wilson
from gradlab.stats.text import counted_text, percent_text
from gradlab.studies.claims import ClaimResult
from gradlab.studies.levels import LevelValue
from gradlab.studies.results import Analysis, CellResult

MOST_PANELS = 12
MOST_READINGS = 16
OUTCOME = "collapsed"


def factor_figures(analysis: Analysis) -> list[Figure]:
    """For every row with crossed factors a heat map over the two with most levels; then a bar per factor."""
    groups = grid_groups(analysis)
    shown = [_grid(analysis, row if len(groups) > 1 else "", cells) for row, cells in groups.items()]
    bars = _bars(analysis, [cell for cells in groups.values() for cell in cells])
    return [*shown[:1], *([bars] if bars else []), *shown[1:]]


def _grid(analysis: Analysis, row: str, cells: Sequence[CellResult]) -> Figure:
    x, y = factors_of(cells)[:2]
    constant = {name for name in cells[0].levels if len({cell.levels.get(name) for cell in cells}) == 1}
    found = [
        charts.GridCell(
            cell.levels[x],
            cell.levels[y],
            levels_text(cell.levels, leave_out=(x, y, *constant)) if len(cell.levels) > len(constant) + 2 else "",
            cell.outcomes[OUTCOME],
        )
        for cell in cells
    ]
    panels = charts.effect_grids(found, x, y)
    left = (
        f" The first {MOST_PANELS} of {counted_text(len(panels), 'panel')} are drawn."
        if len(panels) > MOST_PANELS
        else ""
    )
    rates = [cell.rate for cell in found]
    least, most = min(rates, key=_rate), max(rates, key=_rate)
    caption = (
        f"Collapsed at the end, in percent of the networks, over {x} and {y}"
        + ("; one panel for every combination of the rest." if len(panels) > 1 else ".")
        + f" {_span(least, most)}.{_alive(cells)}{others_text(cells)} Intervals stand in the table of cells and"
        f" under the pointer; {replicas_text([rate.n for rate in rates])}.{left}"
    )
    drawn = dict(list(panels.items())[:MOST_PANELS])
    id = f"grid-{list(grid_groups(analysis)).index(row) + 1}" if row else "grid"
    title = f"Collapse over {x} and {y}" + (f" in {row}" if row else "")
    return Figure(id, title, caption, drawn, least_px=150 + 48 * len({cell.x for cell in found}))


def _span(least: Proportion, most: Proportion) -> str:
    if least.rate < most.rate:
        return f"It goes from {rate_text(least)} to {rate_text(most)}"
    return "None collapsed" if not most.count else f"It is {rate_text(most)} in each"


def _alive(cells: Sequence[CellResult]) -> str:
    """How many of the collapsed networks have live units, in a sentence."""
    collapsed = sum(cell.outcomes[OUTCOME].count for cell in cells)
    constant = [cell.outcomes["constant"].count for cell in cells if "constant" in cell.outcomes]
    if not collapsed or len(constant) < len(cells):
        return ""
    share = rate_text(wilson(sum(constant), collapsed))
    return f" Of the {collapsed:,} collapsed networks {share} have live units: their output is constant to precision."


def _rate(proportion: Proportion) -> float:
    return proportion.rate


def _bars(analysis: Analysis, cells: Sequence[CellResult]) -> Figure | None:
    bars = []
    for effect in analysis.effects if any(cell.outcomes[OUTCOME].count for cell in cells) else ():
        found = _moves(cells, effect.factor)
        if found:
            bars.append(charts.EffectBar(effect.factor, effect.largest, found, effect.by_level))
    figure = charts.effect_bars(bars)
    if figure is None:
        return None
    first = bars[0]
    combinations = counted_text(len(first.combinations), "combination")
    caption = (
        f"How far each factor alone moves the collapse rate, all others held. {first.factor} moves it most:"
        f" {100 * first.mean:.1f} points on average over {combinations} of the others (pale ticks)."
        f" {counted_text(len(cells), 'cell')}, {replicas_text([cell.replicas for cell in cells])}."
    )
    return Figure("effects", "Which factor matters most", caption, {"": figure})


def _moves(cells: Sequence[CellResult], factor: str) -> list[float]:
    """Largest minus smallest rate over the factor's levels, for each combination of all other levels."""
    groups: dict[tuple[tuple[str, LevelValue], ...], list[float]] = {}
    for cell in cells:
        if factor in cell.levels:
            rest = tuple((name, level) for name, level in cell.levels.items() if name != factor)
            groups.setdefault(rest, []).append(cell.outcomes[OUTCOME].rate)
    return [max(rates) - min(rates) for rates in groups.values() if len(rates) > 1]


def _readings_axis(claim: ClaimResult, analysis: Analysis) -> str:
    asked = claim_of(analysis.study, claim.id)
    is_metric = asked is not None and asked.measure.name in analysis.study.metrics
    return f"{asked.measure.name.replace('_', ' ')} (%)" if asked and is_metric else "share of networks (%)"


def reading_figures(analysis: Analysis) -> list[Figure]:
    """For every claim about readings: each reading's rate against the published number."""
    figures = []
    for k, claim in enumerate(with_readings(analysis)):
        shared = {
            name
            for name in claim.readings[0].levels
            if len({reading.levels.get(name) for reading in claim.readings}) == 1
        }
        target = claim.published if claim.published is not None else 0.0
        near = sorted(claim.readings, key=lambda r: (not r.compatible, abs(r.rate.rate - target)))[:MOST_READINGS]
        rows = [
            charts.ReadingRow(levels_text(r.levels, leave_out=sorted(shared)), r.rate, r.prediction, r.compatible)
            for r in near
        ]
        figure = charts.readings(rows, claim.published, _readings_axis(claim, analysis))
        if figure is None:
            continue
        compatible = sum(bool(reading.compatible) for reading in claim.readings)
        number = "" if claim.published is None else f" the published {percent_text(claim.published)}"
        farther = len(claim.readings) - len(near)
        left = (
            f" The {counted_text(farther, 'reading')} farthest from it stand{'s' * (farther == 1)} in the table of cells only."
            if farther
            else ""
        )
        verb = "is" if compatible == 1 else "are"
        caption = (
            f"{compatible} of {counted_text(len(claim.readings), 'reading')} tried of what the source leaves out {verb}"
            f" compatible with{number}: the blue band, where another run of the published size would lie, holds it.{left}"
            f" Whiskers are 95 % intervals; {replicas_text([reading.rate.n for reading in claim.readings])}."
        )
        figures.append(Figure(f"readings-{k + 1}", f"{claim.id}: which readings fit", caption, {"": figure}))
    return figures
