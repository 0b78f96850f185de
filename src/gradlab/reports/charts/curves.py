"""`survival`: share not collapsed by look, one curve per row; `loss_curves`: the loss of single replicas, a panel per row.

Both have training steps on a logarithmic axis, with step 0 (at birth) set apart at its left end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from jaxtyping import Float
from numpy import isfinite, nanmax, ndarray

from gradlab.reports.charts.axes import StepAxis, spread
from gradlab.reports.charts.style import (
    INK,
    MUTED,
    TEXT_PX,
    empty,
    finite,
    safe,
    see_through,
    spans_two_decades,
)
from gradlab.stats import Proportion
from gradlab.stats.text import counted_text, interval_text, number_text

MOST_REPLICAS = 50
_LAYERS = (
    10  # traces that share a panel's replicas: enough for lines to darken where they cross, few enough to be quick
)
_LONGEST = 22  # characters of a label at the end of a curve
_LABEL_GAP = 5.5  # percent of the axis between two labels at the ends of curves


@dataclass(frozen=True, slots=True)
class Curve:
    """One row's share over training: a proportion at each step."""

    label: str
    colour: str
    steps: Sequence[int]
    rates: Sequence[Proportion]


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of a few of a row's replicas at each step [K, S]; NaN or Inf where a replica diverged."""

    label: str
    colour: str
    steps: Sequence[int]
    losses: Float[ndarray, "K S"]
    replicas: int


def survival(curves: Sequence[Curve], y_title: str = "networks not collapsed (%)") -> go.Figure | None:
    """Share over training steps: a line through the looks with its interval as a band, each named at its end.

    Returns:
        The figure, or None where no curve has two looks.
    """
    curves = [curve for curve in curves if len(curve.steps) > 1 and len(curve.rates) == len(curve.steps)]
    if not curves:
        return None
    axis = StepAxis((step for curve in curves for step in curve.steps), is_log=True)
    figure = empty(
        max(460, 26 * len(curves) + 160), x_title="training steps, logarithmic after 0", y_title=y_title, legend=False
    )
    axis.apply(figure)
    for curve in curves:
        x = [axis(step) for step in curve.steps]
        figure.add_trace(
            go.Scatter(
                x=[*x, *reversed(x)],
                y=[*(100 * r.high for r in curve.rates), *(100 * r.low for r in reversed(curve.rates))],
                fill="toself",
                fillcolor=see_through(curve.colour, 0.2),
                line={"width": 0},
                hoverinfo="skip",
                mode="lines",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=x,
                y=[100 * r.rate for r in curve.rates],
                mode="lines+markers",
                line={"color": curve.colour, "width": 2},
                marker={"symbol": "circle", "size": 4, "color": curve.colour},
                hovertext=[
                    f"<b>{safe(curve.label)}</b>, step {step:,}<br>{interval_text(r.rate, r.low, r.high)}"
                    f"<br>{r.count:,} of {counted_text(r.n, 'network')}"
                    for step, r in zip(curve.steps, curve.rates, strict=True)
                ],
                hoverinfo="text",
            )
        )  # fmt: skip
    _end_labels(figure, curves, axis)
    figure.update_yaxes(range=[-3, 103], zeroline=False, tickvals=[0, 25, 50, 75, 100])
    return figure


