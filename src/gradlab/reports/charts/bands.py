"""Several replicas at every point of an axis: their mean with its interval as a band, and the replicas as thin lines.

One replica has no spread, so it is drawn with markers and called by its number; what is not finite is marked, never
averaged away in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from gradlab.reports.charts.axes import ValueAxis, exact
from gradlab.reports.charts.points import stretches
from gradlab.reports.charts.style import GREY, INK, legend_key, safe, see_through
from gradlab.signals.profile import student_mean
from gradlab.stats import Mean
from gradlab.stats.text import counted_text

MOST_REPLICAS = 50
BANDS_KEY = f"Bands: 95 % interval of the mean over networks; thin lines: single networks, at most {MOST_REPLICAS} of a setting."
_LAYERS = 10  # traces that share the replicas: enough for lines to darken where they cross, few enough to be quick


def means_of(values: Float[ndarray, "R P"], *, is_log: bool) -> list[Mean]:
    """Mean over replicas at each point with Student's 95 % interval; geometric, of the values above 0, where logarithmic.

    A value that is not finite is left out, and so the `n` of each mean says how many were used.
    """
    return [student_mean(column, 0.95, "log" if is_log else "linear") for column in values.T.astype(np.float64)]


def thin_lines(
    figure: go.Figure, x: Sequence[float], values: Float[ndarray, "R P"], axis: ValueAxis, colour: str
) -> None:
    """The first 50 replicas, each a thin line of 30 % opacity."""
    drawn = values[:MOST_REPLICAS]
    figure.add_traces(
        [
            go.Scatter(
                x=[at for _ in rows for at in (*x, None)],
                y=[y for row in rows for y in (*(axis(float(value)) for value in row), None)],
                mode="lines",
                line={"color": colour, "width": 1},
                opacity=0.3,
                hoverinfo="skip",
                showlegend=False,
            )
            for rows in (drawn[k::_LAYERS] for k in range(min(_LAYERS, len(drawn))))
        ]
    )


def band(figure: go.Figure, x: Sequence[float], means: Sequence[Mean], axis: ValueAxis, colour: str) -> None:
    """The intervals of the means as a filled band, in pieces where points have none."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for start, end in stretches(np.array([np.isfinite(mean.low) and np.isfinite(mean.high) for mean in means])):
        run = range(start, end)
        there = [x[k] for k in run]
        xs += [*there, *reversed(there), None]
        ys += [
            *(_inside(axis, means[k].high) for k in run),
            *(_inside(axis, means[k].low) for k in reversed(run)),
            None,
        ]
    if xs:
        figure.add_trace(
            go.Scatter(
                x=xs[:-1], y=ys[:-1], fill="toself", fillcolor=see_through(colour, 0.2), line={"width": 0}, mode="lines",
                hoverinfo="skip", showlegend=False,
            )
        )  # fmt: skip


def _inside(axis: ValueAxis, value: float) -> float:
    """A bound of an interval, at most as far outside the axis as the axis is long: two seeds may give a huge one."""
    low, high = axis.limits()
    low, high = low - (high - low), high + (high - low)
    if axis.is_log:
        low, high = 10.0 ** max(low, -320.0), 10.0 ** min(high, 308.0)
    return float(f"{min(max(value, low), high):.5g}")


def interval_words(values: Float[ndarray, " R"], mean: Mean) -> str:
    """A point for the pointer: mean, interval and how many replicas, and what the others are."""
    count, zeros = len(values), int((values == 0).sum())
    lost = int((~np.isfinite(values)).sum())
    if count == 1:
        value = float(values[0])
        return f"{exact(value)}<br>1 network, no interval"
    left_out = [f"{lost} not finite"] if lost else []
    if mean.n < count - lost:
        left_out.append(f"{zeros} exactly 0")
    rest = f"; {', '.join(left_out)}" if left_out else ""
    if not mean.n:
        return f"none of {count} networks{rest}"
    kind = "geometric mean" if mean.method.startswith("geometric") else "mean"
    bounds = f" [{exact(mean.low)}, {exact(mean.high)}]" if mean.n > 1 else ", no interval"
    of = f"{mean.n} of {count}" if mean.n < count else f"{count}"
    return f"{exact(mean.mean)}{bounds}<br>{kind} of {of} networks{rest}"


def lost_marks(
    figure: go.Figure, x: Sequence[float], values: Float[ndarray, "R P"], axis: ValueAxis, label: str
) -> bool:
    """A cross at the axis' upper end wherever a replica is NaN or infinite; whether there is one."""
    lost = (~np.isfinite(values)).sum(axis=0)
    places = [k for k in range(len(x)) if lost[k]]
    if places:
        figure.add_trace(
            go.Scatter(
                x=[x[k] for k in places],
                y=[axis.high] * len(places),
                mode="markers",
                marker=LOST,
                hovertext=[
                    f"{label}<br>{lost[k]} of {counted_text(len(values), 'network')} NaN or infinite" for k in places
                ],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )
    return bool(places)


LOST: Mapping[str, Any] = {"symbol": "x-thin-open", "size": 9, "color": INK, "line": {"width": 2}}


def keys_of_kinds(
    figure: go.Figure, replicas: Sequence[int], *, is_geometric: bool = False, with_lost: bool = False
) -> None:
    """Legend entries for what is drawn of every setting, as few as can be: on a telephone each takes a line."""
    many = sorted({count for count in replicas if count > 1})
    if many:
        kind = "geometric mean" if is_geometric else "mean"
        n = f"{many[0]:,}" if len(many) == 1 else f"{many[0]:,} to {many[-1]:,}"
        legend_key(figure, f"{kind} of {n} networks", mode="lines", line={"color": GREY, "width": 2})
    if 1 in replicas:
        marker = {"symbol": "circle", "size": 7, "color": GREY}
        line = {"color": GREY, "width": 1}
        legend_key(figure, "1 network, no interval", mode="lines+markers", line=line, marker=marker)
    if with_lost:
        legend_key(figure, "NaN or infinite", mode="markers", marker=LOST)


def keys_of_nothing(figure: go.Figure, labels: Sequence[str]) -> None:
    """Legend entries of settings without any finite value, which would otherwise be missed by nobody."""
    for label in labels:
        legend_key(figure, f"{safe(label)}: no finite value", mode="markers", marker=LOST)
