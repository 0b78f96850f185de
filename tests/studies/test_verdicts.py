"""Which verdict follows from which estimate: published numbers, bounds, and what more networks do to them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from gradlab.stats import Scale, mean_on, next_on, prediction_interval, wilson
from gradlab.studies.claims import Claim, Estimate
from gradlab.studies.claims.criteria.bound import Above, AtLeast, AtMost, Below, Bound
from gradlab.studies.claims.criteria.published import FACTORS, Published
from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Borrowed

SHARE, SIZE = Scale("logit", step=1e-4), Scale("log")


def predicted(low: float, high: float, scale: Scale = SHARE, n: int = 5, **more: Any) -> Estimate:
    middle = (low + high) / 2
    return Estimate(
        value=middle, low=middle, high=middle, n=n, networks=n, of="mean", prediction=(low, high), scale=scale, **more
    )


def published(number: float, one: Estimate, factor: float | None = None) -> Judged:
    return Published(published=number, factor=factor).judge([one])


@pytest.mark.parametrize(
    ("number", "one", "verdict"),
    [
        (0.9, predicted(0.88, 0.92), "held"),
        (0.97, predicted(0.88, 0.92), "not held"),
        (0.97, predicted(0.88, 0.92, n=2), "not held"),  # two networks are enough to leave a number out
        (0.9, predicted(0.88, 0.92, n=4), "undecided"),
        (0.9, predicted(0.2, 0.99), "too wide to tell"),
        (0.9, predicted(0.2, 0.99, n=2), "too wide to tell"),
        (0.1, predicted(0.2, 0.99), "not held"),
        (0.9, predicted(0.0, 1.0), "too wide to tell"),
        (0.9, predicted(0.88, 0.92, n=1, borrowed=Borrowed(1, 3, "row B")), "undecided"),  # 5 of its own are needed
        (0.97, predicted(0.88, 0.92, n=1, borrowed=Borrowed(1, 3, "row B")), "not held"),
        (0.9, predicted(0.2, 0.99, n=1, borrowed=Borrowed(1, 3, "row B")), "too wide to tell"),
        (0.33, predicted(0.28, 0.38, SIZE), "held"),
        (0.33, predicted(0.2, 0.5, SIZE), "too wide to tell"),
        (0.33, predicted(0.5, 0.7, SIZE), "not held"),
        (8.0, predicted(8.0, 8.0, SIZE), "held"),
        (-2.0, predicted(-2.5, -1.5, Scale()), "held"),
        (-2.0, predicted(-3.5, -0.5, Scale()), "too wide to tell"),
        (0.9, predicted(math.nan, math.nan, n=1), "undecided"),
    ],
)
def test_published_numbers(number: float, one: Estimate, verdict: str) -> None:
    judged = published(number, one)
    assert judged.verdict == verdict
    assert judged.judgement.startswith("prediction interval")
    assert ("spread borrowed" in judged.judgement) == (one.borrowed is not None)


@pytest.mark.parametrize(("scale", "kind"), [(SHARE, "logit"), (SIZE, "log")])
def test_the_resolution_is_where_held_ends(scale: Scale, kind: str) -> None:
    """An interval of just the factor either way is held, and one a thousandth wider is not."""
    middle, half = float(scale.there(0.3)), math.log(FACTORS[kind])
    for stretch, verdict in ((0.999, "held"), (1.001, "too wide to tell")):
        low, high = (float(end) for end in scale.back([middle - half * stretch, middle + half * stretch]))
        assert published(0.3, predicted(low, high, scale)).verdict == verdict
        assert published(0.3, predicted(low, high, scale), factor=4.0).verdict == "held"
    if kind == "logit":  # a factor 3 of even odds is a quarter and three quarters
        assert published(0.5, predicted(0.2502, 0.7498)).verdict == "held"
        assert published(0.5, predicted(0.2498, 0.7502)).verdict == "too wide to tell"


def test_a_resolution_stands_beside_a_published_number() -> None:
    asked: dict[str, Any] = {"id": "A", "statement": "a", "measure": {"mean": "loss"}}
    claim = Claim.model_validate({**asked, "published": 0.5, "resolution": 2.0})
    assert claim.criterion.resolution(predicted(0.4, 0.6, SIZE)) == 2.0
    with pytest.raises(ValidationError, match="resolution"):
        Claim.model_validate({**asked, "expected": {"at_most": 1.0}, "resolution": 2.0})


def bounded(low: float, high: float, **more: Any) -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high, n=9, networks=9, of="rate", **more)


@pytest.mark.parametrize(
    ("bound", "ends", "verdict"),
    [
        (AtLeast(at_least=0.9), (0.899, 0.911), "held"),  # born-dead: nine in ten, 10,000 networks
        (AtLeast(at_least=0.9), (0.894, 0.911), "undecided"),
        (AtLeast(at_least=0.9), (0.894, 0.899), "not held"),
        (AtLeast(at_least=0.9), (0.896, 0.899), "not held"),  # within the rounding, but known to be below
        (AtLeast(at_least=0.99), (0.9865, 0.9875), "not held"),
        (AtLeast(at_least=0.905), (0.9044, 0.911), "undecided"),
        (AtMost(at_most=0.9), (0.89, 0.904), "held"),
        (AtMost(at_most=0.9), (0.89, 0.906), "undecided"),
        (AtMost(at_most=0.9), (0.906, 0.91), "not held"),
        (AtMost(at_most=0.9), (0.901, 0.904), "not held"),
        (Below(below=0.5), (0.5, 0.5), "not held"),
        (AtMost(at_most=0.0), (0.0, 0.0), "held"),
        (AtMost(at_most=0.0), (0.0, 1e-9), "undecided"),
        (Above(above=0.0), (0.0, 0.0), "not held"),  # equal is not above
        (Above(above=0.0), (1e-9, 0.1), "held"),
        (Below(below=0.0), (-0.1, 0.0), "undecided"),
        (Below(below=0.0), (0.01, 0.1), "not held"),
        (AtMost(at_most=0.5), (math.nan, math.nan), "undecided"),
    ],
)
def test_bounds(bound: Bound, ends: tuple[float, float], verdict: str) -> None:
    judged = bound.judge([bounded(*ends)])
    assert (judged.verdict, judged.judgement) == (verdict, "interval of the rate")
    is_beyond = ends[1] > bound.number if bound.is_upper else ends[0] < bound.number
    assert ("rounds to" in judged.why) == (verdict == "held" and is_beyond)


def test_one_more_network_is_asked_for_by_name() -> None:
    one = Estimate(value=0.5, low=0.4, high=0.6, n=9, networks=9, of="mean", prediction=(0.1, 0.9))
    assert AtMost(at_most=0.7).judge([one]).verdict == "held"
    judged = AtMost(at_most=0.7, of="one more network").judge([one])
    assert (judged.verdict, judged.judgement) == ("undecided", "one more network")
    asked: dict[str, Any] = {"id": "A", "statement": "a", "expected": {"at_most": 0.7, "of": "one more network"}}
    with pytest.raises(ValidationError, match="it is for a mean or a ratio"):
        Claim.model_validate({**asked, "measure": {"rate": "collapsed"}})


@pytest.mark.parametrize("bound", [0.9, 0.5, 0.001, 0.905, 1000.0])
@pytest.mark.parametrize("kind", [AtLeast, AtMost])
def test_an_interval_narrower_than_the_rounding_always_decides(bound: float, kind: type[Bound]) -> None:
    """So no truth, not even the bound itself, leaves a claim undecided for ever."""
    asked = kind.model_validate({kind.key: bound})
    for centre in bound + asked.slack * np.linspace(-3.0, 3.0, 121):
        half = 0.499 * asked.slack
        assert asked.judge([bounded(centre - half, centre + half)]).verdict != "undecided"


@pytest.mark.parametrize("rate", [0.88, 0.895, 0.8975, 0.9, 0.905, 0.95])
def test_more_networks_decide_and_stay_decided(rate: float) -> None:
    """Of ever more networks that show the true rate, from some number on the verdict is one and the same, and is right."""
    verdicts = []
    for n in 10 ** np.arange(2, 8):
        found = wilson(round(rate * n), int(n))
        verdicts.append(AtLeast(at_least=0.9).judge([bounded(found.low, found.high)]).verdict)
    decided = [verdict for verdict in verdicts if verdict != "undecided"]
    assert decided and len(set(decided)) == 1 and verdicts[-1] == decided[0]
    assert decided[0] == ("held" if rate >= 0.9 else "not held")
    first = verdicts.index(decided[0])
    assert "undecided" not in verdicts[first:]


def test_more_networks_make_a_published_number_certain() -> None:
    """Another run of 1,000 networks spreads by itself: with ever more of ours the verdict settles at its resolution."""
    for rate, number, last in ((0.83, 0.83, "held"), (0.83, 0.7, "not held"), (0.0005, 0.001, "held")):
        verdicts = []
        for n in (100, 1_000, 10_000, 1_000_000):
            count = round(rate * n)
            one = Estimate(
                value=rate, low=0.0, high=1.0, n=n, networks=n, of="rate", scale=Scale("logit", step=1e-3),
                prediction=prediction_interval(count, n, 1000),
            )  # fmt: skip
            verdicts.append(published(number, one).verdict)
        assert verdicts[-1] == last


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_next_network_lies_in_its_interval_as_often_as_said(n: int) -> None:
    """Accuracies of 10,000 images whose odds vary, near the upper end; losses that vary by factors."""
    rng = np.random.default_rng(n)
    odds = rng.normal(4.0, 0.4, (4000, n + 1))
    for scale, values in ((SHARE, np.round(SHARE.back(odds), 4)), (SIZE, np.exp(odds))):
        inside = 0
        for *seen, coming in values:
            low, high = next_on(scale, seen)
            assert 0.0 <= low <= high and (scale is SIZE or high <= 1.0)
            inside += low <= coming <= high
        error = math.sqrt(0.05 * 0.95 / 4000)
        assert abs(inside / 4000 - 0.95) <= 4 * error


@pytest.mark.parametrize("scale", [SHARE, SIZE])
def test_the_mean_lies_in_its_interval_as_often_as_said(scale: Scale) -> None:
    """The mean itself, not that of the logits: where the spread is small its image is near normal."""
    rng = np.random.default_rng(7)
    y = rng.normal(1.0, 0.1, (4000, 8))
    values = scale.back(y)
    truth = float(scale.back(np.random.default_rng(8).normal(1.0, 0.1, 4_000_000)).mean())
    inside = sum((found := mean_on(scale, each)).low <= truth <= found.high for each in values)
    assert abs(inside / 4000 - 0.95) <= 4 * math.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.parametrize("scale", [Scale(), SIZE, SHARE, Scale("logit", top=8.0, step=1.0)], ids=str)
@pytest.mark.parametrize(
    "values", [[0.0] * 5, [0.5] * 5, [1.0] * 5, [0.25], [0.0, 0.25, 1.0], [0.5, 0.6, 0.9]], ids=str
)
def test_a_mean_lies_in_its_own_interval_on_every_scale(scale: Scale, values: list[float]) -> None:
    found = mean_on(scale, values)
    assert found.mean == pytest.approx(np.mean(values)) and found.n == len(values)
    if len(values) == 1:
        assert np.isnan([found.low, found.high]).all()
    elif len(set(values)) == 1:
        assert found.low == found.mean == found.high
    else:
        assert found.low < found.mean < found.high


def test_numbers_at_the_ends_of_their_range_stay_in_it() -> None:
    for values in ([1.0, 0.9], [0.0, 0.001], [1.0, 1.0, 0.0]):
        mean, ends = mean_on(SHARE, values), next_on(SHARE, values)
        assert 0.0 <= ends[0] <= mean.low <= mean.mean <= mean.high <= ends[1] <= 1.0
    assert next_on(SHARE, [1.0, 1.0, 1.0]) == (1.0, 1.0)
    low, high = next_on(SIZE, [0.0, 1.0])  # a size of 0 has no logarithm
    assert low == 0.0 < high and SIZE.of([0.0, 1.0]).kind == "identity"
    counts = Scale("logit", top=8.0, step=1.0)
    assert all(0.0 <= end <= 8.0 for end in next_on(counts, [8.0, 7.0, 8.0]))


@pytest.mark.parametrize(("bound", "says"), [(0.01, "below 1 point"), (0.02, "below 2 points"), (0.0, "below 0")])
def test_a_bound_of_one_point_is_in_the_singular(bound: float, says: str) -> None:
    assert Expected.read({"below": bound}).text("points") == says
