"""Figures of boundaries: how deep networks of every setting train, beside theory's depth."""

from __future__ import annotations

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.words import levels_text, replicas_text
from gradlab.studies.claims import Claim, Found
from gradlab.studies.claims.criteria.theory_depth import Boundary, TheoryDepth
from gradlab.studies.claims.measures import boundary as measures
from gradlab.studies.compare import DEPTHS
from gradlab.studies.levels import matching
from gradlab.studies.results import Analysis


def boundary_figures(analysis: Analysis) -> list[Figure]:
    """One figure for every claim about a boundary: a panel for every combination of all levels but two factors'."""
    figures: list[Figure] = []
    for claim in analysis.study.claims:
        measure, depth = claim.measure, claim.expected
        if not isinstance(measure, measures.Boundary) or not isinstance(depth, TheoryDepth):
            continue
        found = boundaries_of(claim, analysis)
        cells = matching(analysis.cells, measure.where)
        if len({cell.levels[measure.along] for cell in cells}) < 2 or not found:
            continue  # of one level there is no map
        all_levels = [one.measured.levels for one in found]
        varied = [name for name in all_levels[0] if len({levels.get(name) for levels in all_levels}) > 1]
        across = max(varied, key=lambda name: len({str(levels.get(name)) for levels in all_levels}), default="row")
        panels: dict[str, list[charts.BoundaryColumn]] = {}
        for boundary in found:
            levels = boundary.measured.levels
            rest = {name: level for name, level in levels.items() if name in varied and name != across}
            ends = {
                float(cell.levels[measure.along]): cell.metrics[measure.boundary][:, -1]
                for cell in cells
                if levels.items() <= cell.levels.items()
            }
            means = {level: float(values.mean()) for level, values in ends.items()}
            counts = {level: len(values) for level, values in ends.items()}
            column = charts.BoundaryColumn(
                levels.get(across, ""), means, boundary.measured.value, boundary.theory, counts
            )
            panels.setdefault(", ".join(f"{name} {level}" for name, level in rest.items()), []).append(column)
        said = measure.boundary.replace("_", " ")
        drawn = {
            title: figure
            for title, columns in panels.items()
            if (figure := charts.boundary_map(columns, across, measure.along, said)) is not None
        }
        width = charts.least_width(max(map(len, panels.values()))) if len(panels) > 1 else None
        why = next((result.why for result in analysis.claims if result.id == claim.id), "")
        counted, _, _ = why.partition(";")
        theory = DEPTHS[depth.theory].meaning
        caption = (
            f"Mean {said} at the end, over {across} and {measure.along}. Solid: up to where it reaches {measure.threshold:g}; "
            f"dashed: {theory}, nothing fitted; at the upper edge where theory sees no end. {counted.capitalize()}. "
            f"{replicas_text([boundary.measured.n for boundary in found])}."
        )
        of = f" ({levels_text(measure.where)})" if measure.where else ""
        title = f"How far in {measure.along} networks reach a {said} of {measure.threshold:g}{of}"
        figures.append(Figure(f"boundary-{len(figures) + 1}", title, caption, drawn, least_px=width))
    return figures


def boundaries_of(claim: Claim, analysis: Analysis) -> list[Boundary]:
    """The boundaries that a claim is about, beside theory's; none where nothing can be said."""
    estimates = claim.measure.estimates(Found(cells=analysis.cells, metrics=analysis.study.metrics), 1)
    if isinstance(estimates, str) or not isinstance(claim.expected, TheoryDepth):
        return []
    found = claim.expected.beside(estimates)
    return [] if isinstance(found, str) else found
