"""Metrics of units and weights: made-up looks with known answers, and networks whose answers theory gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.studies.metrics import Meter, live_units, plateau, recovered
from gradlab.studies.plan import make_plan
from gradlab.studies.study import Metric
from gradlab.training import train
from tests.jobs import job_of, setup_of
from tests.studies.small import run, small_study

METRICS = {
    "dead_units": {"kind": "dead_units", "over": "train"},
    "recovered": {"kind": "recovered_units", "over": "train"},
    "weights": {"kind": "weight_change"},
    "biases": {"kind": "hidden_bias_change"},
    "units": {"kind": "unit_difference"},
    "loss": {"kind": "loss", "over": "train"},
    "plateau": {"kind": "plateau", "of": "loss"},
}


def test_units_that_live_are_counted_as_the_looks_count_them() -> None:
    job = job_of(setup_of("abs_x(points=40)", {"hidden": "3 - 4", "activation": "relu"}), replicas=30)
    for look in train(job, [0, 4]):
        live = live_units(look, job, "train")
        counts = look.sets["train"].live_units
        assert np.array_equal(live[:, :3].sum(axis=1), counts[:, 0])
        assert np.array_equal(live[:, 3:].sum(axis=1), counts[:, 1])
        assert 0 < live.mean() < 1


def test_a_unit_recovers_once_it_is_alive_again() -> None:
    alive = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 1, 1]], bool)[:, None]
    assert recovered(alive).ravel().tolist() == [0, 0, 1, 1]


def test_a_plateau_is_for_good() -> None:
    values = np.array([[1.0, 1.0, 0.0], [0.05, 0.5, np.nan], [0.5, 0.04, 0.0], [0.0, 0.0, 0.0]])
    found = plateau(np.array([0.0, 10.0, 20.0, 30.0]), values)
    assert found[-1].tolist() == [30.0, 20.0, 20.0]  # the first left it again
    assert found[1, :2].tolist() == [10.0, 10.0]  # as seen from the second look
    assert np.isnan(found[1, 2])
    assert plateau(np.array([0.0, 1.0]), np.zeros((2, 1))).ravel().tolist() == [0, 0]


def test_changes_are_those_of_the_weights() -> None:
    job = job_of(setup_of(network={"hidden": "3 - 4", "activation": "tanh"}), replicas=4)
    metrics = {name: Metric.model_validate(METRICS[name]) for name in ("weights", "biases", "units")}
    meter, weights, biases = Meter(metrics, job), [], []
    for look in train(job, [0, 1, 4]):
        meter.see(look)
        weights.append(np.concatenate([w.reshape(4, -1) for w in look.weights], axis=1).copy())
        biases.append(np.concatenate([b for b in look.biases[:-1] if b is not None], axis=1).copy())
    values = meter.values()
    assert values.shape == (3, 3, 4) and not values[0, :2].any() and (values[1:] > 0).all()
    assert values[2, 0] == pytest.approx(np.abs(weights[2] - weights[0]).max(axis=1))
    assert values[2, 1] == pytest.approx(np.abs(biases[2] - biases[0]).max(axis=1))


@pytest.mark.parametrize("engine", ["torch", "narrow"])
def test_zero_weights_stay_zero_with_relu_and_move_alike_with_sigmoid(engine: str, tmp_path: Path) -> None:
    zero = {"weights": "zeros", "bias": "zeros"}
    study = small_study(
        network={"hidden": "4-2", **zero}, metrics=METRICS, task={"name": "gauss", "points": 30}, claims=[], replicas=3,
        inputs={}, outcomes={"collapsed": {"over": "train"}}, looks={"at": [4]},
        recipe={"optimizer": {"name": "sgd", "lr": 0.5}, "loss": "half_mse", "batch_size": 7, "epochs": 20},
        rows=[{"id": "relu", "network": {"activation": "relu"}}, {"id": "sigmoid", "network": {"activation": "sigmoid"}}],
    )  # fmt: skip
    relu, sigmoid = run(make_plan(study, engine=engine), tmp_path).cells
    for name in ("weights", "biases", "units"):
        assert not relu.metrics[name].any(), name
    assert (relu.metrics["dead_units"] == 6).all() and not relu.metrics["recovered"].any()
    assert not sigmoid.metrics["units"].any()
    assert (sigmoid.metrics["weights"][:, -1] > 0.1).all() and (sigmoid.metrics["biases"][:, -1] > 0).all()
    assert (sigmoid.metrics["dead_units"] == 0).all()
    assert (sigmoid.metrics["plateau"][:, -1] <= 20).all()


@pytest.mark.parametrize(
    ("metric", "pieces"),
    [
        ({"kind": "plateau"}, ["metric.of", "nothing"]),
        ({"kind": "loss", "of": "loss"}, ["metric.of", "plateau only"]),
        ({"kind": "weight_change", "over": "train"}, ["metric.over", "weight_change", "no input set"]),
        ({"kind": "plateau", "of": "lost"}, ["lost", 'did you mean "loss"']),
        ({"kind": "plateau", "of": "x"}, ["metric", "known: loss"]),
    ],
)
def test_mistakes(metric: dict[str, str], pieces: list[str]) -> None:
    with pytest.raises(UserError) as error:
        small_study(metrics={"loss": {"kind": "loss"}, "x": metric})
    for piece in pieces:
        assert piece in str(error.value)
