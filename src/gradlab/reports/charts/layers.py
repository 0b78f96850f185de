"""`by_layer`: a quantity of every layer, from the input at the left, with the mean over networks and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from gradlab.reports.charts.axes import ValueAxis, exact, floor_line, layer_axis
from gradlab.reports.charts.bands import (
    band,
    interval_words,
    keys_of_kinds,
    keys_of_nothing,
    lost_marks,
    means_of,
    thin_lines,
)
from gradlab.reports.charts.style import GREY, INK, SYMBOLS, empty, legend_key, safe
from gradlab.stats import Mean

PLOT_PX = 340
DASH = "6px,4px"


@dataclass(frozen=True, slots=True)
class LayerValues:
    """A quantity of R networks of one setting in each of L layers.

    Attributes:
        label: The setting, for the legend.
        colour: "#rrggbb".
        layers: Names of the layers, from the input.
        values: [R, L] in the unit of the axis; NaN where a layer has no such number for any network.
        theory: What is expected of each layer [L], NaN where theory says nothing; None without a theory.
        published: What a source gives for each layer [L], NaN where it gives nothing; None without a source.
    """

    label: str
    colour: str
    layers: Sequence[str]
    values: Float[ndarray, "R L"]
    theory: Float[ndarray, " L"] | None = None
    published: Float[ndarray, " L"] | None = None


def by_layer(
    settings: Sequence[LayerValues],
    y_title: str,
    *,
    x_title: str = "layer",
    is_log: bool | None = None,
) -> go.Figure | None:
    """Mean over networks by layer with Student's 95 % interval as a band; the networks themselves as thin lines.

    On a logarithmic axis the line is the geometric mean of the networks above 0, and exact zeros stand on a place of
    their own at the bottom, labelled 0: an open triangle where some networks are 0, a full one where all are.

    Args:
        settings: What to compare. Networks of different depth share the axis from the input on.
        y_title: Quantity and unit.
        x_title: What the layers are.
        is_log: None makes the axis logarithmic where the values span two decades. A negative value makes it linear.

    Returns:
        The figure, or None without a finite value. `meta.plot_px` is the height that the plot needs. A caption
        should hold `BANDS_KEY`.

    Assumes:
        Independent networks; what `student_mean` assumes of the values.
    """
    nothing = [one.label for one in settings if not np.isfinite(one.values).any()]
    settings = [one for one in settings if one.label not in nothing]
    if not settings:
        return None
    axis = ValueAxis(_all_values(settings), is_log=is_log)
    figure = empty(PLOT_PX + 95, x_title=x_title)
    figure.update_layout(meta={"plot_px": PLOT_PX})
    lost = zeros = False
    for i, one in enumerate(settings):
        x = [float(k) for k in range(1, len(one.layers) + 1)]
        present = ~np.isnan(one.values).all(axis=0)  # a layer without such a number is no layer that diverged
        means = means_of(one.values, is_log=axis.is_log)
        if len(one.values) > 1:
            band(figure, x, means, axis, one.colour)
            thin_lines(figure, x, one.values, axis, one.colour)
        _line(figure, one, x, means, axis, SYMBOLS[i % len(SYMBOLS)])
        _given(figure, one, x, axis)
        zeros |= _zeros(figure, one, x, axis)
        there = np.flatnonzero(present)
        lost |= lost_marks(figure, [x[k] for k in there], one.values[:, there], axis, f"<b>{safe(one.label)}</b>")
    _keys(figure, settings, zeros)
    keys_of_kinds(figure, [len(one.values) for one in settings], is_geometric=axis.is_log, with_lost=lost)
    keys_of_nothing(figure, nothing)
    layer_axis(figure, _names(settings))
    axis.apply(figure, y_title)
    floor_line(figure, axis)
    return figure


def _all_values(settings: Sequence[LayerValues]) -> list[float]:
    """Everything that the axis must hold."""
    arrays = [array for one in settings for array in (one.values, one.theory, one.published) if array is not None]
    return [*(float(value) for array in arrays for value in array.ravel())]


def _names(settings: Sequence[LayerValues]) -> list[str]:
    """One name a position: that of the layers there, or its number where networks of different depth disagree."""
    deepest = max((one.layers for one in settings), key=len)
    found = [{one.layers[k] for one in settings if k < len(one.layers)} for k in range(len(deepest))]
    return [names.pop() if len(names) == 1 else str(k) for k, names in enumerate(found, 1)]


def _line(
    figure: go.Figure, one: LayerValues, x: Sequence[float], means: Sequence[Mean], axis: ValueAxis, symbol: str
) -> None:
    is_single = len(one.values) == 1
    figure.add_trace(
        go.Scatter(
            name=safe(one.label),
            x=list(x),
            y=[axis(mean.mean) for mean in means],
            mode="lines+markers",
            line={"color": one.colour, "width": 1 if is_single else 2},
            marker={"symbol": symbol, "size": 8 if len(x) <= 12 else 6, "color": one.colour},
            hovertext=[
                f"<b>{safe(one.label)}</b>, layer {safe(name)}<br>{interval_words(one.values[:, k], mean)}"
                for k, (name, mean) in enumerate(zip(one.layers, means, strict=True))
            ],
            hoverinfo="text",
        )
    )


def _given(figure: go.Figure, one: LayerValues, x: Sequence[float], axis: ValueAxis) -> None:
    """Theory dashed, published numbers as open diamonds."""
    if one.theory is not None:
        words = _words("theory", one, one.theory)
        line = {"color": one.colour, "width": 2, "dash": DASH}
        y = [axis(float(value)) for value in one.theory]
        figure.add_trace(
            go.Scatter(x=list(x), y=y, mode="lines", line=line, hovertext=words, hoverinfo="text", showlegend=False)
        )
    if one.published is not None:
        there = [k for k, value in enumerate(one.published) if axis(float(value)) is not None]
        words = _words("published", one, one.published)
        figure.add_trace(
            go.Scatter(
                x=[x[k] for k in there],
                y=[axis(float(one.published[k])) for k in there],
                mode="markers",
                marker={"symbol": "diamond-open", "size": 13, "color": one.colour, "line": {"width": 2}},
                hovertext=[words[k] for k in there],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )


def _words(what: str, one: LayerValues, numbers: Float[ndarray, " L"]) -> list[str]:
    label = safe(one.label)
    return [
        f"<b>{label}</b>, layer {safe(name)}<br>{what}: {exact(float(number))}"
        for name, number in zip(one.layers, numbers, strict=True)
    ]


def _zeros(figure: go.Figure, one: LayerValues, x: Sequence[float], axis: ValueAxis) -> bool:
    """Marks on the floor of a logarithmic axis; whether there are any."""
    counts = (one.values == 0).sum(axis=0)
    places = [k for k in range(len(x)) if counts[k]]
    if axis.floor is None or not places:
        return False
    of = len(one.values)
    figure.add_trace(
        go.Scatter(
            x=[x[k] for k in places],
            y=[axis.floor] * len(places),
            mode="markers",
            marker={
                "symbol": ["triangle-down" if counts[k] == of else "triangle-down-open" for k in places],
                "size": 10,
                "color": one.colour,
                "line": {"width": 1.5, "color": one.colour},
            },
            hovertext=[
                f"<b>{safe(one.label)}</b>, layer {safe(one.layers[k])}<br>exactly 0 in {counts[k]} of {of}"
                for k in places
            ],
            hoverinfo="text",
            showlegend=False,
            cliponaxis=False,
        )
    )
    return True


def _keys(figure: go.Figure, settings: Sequence[LayerValues], zeros: bool) -> None:
    if any(one.theory is not None for one in settings):
        legend_key(figure, "theory", mode="lines", line={"color": GREY, "width": 2, "dash": DASH})
    if any(one.published is not None and np.isfinite(one.published).any() for one in settings):
        marker = {"symbol": "diamond-open", "size": 12, "color": INK, "line": {"width": 2}}
        legend_key(figure, "published", mode="markers", marker=marker)
    if zeros:
        marker = {"symbol": "triangle-down", "size": 10, "color": GREY}
        legend_key(figure, "exactly 0 in all", mode="markers", marker=marker)
        hollow = {"symbol": "triangle-down-open", "size": 10, "color": GREY, "line": {"width": 1.5}}
        legend_key(figure, "exactly 0 in some", mode="markers", marker=hollow)
