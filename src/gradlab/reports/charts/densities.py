"""From a histogram with hundreds of bins to what a violin shows: even slices, spikes, quartiles. No drawing.

Bins may be of any width; entries of a bin are taken to be spread so that the cumulative share is smooth and monotone (a
cubic through the bins' edges), so that every bin keeps its share exactly and the coarse bins of large values make no
stairs. Shares are of all entries, those beyond the axis and the spikes included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.reports.charts.points import stretches

TAIL = 0.001  # share of a violin's entries that may lie beyond either end of the axis
FULL = (
    5.0  # largest density that has a width of its own, in entries' shares an axis length; a normal law of sd .08 has it
)
LEAST_SPIKE, LEAST_APART = 0.05, 0.75  # shares, of all entries and of those around it
TALLEST_SPIKE = 1 / 25  # of the axis
_FEW_BINS, _ENOUGH_BINS = 4, 30  # that an axis is widened below, and to how many
_NO_WIDTH = 1e-30


@dataclass(frozen=True, slots=True)
class LayerHistograms:
    """How the entries of L layers of R networks of one setting are spread over K bins.

    Attributes:
        label: The setting, for the panel's title.
        colour: "#rrggbb".
        layers: Names of the layers, from the input.
        edges: Of the bins, increasing [L, K + 1], in the unit of the axis. Each layer may have its own.
        counts: Entries in each bin [R, L, K], drawn as the sum over networks.
        zero_bins: Place of the bin that holds the exact zeros and nothing else, -1 for none [L]; None for none anywhere.
            Where 0 is not within that bin, the edges are logarithms and zeros stand below the axis.
        nans: Entries that are NaN [R, L], said under the pointer.
        means: Mean of the entries [R, L], for the pointer.
        stds: Their standard deviation [R, L], for the pointer.
        theory_std: Standard deviation that theory expects [L], drawn around `theory_mean`; None without a theory.
        theory_mean: Mean that theory expects [L]; None for 0.
    """

    label: str
    colour: str
    layers: Sequence[str]
    edges: Float[ndarray, "L _"]
    counts: Int[ndarray, "R L K"]
    zero_bins: Int[ndarray, " L"] | None = None
    nans: Int[ndarray, "R L"] | None = None
    means: Float[ndarray, "R L"] | None = None
    stds: Float[ndarray, "R L"] | None = None
    theory_std: Float[ndarray, " L"] | None = None
    theory_mean: Float[ndarray, " L"] | None = None


@dataclass(frozen=True, slots=True)
class Spike:
    """Entries that lie on one value, or too close together to have a shape.

    Attributes:
        low: Least value; with `high` the ends of the bin or of the slices that it fills. Both are 0 for exact zeros.
        high: Greatest value.
        share: Of all entries, 0 .. 1.
        is_zero: Whether these are exact zeros.
    """

    low: float
    high: float
    share: float
    is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One violin.

    Attributes:
        slices: Share of the entries in each even slice of the axis, spikes taken out [n].
        spikes: What was taken out.
        below: Share below the axis.
        above: Share above it.
        quartiles: 25, 50 and 75 % of the entries lie below; `-inf` where that is a zero which has no place on the axis.
        entries: Their number.
    """

    slices: Float[ndarray, " n"]
    spikes: tuple[Spike, ...]
    below: float
    above: float
    quartiles: tuple[float, float, float]
    entries: int


def quantile(edges: Float[ndarray, " _"], counts: Int[ndarray, " K"], share: float) -> float:
    """The value below which that share of the entries lies, bins being even within.

    Example:
        >>> quantile(np.array([0.0, 1.0, 2.0]), np.array([1, 3]), 0.5)
        1.3333333333333333
    """
    reached = np.concatenate([[0], np.cumsum(counts)]) / counts.sum()
    k = int(np.clip(np.searchsorted(reached, share, side="left"), 1, len(counts)))
    part = (share - reached[k - 1]) / (reached[k] - reached[k - 1])
    return float(edges[k - 1] + max(0.0, part) * (edges[k] - edges[k - 1]))


