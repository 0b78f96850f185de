"""Kinks of a function that nobody declared, found by bisection.

Between two points next to a kink the slope changes as much over a short interval as over a long one; of a smooth function it
changes half as much over half the length. A point too many does no harm: integrals are split there, that is all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

EPS = float(np.finfo(float).eps)
_ROUNDS = 40
_SHORT = 1e-7  # length, relative to max(1, |u|), at which a change of slope counts as a jump
_JUMP = 1e-3  # least jump, relative to the slopes on both sides
_NOTICEABLE = 1e-6  # least jump, relative to the steepest slope within 10 of 0
_SIDE = np.array([1.0, 2.0, 3.0])  # points on each side that a parabola is laid through, in units of _REACH
_REACH = 1e-4


def kinks_of(function: Callable[[ndarray], ndarray]) -> tuple[float, ...]:
    """Points from -1000 to 1000 where the slope jumps, increasing.

    Misses kinks closer than about 3 % of their distance from 0 to another one, and jumps of phi itself or of phi''.

    Example:
        >>> kinks_of(lambda u: np.clip(u, -1.0, 6.0)), kinks_of(np.tanh)
        ((-1.0, 6.0), ())
    """
    sizes = np.geomspace(1.234567e-3, 1.234567e3, 241)  # no number that people write is among them
    with np.errstate(all="ignore"):
        low, high = _narrowed(function, np.concatenate([-sizes[::-1], sizes]))
        return tuple(sorted({_located(function, 0.5 * float(a + b)) for a, b in zip(low, high, strict=True)}))


def _narrowed(function: Callable[[ndarray], ndarray], grid: ndarray) -> tuple[ndarray, ndarray]:
    """Short intervals over which the slope still jumps."""
    low, high = grid[:-1], grid[1:]
    least = np.zeros(len(low))
    for k in range(_ROUNDS):
        quarter = 0.25 * (high - low)
        x = low + quarter * np.arange(5.0)[:, None]
        f = function(x)
        slopes = np.diff(f, axis=0) / quarter
        changes = np.abs(np.diff(slopes, axis=0))  # over the left, middle and right half
        size = np.abs(f).max(axis=0)
        most = changes.max(axis=0)
        scale = np.maximum(1.0, np.abs(low))
        is_short = high - low < _SHORT * scale
        steepest = np.abs(slopes).max(axis=0)
        if k == 0:  # where a smooth phi is flat, any change is large beside its slope there
            typical = steepest[(np.abs(low) < 10.0) & np.isfinite(steepest)].max(initial=0.0)
            least = np.maximum(_JUMP * np.nan_to_num(steepest), _NOTICEABLE * typical)
        jumps = (most > least) & (most > _JUMP * steepest) & (most > 100.0 * EPS * size / quarter)
        keep = np.isfinite(most) & (~is_short | jumps)
        if is_short.all():
            return _apart(low[keep], high[keep])
        first = np.where(is_short, 0, changes.argmax(axis=0))
        low, high = (low + first * quarter)[keep], np.where(is_short, high, low + (first + 2) * quarter)[keep]
        least = least[keep]
        if not len(low):
            break
    return low, high


def _apart(low: Float[ndarray, " I"], high: Float[ndarray, " I"]) -> tuple[ndarray, ndarray]:
    """One interval for each kink: neighbours of the grid may both have come to it."""
    order = np.argsort(low)
    low, high = low[order], high[order]
    new = np.concatenate([[True], low[1:] - high[:-1] > 10.0 * _SHORT * np.maximum(1.0, np.abs(low[1:]))])[: len(low)]
    return low[new], high[new]


def _located(function: Callable[[ndarray], ndarray], near: float) -> float:
    """Where the parabolas through points on both sides meet."""
    h = _REACH * max(1.0, abs(near))
    right = np.polyfit(_SIDE, function(near + h * _SIDE), 2)
    left = np.polyfit(-_SIDE, function(near - h * _SIDE), 2)
    meeting = np.roots(right - left)
    meeting = meeting[np.abs(meeting.imag) < 1e-6].real
    if not len(meeting) or np.abs(meeting).min() > 1e-2:
        return near
    at = near + h * float(meeting[np.abs(meeting).argmin()])
    rounded = round(at, 9) + 0.0  # 0 and 6 are found with an error of rounding, and 0 not as -0
    return rounded if abs(at - rounded) < 1e-13 * max(1.0, abs(at)) else at
