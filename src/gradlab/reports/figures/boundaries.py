"""Figures of boundaries: how deep networks of every setting train, beside theory's depth."""

from __future__ import annotations

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.reports.words import levels_text, replicas_text
from gradlab.studies.claims import claim_boundaries
from gradlab.studies.compare import DEPTHS
from gradlab.studies.results import Analysis


def boundary_figures(analysis: Analysis) -> list[Figure]:
    """One figure for every claim about a boundary: a panel for every combination of all levels but two factors'."""
    figures: list[Figure] = []
    for claim in analysis.study.claims:
        measure = claim.measure
        if measure.boundary is None or measure.along is None or claim.expected is None:
            continue
        cells = [cell for cell in analysis.cells if measure.where.items() <= cell.levels.items()]
        found = claim_boundaries(claim, cells)
        if isinstance(found, str) or len({cell.levels[measure.along] for cell in cells}) < 2:
            continue  # of one level there is no map
        varied = [name for name in found[0].levels if len({boundary.levels.get(name) for boundary in found}) > 1]
        across = max(varied, key=lambda name: len({str(b.levels.get(name)) for b in found}), default="row")
        panels: dict[str, list[charts.BoundaryColumn]] = {}
        for boundary in found:
            rest = {name: level for name, level in boundary.levels.items() if name in varied and name != across}
            ends = {
                float(cell.levels[measure.along]): cell.metrics[measure.boundary][:, -1]
                for cell in cells
                if boundary.levels.items() <= cell.levels.items()
            }
            means = {level: float(values.mean()) for level, values in ends.items()}
            counts = {level: len(values) for level, values in ends.items()}
            column = charts.BoundaryColumn(
                boundary.levels.get(across, ""), means, boundary.passes, boundary.theory, counts
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
        theory = DEPTHS[str(claim.expected.theory)].meaning
        caption = (
            f"Mean {said} at the end, over {across} and {measure.along}. Solid: up to where it reaches {measure.threshold:g}; "
            f"dashed: {theory}, nothing fitted; at the upper edge where theory sees no end. {counted.capitalize()}. "
            f"{replicas_text([boundary.n for boundary in found])}."
        )
        of = f" ({levels_text(measure.where)})" if measure.where else ""
        title = f"How far in {measure.along} networks reach a {said} of {measure.threshold:g}{of}"
        figures.append(Figure(f"boundary-{len(figures) + 1}", title, caption, drawn, least_px=width))
    return figures
