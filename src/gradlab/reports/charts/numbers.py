"""`number_map`: a number over two factors, printed in its cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gradlab.reports.charts.effects import BRIGHT
from gradlab.reports.charts.style import TEXT_PX, VERMILLION, empty, legend_key, safe
from gradlab.reports.words import level_text
from gradlab.studies.levels import LevelValue

ROW_PX, COLUMN_PX, BESIDE_PX = 30, 46, 230  # of a cell; of the axis and the colour bar beside the cells
ROOM, ASIDE = 0.3, 0.24  # in heights of a cell: how near a line may come to a number, and how far that gives way


@dataclass(frozen=True, slots=True)
class NumberCell:
    """One cell.

    Attributes:
        x: Its level of the horizontal factor.
        y: Its level of the vertical one.
        mean: Mean over networks; NaN where one of them gave no number.
        n: Networks.
        is_framed: Whether it stands out.
    """

    x: LevelValue
    y: LevelValue
    mean: float
    n: int
    is_framed: bool = False


def least_width(columns: int) -> int:
    """Pixels that a map takes at least, so that its numbers stand apart from each other and from lines between them.

    Args:
        columns: How many numbers stand beside each other.
    """
    return BESIDE_PX + COLUMN_PX * columns


def number_map(
    cells: Sequence[NumberCell], x_title: str, y_title: str, colour_title: str, framed: str = ""
) -> go.Figure | None:
    """A heat map with the numbers in it, the first level of the vertical factor on top; None without cells.

    Args:
        cells: Those that exist; other combinations stay empty.
        x_title: The horizontal factor.
        y_title: The vertical one.
        colour_title: The number and its unit.
        framed: What a frame says.
    """
    if not cells:
        return None
    columns, rows = (list(dict.fromkeys(getattr(cell, side) for cell in cells)) for side in ("x", "y"))
    frames = [(columns.index(cell.x), rows.index(cell.y)) for cell in cells if cell.is_framed]
    figure = empty(ROW_PX * len(rows) + 110, x_title=x_title, y_title=y_title, legend=bool(frames))
    found = {(cell.x, cell.y): cell for cell in cells}
    means = [[found[x, y].mean if (x, y) in found else math.nan for x in columns] for y in rows]
    hover = [[_hover(found[x, y], x_title, y_title) if (x, y) in found else "" for x in columns] for y in rows]
    add_numbers(figure, means, hover, colour_title, are_printed=True)
    for i, k in frames:
        sides = {"x0": i - 0.47, "x1": i + 0.47, "y0": k - 0.46, "y1": k + 0.46}
        figure.add_shape(type="rect", line={"color": VERMILLION, "width": 3}, **sides)
    if frames:
        square = {"symbol": "square-open", "size": 14, "color": VERMILLION, "line": {"width": 3}}
        legend_key(figure, framed, mode="markers", marker=square)
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=[safe(level_text(x)) for x in columns])
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=[safe(level_text(y)) for y in rows])
    figure.update_xaxes(showgrid=False, zeroline=False, range=[-0.5, len(columns) - 0.5])
    figure.update_yaxes(showgrid=False, zeroline=False, range=[len(rows) - 0.5, -0.5])
    return figure


def add_numbers(
    figure: go.Figure,
    means: Sequence[Sequence[float]],
    hover: Sequence[Sequence[str]],
    colour_title: str,
    *,
    are_printed: bool,
    lines: Sequence[float] | None = None,
) -> None:
    """A heat map over the places 0, 1, 2 ... of both axes, with or without its numbers as text; NaN stays empty.

    Args:
        figure: What it is drawn into.
        means: Numbers by place, the vertical one first.
        hover: What stands under the pointer, by place.
        colour_title: The numbers and their unit.
        are_printed: Whether they stand in their cells.
        lines: Where a line crosses each column, which numbers then make room for.
    """
    finite = [value for line in means for value in line if math.isfinite(value)]
    low, high = min(0.0, *finite, 0.0), max(1.0, *finite, 1.0)
    figure.add_trace(
        go.Heatmap(
            x=list(range(len(means[0]))),
            y=list(range(len(means))),
            z=[[value if math.isfinite(value) else None for value in line] for line in means],
            hovertext=hover,
            hoverinfo="text",
            colorscale="Viridis",
            zmin=low,
            zmax=high,
            xgap=1,
            ygap=1,
            colorbar={"title": {"text": colour_title, "side": "top"}, "thickness": 12, "outlinewidth": 0},
        )
    )
    if are_printed:
        printed = [(k, i, v) for k, line in enumerate(means) for i, v in enumerate(line) if math.isfinite(v)]
        bright = ["black" if (value - low) / (high - low) > BRIGHT else "white" for _, _, value in printed]
        figure.add_trace(
            go.Scatter(
                x=[i for _, i, _ in printed],
                y=[k if lines is None else beside(k, lines[i]) for k, i, _ in printed],
                text=[f"{value:.2f}" for _, _, value in printed],
                mode="text",
                textfont={"size": TEXT_PX, "color": bright},
                hoverinfo="skip",
                showlegend=False,
            )
        )


def beside(place: int, line: float) -> float:
    """Where a number stands in its cell: in the middle, or in the half that a line leaves free.

    Example:
        >>> beside(2, 3.4), beside(2, 2.1), beside(2, 1.9)
        (2, 1.76, 2.24)
    """
    if abs(line - place) > ROOM:
        return place
    return place - ASIDE if line >= place else place + ASIDE


def _hover(cell: NumberCell, x_title: str, y_title: str) -> str:
    where = f"{safe(y_title)} {safe(level_text(cell.y))}, {safe(x_title)} {safe(level_text(cell.x))}"
    number = f"{cell.mean:.3g}" if np.isfinite(cell.mean) else "no number"
    return f"{where}<br>{number}, n = {cell.n:,}"
