"""Figures of which cells reach a number: the number over two factors, framed where theory expected otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports import charts
from gradlab.reports.figures.boundaries import boundaries_of
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import factors_of
from gradlab.reports.words import levels_text, replicas_text
from gradlab.stats.text import counted_text
from gradlab.studies.claims.measures.boundary import Boundary
from gradlab.studies.claims.measures.reaching import Reaching
from gradlab.studies.levels import matching
from gradlab.studies.results import Analysis, CellResult

MOST_PANELS = 12


def reaching_figures(analysis: Analysis) -> list[Figure]:
    """One figure for every metric and threshold that claims count cells by; a panel for every combination of the rest."""
    measures = [claim.measure for claim in analysis.study.claims if isinstance(claim.measure, Reaching)]
    asked = dict.fromkeys((measure.reaching, measure.threshold) for measure in measures)
    figures: list[Figure] = []
    for metric, threshold in asked:
        cells = [cell for cell in analysis.cells if len(cell.metrics.get(metric, ()))]
        factors = factors_of(cells)
        if len(factors) < 2:
            continue
        y, x = factors[:2]
        cells = [cell for cell in cells if {x, y} <= cell.levels.keys()]  # a factor may be one of some rows only
        if not cells:
            continue
        against, theory = _against_theory(analysis, metric, threshold)
        panels: dict[str, list[charts.NumberCell]] = {}
        for cell in cells:
            rest = {name: level for name, level in cell.levels.items() if name in factors[2:]}
            values = cell.metrics[metric][:, -1]
            drawn = charts.NumberCell(
                cell.levels[x], cell.levels[y], float(values.mean()), len(values), cell in against
            )
            panels.setdefault(levels_text(rest) if rest else "", []).append(drawn)
        said = metric.replace("_", " ")
        drawn_panels = {
            title: figure
            for title, found in list(panels.items())[:MOST_PANELS]
            if (figure := charts.number_map(found, x, y, said, "theory expected otherwise")) is not None
        }
        caption = (
            f"Mean {said} at the end, over {y} and {x}; claims count the cells in which it reaches {threshold:g}. "
            + (
                f"Framed: {len(against)} of {counted_text(len(cells), 'cell')} on the other side of it than {theory}. "
                if theory
                else ""
            )
            + f"{replicas_text([len(cell.metrics[metric]) for cell in cells])}."
        )
        width = charts.least_width(len({cell.levels[x] for cell in cells})) if len(panels) > 1 else None
        id, title = f"reaching-{len(figures) + 1}", f"{said.capitalize()} over {y} and {x}"
        if len({threshold for name, threshold in asked if name == metric}) > 1:
            title += f", beside {threshold:g}"
        figures.append(Figure(id, title, caption, drawn_panels, least_px=width))
    return figures


def _against_theory(analysis: Analysis, metric: str, threshold: float) -> tuple[Sequence[CellResult], str]:
    """Cells that reach the threshold where theory's depth says no, or do not where it says yes; and what it is called.

    Theory is that of a claim about a boundary of one level. "" where the study has no such claim.
    """
    for claim in analysis.study.claims:
        measure = claim.measure
        if not isinstance(measure, Boundary) or (measure.boundary, measure.threshold) != (metric, threshold):
            continue
        cells = matching(analysis.cells, measure.where)
        found = boundaries_of(claim, analysis)
        if not found or len({cell.levels[measure.along] for cell in cells}) > 1:
            continue
        off = [boundary.measured.levels for boundary in found if not boundary.agrees(1.0)]
        return [cell for cell in cells if any(levels.items() <= cell.levels.items() for levels in off)], (
            f"theory's {measure.along} says"
        )
    return [], ""
