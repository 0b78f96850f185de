"""`by_layer_and_step`: a quantity of every layer over training, as a heat map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool, Float
from numpy import ndarray

from gradlab.reports.charts.axes import StepAxis, decades, layer_ticks, power_text
from gradlab.reports.charts.bands import interval_words, means_of
from gradlab.reports.charts.points import stretches, thinned
from gradlab.reports.charts.style import GREY, MUTED, empty, safe, see_through, spans_two_decades

_ROW_PX, _LEAST_PX, _MOST_PX = 34, 150, 460
_MOST_LOOKS = 160  # columns: about two pixels each on a telephone
_GAP_PX, _BAR_PX, _BAR_CELLS = 14, 12, 64  # between the map and its colour bar; the bar
_DOTS = {
    "shape": ".",
    "fgcolor": GREY,
    "bgcolor": see_through(GREY, 0.3),
    "size": 6,
    "solidity": 0.25,
    "fillmode": "overlay",
}
_STRIPES = {"shape": "/", "fgcolor": "white", "bgcolor": "#440154", "size": 7, "solidity": 0.2, "fillmode": "overlay"}


@dataclass(frozen=True, slots=True)
class LayerHistory:
    """A quantity of R networks of one setting in L layers at S looks.

    Attributes:
        label: The setting, for the panel's title.
        steps: Training steps of the looks, increasing.
        layers: Names of the layers, from the input.
        values: [S, R, L] as in a `History`; NaN where a look or a layer has none.
    """

    label: str
    steps: Sequence[int]
    layers: Sequence[str]
    values: Float[ndarray, "S R L"]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Means -> numbers that colours stand for: linear, logarithmic, or signed around 0."""

    is_log: bool
    is_signed: bool
    low: float
    high: float

    def __call__(self, value: float) -> float | None:
        if not math.isfinite(value) or (self.is_log and value <= 0):
            return None
        return round(math.log10(value), 3) if self.is_log else float(f"{value:.4g}")


@dataclass(frozen=True, slots=True)
class _Cells:
    """What a panel shows: borders of its columns [S + 1], means [L, S] and the pointer's words [L, S]."""

    borders: Sequence[float]
    means: Float[ndarray, "L S"]
    texts: Sequence[Sequence[str]]


def by_layer_and_step(
    settings: Sequence[LayerHistory],
    title: str,
    *,
    x_title: str = "training steps",
    y_title: str = "layer",
    has_log_steps: bool = True,
    is_log: bool | None = None,
) -> Mapping[str, go.Figure]:
    """Heat maps with one colour scale: steps across, layers upward from the input, the mean over networks as colour.

    Values of both signs get a diverging map centred at 0, others viridis. On a logarithmic scale the mean is the
    geometric one of the networks above 0, and a cell where all are 0 is hatched. Cells without a finite value are grey
    with dots. Intervals stand under the pointer.

    Args:
        settings: What to compare, a panel each.
        title: Quantity and unit, for the colour bar.
        x_title: What the steps are.
        y_title: What the layers are.
        has_log_steps: Whether the steps are logarithmic, with step 0 set apart.
        is_log: None makes the colours logarithmic where the means span two decades. A negative value makes them linear.

    Returns:
        Label -> figure; empty without finite values. At most 160 looks are drawn, evenly spread along the axis.

    Assumes:
        Independent networks; what `student_mean` assumes of the values.
    """
    settings = [one for one in settings if len(one.steps) and np.isfinite(one.values).any()]
    if not settings:
        return {}
    axis = StepAxis([step for one in settings for step in one.steps], is_log=has_log_steps)
    as_log = _is_log(np.concatenate([one.values.ravel() for one in settings]), is_log)
    cells = [_cells(one, axis, as_log) for one in settings]
    scale = _scale(np.concatenate([one.means.ravel() for one in cells]), as_log)
    words = f"{x_title}{', logarithmic after 0' if axis.is_log else ''}"
    return {
        one.label: _panel(one, found, axis, scale, (title, words, y_title))
        for one, found in zip(settings, cells, strict=True)
    }


def _is_log(values: Float[ndarray, " _"], wanted: bool | None) -> bool:
    known = values[np.isfinite(values)]
    wanted = spans_two_decades(map(float, known)) if wanted is None else wanted
    return wanted and bool((known >= 0).all() and (known > 0).any())


def _cells(one: LayerHistory, axis: StepAxis, is_log: bool) -> _Cells:
    looks = thinned([axis(step) for step in one.steps], _MOST_LOOKS)
    means, texts = np.full((len(one.layers), len(looks)), np.nan), []
    for layer, name in enumerate(one.layers):
        values = one.values[looks, :, layer].T
        found = means_of(values, is_log=is_log)
        # a geometric mean leaves zeros out; where nothing but zeros is left, the mean is 0
        zeros = ((values == 0) | ~np.isfinite(values)).all(axis=0) & (values == 0).any(axis=0)
        means[layer] = [0.0 if zero else mean.mean for zero, mean in zip(zeros, found, strict=True)]
        texts.append(
            [
                f"layer {safe(name)}, step {one.steps[k]:,}<br>{interval_words(values[:, i], found[i])}"
                for i, k in enumerate(looks)
            ]
        )
    return _Cells(axis.borders([one.steps[k] for k in looks]), means, texts)


