"""Intervals for one proportion: for the rate itself, and for the rate another sample will show."""

from __future__ import annotations

import math

import numpy as np

from gradlab.errors import UserError
from gradlab.stats.checks import count_of, normal_quantile, tail, whole
from gradlab.stats.records import Proportion


def wilson(count: int, n: int, level: float = 0.95) -> Proportion:
    """Wilson's score interval for a proportion: near its level on average, good for every n and every rate.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), with p = count/n and z the normal quantile.

    Args:
        count: Trials in which it happened.
        n: Trials.
        level: Confidence, between 0 and 1.

    Raises:
        UserError: n is 0, count is not within 0..n, or level is not within (0, 1).

    Assumes:
        Independent trials of one unknown rate.

    Source:
        Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; recommended by Brown, Cai and DasGupta (2001), Statistical
        Science 16, 101-133.

    Example:
        >>> interval = wilson(81, 263)
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.2553, 0.3662)
    """
    count, n = count_of(count, n)
    rate, z2 = count / n, normal_quantile(level) ** 2
    center = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At the ends one bound is exactly 0 or 1; rounding would leave 1e-18.
    low = 0.0 if count == 0 else center - half
    high = 1.0 if count == n else center + half
    return Proportion(count, n, rate, low, high, level, "Wilson")


def prediction_interval(count: int, n: int, future_n: int, level: float = 0.95) -> tuple[float, float]:
    """Where the rate among *another* `future_n` trials will lie, having seen `count` of `n`.

    Quantiles of the beta-binomial distribution with parameters (future_n, count + 1/2, n - count + 1/2), divided by
    future_n. It holds the noise of both samples, so with future_n = n it is about sqrt(2) times as wide as an interval
    for the rate. Use it to ask whether two runs agree.

    Args:
        count: Trials in which it happened.
        n: Trials.
        future_n: Trials of the other sample; memory grows with it (24 bytes a trial).
        level: Probability that the other sample's rate lies within, between 0 and 1.

    Returns:
        The lowest and the highest rate, both still inside.

    Raises:
        UserError: n or future_n is 0, count is not within 0..n, or level is not within (0, 1).

    Assumes:
        Independent trials of one unknown rate, the same in both samples; Jeffreys' prior Beta(1/2, 1/2) for it.

    Source:
        The predictive distribution that belongs to the Jeffreys interval of Brown, Cai and DasGupta (2001); Meeker,
        Hahn and Escobar (2017), Statistical Intervals, 2nd ed., chapter 6.

    Example:
        >>> prediction_interval(830, 1000, 1000)
        (0.796, 0.862)
    """
    from scipy.special import betaln

    count, n = count_of(count, n)
    future_n = whole("future_n", future_n, least=1)
    outside = tail(level)
    a, b = count + 0.5, n - count + 0.5
    k = np.arange(future_n + 1)
    log_mass = -betaln(k + 1, future_n - k + 1) + betaln(k + a, future_n - k + b)
    cumulative = np.cumsum(np.exp(log_mass - log_mass.max()))
    cumulative /= cumulative[-1]
    low, high = np.searchsorted(cumulative, [outside, 1 - outside])
    return float(low) / future_n, float(high) / future_n


def standard_error(rate: float, n: int) -> float:
    """Standard deviation of a proportion among n trials of a *known* rate: sqrt(rate (1-rate) / n).

    For tests against a closed form. For an estimated rate use `wilson`: at an observed 0 or 1 this is 0.

    Raises:
        UserError: n is 0 or rate is not within [0, 1].

    Example:
        >>> standard_error(0.5, 100)
        0.05
    """
    n = whole("n", n, least=1)
    if not 0 <= rate <= 1:
        raise UserError("rate", got=rate, expected="a number from 0 to 1")
    return math.sqrt(rate * (1 - rate) / n)
