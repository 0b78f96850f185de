"""`by_size`: a number of networks against how large they are, one line for each kind of network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from gradlab.reports.charts.axes import ValueAxis, power_text
from gradlab.reports.charts.style import OKABE_ITO, SYMBOLS, empty, safe


@dataclass(frozen=True, slots=True)
class SizePoint:
    """Networks of one size.

    Attributes:
        size: How large they are, above 0.
        value: Their number.
        low: Lower end of its interval; the value itself where there is none.
        high: Upper end.
        words: The point for the pointer.
    """

    size: float
    value: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """Networks that differ in size.

    Attributes:
        label: Their name.
        kind: Decides the colour.
        variant: Decides the marks.
        points: By size, increasing.
    """

    label: str
    kind: int
    variant: int
    points: Sequence[SizePoint]


def by_size(curves: Sequence[SizeCurve], x_title: str, y_title: str) -> go.Figure | None:
    """Lines over a logarithmic axis of sizes, with whiskers; None where no curve has a finite number.

    Args:
        curves: In the legend's order.
        x_title: What the size is.
        y_title: The number and its unit; logarithmic where it spans two decades.
    """
    curves = [
        SizeCurve(curve.label, curve.kind, curve.variant, [p for p in curve.points if math.isfinite(p.value)])
        for curve in curves
    ]
    points = [point for curve in curves for point in curve.points]
    if not points:
        return None
    figure = empty(420, x_title=f"{x_title}, logarithmic")
    axis = ValueAxis([bound for p in points for bound in (p.low, p.value, p.high)])
    axis.apply(figure, y_title)
    for curve in curves:
        colour = OKABE_ITO[curve.kind % len(OKABE_ITO)]
        figure.add_trace(
            go.Scatter(
                name=safe(curve.label),
                mode="lines+markers",
                x=[p.size for p in curve.points],
                y=[axis(p.value) for p in curve.points],
                line={"color": colour, "width": 1.5},
                marker={
                    "symbol": SYMBOLS[curve.kind % len(SYMBOLS)] + ("-open" if curve.variant % 2 else ""),
                    "size": 9,
                    "color": colour,
                    "line": {"width": 1.5, "color": colour},
                },
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [p.high - p.value for p in curve.points],
                    "arrayminus": [p.value - p.low for p in curve.points],
                    "color": colour,
                    "thickness": 1.5,
                    "width": 4,
                },
                hovertext=[f"{safe(curve.label)}<br>{p.words}" for p in curve.points],
                hoverinfo="text",
            )
        )
    low, high = (math.log10(end(point.size for point in points)) for end in (min, max))
    kinds = (1, 2, 5) if high - low < 2 else (1,)
    every = [k * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for k in kinds]
    ticks = [tick for tick in every if low - 0.05 <= math.log10(tick) <= high + 0.05]
    figure.update_xaxes(
        type="log",
        range=[low - 0.08, high + 0.08],
        tickvals=ticks,
        ticktext=[f"{tick:,.0f}" if tick < 1e5 else power_text(tick) for tick in ticks],
        tickangle=0,
        zeroline=False,
    )
    return figure
