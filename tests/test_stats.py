"""Intervals against scipy's, against published examples, and against what any interval must satisfy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from gradlab.errors import UserError
from gradlab.stats import (
    Proportion,
    bootstrap_mean,
    clopper_pearson,
    next_value,
    paired_difference,
    paired_variance_ratio,
    prediction_interval,
    standard_error,
    t_mean,
    two_proportion_difference,
    wilson,
)
from gradlab.stats.text import interval_text, mean_text, number_text, percent_text, value_text

Interval = Callable[[int, int, float], Proportion]
counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@pytest.mark.parametrize(("interval", "method"), [(wilson, "wilson"), (clopper_pearson, "exact")])
@given(counts=counts, level=levels)
def test_proportion_equals_scipy(interval: Interval, method: Any, counts: tuple[int, int], level: float) -> None:
    ours = interval(*counts, level)
    theirs = scipy.stats.binomtest(*counts).proportion_ci(confidence_level=level, method=method)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@given(counts=counts, level=levels)
def test_proportion_holds_its_rate_and_mirrors(interval: Interval, counts: tuple[int, int], level: float) -> None:
    count, n = counts
    ours, mirrored = interval(count, n, level), interval(n - count, n, level)
    assert 0 <= ours.low <= ours.rate <= ours.high <= 1
    assert (ours.low, ours.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I: methods 3 (Wilson) and 5 (Clopper-Pearson).
@pytest.mark.parametrize(
    ("count", "n", "by_wilson", "by_clopper_pearson"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_published_proportions(
    count: int, n: int, by_wilson: tuple[float, float], by_clopper_pearson: tuple[float, float]
) -> None:
    for interval, published in ((wilson(count, n), by_wilson), (clopper_pearson(count, n), by_clopper_pearson)):
        assert (round(interval.low, 4), round(interval.high, 4)) == published


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II: method 10.
@pytest.mark.parametrize(
    ("groups", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ],
)
def test_published_differences(groups: tuple[int, int, int, int], low: float, high: float) -> None:
    ours = two_proportion_difference(*groups)
    assert (round(ours.low, 4), round(ours.high, 4)) == (low, high)


def test_difference_swaps_sign() -> None:
    one, other = two_proportion_difference(5, 56, 3, 29), two_proportion_difference(3, 29, 5, 56)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert (one.n_a, one.n_b) == (56, 29)


@pytest.mark.parametrize(("count", "n", "future_n"), [(0, 1, 1), (830, 1000, 1000), (0, 1000, 500), (3, 7, 2000)])
def test_prediction_equals_scipys_beta_binomial(count: int, n: int, future_n: int) -> None:
    theirs = scipy.stats.betabinom(future_n, count + 0.5, n - count + 0.5).ppf([0.025, 0.975]) / future_n
    assert prediction_interval(count, n, future_n) == pytest.approx(tuple(theirs))


def test_prediction_is_wider_than_the_interval_of_the_rate() -> None:
    low, high = prediction_interval(830, 1000, 1000)
    rate = wilson(830, 1000)
    assert (high - low) / (rate.high - rate.low) == pytest.approx(math.sqrt(2), abs=0.03)


def test_paired_binary_is_agresti_mins() -> None:
    # By hand: n = 60, 15 pairs only in a, 4 only in b: with 1/2 a cell 15.5 and 4.5 of 62.
    ours = paired_difference([1] * 15 + [0] * 4 + [1] * 20 + [0] * 21, [0] * 15 + [1] * 4 + [1] * 20 + [0] * 21)
    half = 1.959964 * math.sqrt(20 - 11**2 / 62) / 62
    assert ours.difference == pytest.approx(11 / 60)
    assert (ours.low, ours.high) == pytest.approx((11 / 62 - half, 11 / 62 + half))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_paired_binary_holds_the_difference(pairs: list[tuple[bool, bool]]) -> None:
    ours = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
    assert -1 <= ours.low <= ours.difference <= ours.high <= 1


def test_paired_real_equals_scipys_t() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=30), random.normal(size=30)
    theirs = scipy.stats.ttest_rel(a, b).confidence_interval(0.9)
    ours = paired_difference(a, b, level=0.9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.method == "paired t"


def test_bootstrap_is_near_student_for_normal_values_and_repeats() -> None:
    values = np.random.default_rng(1).normal(size=400)
    ours = bootstrap_mean(values)
    theirs = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    # Monte Carlo noise of a 2.5 % quantile from 9,999 resamples is about 0.027 standard errors of the mean.
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.1 * ours.std / math.sqrt(400))
    assert bootstrap_mean(values) == ours
    assert ours.mean == pytest.approx(values.mean())


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0] * 30 + [1.0], [1e8, 1e8 + 1e-7], [-1e-300, 1e-300]])
def test_bootstrap_of_few_or_odd_values_has_bounds(values: list[float]) -> None:
    ours = bootstrap_mean(values, resamples=999)
    assert ours.low <= ours.mean <= ours.high


def test_bootstrap_of_many_values_fits_memory() -> None:
    ours = bootstrap_mean(np.linspace(-1, 1, 20_001), resamples=99)
    assert ours.low < 0 < ours.high
    assert "percentile" in ours.method


def test_bootstrap_of_one_value_has_no_interval() -> None:
    ours = bootstrap_mean([3.0])
    assert ours.mean == 3
    assert all(math.isnan(value) for value in (ours.low, ours.high, ours.std))


def test_standard_error() -> None:
    assert standard_error(0.1, 900) == pytest.approx(0.01)


def test_counts_from_numpy_become_plain_numbers() -> None:
    ours = wilson(np.array([True, False]).sum(), 2)
    assert type(ours.count) is int


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(1, 0), "n: got 0; expected a whole number, at least 1."),
        (lambda: wilson(3, 2), "count: got 3; expected at most n = 2."),
        (lambda: wilson(-1, 2), "count: got -1; expected a whole number, at least 0."),
        (lambda: wilson(1, 2, 1.0), "level: got 1.0; expected a number between 0 and 1."),
        (lambda: wilson(math.nan, 2), "count: got nan; expected a whole number, at least 0."),  # type: ignore[arg-type]
        (lambda: clopper_pearson(0, 0), "n: got 0; expected a whole number, at least 1."),
        (lambda: prediction_interval(1, 2, 0), "future_n: got 0; expected a whole number, at least 1."),
        (lambda: two_proportion_difference(0, 1, 0, 0), "n: got 0; expected a whole number, at least 1."),
        (
            lambda: paired_difference([], []),
            "a: got an array of shape (0,); expected at least one value along one axis.",
        ),
        (lambda: paired_difference([1, 0], [1]), "paired_difference: got 2 and 1 values; expected equally many."),
        (lambda: paired_difference([0.5], [1]), "paired_difference: got 1 pair of real numbers; expected at least 2."),
        (lambda: bootstrap_mean([1, math.inf]), "values: got inf at position 1; expected finite numbers."),
        (lambda: bootstrap_mean([1], resamples=0), "resamples: got 0; expected a whole number, at least 1."),
        (lambda: standard_error(1.5, 3), "rate: got 1.5; expected a number from 0 to 1."),
    ],
)
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        call()
    assert str(caught.value) == message


def test_paired_variance_ratio_is_the_ratio_of_variances() -> None:
    random = np.random.default_rng(3)
    a, b = random.normal(size=(2, 50))
    found = paired_variance_ratio(3 * a, b)
    assert found.ratio == pytest.approx(9 * a.var() / b.var())
    turned = paired_variance_ratio(b, 3 * a)
    assert (turned.ratio, turned.low) == pytest.approx((1 / found.ratio, 1 / found.high))
    assert math.isnan(paired_variance_ratio(a, np.ones(50)).low)
    for one, other in (([1.0], [2.0]), ([1.0, 2.0], [1.0])):
        with pytest.raises(UserError, match="equally many, at least 2"):
            paired_variance_ratio(one, other)


def test_nothing_is_printed_as_less_than_none() -> None:
    assert percent_text(-0.0) == "0 %"
    assert number_text(-0.0) == "0" and value_text(-0.0) == "0"
    assert interval_text(-0.0, -0.01, 0.01, "points") == "0 points [-1.0, 1.0]"
    assert interval_text(-0.0001, -0.02, 0.02, "points").startswith("0.0 points [-2.0, ")
    assert mean_text(-0.0004, -0.1, 0.1) == "0.00 [-0.10, 0.10]"
    assert mean_text(-0.04, -0.1, 0.1) == "-0.04 [-0.10, 0.10]"


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("others", [None, [1.0, 5.0, 2.0, 2.5, 9.0]])
def test_a_mean_has_students_interval_and_the_next_value_its_prediction_interval(
    level: float, others: list[float] | None
) -> None:
    values = np.array([3.0, 4.5, 1.0])
    spread = values if others is None else np.array(others)
    t = scipy.stats.t(len(spread) - 1).ppf((1 + level) / 2) * spread.std(ddof=1)
    mean, (low, high) = t_mean(values, level, others), next_value(values, level, others)
    assert mean.n == 3 and mean.mean == pytest.approx(values.mean())
    assert (mean.low, mean.high) == pytest.approx((values.mean() - t / np.sqrt(3), values.mean() + t / np.sqrt(3)))
    half = t * np.sqrt(1 + 1 / 3)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half))