def _end_labels(figure: go.Figure, curves: Sequence[Curve], axis: StepAxis) -> None:
    """Each curve's name right of its end, moved apart where ends are close, with a thin line to the end it names."""
    order = sorted(range(len(curves)), key=lambda i: curves[i].rates[-1].rate)
    heights = spread([100 * curves[i].rates[-1].rate for i in order], _LABEL_GAP)
    right = math.log10(axis.last)
    for i, y in zip(order, heights, strict=True):
        end = 100 * curves[i].rates[-1].rate
        if curves[i].steps[-1] < axis.last:  # a shorter training: lead its name from where it ends
            way = {"x": [axis(curves[i].steps[-1]), right], "y": [end, end], "mode": "lines", "hoverinfo": "skip"}
            figure.add_trace(go.Scatter(**way, line={"color": MUTED, "width": 1}))
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=26, y=y, yanchor="middle", showarrow=False,
            text=safe(_short(curves[i].label)), font={"size": TEXT_PX, "color": INK},
        )  # fmt: skip
        figure.add_annotation(
            x=right, y=end, ax=24, ay=y, axref="pixel", ayref="y", xref="x", yref="y", text="", showarrow=True,
            arrowhead=0, arrowwidth=1, arrowcolor=MUTED, standoff=5,
        )  # fmt: skip
    figure.update_layout(margin={"r": 36 + round(7.6 * max(len(_short(curve.label)) for curve in curves))})


def _short(label: str) -> str:
    """A label that leaves room for the plot; the whole of it is under the pointer."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1].rstrip()}\u2026"


def loss_curves(rows: Sequence[Losses], y_title: str = "loss") -> Mapping[str, go.Figure]:
    """A panel per row, all with the same axes: thin lines of at most 50 replicas.

    The axis spans the replicas that stayed finite (what diverged may leave the picture at the top); a cross marks the
    last finite loss of one that diverged.

    Returns:
        Label -> figure; empty without finite losses.
    """
    rows = [row for row in rows if len(row.steps) > 1 and isfinite(row.losses).any()]
    if not rows:
        return {}
    axis = StepAxis((step for row in rows for step in row.steps), is_log=True)
    calm = [row.losses[isfinite(row.losses).all(axis=1)] for row in rows]
    values = [float(value) for block in calm for value in block.ravel()]
    if not values:
        values = [float(value) for row in rows for value in row.losses[isfinite(row.losses)]]
    low, high, log = min(values), max(values), spans_two_decades(values)
    panels = {}
    for row in rows:
        figure = empty(260, x_title="training steps", y_title=y_title + (", logarithmic" if log else ""), legend=False)
        axis.apply(figure)
        x = [axis(step) for step in row.steps]
        drawn = row.losses[:MOST_REPLICAS]
        for k in range(min(_LAYERS, len(drawn))):
            layer = [[finite(float(v)) if v > 0 or not log else None for v in losses] for losses in drawn[k::_LAYERS]]
            figure.add_trace(
                go.Scatter(
                    x=[at for _ in layer for at in (*x, None)],
                    y=[value for losses in layer for value in (*losses, None)],
                    mode="lines",
                    line={"color": row.colour, "width": 1},
                    opacity=0.3,
                    hoverinfo="skip",
                )
            )
        ends = []
        for losses in drawn:
            if not isfinite(losses).all() and isfinite(losses).any():
                last = int(nanmax([k if isfinite(value) else -1 for k, value in enumerate(losses)]))
                ends.append((row.steps[last], float(losses[last])))
        _crosses(figure, row, axis, ends, (low, high))
        if log:
            positive = min(value for value in values if value > 0)
            figure.update_yaxes(type="log", dtick=1 if math.log10(high / positive) < 7 else None, tickformat="~g")
            figure.update_yaxes(range=[math.log10(positive) - 0.1, math.log10(high) + 0.1])
        else:
            margin = 0.05 * (high - low) or 0.5
            figure.update_yaxes(range=[low - margin, high + margin], zeroline=False)
        panels[row.label] = figure
    return panels


def _crosses(
    figure: go.Figure, row: Losses, axis: StepAxis, ends: Sequence[tuple[int, float]], limits: tuple[float, float]
) -> None:
    if not ends:
        return
    figure.add_trace(
        go.Scatter(
            x=[axis(step) for step, _ in ends],
            y=[min(max(loss, limits[0]), limits[1]) for _, loss in ends],
            mode="markers",
            marker={"symbol": "x-thin-open", "size": 9, "color": INK, "line": {"width": 2}},
            hovertext=[f"last finite loss {number_text(loss)}, step {step:,}" for step, loss in ends],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
