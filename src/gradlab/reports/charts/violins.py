"""`violins`: how the entries of each layer are spread, from histograms; a panel for every setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gradlab.reports.charts.axes import layer_axis
from gradlab.reports.charts.densities import (
    TAIL,
    LayerHistograms,
    Shape,
    axis_range,
    shapes,
    widest,
    zero_bin,
)
from gradlab.reports.charts.points import corners, stretches
from gradlab.reports.charts.style import CLEAR, INK, MUTED, PANEL, TEXT_PX, empty, see_through
from gradlab.reports.charts.violin_words import ViolinAxis, head, percent, quartile_words, short, tail, where

UNSEEN = {"size": 12, "color": CLEAR}  # a mark that only the pointer finds
PLOT_PX = 300
DASH = "5px,3px"
_HALF = 0.45  # of a lane: half the width of the widest violin
_LEAST_BAR = 7 / PLOT_PX  # height of a spike, of the axis
_MANY = 12  # more layers have fewer slices, one short text under the pointer and no printed shares: a page stays small
_SLICES, _FEW_SLICES = 80, 50
_UNSEEN = 2e-5  # share of a slice that is not worth its ink

VIOLINS_KEY = (
    "Width: density of the entries, one scale for all violins. Solid bar: the printed share lies at one place; a bar as"
    " wide as the lane is 100 %. Dot and short lines: median and quartiles. At most"
    f" {100 * TAIL:g} % of a layer's entries lie beyond either end of the axis."
)


def violins(
    settings: Sequence[LayerHistograms], y_title: str, *, x_title: str = "layer", is_log10: bool = False
) -> Mapping[str, go.Figure]:
    """A violin for every layer, the input at the left; all panels share both the axis and the scale of the widths.

    The axis reaches as far as it takes to lose at most 0.1 % of any layer's entries at either end; the pointer says what
    is lost. A width is the density divided by `densities.widest`: the largest of all panels, unless that is of a layer
    so narrow that all others would be lines; such a layer is cut flat at the lane's edge. Entries on one value, or too
    close together to have a shape (`densities.Spike`), are a solid bar instead, whose length is their share.

    Args:
        settings: What to compare, a panel each.
        y_title: What the entries are, and their unit.
        x_title: What the layers are.
        is_log10: Whether the entries are logarithms, whose axis shows powers of ten.

    Returns:
        Label -> figure; empty without entries. A caption should hold `VIOLINS_KEY`.
    """
    pooled = [one.counts.sum(axis=0) for one in settings]
    if not any(counts.sum() for counts in pooled):
        return {}
    low, high = axis_range(
        [edges for one in settings for edges in one.edges],
        [counts for layers in pooled for counts in layers],
        [zero_bin(one.zero_bins, layer) for one in settings for layer in range(len(one.edges))],
    )
    is_many = max(len(one.layers) for one in settings) > _MANY
    borders = np.linspace(low, high, (_FEW_SLICES if is_many else _SLICES) + 1)
    found = [shapes(one.edges, counts, one.zero_bins, borders) for one, counts in zip(settings, pooled, strict=True)]
    spikes = [spike for row in found for shape in row if shape for spike in shape.spikes]
    axis = ViolinAxis(borders, widest([shape for row in found for shape in row]), is_log10, spikes)
    return {
        one.label: _panel(one, row, axis, y_title, x_title)
        for one, row, counts in zip(settings, found, pooled, strict=True)
        if counts.sum()
    }


def _panel(
    one: LayerHistograms, row: Sequence[Shape | None], axis: ViolinAxis, y_title: str, x_title: str
) -> go.Figure:
    figure = empty(PLOT_PX + 70, x_title=x_title, y_title=y_title, legend=False)
    figure.update_layout(hoverdistance=30, meta={"plot_px": PLOT_PX})
    drawn = [(lane, shape) for lane, shape in enumerate(row, 1) if shape is not None]
    _bodies(figure, one, drawn, axis)
    if len(one.layers) > _MANY:
        _short_pointer(figure, drawn, axis)
    else:
        for lane, shape in drawn:
            _pointer(figure, one, lane, shape, axis)
    _theory(figure, one, axis)
    _bars(figure, one, drawn, axis)
    _quartiles(figure, one, drawn, axis)
    for lane, violin in enumerate(row, 1):
        if violin is None:
            nans = 0 if one.nans is None else int(one.nans[:, lane - 1].sum())
            figure.add_annotation(
                x=lane, y=0.5, yref="paper", text="all NaN" if nans else "no entries", textangle=-90, showarrow=False,
                font={"size": TEXT_PX, "color": MUTED},
            )  # fmt: skip
    layer_axis(figure, one.layers)
    axis.apply(figure, y_title)
    return figure


def _bodies(figure: go.Figure, one: LayerHistograms, drawn: Sequence[tuple[int, Shape]], axis: ViolinAxis) -> None:
    """The outlines, one polygon for every stretch of the axis that has entries."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    unseen = 0.0005 * len(one.layers)  # of a lane: a sixth of a pixel on a telephone
    for lane, shape in drawn:
        widths = np.minimum(shape.slices * len(shape.slices) / axis.widest, 1.0) * _HALF
        for start, end in stretches(shape.slices > _UNSEEN):
            kept = [start + k for k in corners(widths[start:end], unseen)]
            up = [float(axis.borders[start]), *(float(axis.middles[k]) for k in kept), float(axis.borders[end])]
            half = [widths[start], *(widths[k] for k in kept), widths[end - 1]]
            xs += [*(round(lane + w, 3) for w in half), *(round(lane - w, 3) for w in reversed(half)), None]
            ys += [*map(short, up), *map(short, reversed(up)), None]
    figure.add_trace(
        go.Scatter(
            x=xs[:-1], y=ys[:-1], fill="toself", fillcolor=see_through(one.colour, 0.4), mode="lines",
            line={"color": one.colour, "width": 1 if len(one.layers) <= _MANY else 0.5}, hoverinfo="skip",
        )
    )  # fmt: skip