def axis_range(
    edges: Sequence[Float[ndarray, " _"]], counts: Sequence[Int[ndarray, " _"]], zero_bins: Sequence[int]
) -> tuple[float, float]:
    """Ends of an axis that loses at most 0.1 % of any violin's entries at either end.

    Exact zeros that have no value on the axis (the zero bin of logarithms) do not count. An axis of few bins is
    widened, so that what fills a single bin looks as narrow as it is.

    Args:
        edges: Of each violin's bins.
        counts: Of each violin.
        zero_bins: Place of each violin's bin of exact zeros, -1 for none.
    """
    ends = []
    for own_edges, own_counts, zero in zip(edges, counts, zero_bins, strict=True):
        seen = own_counts.copy()
        if is_off_axis(own_edges, int(zero)):
            seen[zero] = 0
        if seen.sum():
            ends.append((quantile(own_edges, seen, TAIL), quantile(own_edges, seen, 1 - TAIL)))
    if not ends:
        return -1.0, 0.0
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    middle = (low + high) / 2
    if max(int(((own > low) & (own < high)).sum()) for own in edges) < _FEW_BINS:
        widths = [float(own[k] - own[k - 1]) for own in edges for k in [int(np.searchsorted(own, middle, side="right"))]
                  if 0 < k < len(own)]  # fmt: skip
        # the bin of exact zeros has no width of its own
        wanted = _ENOUGH_BINS * max(widths, default=0.0)
        span = max(high - low, wanted if wanted > _NO_WIDTH else 1.0)
        low, high = middle - span / 2, middle + span / 2
    return low, high


def shapes(
    edges: Float[ndarray, "L _"],
    counts: Int[ndarray, "L K"],
    zero_bins: Int[ndarray, " L"] | None,
    borders: Float[ndarray, " _"],
) -> list[Shape | None]:
    """The violin of each layer on an axis of even slices; None for a layer without entries.

    Args:
        edges: Of the bins, increasing.
        counts: Entries of all replicas together.
        zero_bins: Place of the bin that holds exact zeros and nothing else, -1 for none; None for none anywhere.
        borders: Of the slices, even and increasing; n + 1.
    """
    return [
        _shape(edges[layer], counts[layer], zero_bin(zero_bins, layer), borders) if counts[layer].sum() else None
        for layer in range(len(counts))
    ]


def zero_bin(zero_bins: Int[ndarray, " L"] | None, layer: int) -> int:
    """Place of a layer's bin of exact zeros, -1 for none."""
    return -1 if zero_bins is None else int(zero_bins[layer])


def is_off_axis(edges: Float[ndarray, " _"], zero: int) -> bool:
    """Whether the bin of zeros is not where 0 is: the values are logarithms, and zeros have none.

    Example:
        >>> is_off_axis(np.array([-46.0, -45.0, -44.0]), 0), is_off_axis(np.array([-1.0, 0.0, 1e-300, 1.0]), 1)
        (True, False)
    """
    return zero >= 0 and not edges[zero] <= 0.0 < edges[zero + 1]


def _shape(edges: Float[ndarray, " _"], counts: Int[ndarray, " K"], zero: int, borders: Float[ndarray, " _"]) -> Shape:
    total = int(counts.sum())
    rest, spikes = counts.astype(np.int64), []
    zeros = int(counts[zero]) if zero >= 0 else 0
    off_axis = is_off_axis(edges, zero)
    if zeros and (off_axis or zeros >= LEAST_SPIKE * total):
        spikes.append(Spike(0.0, 0.0, zeros / total, is_zero=True))
        rest[zero] = 0
    rest, single = _single_bins(edges, rest, borders, total)
    below, inside, above = _in_slices(edges, rest, borders, total)
    inside, heaps = _spikes(inside, borders)
    heaps = _merged([*single, *heaps], float(borders[1] - borders[0]))
    found = [quantile(edges, counts, share) for share in (0.25, 0.5, 0.75)]
    if off_axis:
        found = [-np.inf if value < edges[zero + 1] else value for value in found]
    return Shape(inside, (*spikes, *heaps), below, above, (found[0], found[1], found[2]), total)


