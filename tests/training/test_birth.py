"""Networks at birth, looked at without a loop or a framework: what torch sees, whatever the block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import ACTIVATIONS
from gradlab.spec import Setup
from gradlab.training import Job, Look, birth, prepare
from gradlab.training.drawn import training_examples
from tests.jobs import ROOT_SEED, looks_at, made_up, setup_of
from tests.oracles.step_by_step import assert_updates_are_torchs

INPUTS = {"line": InputSet(linspace=(-2.0, 2.0, 11)), "train": InputSet.model_validate({"from": "task", "count": 12})}


def check(setup: Setup, job: Job, rows: Sequence[int]) -> Look:
    """The look at birth: outputs and losses are plain torch's within rounding, live units those of the torch engine."""
    (look,), (other,) = (looks_at(job, [0], engine=engine) for engine in ("narrow", "torch"))
    for name in other.sets:
        assert np.array_equal(look.sets[name].live_units, other.sets[name].live_units)
    for engine_look in (look, other):
        assert_updates_are_torchs(setup, job, [engine_look], rows)
    return look


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_birth_is_what_torch_sees(activation: str, precision: str) -> None:
    setup = setup_of(network={"activation": activation}, steps=0, precision=precision)
    check(setup, prepare([Slice(setup, 3, 40)], ROOT_SEED, INPUTS), [0, 5, 36])


def test_parameters_differ_along_the_stack() -> None:
    setups = [setup_of(network={"activation": f"leaky_relu({slope})", "bias": "none"}, steps=0) for slope in (0.0, 0.3)]
    job = prepare([Slice(setup, 0, 20) for setup in setups], ROOT_SEED, INPUTS)
    for i, setup in enumerate(setups):
        look = check(setup, job, [20 * i, 20 * i + 19])
    assert (look.sets["line"].live_units[20:] == [3, 4]).all() and (look.sets["line"].live_units[:20] < 4).any()


@pytest.mark.parametrize("loss", ["mse", "cross_entropy", "hinge"])
def test_losses_of_several_outputs(loss: str) -> None:
    setup, job = made_up({}, {"loss": loss, "steps": 0})
    check(setup, job, range(3))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    _, job = made_up({}, {"loss": "cross_entropy", "steps": 0, "precision": "float32"}, replicas=50)
    whole = looks_at(job, [0], engine="narrow")[0]
    for size in (1, 10_000):  # bytes: one replica at a time, and a few
        monkeypatch.setattr(birth, "BLOCK_BYTES", size)
        parts = looks_at(job, [0], engine="narrow")[0]
        assert np.array_equal(parts.loss, whole.loss)
        assert np.array_equal(parts.sets["train"].outputs, whole.sets["train"].outputs)


@pytest.mark.parametrize("engine", ["narrow", "torch"])
def test_examples_are_drawn_once_and_never_written_to(engine: str) -> None:
    setup = setup_of(steps=3, batch_size="full")
    part = Slice(setup, 0, 5)
    first = training_examples(part, ROOT_SEED)
    inputs = first.inputs.copy()
    job = prepare([part], ROOT_SEED, {})
    assert job.examples is first or job.examples.inputs is first.inputs
    looks_at(job, [0, 3], engine=engine)
    assert training_examples(part, ROOT_SEED) is first
    assert np.array_equal(first.inputs, inputs)


def test_slices_with_the_same_examples_keep_a_row_a_network() -> None:
    setups = [setup_of(optimizer=f"sgd(lr={lr})") for lr in (0.1, 0.2)]
    job = prepare([Slice(setup, 0, 5) for setup in setups], ROOT_SEED, {})
    assert len(job.examples.inputs) == 10
    assert np.array_equal(job.examples.inputs[:5], job.examples.inputs[5:])
