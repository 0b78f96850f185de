"""The edges of all histograms, and the counting.

Edges are fixed, never fitted to the data, so that counts of batches, replicas and steps may be added and compared. A bin
holds low <= value < high. What lies outside the edges, infinities too, is counted in the first or last bin; NaN in none.
A zero has a bin of its own, because a spike there (relu's off state) is a different thing from many small values.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

# The bin [0, NEXT_TO_ZERO) holds nothing but zeros in single precision, and in double precision for every purpose. It
# is no subnormal number, because processors may be told to take those for 0.
NEXT_TO_ZERO = 1e-300
LINEAR_BINS = 320  # besides the one of zero

# Sizes from 2e-8 to 1e7: 160 bins a side, from a linear middle to steps of 23 %, about 15 bins between .1 and 3 standard
# deviations of any signal in between.
ASINH_SCALE = 1e-7
ASINH_LAST = 1e7

# Eighths of a decade are exact in binary. The smallest positive number of single precision is 10^-44.85, so its lowest
# bin holds zeros alone; the largest is 10^38.5.
LOG_FIRST, LOG_LAST, LOG_BINS_PER_DECADE = -46, 39, 8


def _with_zero_bin(negative: Float[ndarray, " _"], positive: Float[ndarray, " _"]) -> tuple[Float[ndarray, " _"], int]:
    """Edges below zero and above it, ascending and without 0 itself, joined by the bin of zero; its place."""
    return np.concatenate([negative, [0.0, NEXT_TO_ZERO], positive]), len(negative)


def asinh_edges() -> tuple[Float[ndarray, " _"], int]:
    """Edges for values of any scale and sign, evenly spaced in asinh(value / 1e-7), and the place of the zero bin.

    Returns:
        322 edges and 160.
    """
    side = LINEAR_BINS // 2
    steps = np.linspace(0.0, np.arcsinh(ASINH_LAST / ASINH_SCALE), side + 1)[1:]
    positive = ASINH_SCALE * np.sinh(steps)
    return _with_zero_bin(-positive[::-1], positive)


def range_edges(low: float, high: float) -> tuple[Float[ndarray, " _"], int]:
    """Edges for values within low..high, evenly spaced on both sides of zero, and the place of the zero bin (-1: none).

    There are as many as `asinh_edges` has, so that layers with and without bounds stand in one array.

    Example:
        >>> edges, zero = range_edges(-1.0, 1.0)
        >>> len(edges), float(edges[0]), float(edges[-1]), float(edges[zero])
        (322, -1.0, 1.0, 0.0)
    """
    if not low <= 0.0 < high:
        return np.linspace(low, high, LINEAR_BINS + 2), -1
    below = 0 if low == 0.0 else min(LINEAR_BINS - 1, max(1, round(LINEAR_BINS * -low / (high - low))))
    above = LINEAR_BINS - below
    return _with_zero_bin(np.linspace(low, 0.0, below + 1)[:-1], np.linspace(0.0, high, above + 1)[1:])


def log_edges() -> tuple[Float[ndarray, " _"], int]:
    """Edges for log10 of sizes, in eighths of a decade, and the place of the zero bin: the lowest."""
    return np.arange(LOG_FIRST * LOG_BINS_PER_DECADE, LOG_LAST * LOG_BINS_PER_DECADE + 1) / LOG_BINS_PER_DECADE, 0


def counted(
    entries: Float[ndarray, "R ..."], edges: Float[ndarray, " _"]
) -> tuple[Int[ndarray, "R _"], Int[ndarray, " R"]]:
    """How many entries of each replica lie in each bin, and how many are NaN.

    Sorting first is several times as fast as placing every entry, and as exact.
    """
    # NaN sorts behind +Inf
    rows = np.sort(entries.reshape(len(entries), -1), axis=1).astype(np.float64, copy=False)
    below = np.zeros((len(rows), len(edges)), dtype=np.int64)
    for row, values in enumerate(rows):
        below[row, 1:-1] = np.searchsorted(values, edges[1:-1], side="left")
        below[row, -1] = np.searchsorted(values, np.inf, side="right")
    return np.diff(below, axis=1), rows.shape[1] - below[:, -1]
