"""The engine for layers of any kind: numbers along R, networks that diverge, looks, and what cannot be trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradlab.data import Examples
from gradlab.errors import SpecError
from gradlab.nets import Slice
from gradlab.spec import Setup, setup_from
from gradlab.training import Job, layered_engine, prepare, stack_key
from gradlab.training.engines import choose_engine
from gradlab.training.train import train
from tests.jobs import ROOT_SEED, looks_at
from tests.layered import NETWORKS, made_up_layers
from tests.oracles.step_by_step import assert_updates_are_torchs

LAYERS: list[Any] = [
    "standardize",
    {"kind": "conv2d", "channels": 3, "kernel_size": 3, "norm": "batch_norm"},
    "max_pool2d(2)",
    "flatten",
    {"units": 6, "norm": "layer_norm"},
    {"units": 10},
]


def on_digits(*, layers: list[Any] = LAYERS, recipe: dict[str, Any] = {}, **network: Any) -> Setup:  # noqa: B006
    base = {"activation": "leaky_relu(0.1)", "weights": "he_normal", "bias": "zeros", "dropout": 0.1}
    made = {"optimizer": "sgd(lr=0.1)", "loss": "cross_entropy", "batch_size": 16, "steps": 3, "precision": "float64"}
    table = {"network": {**base, "layers": layers, **network}, "recipe": {**made, **recipe}}
    return setup_from({**table, "task": "digits(points=40)"})


def job_of(*setups: Setup, replicas: int = 2) -> Job:
    return prepare([Slice(setup, 0, replicas) for setup in setups], ROOT_SEED, {})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"activation": "leaky_relu(0.1)"}, {"activation": "leaky_relu(0.4)"}),
        ({"dropout": 0.1}, {"dropout": 0.6}),
        ({"weights": "he_normal"}, {"weights": "glorot_uniform"}),
        ({"recipe": {"optimizer": "sgd(lr=0.1)"}}, {"recipe": {"optimizer": "sgd(lr=0.02)"}}),
        ({"layers": LAYERS}, {"layers": [*LAYERS[:4], {"units": 6, "norm": "layer_norm", "l2": 0.3}, {"units": 10}]}),
    ],
)
@pytest.mark.parametrize("size", [1, 4])
def test_what_may_differ_along_replicas(
    first: dict[str, Any], second: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layered_engine, "together", lambda job, device: size)
    setups = on_digits(**first), on_digits(**second)
    assert stack_key(setups[0]) == stack_key(setups[1]) and setups[0].id != setups[1].id
    mixed = job_of(*setups)
    looks = looks_at(mixed, range(4))
    for place, setup in enumerate(setups):
        job = job_of(setup)
        assert np.array_equal(mixed.examples.inputs[-1], job.examples.inputs[-1])
        assert_updates_are_torchs(setup, mixed, looks, range(2 * place, 2 * place + 2))


@pytest.mark.parametrize(
    "other",
    [
        {"activation": "relu"},
        {"dropout": 0.0},
        {"bias": "none"},
        {"layers": [LAYERS[0], {**LAYERS[1], "norm": "batch_norm(momentum=0.2)"}, *LAYERS[2:]]},
        {"layers": [LAYERS[0], {**LAYERS[1], "padding": 1}, "max_pool2d(2, padding=1)", *LAYERS[3:]]},
        {"layers": [LAYERS[0], LAYERS[1], "avg_pool2d(2)", *LAYERS[3:]]},
        {"layers": LAYERS[1:]},
    ],
)
def test_what_may_not(other: dict[str, Any]) -> None:
    assert stack_key(on_digits(**other)) != stack_key(on_digits())


@pytest.mark.parametrize("size", [1, 3])
def test_a_network_that_diverges_keeps_its_numbers_and_the_others_go_on(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layered_engine, "together", lambda job, device: size)
    setup, job = made_up_layers(NETWORKS["LeNet-5"], optimizer="sgd(lr=0.1)", batch_size=6, order="sequential")
    x = job.examples.inputs.copy()
    x[1, 8] = np.inf  # in the second batch
    bad = replace(job, examples=Examples(x, job.examples.targets))
    looks = looks_at(bad, range(5))
    assert looks[-1].first_bad_step.tolist() == [0, 2, 0]
    kept = [[*(w[1] for w in look.weights), *(n.mean[1] for n in look.norms if n.mean is not None)] for look in looks]
    for later in kept[2:]:
        for now, then in zip(later, kept[1], strict=True):
            assert np.array_equal(now, then)
    assert_updates_are_torchs(setup, job, looks, [0, 2])


def test_live_units_are_those_with_a_slope_somewhere() -> None:
    _, job = made_up_layers(
        [{"kind": "conv2d", "channels": 3, "kernel_size": 3, "activation": "relu"}, "flatten", {"units": 4}]
    )
    job.stack.biases[0] = np.tile([-100.0, 0.0, 100.0], (3, 1))
    (look,) = train(job, [0])
    assert look.sets["train"].live_units[:, 0].tolist() == [2, 2, 2]
    assert look.sets["train"].live_units[:, 1].tolist() == [4, 4, 4]


def test_standardized_inputs_have_mean_0_and_std_1_and_constant_ones_stay() -> None:
    setup = on_digits(layers=["flatten", "standardize", {"units": 10}], dropout=0.0)
    job = job_of(setup)
    ((mean, std),) = job.stack.standard
    x = job.examples.inputs
    constant = x[0].std(axis=0) == 0
    assert constant.any()
    standard = (x[0] - mean[0]) / std[0]
    assert np.array_equal(std[0][constant], np.ones(constant.sum()))
    np.testing.assert_allclose(standard[:, ~constant].std(axis=0), 1.0, rtol=1e-6)
    np.testing.assert_allclose(standard.mean(axis=0), 0.0, atol=1e-6)


def test_the_compiled_engine_refuses_what_it_cannot_train() -> None:
    setup = on_digits()
    assert choose_engine(setup, "auto", "cpu", 1e9) == "torch"
    with pytest.raises(SpecError, match="layers that are not dense"):
        choose_engine(setup, "narrow", "cpu", 1.0)
