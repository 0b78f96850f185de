"""The mean of values, with an interval that assumes no distribution or Student's; and where a further value will lie."""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt

from gradlab.stats.checks import finite, student_quantile, tail, whole
from gradlab.stats.records import Mean

_MOST_VALUES_FOR_BCA = 2000
_MOST_NUMBERS_AT_ONCE = 10_000_000


def bootstrap_mean(values: npt.ArrayLike, level: float = 0.95, resamples: int = 9999, seed: int = 0) -> Mean:
    """Mean of any values, with a bootstrap interval: no distribution assumed.

    Bias-corrected and accelerated up to 2,000 values; beyond, where the correction (of relative size 1/sqrt(n)) no
    longer pays for its n^2 work, plain percentiles.

    Args:
        values: Shape [n], any unit.
        level: Confidence, between 0 and 1.
        resamples: Number of bootstrap samples.
        seed: Seeds the resampling, so that the same values give the same interval.

    Returns:
        Mean and bounds in the values' unit. Equal values give bounds equal to the mean; one value gives NaN bounds.

    Raises:
        UserError: There are no values, one is not finite, resamples is below 1, or level is not within (0, 1).

    Assumes:
        Independent values of finite variance; below about 10 values the interval is too narrow.

    Source:
        Efron (1987), J. Am. Stat. Assoc. 82, 171-185.

    Example:
        >>> bootstrap_mean([2.0, 2.0, 2.0])
        Mean(mean=2.0, low=2.0, high=2.0, n=3, std=0.0, level=0.95, method='all values equal')
    """
    sample = finite("values", values)
    tail(level)  # only for its check, before the work
    resamples = whole("resamples", resamples, least=1)
    n, mean = len(sample), float(sample.mean())
    if n == 1:
        return Mean(mean, math.nan, math.nan, 1, math.nan, level, "one value: no interval")
    if np.ptp(sample) == 0:
        return Mean(float(sample[0]), float(sample[0]), float(sample[0]), n, 0.0, level, "all values equal")
    # Around 0 and of size 1, so that no power of a value underflows or loses its digits; the interval moves along.
    size = float(np.abs(sample - mean).max())
    unit = (sample - mean) / size
    method = "BCa" if n <= _MOST_VALUES_FOR_BCA else "percentile"
    low, high = _bootstrap(unit, level, resamples, seed, method)
    if math.isnan(low + high):  # BCa has no answer where every resample lies on one side of the mean
        method = "percentile"
        low, high = _bootstrap(unit, level, resamples, seed, method)
    std = size * float(unit.std(ddof=1))
    method = f"bootstrap {method}, {resamples} resamples"
    return Mean(mean, mean + size * low, mean + size * high, n, std, level, method)


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


def _bootstrap(
    sample: npt.NDArray[np.float64], level: float, resamples: int, seed: int, method: str
) -> tuple[float, float]:
    from scipy.stats import DegenerateDataWarning, bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # answered with NaN, which the caller handles
        interval = bootstrap(
            (sample,),
            np.mean,
            confidence_level=level,
            n_resamples=resamples,
            batch=max(1, _MOST_NUMBERS_AT_ONCE // len(sample)),
            method=method,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return float(interval.low), float(interval.high)
