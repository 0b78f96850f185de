"""Figures of exact studies: all computations of one kind, as their record says they are drawn."""

from __future__ import annotations

import plotly.graph_objects as go

from gradlab.reports import charts
from gradlab.reports.figures.record import Figure
from gradlab.studies.exact import COMPUTATIONS, Done, Grids, Panel, Plane, arguments
from gradlab.studies.results import Analysis


def computed_figures(analysis: Analysis) -> list[Figure]:
    """What was computed, kind by kind in the study's order; kinds without a picture are left out."""
    figures = []
    for compute in dict.fromkeys(each.compute for each in analysis.computed):
        picture = COMPUTATIONS[compute].picture
        if picture is None:
            continue
        done = [
            Done(each.name, arguments(compute, each.given, f"computations.{each.name}.given"), each.found)
            for each in analysis.computed
            if each.compute == compute
        ]
        shown = picture.figures(done)
        for k, (name, panels) in enumerate(shown.items(), 1):
            said = f"{picture.title}, {name.replace('_', ' ')}" if name and len(shown) > 1 else picture.title
            drawn = {title.replace("_", " "): _drawn(panel) for title, panel in panels.items()}
            least = _LEAST_PX.get(type(next(iter(panels.values())))) if len(panels) > 1 else None
            figures.append(Figure(f"{compute}-{k}", said, picture.caption, drawn, least_px=least))
    return figures


_LEAST_PX = {Plane: 160, Grids: 330}


def _drawn(panel: Panel) -> go.Figure:
    if isinstance(panel, Plane):
        return charts.plane(panel.ticks, panel.outputs, panel.points, panel.is_true, panel.values)
    if isinstance(panel, Grids):
        return charts.number_grids(panel.tables)
    return charts.count_bars(panel.counts, panel.unit)
