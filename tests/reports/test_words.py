"""Numbers in words: never a rate without its interval, never an interval that shows no width."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.reports import words
from gradlab.stats import text, wilson
from gradlab.studies.study import Metric
from tests.reports import fake


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_text_shows_a_width(sample: tuple[int, int]) -> None:
    rate = wilson(*sample)
    text = words.rate_text(rate)
    inside = text[text.index("[") + 1 : -1].split(", ")
    low, high = map(float, inside)
    assert low < high, text
    assert math.isclose(low, 100 * rate.low, abs_tol=100 * (rate.high - rate.low)), text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_have_words(value: float) -> None:
    assert text.number_text(value) in ("NaN", "Inf", "-Inf")
    assert words.seconds_text(value) == words.NOTHING
    text.interval_text(value, value, value)


def test_nothing_measured_is_a_dash() -> None:
    assert words.rate_text(None) == words.NOTHING


def test_claims_say_what_they_are_judged_by_and_in_which_unit() -> None:
    analysis = fake.dying(200)
    by_id = {claim.id: claim for claim in analysis.claims}
    published = {id: words.published_text(claim, analysis) for id, claim in by_id.items()}
    measured = {id: words.measured_text(claim) for id, claim in by_id.items()}
    assert published["B1"] == "96.7 %" and measured["B1"].count("[") == 1
    assert published["B1 born"] == "92.49 % (theory)"
    assert published["B2"] == "at most 1 %"
    assert published["B5 RAI against He"] == "below 0" and "points" in measured["B5 RAI against He"]
    assert published["map"] == "closed form" and measured["map"] == "99 of 100 cells"
    readings = fake.leaky(60)
    assert words.measured_text(readings.claims[0]).endswith("of 40 readings")


def test_a_claim_the_study_does_not_hold_is_shown_as_it_is() -> None:
    analysis = fake.hostile()
    claim = analysis.claims[0]
    assert words.published_text(claim, analysis) == "50 %"
    assert "[40.0, 60.0]" in words.measured_text(claim)


def test_levels_name_all_but_the_row() -> None:
    assert words.levels_text({"row": "B1", "on": True, "rate": 0.5}) == "B1, on true, rate 0.5"
    assert words.levels_text({}) == "base"


@pytest.mark.parametrize(
    ("name", "options", "is_changed"),
    [
        ("study", "", False),
        ("study", "--set row=A,B --set replicas=5", False),
        ("study", "--set 'row=\"A 10,000 images\"' --device cpu", False),
        ("study", "--set recipe.epochs=2", True),
        ("study", "--set row=A --set task=digits", True),
        ("study-quick", "--quick", True),
    ],
)
def test_a_changed_run_says_so(name: str, options: str, is_changed: bool) -> None:
    analysis = fake.dying(replicas=20)
    study = analysis.study.model_copy(update={"name": name})
    changed = replace(analysis, study=study, command=f"gradlab study run study {options}")
    assert bool(words.changed_text(changed)) is is_changed


def test_a_metric_is_the_mean_at_the_end() -> None:
    cell = fake.dying().cells[0]
    accuracy = np.full((2, len(cell.steps)), 0.1)
    accuracy[:, -1] = 0.9, 0.8
    measured = replace(cell, metrics={"accuracy": accuracy})
    metric = Metric.model_validate({"kind": "accuracy"})
    assert words.metric_text(measured, "accuracy", metric).startswith("0.8")
    assert words.metric_text(cell, "accuracy", metric) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.94, "9.9 s"), (9.96, "10 s"), (65.0, "1 min 05 s"), (3600.0, "1 h 00 min"), (math.nan, "-")],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.seconds_text(seconds) == text
