"""Fewer points for the same picture, so that pages stay small: which of a line's points, which runs of cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray


def thinned(positions: Sequence[float], most: int) -> list[int]:
    """Places of at most `most` of increasing positions, evenly spread along the axis, the ends among them.

    Example:
        >>> thinned([0.0, 1.0, 2.0, 3.0, 10.0], 3), thinned([0.0, 1.0], 5)
        ([0, 3, 4], [0, 1])
    """
    if len(positions) <= most:
        return list(range(len(positions)))
    wanted = np.linspace(positions[0], positions[-1], max(2, most))
    found = np.abs(np.subtract.outer(wanted, np.asarray(positions))).argmin(axis=1)
    return sorted({0, *map(int, found), len(positions) - 1})


def stretches(present: Bool[ndarray, " n"]) -> list[tuple[int, int]]:
    """First place and the place after the last of every run.

    Example:
        >>> stretches(np.array([True, True, False, True]))
        [(0, 2), (3, 4)]
    """
    padded = np.concatenate([[False], present, [False]])
    starts, ends = np.flatnonzero(padded[1:] & ~padded[:-1]), np.flatnonzero(~padded[1:] & padded[:-1])
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def corners(values: Float[ndarray, " n"], tolerance: float) -> list[int]:
    """Places of an evenly spaced line's points that a straight line between the kept ones does not replace.

    Example:
        >>> corners(np.array([0.0, 1.0, 2.0, 3.0, 0.0]), 0.01)
        [0, 3, 4]
    """
    kept, last = [0], 0
    for k in range(2, len(values)):
        between = np.linspace(values[last], values[k], k - last + 1)
        if np.abs(between - values[last : k + 1]).max() > tolerance:
            last = k - 1
            kept.append(last)
    return kept if len(values) == 1 else [*kept, len(values) - 1]
