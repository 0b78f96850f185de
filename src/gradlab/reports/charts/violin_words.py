"""What the violins of several panels share, and what they say in words: axis, floor for zeros, the pointer's texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from gradlab.reports.charts.axes import exact, power_text
from gradlab.reports.charts.densities import LayerHistograms, Shape, Spike
from gradlab.reports.charts.style import safe

FLOOR = 0.09  # of the axis, from its lower end down to where zeros without a logarithm stand


class ViolinAxis:
    """The vertical axis of all panels.

    Args:
        borders: Of the even slices, n + 1.
        widest: Density that is as wide as a lane, in shares an axis length.
        is_log10: Whether values are logarithms.
        spikes: Those of all panels.
    """

    def __init__(self, borders: Float[ndarray, " _"], widest: float, is_log10: bool, spikes: Sequence[Spike]) -> None:
        self.borders, self.widest, self.is_log10 = borders, widest, is_log10
        self.low, self.high = float(borders[0]), float(borders[-1])
        self.span = self.high - self.low
        self.middles = (borders[1:] + borders[:-1]) / 2
        self.zero = self.low - FLOOR * self.span if is_log10 else 0.0
        self.has_floor = is_log10 and any(spike.is_zero for spike in spikes)
        self.pad = (0.08 if spikes else 0.03) * self.span  # room for the numbers at bars at an end of the axis

    def inside(self, value: float) -> float:
        """Where a value is drawn: zeros without a logarithm on the floor, what lies beyond the axis at its end."""
        return float(np.clip(value, self.low, self.high)) if value > -math.inf else self.zero

    def ends(self, spike: Spike) -> tuple[float, float]:
        """Lower and upper end of a spike."""
        return (self.zero, self.zero) if spike.is_zero else (spike.low, spike.high)

    def in_bar(self, shape: Shape, k: int) -> bool:
        """Whether the quartile of that place lies in a spike, which may be drawn taller than it is."""
        at, slack = self.inside(shape.quartiles[k]), self.span / len(self.middles)
        return any(low - slack <= at <= high + slack for low, high in map(self.ends, shape.spikes))

    def text(self, value: float) -> str:
        """A value in words."""
        if not self.is_log10:
            return exact(float(f"{value:.3g}"))
        return power_text(float(f"{10**value:.3g}")) if value > -math.inf else "0"

    @property
    def slice_words(self) -> str:
        """Plotly's template of what is said at a slice."""
        half = float(self.borders[1] - self.borders[0]) / 2
        if self.is_log10:
            return f"%{{customdata}} % within a factor {10**half:.3g} of %{{text}}"
        return f"%{{customdata}} % within \u00b1{half:.2g} of %{{y:.3g}}"

    def apply(self, figure: go.Figure, title: str) -> None:
        """Set title, range and ticks."""
        low = self.zero if self.has_floor else self.low
        figure.update_yaxes(title_text=title, range=[low - self.pad, self.high + self.pad], zeroline=False)
        if not self.is_log10:
            figure.update_yaxes(nticks=7)
            return
        every = max(1, math.ceil(self.span / 7))
        powers = [p for p in range(math.ceil(self.low), math.floor(self.high) + 1) if p % every == 0]
        floor = [self.zero] if self.has_floor else []
        figure.update_yaxes(
            tickvals=[*floor, *powers], ticktext=[*("0" for _ in floor), *(power_text(10.0**p) for p in powers)]
        )


def short(value: float) -> float:
    """With 4 significant digits, to keep pages small."""
    return float(f"{value:.4g}")


def head(one: LayerHistograms, lane: int) -> str:
    """Setting and layer."""
    return f"<b>{safe(one.label)}</b>, layer {safe(one.layers[lane - 1])}"


def tail(one: LayerHistograms, lane: int, shape: Shape) -> str:
    """Mean, standard deviation, number of entries, and what the axis does not show."""
    words = []
    for name, array in (("mean", one.means), ("standard deviation", one.stds)):
        if array is not None:
            column = array[:, lane - 1].astype(np.float64)
            words.append(f"{name} {exact(float(column.mean()))}" + (" (mean of networks)" if len(column) > 1 else ""))
    if one.theory_std is not None:
        words.append(f"theory: standard deviation {exact(float(one.theory_std[lane - 1]))}")
    nans = 0 if one.nans is None else int(one.nans[:, lane - 1].sum())
    networks = f"{len(one.counts):,} network{'s' if len(one.counts) > 1 else ''}"
    words.append(f"{shape.entries:,} entries of {networks}" + (f", {nans:,} more are NaN" if nans else ""))
    ends = [
        f"{100 * share:.2g} % {side}"
        for share, side in ((shape.below, "below"), (shape.above, "above"))
        if share > 1e-6
    ]
    if ends:
        words.append(f"beyond the axis: {', '.join(ends)}")
    return "".join(f"<br>{word}" for word in words)


def percent(share: float) -> str:
    """A share as short as a lane needs: 100 only for all, 0 only for none.

    Example:
        >>> percent(0.5), percent(0.9999), percent(1.0), percent(1e-5)
        ('50 %', '>99 %', '100 %', '<1 %')
    """
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def where(spike: Spike, axis: ViolinAxis) -> str:
    """Which entries a spike is."""
    if spike.is_zero:
        return f"{100 * spike.share:.4g} % are exactly 0"
    return f"{100 * spike.share:.4g} % lie between {axis.text(spike.low)} and {axis.text(spike.high)}"


def quartile_words(shape: Shape, axis: ViolinAxis) -> str:
    """Median and quartiles."""
    low, middle, high = map(axis.text, shape.quartiles)
    return f"median {middle}<br>quartiles {low} and {high}"
