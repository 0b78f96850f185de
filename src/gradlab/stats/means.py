"""The mean of values with Student's interval, and where a further value will lie."""

from __future__ import annotations

import math

import numpy.typing as npt

from gradlab.stats.checks import finite, student_quantile
from gradlab.stats.records import Mean


def t_mean(values: npt.ArrayLike, level: float = 0.95, spread: npt.ArrayLike | None = None) -> Mean:
    """Mean of a few values with Student's interval: mean +- t s / sqrt(n).

    Args:
        values: Shape [n], any unit.
        level: Confidence, between 0 and 1.
        spread: Other values [m] whose standard deviation, with its m - 1 degrees of freedom, is taken instead.

    Returns:
        Mean and bounds in the values' unit; one value to take the standard deviation of gives NaN bounds.

    Raises:
        UserError: There are no values, one is not finite, or level is not within (0, 1).

    Assumes:
        Independent values, near normal; with `spread`, of one standard deviation.

    Source:
        Student (1908), Biometrika 6, 1-25.

    Example:
        >>> interval = t_mean([1.0, 2.0, 3.0])
        >>> round(interval.low, 3), round(interval.high, 3)
        (-0.484, 4.484)
    """
    sample = finite("values", values)
    n, mean = len(sample), float(sample.mean())
    others = sample if spread is None else finite("spread", spread)
    if len(others) == 1:
        return Mean(mean, math.nan, math.nan, n, math.nan, level, "one value: no interval")
    std = float(others.std(ddof=1))
    half = student_quantile(level, len(others) - 1) * std / math.sqrt(n)
    method = "Student's t" if spread is None else f"Student's t, spread of {len(others)} other values"
    return Mean(mean, mean - half, mean + half, n, std, level, method)


def next_value(values: npt.ArrayLike, level: float = 0.95, spread: npt.ArrayLike | None = None) -> tuple[float, float]:
    """Where one more value of the same law will lie: mean +- t s sqrt(1 + 1/n).

    Args:
        values: Shape [n], any unit; one value says nothing, and gives NaN.
        level: Probability that the interval holds the next value.
        spread: Other values whose standard deviation is taken instead; then one value says where the next will lie.

    Raises:
        UserError: There are no values, one is not finite, or level is not within (0, 1).

    Assumes:
        Independent values, near normal.

    Example:
        >>> low, high = next_value([1.0, 2.0, 3.0])
        >>> round(low, 3), round(high, 3)
        (-2.968, 6.968)
    """
    found = t_mean(values, level, spread)
    half = (found.high - found.low) / 2 * math.sqrt(found.n + 1)
    return found.mean - half, found.mean + half
