"""Figures of crossed factors: the grid of rates, how much each factor moves them, and the readings of a source."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import map_cells, with_readings
from gradlab.reports.words import cell_rate, levels_text, percent_text, replicas_text
from gradlab.studies.results import Analysis, CellResult, LevelValue

MOST_PANELS = 12
MOST_READINGS = 24
OUTCOME = "collapsed"


def factor_figures(analysis: Analysis) -> list[Figure]:
    """A heat map over the two factors with most levels, panels for the rest; then a bar per factor.

    Cells of a width and depth map are left out: they have a figure of their own.
    """
    mapped = {cell.id for cells in map_cells(analysis).values() for cell in cells}
    cells = [cell for cell in analysis.cells if cell.id not in mapped and cell_rate(cell, OUTCOME) is not None]
    names = [effect.factor for effect in analysis.effects if any(effect.factor in cell.levels for cell in cells)]
    if len(names) < 2:
        return []
    cells = [cell for cell in cells if all(name in cell.levels for name in names)]
    shown = [_grid(analysis, cells, names), _bars(analysis, cells, names)]
    return [figure for figure in shown if figure is not None]


def _grid(analysis: Analysis, cells: Sequence[CellResult], names: Sequence[str]) -> Figure | None:
    by_size = sorted(names, key=lambda name: -len({cell.levels[name] for cell in cells}))
    x, y = by_size[:2]
    found = []
    for cell in cells:
        rate = cell_rate(cell, OUTCOME)
        assert rate is not None
        panel = levels_text(cell.levels, leave_out=(x, y)) if len(cell.levels) > 2 else ""
        found.append(charts.GridCell(cell.levels[x], cell.levels[y], panel, rate))
    panels = charts.effect_grids(found, x, y)
    if not panels:
        return None
    left = f" The first {MOST_PANELS} of {len(panels)} panels are drawn." if len(panels) > MOST_PANELS else ""
    rates = sorted(cell.rate.rate for cell in found)
    caption = (
        f"Collapsed at the end, in percent of the networks, over {x} and {y}; one panel for every combination of the rest."
        f" It goes from {percent_text(rates[0])} to {percent_text(rates[-1])}. Intervals stand in the table of cells and"
        f" under the pointer; {replicas_text([cell.rate.n for cell in found], 'networks')}.{left}"
    )
    drawn = dict(list(panels.items())[:MOST_PANELS])
    return Figure("grid", f"Collapse over {x} and {y}", caption, drawn, is_wide=len(drawn) == 1)


def _bars(analysis: Analysis, cells: Sequence[CellResult], names: Sequence[str]) -> Figure | None:
    bars = []
    for effect in analysis.effects:
        if effect.factor in names:
            found = _moves(cells, effect.factor)
            if found:
                bars.append(charts.EffectBar(effect.factor, effect.largest, found, effect.by_level))
    figure = charts.effect_bars(bars)
    if figure is None:
        return None
    first = bars[0]
    caption = (
        f"How far each factor alone moves the collapse rate, all others held. {first.factor} moves it most:"
        f" {100 * first.mean:.1f} points on average over {len(first.combinations)} combinations of the others (pale ticks)."
        f" {len(cells)} cells, {replicas_text([cell.replicas for cell in cells])}."
    )
    return Figure("effects", "Which factor matters most", caption, {"": figure})


def _moves(cells: Sequence[CellResult], factor: str) -> list[float]:
    """Largest minus smallest rate over the factor's levels, for each combination of all other levels."""
    groups: dict[tuple[tuple[str, LevelValue], ...], list[float]] = {}
    for cell in cells:
        rate = cell_rate(cell, OUTCOME)
        if rate is not None:
            rest = tuple((name, level) for name, level in cell.levels.items() if name != factor)
            groups.setdefault(rest, []).append(rate.rate)
    return [max(rates) - min(rates) for rates in groups.values() if len(rates) > 1]


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
            charts.ReadingRow(
                levels_text(r.levels, leave_out=sorted(shared)), r.rate, r.prediction, r.compatible
            )
            for r in near
        ]
        figure = charts.readings(rows, claim.published)
        if figure is None:
            continue
        compatible = sum(reading.compatible for reading in claim.readings)
        number = "" if claim.published is None else f" the published {percent_text(claim.published)}"
        farther = len(claim.readings) - len(near)
        left = f" The {farther} readings farthest from it are only in the table of cells." if farther else ""
        caption = (
            f"{compatible} of {len(claim.readings)} readings of what the source leaves out are compatible with{number}: the"
            f" blue band, where the rate of another run of the published size would lie, holds it.{left} Whiskers are 95 %"
            f" intervals; {replicas_text([reading.rate.n for reading in claim.readings])}."
        )
        figures.append(Figure(f"readings-{k + 1}", f"{claim.id}: which readings fit", caption, {"": figure}))
    return figures
