"""The map of collapse at birth over depth and width, beside the closed forms."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import map_cells, theory_pairs
from gradlab.reports.words import level_text, replicas_text
from gradlab.stats import standard_error
from gradlab.stats.text import counted_text
from gradlab.studies.compare import THEORIES
from gradlab.studies.results import Analysis, CellResult


def map_figures(analysis: Analysis) -> list[Figure]:
    """One figure for every group of cells over width and depth, and every outcome that a closed form predicts."""
    figures: list[Figure] = []
    groups = map_cells(analysis)
    for group, cells in groups.items():
        names = list(dict.fromkeys(name for cell in cells for name in cell.theory))
        for outcome, theories in theory_pairs(analysis, names).items():
            curves = _curves(cells, outcome, theories)
            said = outcome.replace("_", " ")
            panels = charts.rate_by_depth(curves, f"{said} at birth (%)")
            if panels:
                title = f"Born {said}, by depth and width" + (f" ({group})" if len(groups) > 1 else "")
                titles = ["On a linear axis", "The same on a logarithmic axis"] if len(panels) > 1 else [""]
                caption = _caption(cells, outcome, theories, is_log=len(panels) > 1)
                figures.append(
                    Figure(f"map-{len(figures) + 1}", title, caption, dict(zip(titles, panels, strict=True)))
                )
    return figures


def _curves(cells: Sequence[CellResult], outcome: str, theories: Sequence[str]) -> list[charts.DepthCurve]:
    curves = []
    for width in sorted({float(cell.levels["width"]) for cell in cells}):
        own = [cell for cell in cells if cell.levels["width"] == width and outcome in cell.at_birth]
        own.sort(key=lambda cell: float(cell.levels["depth"]))
        if own:
            curves.append(
                charts.DepthCurve(
                    f"width {level_text(width)}",
                    [float(cell.levels["depth"]) for cell in own],
                    [cell.at_birth[outcome] for cell in own],
                    {_kind(name): [cell.theory.get(name) for cell in own] for name in theories},
                )
            )
    return curves


def _kind(theory: str) -> str:
    if theory not in THEORIES:
        return theory.replace("_", " ")
    return "closed form" if THEORIES[theory].kind == "exact" else f"closed form, {THEORIES[theory].kind}"


def _caption(cells: Sequence[CellResult], outcome: str, theories: Sequence[str], *, is_log: bool) -> str:
    """What the lines are, and how far the farthest cell is from its closed form."""
    text = "Marks: measured before the first step, with 95 % intervals; dashed: the closed form, no parameter fitted."
    measured = [cell for cell in cells if outcome in cell.at_birth]
    for name in theories:
        exact = name not in THEORIES or THEORIES[name].kind == "exact"
        found = []
        for cell in measured:
            if name in cell.theory:
                rate, theory = cell.at_birth[outcome], cell.theory[name]
                distance = (rate.rate - theory) / max(standard_error(theory, rate.n), 1.0 / rate.n)
                found.append((distance, f"width {cell.levels['width']}, depth {cell.levels['depth']}"))
        if found:
            farthest = max(found, key=lambda entry: abs(entry[0])) if exact else min(found)
            kind = "the farthest cell" if exact else "against the lower bound the lowest cell"
            text += f" Of {counted_text(len(found), 'cell')} {kind} is {farthest[1]}, {farthest[0]:+.1f} standard errors away."
    if is_log and any(rate.count == 0 for cell in measured for rate in [cell.at_birth[outcome]]):
        text += " An open triangle: none of n, drawn at the interval's upper end."
    return f"{text} {replicas_text([cell.at_birth[outcome].n for cell in measured])}.".replace(" n =", " Here n =")
