"""Intervals hold the truth as often as they say, in simulation.

The tolerance is 4 standard errors of a coverage estimated from that many simulated samples. Where the theory promises
"at least", only the lower side is checked; methods that promise their level on average over rates are averaged over
rates.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gradlab.stats import (
    next_value,
    paired_difference,
    paired_variance_ratio,
    prediction_interval,
    standard_error,
    t_mean,
    wilson,
)

SAMPLES = 4000
LEVELS = (0.8, 0.95)
Bools = npt.NDArray[np.bool_]


def tolerance(level: float, samples: int) -> float:
    return 4 * standard_error(level, samples)


def assert_covers(inside: Bools, level: float) -> None:
    assert float(np.mean(inside)) == pytest.approx(level, abs=tolerance(level, len(inside)))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [100, 1000])
def test_wilson_covers_on_average_over_rates(n: int, level: float) -> None:
    random = np.random.default_rng(n)
    rates = random.uniform(size=SAMPLES)
    intervals = [wilson(count, n, level) for count in random.binomial(n, rates)]
    assert_covers(np.array([i.low <= rate <= i.high for i, rate in zip(intervals, rates, strict=True)]), level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("n", "future_n"), [(1000, 1000), (1000, 200), (300, 3000)])
def test_prediction_interval_covers_another_sample(n: int, future_n: int, level: float) -> None:
    random = np.random.default_rng(n + future_n)
    # Away from 0 and 1, where counts are so few that no interval of whole counts can have just this level.
    rates = random.uniform(0.1, 0.9, size=SAMPLES)
    inside = []
    for count, future in zip(random.binomial(n, rates), random.binomial(future_n, rates), strict=True):
        low, high = prediction_interval(count, n, future_n, level)
        inside.append(low <= future / future_n <= high)
    # Both ends are whole counts that still lie inside: that adds at most their two probabilities, halved on average.
    narrowest = np.sqrt(0.1 * 0.9 * (1 / n + 1 / future_n)) * future_n
    ends = 1 / (np.sqrt(2 * np.pi) * narrowest)
    coverage = float(np.mean(inside))
    assert level - tolerance(level, SAMPLES) <= coverage <= level + tolerance(level, SAMPLES) + ends


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.83, 0.996, 1.0])
def test_prediction_interval_covers_at_the_rates_of_collapse(rate: float) -> None:
    n, level = 1000, 0.95
    random = np.random.default_rng(1)
    counts, futures = random.binomial(n, rate, size=(2, SAMPLES))
    bounds = {int(count): prediction_interval(count, n, n, level) for count in np.unique(counts)}
    inside = [bounds[int(c)][0] <= future / n <= bounds[int(c)][1] for c, future in zip(counts, futures, strict=True)]
    assert np.mean(inside) >= level - tolerance(level, SAMPLES)


@pytest.mark.parametrize("level", LEVELS)
def test_agresti_min_covers_paired_outcomes(level: float) -> None:
    random = np.random.default_rng(4)
    inside = []
    for rate in random.uniform(0.2, 0.8, size=SAMPLES):
        # b repeats a in 7 of 10 replicas and is drawn anew, at half the rate, in the others.
        a = random.uniform(size=300) < rate
        b = np.where(random.uniform(size=300) < 0.7, a, random.uniform(size=300) < rate / 2)
        truth = 0.3 * (rate - rate / 2)
        interval = paired_difference(a, b, level)
        inside.append(interval.low <= truth <= interval.high)
    assert_covers(np.array(inside), level)


@pytest.mark.parametrize("level", LEVELS)
def test_paired_t_covers_normal_differences(level: float) -> None:
    random = np.random.default_rng(5)
    inside = []
    for a, b in random.normal(size=(SAMPLES, 2, 12)):
        interval = paired_difference(a + 2, b, level)
        inside.append(interval.low <= 2 <= interval.high)
    assert_covers(np.array(inside), level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [2, 5])
def test_t_covers_the_mean_and_the_next_value(n: int, level: float) -> None:
    random = np.random.default_rng(7)
    means, nexts = [], []
    for *values, further in random.normal(3.0, 0.2, size=(SAMPLES, n + 1)):
        mean = t_mean(values, level)
        means.append(mean.low <= 3.0 <= mean.high)
        low, high = next_value(values, level)
        nexts.append(low <= further <= high)
    assert_covers(np.array(means), level)
    assert_covers(np.array(nexts), level)


@pytest.mark.parametrize("level", LEVELS)
def test_paired_variance_ratio_covers_for_bounded_skewed_pairs(level: float) -> None:
    # the two share half of what they are made of, as two losses that saw the same points; 4 b is as wide as a, so 16
    random = np.random.default_rng(8)
    shared, own_a, own_b = random.beta(8, 2, size=(3, SAMPLES, 500))
    inside = []
    for a, b in zip(shared + own_a, (shared + own_b) / 4, strict=True):
        found = paired_variance_ratio(a, b, level)
        inside.append(found.low <= 16 <= found.high)
    # of first order in 1 / n only: with 500 pairs it misses its level by less than 1 / 2 %
    assert abs(float(np.mean(inside)) - level) <= tolerance(level, SAMPLES) + 0.005
