"""The torch engine keeps the contract of `training.train`: looks, divergence, order, batches, length."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradlab.data import Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.spec import Setup
from gradlab.training import Job, prepare, stack_key
from gradlab.training.torch_optimizer import TorchOptimizer
from tests.jobs import ROOT_SEED, flat, job_of, looks_at, setup_of
from tests.layered import stack_at
from tests.oracles import plain_torch
from tests.oracles.step_by_step import assert_updates_are_torchs

STEPS = 6


def cell(lr: float = 0.05, **recipe: Any) -> Setup:
    return setup_of(optimizer=f"sgd(lr={lr})", **{"steps": STEPS, **recipe})


def mixed(*rates: float, precision: str = "float64") -> Job:
    return job_of(*[cell(lr, precision=precision) for lr in rates], replicas=2)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_replica_that_diverges_is_frozen_and_the_others_go_on(precision: str) -> None:
    rate = 1e200 if precision == "float64" else 1e30
    looks = looks_at(mixed(0.05, rate, 0.1, precision=precision), range(STEPS + 1))
    # update 1 throws the weights far out, so the loss of update 2 is the first that is not finite
    assert [look.first_bad_step.tolist() for look in looks[:3]] == [[0] * 6, [0] * 6, [0, 0, 2, 2, 0, 0]]
    assert looks[-1].first_bad_step.tolist() == [0, 0, 2, 2, 0, 0]
    for row in (2, 3):
        assert not np.array_equal(flat(looks[0], row), flat(looks[1], row))
        for look in looks[2:]:
            assert np.array_equal(flat(look, row), flat(looks[1], row))
            assert not math.isfinite(look.loss[row])

    calm = looks_at(mixed(0.05, 0.1, precision=precision), range(STEPS + 1))
    for look, alone in zip(looks, calm, strict=True):
        assert np.array_equal(look.loss[[0, 1, 4, 5]], alone.loss)
        for row, by_itself in ((0, 0), (1, 1), (4, 2), (5, 3)):
            assert np.array_equal(flat(look, row), flat(alone, by_itself))
            assert np.isfinite(flat(look, row)).all()


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every update of a share."""
    done: list[int] = []
    numbers = TorchOptimizer.numbers

    def counted(self: TorchOptimizer, step: int) -> list[Any]:
        done.append(step)
        return numbers(self, step)

    monkeypatch.setattr(TorchOptimizer, "numbers", counted)
    return done


def test_updates_end_once_every_replica_has_gone_bad(updates: list[int]) -> None:
    looks = looks_at(mixed(1e200), range(STEPS + 1))
    assert looks[-1].step == STEPS
    assert looks[-1].first_bad_step.tolist() == [2, 2]
    assert updates == [1, 2]


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 1),
        ({"optimizer": "sgd(lr=0.1, momentum=0.9)"}, STEPS),
        ({"schedule": "inverse_time(decay=0.1)"}, STEPS),
        ({"batch_size": 8}, STEPS),
        ({"dropout": 0.5}, STEPS),
        ({"weights": "glorot_normal"}, STEPS),
    ],
)
def test_updates_end_where_each_is_the_last_one_again_and_it_changed_nothing(
    updates: list[int], change: dict[str, Any], count: int
) -> None:
    network = {"activation": "relu", "bias": "none", "weights": change.pop("weights", "zeros")}
    network |= {"dropout": change.pop("dropout", 0.0)}
    looks = looks_at(job_of(setup_of(network=network, **{"batch_size": "full", "steps": STEPS, **change})), [0, STEPS])
    assert (looks[-1].step, updates) == (STEPS, list(range(1, count + 1)))


def test_divergence_at_a_later_step_is_recorded_at_that_step() -> None:
    # the loss grows by orders of magnitude an update, until it leaves the range of floats
    setup = setup_of(network={"activation": "identity"}, optimizer="sgd(lr=30)", steps=60, precision="float32")
    looks = looks_at(job_of(setup), range(61))
    for row in range(3):
        bad = int(looks[-1].first_bad_step[row])
        assert 2 < bad < 60
        assert [int(look.first_bad_step[row]) for look in looks] == [0] * bad + [bad] * (61 - bad)
        alone = plain_torch.train(setup, job_of(setup).stack, job_of(setup).examples, row, 60)
        finite = [math.isfinite(loss) for loss in alone.losses]
        assert finite.index(False) + 1 == bad


