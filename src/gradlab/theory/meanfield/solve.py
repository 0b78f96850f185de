"""Roots of functions of one variable, bracketed, by Chandrupatla's method."""

from __future__ import annotations

from collections.abc import Callable

_MOST_STEPS = 200


def root(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-15) -> float:
    """A zero of a function between two points where its signs differ.

    Inverse quadratic interpolation where that is safe, bisection otherwise: never more than about three times the steps
    of bisection, mostly about ten.

    Args:
        function: Continuous; finite between the points.
        low: One point.
        high: The other.
        tolerance: Half the width of the final bracket, relative to the root.

    Source:
        Chandrupatla 1997, Advances in Engineering Software 28, 145-149.

    Example:
        >>> round(root(lambda x: x * x - 2.0, 0.0, 2.0), 12)
        1.414213562373
    """
    a, b = high, low
    fa, fb = function(a), function(b)
    if fa == 0.0 or fb == 0.0:
        return a if fa == 0.0 else b
    assert (fa > 0.0) != (fb > 0.0), f"no change of sign: {fa} at {a}, {fb} at {b}"
    t, c, fc = 0.5, a, fa
    best = a
    for _ in range(_MOST_STEPS):
        x = a + t * (b - a)
        fx = function(x)
        if (fx > 0.0) == (fa > 0.0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = x, fx
        best, f_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        share = tolerance * abs(best) / abs(b - c) if b != c else 1.0
        if f_best == 0.0 or share > 0.5:
            break
        xi, slant = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if 1.0 - (1.0 - xi) ** 0.5 < slant < xi**0.5:
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        else:
            t = 0.5
        t = min(1.0 - share, max(share, t))
    return best
