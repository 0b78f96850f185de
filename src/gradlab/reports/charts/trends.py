"""`trends`: a number of networks against a number that they were given, one line for each kind of network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from gradlab.reports.charts.axes import ValueAxis, power_text
from gradlab.reports.charts.style import OKABE_ITO, SYMBOLS, empty, safe

_MOST = 8  # ticks


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Networks that were given one number.

    Attributes:
        x: What they were given.
        value: Their number.
        low: Lower end of its interval; the value itself where there is none.
        high: Upper end.
        words: The point for the pointer.
    """

    x: float
    value: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """One kind of networks, by what they were given.

    Attributes:
        label: Their name.
        kind: Decides the colour.
        variant: Decides the marks.
        points: By x, increasing.
    """

    label: str
    kind: int
    variant: int
    points: Sequence[TrendPoint]


def trends(curves: Sequence[Trend], x_title: str, y_title: str, *, is_log: bool) -> go.Figure | None:
    """Lines with whiskers; None where no curve has a finite number.

    Args:
        curves: In the legend's order.
        x_title: What the networks were given.
        y_title: The number and its unit; logarithmic where it spans two decades.
        is_log: Whether the horizontal axis is; all x are above 0 then.
    """
    curves = [
        Trend(curve.label, curve.kind, curve.variant, [p for p in curve.points if math.isfinite(p.value)])
        for curve in curves
    ]
    points = [point for curve in curves for point in curve.points]
    if not points:
        return None
    figure = empty(420, x_title=f"{x_title}, logarithmic" if is_log else x_title)
    axis = ValueAxis([bound for p in points for bound in (p.low, p.value, p.high)])
    axis.apply(figure, y_title)
    for curve in curves:
        colour = OKABE_ITO[curve.kind % len(OKABE_ITO)]
        figure.add_trace(
            go.Scatter(
                name=safe(curve.label),
                mode="lines+markers",
                x=[p.x for p in curve.points],
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
    _scale(figure, sorted({point.x for point in points}), is_log=is_log)
    return figure


def _scale(figure: go.Figure, places: Sequence[float], *, is_log: bool) -> None:
    """The horizontal axis, with ticks at round numbers, or at the places themselves where it is linear."""
    if not is_log:
        margin = 0.04 * (places[-1] - places[0]) or 1.0
        ticks = [places[k] for k in sorted({round(i * (len(places) - 1) / (_MOST - 1)) for i in range(_MOST)})]
        texts = [f"{tick:g}" for tick in ticks]
        figure.update_xaxes(
            range=[places[0] - margin, places[-1] + margin], tickvals=ticks, ticktext=texts, tickangle=0, zeroline=False
        )
        return
    low, high = math.log10(places[0]), math.log10(places[-1])
    kinds = (1, 2, 5) if high - low < 2 else (1,)
    every = [k * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for k in kinds]
    ticks = [tick for tick in every if low - 0.05 <= math.log10(tick) <= high + 0.05]
    figure.update_xaxes(
        type="log",
        range=[low - 0.08, high + 0.08],
        tickvals=ticks,
        ticktext=[f"{tick:,.0f}" if 1 <= tick < 1e5 else power_text(tick) for tick in ticks],
        tickangle=0,
        zeroline=False,
    )