@pytest.mark.parametrize(
    "optimizer", ["sgd(lr=1e200, momentum=0.9)", "adam(lr=1e200)", "rmsprop(lr=1e200, momentum=0.5)"]
)
def test_buffers_of_a_frozen_replica_do_not_spoil_the_others(optimizer: str) -> None:
    calm = optimizer.replace("1e200", "0.05")
    job = job_of(setup_of(optimizer=optimizer), setup_of(optimizer=calm))
    looks = looks_at(job, range(5))
    assert (looks[-1].first_bad_step[:3] > 0).all()
    assert (looks[-1].first_bad_step[3:] == 0).all()
    assert_updates_are_torchs(setup_of(optimizer=calm), job, looks, range(3, 6))


@pytest.mark.parametrize("steps", [[0], [STEPS], [0, STEPS], [2, 3], [1, 4, 6], list(range(STEPS + 1))])
def test_looks_come_at_the_steps_asked_for(steps: list[int]) -> None:
    job = job_of(cell())
    assert [look.step for look in looks_at(job, steps)] == steps


@pytest.mark.parametrize("steps", [[], [3, 2], [1, 1], [-1], [STEPS + 1]])
def test_looks_out_of_order_or_range_are_a_programmers_mistake(steps: list[int]) -> None:
    with pytest.raises(AssertionError):
        looks_at(job_of(cell()), steps)


def test_look_0_shows_the_initial_weights() -> None:
    job = job_of(cell())
    (look,) = looks_at(job, [0])
    for w, initial in zip(look.weights, job.stack.weights, strict=True):
        assert np.array_equal(w, initial)
    for b, start in zip(look.biases, job.stack.biases, strict=True):
        assert b is not None
        assert start is not None
        assert np.array_equal(b, start)
    assert look.first_bad_step.tolist() == [0, 0, 0]


def test_training_leaves_the_job_as_it_was() -> None:
    job = job_of(cell())
    before = [w.copy() for w in job.stack.weights]
    first, second = looks_at(job, [STEPS]), looks_at(job, [STEPS])
    for w, old in zip(job.stack.weights, before, strict=True):
        assert np.array_equal(w, old)
    assert np.array_equal(flat(first[0], 0), flat(second[0], 0))


def test_outputs_loss_and_live_units_are_those_of_plain_torch() -> None:
    inputs = {"line": InputSet(linspace=(-2.0, 2.0, 7)), "new": InputSet.model_validate({"from": "fresh", "count": 4})}
    setup = setup_of("abs_x(points=150)", {"hidden": "4 - 3", "activation": "relu"}, steps=5)
    job = job_of(setup, inputs=inputs)
    looks = looks_at(job, range(6))
    look = looks[-1]
    assert set(look.sets) == {"train", "line", "new"}
    assert_updates_are_torchs(setup, job, looks, range(3))
    for row in range(3):
        model = plain_torch.build(setup, stack_at(job, look), row).requires_grad_(False)
        for name, seen in look.sets.items():
            x = plain_torch.one_of(job.sets[name].inputs, row).double()
            for i, depth in enumerate((2, 4)):  # Linear and activation alternate
                live = (model[:depth](x) > 0).any(0).sum()
                assert seen.live_units[row, i] == live
    # the loss is that of the first 100 training examples
    targets, all_targets = job.sets["train"].targets, job.examples.targets
    assert targets is not None and all_targets is not None
    assert np.array_equal(job.sets["train"].inputs, job.examples.inputs[:, :100])
    assert np.array_equal(targets, all_targets[:, :100])


def test_sequential_order_is_the_order_of_the_data() -> None:
    # one update on the first batch alone
    setup = cell(order="sequential", steps=1)
    job = job_of(setup)
    assert job.examples.targets is not None
    few = replace(job, examples=Examples(job.examples.inputs[:, :5], job.examples.targets[:, :5]))
    assert_updates_are_torchs(cell(batch_size="full", steps=1), few, looks_at(job, [0, 1]), range(3))


