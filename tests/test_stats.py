"""Intervals against scipy's, against published examples, and against what any interval must satisfy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from gradlab.errors import UserError
from gradlab.stats import (
    next_value,
    paired_difference,
    paired_variance_ratio,
    prediction_interval,
    standard_error,
    t_mean,
    wilson,
)
from gradlab.stats.text import interval_text, mean_text, number_text, percent_text, value_text

counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@given(counts=counts, level=levels)
def test_proportion_equals_scipy(counts: tuple[int, int], level: float) -> None:
    ours = wilson(*counts, level)
    theirs = scipy.stats.binomtest(*counts).proportion_ci(confidence_level=level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


@given(counts=counts, level=levels)
def test_proportion_holds_its_rate_and_mirrors(counts: tuple[int, int], level: float) -> None:
    count, n = counts
    ours, mirrored = wilson(count, n, level), wilson(n - count, n, level)
    assert 0 <= ours.low <= ours.rate <= ours.high <= 1
    assert (ours.low, ours.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I: method 3 (Wilson).
@pytest.mark.parametrize(
    ("count", "n", "published"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_published_proportions(count: int, n: int, published: tuple[float, float]) -> None:
    interval = wilson(count, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == published


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
        (lambda: prediction_interval(1, 2, 0), "future_n: got 0; expected a whole number, at least 1."),
        (
            lambda: paired_difference([], []),
            "a: got an array of shape (0,); expected at least one value along one axis.",
        ),
        (lambda: paired_difference([1, 0], [1]), "paired_difference: got 2 and 1 values; expected equally many."),
        (lambda: paired_difference([0.5], [1]), "paired_difference: got 1 pair of real numbers; expected at least 2."),
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