def _scale(means: Float[ndarray, " _"], is_log: bool) -> _Scale:
    known = means[np.isfinite(means)]
    low, high = float(known.min()), float(known.max())
    if is_log and high > 0:
        low, high = math.log10(known[known > 0].min()), math.log10(high)
        return _Scale(True, False, low, max(high, low + 0.01))
    if low < 0:
        size = max(-low, high)
        return _Scale(False, True, -size, size)
    return _Scale(False, False, low, high if high > low else low + (abs(low) or 1.0))


def _panel(one: LayerHistory, cells: _Cells, axis: StepAxis, scale: _Scale, titles: tuple[str, str, str]) -> go.Figure:
    count, (title, x_title, y_title) = len(one.layers), titles
    map_px = min(_MOST_PX, max(_LEAST_PX, _ROW_PX * count))
    plot_px = map_px + _GAP_PX + _BAR_PX
    figure = empty(plot_px + 130, x_title=x_title, y_title=y_title)
    figure.update_layout(meta={"plot_px": plot_px})
    figure.add_trace(
        go.Heatmap(
            x=cells.borders,
            y=[k + 0.5 for k in range(count + 1)],
            z=[[scale(float(value)) for value in row] for row in cells.means],
            hovertext=cells.texts,
            hoverinfo="text",
            **_colours(scale),
        )
    )
    zeros = cells.means == 0 if scale.is_log else np.zeros(cells.means.shape, dtype=bool)
    _patterned(figure, ~np.isfinite(cells.means), cells.borders, "no finite value", _DOTS)
    _patterned(figure, zeros, cells.borders, "exactly 0", _STRIPES)
    places, names = layer_ticks(one.layers)
    axis.apply(figure)
    figure.update_yaxes(tickvals=places, ticktext=names, range=[0.5, count + 0.5], showgrid=False, zeroline=False)
    figure.update_yaxes(domain=[0, map_px / plot_px])
    figure.update_xaxes(showgrid=False, range=[cells.borders[0], cells.borders[-1]])
    _bar(figure, scale, title, 1 - _BAR_PX / plot_px)
    # below everything: the top is the colour bar's
    figure.update_layout(legend={"yref": "container", "y": 0, "yanchor": "bottom"})
    return figure


def _colours(scale: _Scale) -> dict[str, Any]:
    colours = "RdBu_r" if scale.is_signed else "Viridis"
    return {"colorscale": colours, "zmin": scale.low, "zmax": scale.high, "showscale": False}


def _bar(figure: go.Figure, scale: _Scale, title: str, bottom: float) -> None:
    """The colour bar as a strip above the map: plotly's own would take the width or push the axes about."""
    at = np.linspace(scale.low, scale.high, _BAR_CELLS + 1)
    middles = ((at[1:] + at[:-1]) / 2).tolist()
    strip = go.Heatmap(
        x=at.tolist(), y=[0, 1], z=[middles], xaxis="x2", yaxis="y2", hoverinfo="skip", **_colours(scale)
    )
    figure.add_trace(strip)
    layout = figure.layout.xaxis.to_plotly_json()
    ticks: dict[str, Any] = {"nticks": 5, "tickmode": "auto", "tickformat": "~g", "tickvals": None, "ticktext": None}
    if scale.is_log:
        found = decades(10**scale.low, 10**scale.high)
        ticks = {"tickvals": [math.log10(tick) for tick in found], "ticktext": [*map(power_text, found)]}
    words = f"{title}{', logarithmic' if scale.is_log else ''}"
    figure.update_layout(
        xaxis2={
            **layout, "anchor": "y2", "side": "top", "range": [scale.low, scale.high], "ticks": "outside", **ticks,
            "title": {**layout["title"], "text": words, "standoff": 6}, "ticklabeloverflow": "allow",
        },
        yaxis2={
            "domain": [bottom, 1], "anchor": "x2", "showticklabels": False, "ticks": "", "showgrid": False,
            "zeroline": False, "fixedrange": True,
        },
    )  # fmt: skip


def _patterned(
    figure: go.Figure, there: Bool[ndarray, "L S"], columns: Sequence[float], name: str, pattern: Mapping[str, Any]
) -> None:
    """A pattern over some cells, and its legend entry."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for layer, row in enumerate(there, 1):
        for start, end in stretches(row):
            left, right = columns[start], columns[end]
            xs += [left, right, right, left, left, None]
            ys += [layer - 0.5, layer - 0.5, layer + 0.5, layer + 0.5, layer - 0.5, None]
    if not xs:
        return
    figure.add_trace(
        go.Scatter(
            x=xs[:-1], y=ys[:-1], fill="toself", mode="lines", line={"width": 0}, fillpattern=pattern, hoverinfo="skip",
            showlegend=False,
        )
    )  # fmt: skip
    key = {"color": pattern["bgcolor"], "line": {"color": MUTED, "width": 1}, "pattern": pattern}
    figure.add_trace(go.Bar(x=[None], y=[None], name=name, marker=key, hoverinfo="skip", showlegend=True))