@pytest.mark.parametrize("engine", ["torch", "narrow"])
@pytest.mark.parametrize("fresh", ["true", "false"])
def test_order_by_class_is_the_data_sorted_by_class(engine: str, fresh: str) -> None:
    recipe: dict[str, Any] = {"batch_size": 5, "steps": 9, "optimizer": "sgd(lr=0.05)", "loss": "hinge"}
    setup, plain = (setup_of(f"gauss(points=12, fresh={fresh})", order=o, **recipe) for o in ("by_class", "sequential"))
    job, unsorted = job_of(setup), job_of(plain)
    assert job.examples.targets is not None
    assert (np.diff(job.examples.targets[:, :, 0]) >= 0).all()
    for row, examples in enumerate(job.examples.inputs):
        classes = [unsorted.examples.inputs[row][k::2] for k in (1, 0)]  # they take turns, the positive one first
        assert np.array_equal(examples, np.concatenate(classes))
    assert np.array_equal(job.sets["train"].inputs, unsorted.sets["train"].inputs)
    assert_updates_are_torchs(plain, job, looks_at(job, range(10), engine=engine), [0, 2])


def test_full_batch_is_one_update_an_epoch() -> None:
    setup = setup_of(batch_size="full", steps=None, epochs=3)
    assert setup.total_steps == 3
    shuffled, sequential = (
        looks_at(job_of(s), [3])[0] for s in (setup, setup_of(batch_size="full", order="sequential"))
    )
    assert np.array_equal(flat(shuffled, 0), flat(sequential, 0))


def test_the_last_batch_of_an_epoch_may_be_smaller() -> None:
    setup = setup_of(steps=None, epochs=2)
    assert setup.recipe.batch_sizes(12) == [5, 5, 2]
    assert setup.total_steps == 6
    job = job_of(setup)
    assert_updates_are_torchs(setup, job, looks_at(job, range(7)), [1])


def test_no_training_at_all() -> None:
    setup = setup_of(steps=None, epochs=0)
    job = job_of(setup)
    assert job.total_steps == 0
    (look,) = looks_at(job, [0])
    assert np.array_equal(look.weights[0], job.stack.weights[0])
    assert np.isfinite(look.loss).all()


def test_network_without_hidden_layer_learns_a_line() -> None:
    setup = setup_of("abs_x(low=0, high=2, points=50)", {"hidden": ""}, optimizer="sgd(lr=0.1)", steps=400)
    (look,) = looks_at(job_of(setup), [400])
    assert look.sets["train"].live_units.shape == (3, 0)
    np.testing.assert_allclose(np.stack([flat(look, row) for row in range(3)]), [[1.0, 0.0]] * 3, atol=1e-4)


def test_shared_data_are_drawn_once() -> None:
    setup = setup_of("abs_x(points=12, fresh=false)")
    job = prepare([Slice(setup, 0, 3), Slice(setup, 8, 9)], ROOT_SEED, {})
    assert job.examples.inputs.shape == (1, 12, 1)
    alone = prepare([Slice(setup, 8, 9)], ROOT_SEED, {})
    assert np.array_equal(job.examples.inputs, alone.examples.inputs)
    assert_updates_are_torchs(setup, job, looks_at(job, range(5)), [3])


def test_tasks_that_share_their_inputs_may_differ_in_targets() -> None:
    setups = [setup_of(f"{task}(points=12, fresh=false)") for task in ("abs_x", "x_sin_5x")]
    job = job_of(*setups)
    assert job.examples.inputs.shape == (1, 12, 1)
    looks = looks_at(job, range(5))
    for i, setup in enumerate(setups):
        assert_updates_are_torchs(setup, job, looks, range(3 * i, 3 * i + 3))


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (cell(0.5), True),
        (setup_of("abs_x(points=12)", steps=STEPS), True),
        (setup_of(network={"weights": "rai", "bias": "own"}, steps=STEPS), True),
        (setup_of(network={"activation": "tanh(k=3)"}, steps=STEPS), True),
        (setup_of(network={"activation": "relu"}, steps=STEPS), False),
        (setup_of(network={"bias": "none"}, steps=STEPS), False),
        (setup_of(network={"hidden": "3 - 5"}, steps=STEPS), False),
        (cell(batch_size=4), False),
        (cell(steps=STEPS + 1), False),
        (cell(order="sequential"), False),
        (cell(precision="float32"), False),
        (cell(loss="mae"), False),
        (setup_of("x_sin_5x(points=13)", steps=STEPS), False),
        (setup_of("x_sin_5x(points=12, fresh=false)", steps=STEPS), False),
        (setup_of(optimizer="sgd(lr=0.05, momentum=0.5)", steps=STEPS), False),
        (setup_of(optimizer="adam", steps=STEPS), False),
    ],
)
def test_setups_share_a_stack_exactly_when_their_keys_agree(other: Setup, fits: bool) -> None:
    assert (stack_key(other) == stack_key(cell())) is fits
