"""Figures of exact studies: all computations of one kind, as their record says they are drawn."""

from __future__ import annotations

from collections.abc import Mapping

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
        for k, (name, panels) in enumerate(picture.figures(done).items(), 1):
            title = f"{picture.title}, {name}" if name else picture.title
            figures.append(Figure(f"{compute}-{k}", title, picture.caption, _drawn(panels), least_px=_least(panels)))
    return figures


_LEAST_PX = {Plane: 160, Grids: 330}


def _least(panels: Mapping[str, Panel]) -> int | None:
    return _LEAST_PX.get(type(next(iter(panels.values())))) if len(panels) > 1 else None


def _drawn(panels: Mapping[str, Panel]) -> dict[str, go.Figure]:
    """Each panel as a chart; grids of one figure share their scale."""
    tables = [table for panel in panels.values() if isinstance(panel, Grids) for table in panel.tables.values()]
    numbers = [value for table in tables for row in table.rows for value in row]
    found = {}
    for title, panel in panels.items():
        if isinstance(panel, Plane):
            found[title] = charts.plane(panel)
        elif isinstance(panel, Grids):
            found[title] = charts.number_grids(panel.tables, min(numbers), max(numbers))
        else:
            found[title] = charts.count_bars(panel.counts, panel.unit)
    return found