def _in_slices(
    edges: Float[ndarray, " _"], counts: Int[ndarray, " K"], borders: Float[ndarray, " _"], total: int
) -> tuple[float, Float[ndarray, " _"], float]:
    """Share below, within each slice, and above."""
    from scipy.interpolate import PchipInterpolator

    if not counts.sum():
        return 0.0, np.zeros(len(borders) - 1), 0.0
    # Bins far finer than a slice change nothing that can be seen, and the slope in one of 1e-300 overflows. The edge at
    # 0 is kept, so that nothing that is not negative is spread to below it.
    grain = (borders[1] - borders[0]) / 50
    kept = [0]
    for k in range(1, len(edges)):
        if edges[k] - edges[kept[-1]] > grain or edges[k] == 0.0 or k == len(edges) - 1:
            kept.append(k)
    reached = np.concatenate([[0], np.cumsum(counts)])[kept] / total
    smooth = PchipInterpolator(edges[kept], reached)
    at = smooth(np.clip(borders, edges[kept[0]], edges[kept[-1]]))
    return float(at[0]), np.maximum(np.diff(at), 0.0), float(reached[-1] - at[-1])


def _single_bins(
    edges: Float[ndarray, " _"], counts: Int[ndarray, " K"], borders: Float[ndarray, " _"], total: int
) -> tuple[Int[ndarray, " K"], list[Spike]]:
    """Single bins that are spikes, taken out: their share and ends are exact, however the slices lie."""
    low, high, slice_ = float(borders[0]), float(borders[-1]), float(borders[1] - borders[0])
    rest, spikes = counts.copy(), []
    for k in np.flatnonzero(counts >= LEAST_SPIKE * total):
        start, end = float(edges[k]), float(edges[k + 1])
        near = max(end - start, slice_)
        around = counts[(edges[1:] > start - near) & (edges[:-1] < end + near)].sum()
        is_seen = end - start <= TALLEST_SPIKE * (high - low) and low <= (start + end) / 2 <= high
        if is_seen and counts[k] >= LEAST_APART * around:
            spikes.append(Spike(start, end, int(counts[k]) / total))
            rest[k] = 0
    return rest, spikes


def _spikes(shares: Float[ndarray, " _"], borders: Float[ndarray, " _"]) -> tuple[Float[ndarray, " _"], list[Spike]]:
    """Runs of slices that are spikes, taken out.

    They are denser than a violin can be, at most `TALLEST_SPIKE` of the axis tall, with `LEAST_SPIKE` of all entries
    and `LEAST_APART` of what lies within a height of their own on either side. The last tells a spike from the middle of
    a narrow hump, which stays a violin.
    """
    tallest = max(1, round(TALLEST_SPIKE * len(shares)))
    rest, spikes = shares.copy(), []
    for start, end in stretches(shares * len(shares) > FULL):
        height, share = end - start, float(shares[start:end].sum())
        around = float(shares[max(0, start - height) : end + height].sum())
        if height <= tallest and share >= LEAST_SPIKE and share >= LEAST_APART * around:
            spikes.append(Spike(float(borders[start]), float(borders[end]), share))
            rest[start:end] = 0.0
    return rest, spikes


def _merged(spikes: Sequence[Spike], apart: float) -> list[Spike]:
    """From low to high, with those that are not that far apart as one."""
    found: list[Spike] = []
    for spike in sorted(spikes, key=lambda spike: spike.low):
        if found and spike.low <= found[-1].high + apart:
            last = found.pop()
            spike = Spike(last.low, max(last.high, spike.high), last.share + spike.share)
        found.append(spike)
    return found


def widest(found: Sequence[Shape | None]) -> float:
    """The density that is drawn as wide as a lane, in shares an axis length.

    The largest of all violins, but at most `FULL` or one and a half times the median violin's largest, whichever is
    more: one layer that has shrunk to a hair would make lines of all others. What is denser is cut at the lane's edge.
    """
    peaks = [float(shape.slices.max()) * len(shape.slices) for shape in found if shape and shape.slices.any()]
    return min(max(peaks), max(FULL, 1.5 * float(np.median(peaks)))) if peaks else FULL
