"""`rate_by_depth`: a rate over depth, one colour per width, measured with its interval beside the closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from gradlab.reports.charts.style import (
    INK,
    OKABE_ITO,
    SYMBOLS,
    empty,
    legend_key,
    safe,
    see_through,
    spans_two_decades,
    whiskers,
)
from gradlab.stats import Proportion
from gradlab.stats.text import counted_text, interval_text, percent_text

_DASHES = ("dash", "dot", "dashdot", "longdash")


@dataclass(frozen=True, slots=True)
class DepthCurve:
    """One width.

    Attributes:
        label: Its name: "width 3".
        depths: Hidden layers, increasing.
        rates: What was measured at each.
        theory: Name of a closed form -> its value at each depth (None where it does not apply).
    """

    label: str
    depths: Sequence[float]
    rates: Sequence[Proportion]
    theory: Mapping[str, Sequence[float | None]] = field(default_factory=dict)


def rate_by_depth(curves: Sequence[DepthCurve], y_title: str, x_title: str = "hidden layers") -> list[go.Figure]:
    """Measured dots with whiskers and dashed closed forms, over depth.

    Returns:
        One panel with a linear axis; a second with a logarithmic one where the rates span two decades. Empty without
        data. On the logarithmic panel a rate of 0 stands at the upper end of its interval as an open triangle.
    """
    curves = [curve for curve in curves if len(curve.rates)]
    if not curves:
        return []
    positive = [rate.rate for curve in curves for rate in curve.rates]
    scales = [False, True] if spans_two_decades(positive) else [False]
    return [_panel(curves, y_title, x_title, log) for log in scales]


def _panel(curves: Sequence[DepthCurve], y_title: str, x_title: str, log: bool) -> go.Figure:
    figure = empty(470, x_title=x_title, y_title=f"{y_title}{', logarithmic' if log else ''}")
    names = list(dict.fromkeys(name for curve in curves for name in curve.theory))
    for i, curve in enumerate(curves):
        colour, symbol = OKABE_ITO[i % len(OKABE_ITO)], SYMBOLS[i % len(SYMBOLS)]
        _measured(figure, curve, colour, symbol, log)
        for name, values in curve.theory.items():
            figure.add_trace(
                go.Scatter(
                    mode="lines",
                    x=list(curve.depths),
                    y=[None if value is None or (log and value <= 0) else 100 * value for value in values],
                    line={"color": colour, "width": 1.8, "dash": _DASHES[names.index(name) % len(_DASHES)]},
                    hovertext=[
                        ""
                        if v is None
                        else f"{safe(curve.label)}, {d:g} hidden layers<br>{safe(name)}: {percent_text(v)}"
                        for d, v in zip(curve.depths, values, strict=True)
                    ],
                    hoverinfo="text",
                    showlegend=False,
                )
            )
    for i, name in enumerate(names):
        legend_key(
            figure, safe(name), mode="lines", line={"color": INK, "width": 1.8, "dash": _DASHES[i % len(_DASHES)]}
        )
    figure.update_xaxes(
        zeroline=False, dtick=1 if max(c.depths[-1] for c in curves) <= 8 else None, rangemode="tozero", tickangle=0
    )
    if log:
        lowest = min(100 * (r.rate or r.high) for curve in curves for r in curve.rates)
        figure.update_yaxes(type="log", dtick=1, tickformat="~g", range=[math.log10(lowest) - 0.3, 2.08])
    else:
        figure.update_yaxes(range=[-2, 102], zeroline=False)
    return figure


def _measured(figure: go.Figure, curve: DepthCurve, colour: str, symbol: str, log: bool) -> None:
    shown = [(d, r) for d, r in zip(curve.depths, curve.rates, strict=True) if r.count or not log]
    none = [(d, r) for d, r in zip(curve.depths, curve.rates, strict=True) if log and not r.count]
    figure.add_trace(
        go.Scatter(
            name=safe(curve.label),
            mode="lines+markers",
            x=[d for d, _ in shown],
            y=[100 * r.rate for _, r in shown],
            # wide and pale, so that the dashes of the closed form show where the two coincide
            line={"color": see_through(colour, 0.35), "width": 5},
            marker={"symbol": symbol, "size": 8, "color": colour},
            error_y={**whiskers([r for _, r in shown]), "color": colour, "width": 3},
            hovertext=[_hover(curve, d, r) for d, r in shown],
            hoverinfo="text",
        )
    )
    if none:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                x=[d for d, _ in none],
                y=[100 * r.high for _, r in none],
                marker={"symbol": "triangle-down-open", "size": 9, "color": colour, "line": {"width": 1.5}},
                hovertext=[_hover(curve, d, r) for d, r in none],
                hoverinfo="text",
                showlegend=False,
            )
        )


def _hover(curve: DepthCurve, depth: float, rate: Proportion) -> str:
    number = interval_text(rate.rate, rate.low, rate.high)
    layers = f"{depth:g} hidden layer{'s' * (depth != 1)}"
    of = counted_text(rate.n, "network")
    return f"{safe(curve.label)}, {layers}<br>measured: {number}<br>{rate.count:,} of {of}"
