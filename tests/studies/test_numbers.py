"""Metrics and signals: the same whatever the chunks, stored, resumed, and what claims about them say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.data import TASKS
from gradlab.errors import UserError
from gradlab.seeds import Purpose
from gradlab.signals import QUANTITIES
from gradlab.stats import Scale, mean_on, next_on, t_mean, wilson
from gradlab.studies.answer import answer_text
from gradlab.studies.claims import Claim, Estimate, Found, judge
from gradlab.studies.claims.criteria.published import Published
from gradlab.studies.claims.measures.numbers import numbers
from gradlab.studies.load import study_from
from gradlab.studies.look_arrays import LookArrays
from gradlab.studies.plan import make_plan, without_lost_claims
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.settings import apply_settings
from tests.studies.small import run, small_plan, small_study
from tests.studies.small import table as small_table

DIGITS: dict[str, Any] = {
    "network": {"hidden": {"width": 8, "depth": 2}, "activation": "tanh", "weights": "glorot_uniform"},
    "recipe": {"optimizer": {"name": "sgd", "lr": 0.1}, "loss": "cross_entropy", "batch_size": 50, "epochs": 10},
    "task": {"name": "digits", "points": 300},
    "inputs": {"test": {"from": "test", "count": 100}},
    "outcomes": {"collapsed": {"over": "train"}},
    "rows": [{"id": "A"}, {"id": "B", "network": {"weights": {"name": "normal", "std": 0.6}}}],
    "metrics": {"accuracy": {"kind": "accuracy", "over": "test"}, "test_loss": {"kind": "loss", "over": "test"}},
    "signals": {"over": "test", "replicas": 3, "histograms": ["activations"]},
    "claims": [],
    "replicas": 4,
}


def claim(measure: dict[str, Any], **judged: Any) -> Claim:
    return Claim.model_validate({"id": "A", "statement": "a", "measure": measure, **judged})


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return run(small_plan(**DIGITS), tmp_path_factory.mktemp("store"))


def test_metrics_are_recorded_at_every_look(analysis: Analysis) -> None:
    for cell in analysis.cells:
        looks = len(cell.steps)
        assert cell.metrics["accuracy"].shape == cell.metrics["test_loss"].shape == (4, looks)
        assert cell.steps[0] == 0 and abs(cell.metrics["test_loss"][:, 0].mean() - np.log(10)) < 1.0
    assert analysis.cells[0].metrics["accuracy"][:, -1].mean() > 0.3
    document = analysis.to_dict()["cells"][0]["metrics"]["accuracy"]
    assert document["n"] == 4 and document["low"] < document["mean"] < document["high"]


def test_signals_are_measured_in_the_first_networks(analysis: Analysis) -> None:
    signals = analysis.cells[0].signals
    assert signals is not None and signals.steps == tuple(analysis.cells[0].steps)
    assert signals.layers == ("1", "2", "output")
    assert signals["activation_std"].shape == (len(signals.steps), 3, 3)
    forward = [name for name, record in QUANTITIES.items() if record.needs in ("forward", "backward")]
    assert set(forward) <= set(signals.values)
    assert signals.histograms["activations"].totals[0, 0].tolist() == [800, 800, 1000]


@pytest.mark.parametrize("chunk", [1, 3])
def test_chunks_change_nothing(chunk: int, analysis: Analysis, tmp_path: Path) -> None:
    other = run(small_plan(chunk=chunk, **DIGITS), tmp_path)
    for a, b in zip(analysis.cells, other.cells, strict=True):
        np.testing.assert_allclose(a.metrics["test_loss"], b.metrics["test_loss"], rtol=1e-5)
        assert a.signals is not None and b.signals is not None
        for name in a.signals.values:
            np.testing.assert_allclose(a.signals[name], b.signals[name], rtol=2e-3, atol=1e-6)


def test_arrays_survive_packing(analysis: Analysis) -> None:
    looks = LookArrays(
        flags=np.array([[[True, False, True]], [[False, False, True]]]),
        curves=np.ones((2, 2), np.float32),
        metrics=np.arange(6, dtype=np.float32).reshape(2, 1, 3),
        signals=analysis.cells[0].signals,
    )
    again = LookArrays.unpack(looks.pack())
    assert np.array_equal(looks.flags, again.flags) and np.array_equal(looks.metrics, again.metrics)
    assert again.signals is not None and looks.signals is not None
    assert np.array_equal(again.signals["gradient_max"], looks.signals["gradient_max"])


def found_by(asked: Claim, analysis: Analysis, *cells: CellResult) -> Found:
    return Found(cells=cells or analysis.cells, metrics=analysis.study.metrics, inputs=analysis.study.inputs)


def estimate(asked: Claim, analysis: Analysis, *cells: CellResult) -> Estimate:
    found = asked.measure.estimates(found_by(asked, analysis, *cells), 1)
    assert not isinstance(found, str), found
    (one,) = found
    return one


SHARE = Scale("logit", step=1 / 100)  # of the 100 test images
A, B = {"where": {"row": "A"}}, {"where": {"row": "B"}}


def test_means_differences_and_ratios_are_of_paired_replicas(analysis: Analysis) -> None:
    first, second = analysis.cells
    second = replace(second, metrics={"accuracy": first.metrics["accuracy"][::-1] ** 2})  # row B's own all end alike
    accuracy = first.metrics["accuracy"][:, -1].astype(float)
    mean = estimate(claim({"mean": "accuracy", **A}, published=0.5), analysis)
    assert (mean.value, mean.n, mean.prediction) == (accuracy.mean(), 4, next_on(SHARE, accuracy))
    assert (mean.low, mean.high) == (mean_on(SHARE, accuracy).low, mean_on(SHARE, accuracy).high)
    gap = estimate(
        claim({"mean": "accuracy", **A, "minus": {"row": "B"}}, expected={"above": 0.0}), analysis, first, second
    )
    differences = accuracy - second.metrics["accuracy"][:, -1]
    assert np.std(accuracy) > 0 and np.std(second.metrics["accuracy"][:, -1]) > 0, "else pairs could be swapped unseen"
    assert t_mean(differences) != t_mean(accuracy - second.metrics["accuracy"][::-1, -1])
    assert gap.value == pytest.approx(differences.mean()) and gap.scale.kind == "identity"
    assert (gap.low, gap.high) == pytest.approx((t_mean(differences).low, t_mean(differences).high))
    measure = {"ratio": "gradient_max", "layer": 1, "to_layer": "output", "look": 0, **B}
    ratio = estimate(claim(measure, expected={"at_most": 1.0}), analysis)
    top, bottom = (numbers(second, "gradient_max", layer, 0) for layer in (1, "output"))
    assert ratio.value == pytest.approx(float(np.exp(np.log(top / bottom).mean())))
    assert ratio.prediction is not None and ratio.prediction[0] < ratio.low < ratio.value < ratio.high
    measure = {"ratio": "gradient_max", "layer": 1, "to_look": 0, **B}
    growth = estimate(claim(measure, expected={"at_least": 0.0}), analysis)
    end, birth = (numbers(second, "gradient_max", 1, look) for look in (None, 0))
    assert growth.value == pytest.approx(float(np.exp(np.log(end / birth).mean())))


def test_a_look_is_counted_from_birth(analysis: Analysis) -> None:
    first, second = analysis.cells
    accuracy = first.metrics["accuracy"].astype(float)
    assert len(first.steps) == 13 and len(np.unique(accuracy.mean(axis=0))) > 5, "else looks could be mixed up unseen"
    by_epoch = small_plan(**{**DIGITS, "looks": {"every_epoch": True}})
    assert by_epoch.steps(first.setup) == [6 * epoch for epoch in range(11)]  # look 3 is after epoch 3
    for look, at in ((0, 0), (1, 1), (7, 7), (12, -1)):
        mean = estimate(claim({"mean": "accuracy", **A, "look": look}, published=0.5), analysis)
        assert mean.value == accuracy[:, at].mean()
    gap = claim({"mean": "accuracy", **A, "minus": {"row": "B"}, "look": 3}, expected={"above": 0.0})
    differences = accuracy[:, 3] - second.metrics["accuracy"][:, 3]
    assert estimate(gap, analysis).value == pytest.approx(differences.mean())
    signals = first.signals
    assert signals is not None
    growth = claim({"ratio": "gradient_max", "layer": 1, **A, "look": 5, "to_look": 2}, expected={"at_least": 0.0})
    later, earlier = signals["gradient_max"][5, :, 0], signals["gradient_max"][2, :, 0]
    assert estimate(growth, analysis).value == pytest.approx(float(np.exp(np.log(later / earlier).mean())))


def test_settings_leave_out_claims_on_looks_that_move_or_go() -> None:
    measures = {"birth": {"look": 0}, "first": {"look": 1}, "second": {"look": 2}, "end": {}}
    claims = [
        {"id": name, "statement": "a", "measure": {"mean": "accuracy", "where": {"row": "A"}, **look}, "published": 0.5}
        for name, look in measures.items()
    ]

    def left(*settings: str, looks: dict[str, Any]) -> list[str]:
        table = small_table(**{**DIGITS, "claims": claims, "answer": "", "looks": looks})
        study = without_lost_claims(study_from(apply_settings(table, settings)))
        make_plan(study)
        return [one.id for one in study.claims]

    every, at = {"every_epoch": True}, {"at": [6, 12]}
    assert left("replicas=2", looks=every) == left("recipe.epochs=2", looks=every) == list(measures)
    assert left("recipe.epochs=1", looks=every) == ["birth", "first", "end"]
    assert left("replicas=2", looks=at) == list(measures)
    assert left("recipe.epochs=2", looks=at) == left("recipe.steps=30", looks=every) == ["birth", "end"]
    assert left("looks.log_spaced=5", looks=every) == ["birth", "end"]


def test_a_cheaper_cell_lends_its_spread(analysis: Analysis) -> None:
    first, second = analysis.cells
    asked = claim({"mean": "accuracy", "where": {"row": "A"}, "spread": {"row": "B"}}, published=0.5)
    second = replace(second, metrics=first.metrics)  # row B's own networks all end alike
    first = replace(first, metrics={"accuracy": first.metrics["accuracy"][:2]})
    found = estimate(asked, analysis, first, second)
    mine, others = (cell.metrics["accuracy"][:, -1].astype(float) for cell in (first, second))
    assert found.prediction == next_on(SHARE, mine, spread=others)
    own, lent = (SHARE.there(next_on(SHARE, *values)) for values in ((mine, 0.95, others), (others,)))
    assert np.ptp(own) == pytest.approx(np.ptp(lent) * ((1 + 1 / len(mine)) / (1 + 1 / len(others))) ** 0.5)
    assert found.where == "; spread borrowed from 4 with row B for 2 of its own" and asked.needed == 1
    result = judge(asked, found_by(asked, analysis, first, second))
    assert result.borrowed == (2, 4) and result.judgement == "prediction interval, spread borrowed"
    assert result.measured_text.endswith(", spread borrowed")
    assert "spread borrowed (n = 2)" in answer_text("{A}", [result])
    alike = replace(second, metrics={"accuracy": np.full_like(second.metrics["accuracy"], 0.9)})
    said = asked.measure.estimates(found_by(asked, analysis, first, alike), 1)
    assert said == "the 4 networks to take the spread from are all alike, and have none"


def test_a_published_number_may_have_been_rounded() -> None:
    asked = Published(published=0.114)

    def verdict(low: float, high: float) -> str:
        judged = asked.judge(
            [Estimate(value=low, low=low, high=high, n=9, networks=9, of="mean", prediction=(low, high))]
        )
        return judged.verdict

    assert verdict(0.1135, 0.1135) == verdict(0.1145, 0.2) == "held" and verdict(0.1146, 0.2) == "not held"


def test_spread_is_borrowed_only_where_it_must_be(analysis: Analysis) -> None:
    first, second = analysis.cells
    asked = claim({"mean": "accuracy", "where": {"row": "A"}, "spread": {"row": "B"}}, published=0.5)
    mine = first.metrics["accuracy"]
    own = estimate(asked, analysis, first, second)
    assert own.borrowed is None and own.prediction == next_on(SHARE, mine[:, -1].astype(float))
    few = replace(second, metrics={"accuracy": second.metrics["accuracy"][:1]})
    one = replace(first, metrics={"accuracy": mine[:1]})
    said = asked.measure.estimates(found_by(asked, analysis, one, few), 1)
    assert said == "1 network to take the spread from, 2 needed"


def test_an_interval_of_all_shares_decides_nothing(analysis: Analysis) -> None:
    far = np.array([[0.0, 0.0], [0.0, 1.0]], np.float32)  # one network that learns, one that does not
    first, *others = analysis.cells
    steps, curves = [0, 1], first.loss_curves[:, :2]
    by_look = {name: counts[:2] for name, counts in first.by_look.items()}
    cells = [replace(first, metrics={"accuracy": far}, steps=steps, by_look=by_look, loss_curves=curves), *others]
    asked = claim({"mean": "accuracy", **A}, published=0.2, min_replicas=2)
    found = judge(asked, found_by(asked, analysis, *cells))
    assert (found.verdict, found.prediction) == ("too wide to tell", (0.0, 1.0)) and "factor 3" in found.why
    readings = claim({"readings": "accuracy", **A}, published=0.2, min_replicas=2)
    several = judge(readings, found_by(readings, analysis, *cells))
    assert several.readings[0].prediction == (0.0, 1.0) and several.readings[0].compatible is None
    assert several.verdict == "too wide to tell" and several.readings_tried == 1
    assert several.why.startswith("0 of 1 reading tried reproduce 0.2") and (several.low, several.high) == (None, None)
    rate = claim({"rate": "collapsed", **A}, published=0.2, published_replicas=1, min_replicas=2)
    half = {"collapsed": wilson(1, 2)}
    cells = [replace(cells[0], outcomes=half), *others]
    assert judge(rate, found_by(rate, analysis, *cells)).verdict == "too wide to tell"


def test_every_layer_is_the_worst_one(analysis: Analysis) -> None:
    every = claim({"mean": "activation_std", "layer": "every", **A}, expected={"at_least": 0.1})
    judged = judge(every, found_by(every, analysis))
    each = [
        estimate(claim({"mean": "activation_std", "layer": k, **A}, expected={"at_least": 0.1}), analysis)
        for k in (1, 2)
    ]
    worst = min(each, key=lambda one: one.prediction or (0.0, 0.0))
    assert judged.measured == worst.value and judged.why.endswith(f"in layer {each.index(worst) + 1}")


def test_a_study_judges_its_claims(tmp_path: Path) -> None:
    claims = [
        {"id": "A", "statement": "a", "measure": {"mean": "accuracy", "where": {"row": "A"}}, "published": 5.0},
        {
            "id": "B",
            "statement": "b",
            "measure": {"mean": "accuracy", "where": {"row": "A"}, "minus": {"row": "B"}},
            "expected": {"above": -1.0},
        },
        {
            "id": "C",
            "statement": "c",
            "measure": {"mean": "accuracy", "where": {"row": "A"}},
            "published": 0.5,
            "min_replicas": 5,
        },
    ]
    found = run(small_plan(**{**DIGITS, "claims": claims, "answer": "{A}, {A:published}"}), tmp_path)
    assert [one.verdict for one in found.claims] == ["not held", "held", "undecided"]
    assert all(0.0 <= end <= 1.0 for one in found.claims[::2] for end in one.prediction or ())
    assert {one.unit for one in found.claims} == {"number"}
    assert "(n = 4), 5" in found.answer


def test_readings_of_an_accuracy_are_judged_by_their_own_spread(tmp_path: Path) -> None:
    asked = {
        "id": "C1",
        "statement": "which reading gives it",
        "measure": {"readings": "accuracy", "where": {}, "spread": {"row": "A"}},
        "published": 0.5,
    }
    found = run(small_plan(**{**DIGITS, "signals": None, "claims": [asked]}), tmp_path)
    (judged_claim,) = found.claims
    for cell, one in zip(found.cells, judged_claim.readings, strict=True):
        values = cell.metrics["accuracy"][:, -1].astype(float)
        assert one.rate.rate == pytest.approx(values.mean()) and one.rate.n == 4
        assert one.prediction == pytest.approx(next_on(SHARE, values))
        assert one.borrowed is None and one.compatible is not True  # four networks of its own are too few
    assert judged_claim.measured == 0.0 and judged_claim.low is None
    assert judged_claim.to_dict()["readings"][0]["n"] == 4


@pytest.mark.parametrize(
    ("measure", "judged_by", "pieces"),
    [
        ({"mean": "acuracy"}, {"published": 1.0}, ["acuracy", "accuracy, test_loss"]),
        ({"mean": "accuracy", "layer": 1}, {"published": 1.0}, ["a metric has no layers"]),
        ({"mean": "gradient_max"}, {"published": 1.0}, ["a layer of the quantity gradient_max"]),
        ({}, {"published": 1.0}, ["measure: got none of them", "exactly one of boundary, difference"]),
        ({"men": "accuracy"}, {"published": 1.0}, ["exactly one of", 'did you mean "mean"?']),
        ({"rate": "collapsed", "mean": "accuracy"}, {"published": 1.0}, ["got mean and rate", "exactly one of"]),
        ({"ratio": "accuracy"}, {"published": 1.0}, ["to (levels), to_layer or to_look"]),
        ({"mean": "accuracy", "to_layer": 2}, {"published": 1.0}, ["to_layer: unknown key of mean"]),
        ({"mean": "gradient_max", "layer": "every"}, {"published": 1.0}, ["a bound"]),
        ({"mean": "accuracy", "layer": 0}, {"published": 1.0}, ["layer"]),
        ({"mean": "accuracy", "spread": {"row": "C"}}, {"published": 1.0}, ["spread of where", "0 cells"]),
        ({"rate": "collapsed", "spread": {"row": "B"}}, {"published": 0.5}, ["spread: unknown key of rate"]),
        (
            {"mean": "accuracy", "look": 13},
            {"published": 1.0},
            [
                'claim "A".measure.look: got 13; expected 0 (birth) to 12, the last look',
                "Name an earlier one, or have more",
            ],
        ),
        ({"ratio": "accuracy", "to_look": 13}, {"expected": {"above": 1.0}}, ["measure.to_look: got 13", "to 12"]),
        (
            {"ratio": "accuracy", "look": 3, "to_look": 3},
            {"expected": {"above": 1.0}},
            ["got look 3 divided by itself"],
        ),
        ({"mean": "accuracy", "look": -1}, {"published": 1.0}, ["look: got -1"]),
        ({"mean": "accuracy", "look": True}, {"published": 1.0}, ["look: got True"]),
    ],
)
def test_mistakes(measure: dict[str, Any], judged_by: dict[str, Any], pieces: list[str]) -> None:
    asked = {"id": "A", "statement": "a", "measure": {"where": {"row": "A"}, **measure}, **judged_by}
    with pytest.raises(UserError) as error:
        make_plan(small_study(**{**DIGITS, "claims": [asked]}))
    for piece in pieces:
        assert piece in str(error.value)


@pytest.mark.parametrize(
    ("change", "piece"),
    [
        ({"metrics": {"a": {"kind": "accuracy", "over": "tset"}}}, 'did you mean "test"?'),
        ({"signals": {"over": "tset"}}, 'did you mean "test"?'),
        ({"signals": {"quantities": ["gradient_mx"]}}, 'did you mean "gradient_max"?'),
        ({"signals": {"histograms": ["activation"]}}, 'did you mean "activations"?'),
        ({"metrics": {"a": {"kind": "acc"}}}, "metrics.a.kind"),
    ],
)
def test_mistakes_of_names(change: dict[str, Any], piece: str) -> None:
    with pytest.raises(UserError) as error:
        small_study(**{**DIGITS, **change})
    assert piece in str(error.value)


@pytest.mark.parametrize(("loss", "is_one"), [("mse", False), ("binary_cross_entropy", True)])
def test_where_one_output_changes_sides(loss: str, is_one: bool, tmp_path: Path) -> None:
    """An output of 0.4 everywhere is a 0 for a loss that compares numbers, and a 1 as a logit."""
    network = {"hidden": [], "weights": "zeros", "bias": {"name": "constant", "value": 0.4}}
    recipe = {"optimizer": "sgd", "loss": loss, "batch_size": 8, "steps": 0}
    task = {"name": "xor", "binary": True, "points": 9}
    changes: dict[str, Any] = {"network": network, "recipe": recipe, "task": task, "rows": [], "claims": []}
    metrics = {"accuracy": {"kind": "accuracy", "over": "train"}}
    plan = small_plan(**changes, metrics=metrics, answer="", inputs={}, outcomes={"collapsed": {}}, replicas=3)
    (cell,) = run(plan, tmp_path).cells
    drawn = TASKS["xor"].draw(0, np.arange(3), Purpose.DATA, 9, dict(plan.cells[0].setup.task.params))
    assert drawn.targets is not None
    ones = (np.asarray(drawn.targets) == 1.0).mean(axis=(1, 2))
    assert cell.metrics["accuracy"][:, 0] == pytest.approx(ones if is_one else 1 - ones)
