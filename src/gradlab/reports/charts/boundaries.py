"""`boundary_map`: a number over two factors, the border below which it falls, and where theory puts that border."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gradlab.reports.charts.numbers import add_numbers
from gradlab.reports.charts.style import empty, legend_key, safe
from gradlab.reports.words import level_text
from gradlab.studies.levels import LevelValue

RED, HALO = "#D55E00", "white"


@dataclass(frozen=True, slots=True)
class BoundaryColumn:
    """One setting: a number at every level of the vertical factor, and where it falls below the threshold.

    Attributes:
        x: The setting's level.
        means: Level of the vertical factor -> mean over networks; NaN where one of them gave no number.
        passes: Greatest level up to which all means reach the threshold; 0 for none.
        theory: Where theory expects that to end; infinity for nowhere.
        counts: Networks by level of the vertical factor.
    """

    x: LevelValue
    means: Mapping[float, float]
    passes: float
    theory: float
    counts: Mapping[float, int]


def boundary_map(columns: Sequence[BoundaryColumn], x_title: str, y_title: str, colour_title: str) -> go.Figure | None:
    """A heat map with the measured border as a step line and the theory's as a dashed one; None without columns.

    A number that a line would cross stands beside it.

    Args:
        columns: Left to right.
        x_title: The horizontal factor.
        y_title: The vertical one, whose levels are evenly spaced whatever their distances.
        colour_title: The number and its unit.
    """
    if not columns:
        return None
    levels = sorted({level for column in columns for level in column.means})
    figure = empty(34 * len(levels) + 150, x_title=x_title, y_title=y_title, legend=True)
    means = [[column.means.get(level, math.nan) for column in columns] for level in levels]
    hover = [
        [_hover(column, level, x_title, y_title) if level in column.means else "" for column in columns]
        for level in levels
    ]
    theory = [_position(column.theory, levels) for column in columns]
    add_numbers(figure, means, hover, colour_title, are_printed=len(columns) <= 12, lines=theory)
    measured = [_place(column.passes, levels) for column in columns]
    x = [side for i in range(len(columns)) for side in (i - 0.5, i + 0.5)]
    for borders, name, style in (
        (measured, "measured", {"color": RED, "width": 3}),
        (theory, "theory", {"color": RED, "width": 2.5, "dash": "dash"}),
    ):
        y = [border for border in borders for _ in range(2)]  # level within a column, so that numbers can make room
        halo = {"color": HALO, "width": float(style["width"]) + 2.5}  # type: ignore[arg-type]
        for line in (halo, style):
            figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False))
        legend_key(figure, name, mode="lines", line=style)
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=[safe(level_text(c.x)) for c in columns])
    figure.update_yaxes(tickvals=list(range(len(levels))), ticktext=[safe(level_text(level)) for level in levels])
    figure.update_xaxes(showgrid=False, zeroline=False, range=[-0.5, len(columns) - 0.5])
    figure.update_yaxes(showgrid=False, zeroline=False, range=[-0.5, len(levels) - 0.5])
    return figure


def _place(passes: float, levels: Sequence[float]) -> float:
    """The border above a level, between places; below all of them for 0."""
    return levels.index(passes) + 0.5 if passes in levels else -0.5


def _position(value: float, levels: Sequence[float]) -> float:
    """A level's place on the axis, between its neighbours by the logarithm; at the axis' end where it lies beyond."""
    if value <= levels[0]:
        return -0.45
    if value >= levels[-1]:
        return len(levels) - 0.55
    return float(np.interp(math.log(value), np.log(levels), np.arange(len(levels))))


def _hover(column: BoundaryColumn, level: float, x_title: str, y_title: str) -> str:
    where = f"{safe(x_title)} {safe(level_text(column.x))}, {safe(y_title)} {safe(level_text(level))}"
    theory = "nowhere" if math.isinf(column.theory) else f"{column.theory:.3g}"
    return f"{where}<br>{column.means[level]:.3g}, n = {column.counts[level]:,}<br>theory's border: {theory}"