def _pointer(figure: go.Figure, one: LayerHistograms, lane: int, shape: Shape, axis: ViolinAxis) -> None:
    """What is said at every slice: invisible marks along the middle of the violin."""
    places = np.flatnonzero(shape.slices > _UNSEEN)
    figure.add_trace(
        go.Scatter(
            x=[lane] * len(places),
            y=[short(axis.middles[k]) for k in places],
            customdata=[short(100 * shape.slices[k]) for k in places],
            text=[axis.text(axis.middles[k]) for k in places] if axis.is_log10 else None,
            mode="markers",
            marker=UNSEEN,
            hovertemplate=f"{head(one, lane)}<br>{axis.slice_words}{tail(one, lane, shape)}<extra></extra>",
        )
    )


def _short_pointer(figure: go.Figure, drawn: Sequence[tuple[int, Shape]], axis: ViolinAxis) -> None:
    """The same for many layers, without what is said of the whole layer: that stands at its median."""
    places = [(lane, k, shape.slices[k]) for lane, shape in drawn for k in np.flatnonzero(shape.slices > 0.004)]
    figure.add_trace(
        go.Scatter(
            x=[lane for lane, _, _ in places],
            y=[short(axis.middles[k]) for _, k, _ in places],
            customdata=[float(f"{100 * share:.2g}") for _, _, share in places],
            text=[axis.text(axis.middles[k]) for _, k, _ in places] if axis.is_log10 else None,
            mode="markers",
            marker=UNSEEN,
            hovertemplate=f"layer %{{x}}<br>{axis.slice_words}<extra></extra>",
        )
    )


def _theory(figure: go.Figure, one: LayerHistograms, axis: ViolinAxis) -> None:
    if one.theory_std is None:
        return
    middle = np.zeros(len(one.layers)) if one.theory_mean is None else one.theory_mean
    for sign in (1, -1):
        at = middle + sign * one.theory_std
        # short dashes across each lane: there is nothing between two layers
        xs = [x for lane in range(1, len(at) + 1) for x in (lane - 0.48, lane + 0.48, None)]
        ys = [short(float(y)) if axis.low <= y <= axis.high else None for y in at for _ in range(3)]
        line = {"color": one.colour, "width": 2, "dash": DASH}
        figure.add_trace(go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip"))


def _bars(figure: go.Figure, one: LayerHistograms, drawn: Sequence[tuple[int, Shape]], axis: ViolinAxis) -> None:
    """Spikes as bars across the lane, their share printed above; below where it is the lowest of its lane and low."""
    every = [(lane, shape, spike) for lane, shape in drawn for spike in shape.spikes]
    if not every:
        return
    xs: list[float | None] = []
    ys: list[float | None] = []
    at, is_low = [], []
    for lane, shape, spike in every:
        low, high = axis.ends(spike)
        middle, half = (low + high) / 2, max(high - low, _LEAST_BAR * axis.span) / 2
        length = spike.share * _HALF
        xs += [lane - length, lane + length, lane + length, lane - length, lane - length, None]
        ys += [middle - half, middle - half, middle + half, middle + half, middle - half, None]
        is_lowest = all(axis.ends(other)[0] >= low for other in shape.spikes)
        is_low.append(is_lowest and middle < axis.low + 0.12 * axis.span)
        at.append(middle - half if is_low[-1] else middle + half)
    figure.add_trace(
        go.Scatter(
            x=[None if x is None else round(x, 3) for x in xs[:-1]], y=[None if y is None else short(y) for y in ys[:-1]],
            fill="toself", fillcolor=one.colour, mode="lines", line={"color": one.colour, "width": 1}, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[lane for lane, _, _ in every],
            y=[short(y) for y in at],
            text=[percent(spike.share) if len(one.layers) <= _MANY else "" for _, _, spike in every],
            textposition=["bottom center" if low else "top center" for low in is_low],
            textfont={"size": TEXT_PX, "color": INK},
            mode="markers+text",
            marker={**UNSEEN, "size": 4},
            hovertext=[
                f"{head(one, lane)}<br>{where(spike, axis)}{tail(one, lane, shape)}" for lane, shape, spike in every
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )


def _quartiles(figure: go.Figure, one: LayerHistograms, drawn: Sequence[tuple[int, Shape]], axis: ViolinAxis) -> None:
    """Short lines and a dot: a line from quartile to quartile would hide the thin body of a saturated layer.

    A quartile within a bar is not drawn: the bar says where it is, and a line on it would hide the bar.
    """
    size = 12 if len(one.layers) <= _MANY else 6
    quartiles = [(lane, shape.quartiles[k]) for lane, shape in drawn for k in (0, 2) if not axis.in_bar(shape, k)]
    figure.add_trace(
        go.Scatter(
            x=[lane for lane, _ in quartiles],
            y=[short(axis.inside(value)) for _, value in quartiles],
            mode="markers",
            marker={"symbol": "line-ew-open", "size": size, "color": INK, "line": {"width": 2, "color": INK}},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[lane for lane, _ in drawn],
            y=[short(axis.inside(shape.quartiles[1])) for _, shape in drawn],
            mode="markers",
            marker={
                "symbol": "circle", "size": 8 if size == 12 else 5, "color": PANEL, "line": {"color": INK, "width": 1.5}
            },
            hovertext=[
                f"{head(one, lane)}<br>{quartile_words(shape, axis)}{tail(one, lane, shape)}" for lane, shape in drawn
            ],
            hoverinfo="text",
        )
    )  # fmt: skip
