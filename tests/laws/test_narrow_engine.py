"""The narrow engine is the torch engine: same weights after a step, whatever it is made of, and bitwise itself.

Every combination of activations, rule and loss is compiled, which takes seconds, so that a few networks cover all
records: each activation, each rule and each loss stands in one of the float32 and one of the float64 networks. Random
triples are marked slow.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import pytest

from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import ACTIVATIONS, LOSSES, SCHEDULES
from gradlab.spec import Setup
from gradlab.training import Job, Look, prepare
from gradlab.training.narrow import engine
from gradlab.training.outcomes import is_constant
from tests.jobs import ACTIVATION_CHOICES, ROOT_SEED, flat, job_of, looks_at, made_up, setup_of
from tests.oracles.step_by_step import assert_updates_are_torchs

LOSS_CHOICES = {"sum_of_squares": "sum_of_squares(0.03)", "huber": "huber(delta=0.8)", "hinge": "hinge(margin=0.6)"}
# eps is larger than the default where rounding of a vanishing gradient would be multiplied by lr / eps = 10^7
RULE_CHOICES = [
    "sgd(lr=0.1, weight_decay=0.3)",
    "sgd(lr=0.1, momentum=0.8, dampening=0.4, weight_decay=0.3)",
    "sgd(lr=0.1, momentum=0.8, nesterov=true)",
    "rmsprop(lr=0.1, alpha=0.9, eps=0.1, weight_decay=0.3)",
    "rmsprop(lr=0.1, alpha=0.9, eps=0.1, momentum=0.7)",
    "adam(lr=0.1, beta1=0.8, beta2=0.95, eps=0.1, weight_decay=0.3)",
    "adamw(lr=0.1, eps=0.1, weight_decay=0.3)",
    "sgd_keras(lr=0.1)",
    "sgd_keras(lr=0.1, momentum=0.8)",
    "sgd_keras(lr=0.1, momentum=0.8, nesterov=true)",
    "rmsprop_keras(lr=0.1, eps=0.1)",
    "rmsprop_keras(lr=0.1, eps=0.1, momentum=0.7)",
    "adam_keras(lr=0.1, beta1=0.8, beta2=0.95, eps=0.1)",
]
SCHEDULE_CHOICES = {"step": "step(step_size=1, gamma=0.3)", "inverse_time": "inverse_time(decay=0.2)"}
STEPS = 4


def assert_equal_to_torch(setup: Setup, job: Job, steps: int = STEPS, rows: Sequence[int] = (0, 2)) -> None:
    """Each update of the narrow engine is plain torch's, and both engines tell apart the same live units."""
    narrow, torch = (looks_at(job, range(steps + 1), engine=name) for name in ("narrow", "torch"))
    assert_updates_are_torchs(setup, job, narrow, rows)
    for a, b in zip(narrow, torch, strict=True):
        assert np.array_equal(a.first_bad_step, b.first_bad_step)
        for name, seen in a.sets.items():
            assert np.array_equal(seen.live_units, b.sets[name].live_units)


TRAINABLE = [name for name, record in ACTIVATIONS.items() if not record.overwritten]


def network_of(activations: Sequence[str]) -> dict[str, str]:
    """Hidden layers on both sides of the width where the engine changes its road."""
    widths = (3, 7, 4, 6)
    hidden = [f"{n}:{ACTIVATION_CHOICES.get(a, a)}" for n, a in zip(widths, activations, strict=False)]
    return {"hidden": " - ".join(hidden), "weights": "normal(std=0.6)"}


def covering(size: int) -> list[tuple[str, list[str], str, str]]:
    """Activations in groups of `size`, with rules, losses and schedules dealt around."""
    names, losses, schedules = TRAINABLE, list(LOSSES), list(SCHEDULES)
    groups = [names[start : start + size] for start in range(0, len(names), size)]
    turns = max(len(groups), len(losses), len(RULE_CHOICES)) if size == 2 else len(groups)
    return [
        (
            RULE_CHOICES[(i + size // 4 * 3) % len(RULE_CHOICES)],
            groups[i % len(groups)],
            losses[(i + size // 4 * 4) % len(losses)],
            schedules[i % len(schedules)],
        )
        for i in range(turns)
    ]


CASES = [pytest.param("float32", *case) for case in covering(2)] + [
    pytest.param("float64", *case, marks=[pytest.mark.slow] * (i > 0)) for i, case in enumerate(covering(4))
]


@pytest.mark.parametrize(("precision", "rule", "activations", "loss", "schedule"), CASES)
def test_narrow_is_torch(precision: str, rule: str, activations: list[str], loss: str, schedule: str) -> None:
    schedule = SCHEDULE_CHOICES.get(schedule, schedule)
    recipe = {
        "optimizer": rule,
        "loss": LOSS_CHOICES.get(loss, loss),
        "precision": precision,
        "steps": STEPS,
        "schedule": schedule,
    }
    assert_equal_to_torch(*made_up(network_of(activations), recipe))


def test_every_record_is_covered() -> None:
    cases = covering(2)
    assert {name for _, names, _, _ in cases for name in names} == set(TRAINABLE)
    assert {loss for _, _, loss, _ in cases} == set(LOSSES)
    assert {rule for rule, _, _, _ in cases} == set(RULE_CHOICES)
    assert {schedule for _, _, _, schedule in cases} == set(SCHEDULES)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(20))
def test_random_triples(case: int) -> None:
    random = np.random.default_rng(case)
    activation, loss, rule = (str(random.choice(list(each))) for each in (TRAINABLE, LOSSES, RULE_CHOICES))
    width = random.choice([3, 7])
    network = {
        "hidden": f"{width}:{ACTIVATION_CHOICES.get(activation, activation)}",
        "weights": "normal(std=0.6)",
        "dropout": 0.3 * (case % 2),
    }
    recipe = {"optimizer": rule, "loss": LOSS_CHOICES.get(loss, loss), "steps": STEPS}
    assert_equal_to_torch(*made_up(network, recipe))


def small_setup(**recipe: Any) -> Setup:
    """One combination, compiled once, for the tests below: wide and narrow layers, some without bias."""
    wanted = {"optimizer": "sgd(lr=0.05)", "precision": "float32", "steps": 9, **recipe}
    return setup_of(network={"hidden": "6 x 2 - 3:relu", "bias": "none"}, **wanted)


@pytest.mark.parametrize("batch_size", [5, 12, "full"])
def test_batches(batch_size: int | str) -> None:
    setup = small_setup(batch_size=batch_size)
    assert_equal_to_torch(setup, job_of(setup), 9)


def test_sequential_order() -> None:
    setup = small_setup(order="sequential")
    assert_equal_to_torch(setup, job_of(setup), 3)


def test_batches_of_several_tiles() -> None:
    setup = setup_of(
        "x_sin_5x(points=150)",
        {"hidden": "6 x 2 - 3:relu", "bias": "none"},
        precision="float32",
        optimizer="sgd(lr=0.01)",
        batch_size=130,
    )
    assert_equal_to_torch(setup, job_of(setup), 2)


def test_numbers_of_every_replica_are_its_own() -> None:
    setups = [
        small_setup(optimizer=f"sgd(lr={lr}, weight_decay={decay})")
        for lr, decay in ((0.01, 0.0), (0.1, 0.2), (0.3, 0.1))
    ]
    for i, setup in enumerate(setups):
        assert_equal_to_torch(setup, job_of(*setups), 2, rows=[3 * i, 3 * i + 2])


def bits(looks: Sequence[Look]) -> list[bytes]:
    """Everything seen, to compare bit by bit."""
    replicas = range(len(looks[0].loss))
    return [
        b"".join(
            [look.loss.tobytes(), look.first_bad_step.tobytes(), *(flat(look, row).tobytes() for row in replicas)]
            + [part.tobytes() for seen in look.sets.values() for part in (seen.outputs, seen.live_units)]
        )
        for look in looks
    ]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two threads")
def test_threads_change_nothing() -> None:
    job = job_of(small_setup(), replicas=70)
    one = bits(looks_at(job, [0, 3, 9], engine="narrow"))
    numba.set_num_threads(2)
    try:
        assert bits(looks_at(job, [0, 3, 9], engine="narrow")) == one
    finally:
        numba.set_num_threads(1)


@pytest.mark.parametrize("size", [1, 7])
def test_chunks_change_nothing(size: int) -> None:
    setup = small_setup()
    whole = looks_at(job_of(setup, replicas=14), [0, 9], engine="narrow")
    for start in range(0, 14, size):
        part = looks_at(prepare([Slice(setup, start, start + size)], ROOT_SEED, {}), [0, 9], engine="narrow")
        for a, b in zip(whole, part, strict=True):
            for row in range(size):
                assert np.array_equal(flat(a, start + row), flat(b, row))


@pytest.mark.parametrize("look_bytes", [1, 10**9])
def test_looks_change_nothing(look_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(small_setup(optimizer="rmsprop(lr=0.01)"))
    monkeypatch.setattr(engine, "LOOK_BYTES", look_bytes)
    last = bits(looks_at(job, [9], engine="narrow"))
    assert bits(looks_at(job, range(10), engine="narrow"))[-1:] == last
    assert bits(looks_at(job, [0, 2, 4, 9], engine="narrow"))[-1:] == last


def test_divergence_is_seen_at_the_same_step() -> None:
    setups = [small_setup(optimizer=f"sgd(lr={lr})") for lr in (0.01, 1e6, 1e12)]
    job = job_of(*setups, inputs={"line": InputSet(linspace=(-1, 1, 4))})
    narrow, torch = (looks_at(job, range(10), engine=name)[-1] for name in ("narrow", "torch"))
    assert np.array_equal(narrow.first_bad_step, torch.first_bad_step)
    assert len(set(narrow.first_bad_step.tolist())) > 1


def test_outcome_rates_are_those_of_torch() -> None:
    network = {"hidden": "2 x 9", "activation": "relu", "weights": "glorot_uniform", "bias": "zeros"}
    setup = setup_of(
        "x_sin_5x(points=100)", network, precision="float32", optimizer="rmsprop(lr=0.0099)", batch_size=50, steps=40
    )
    job = job_of(setup, replicas=1000, inputs={"line": InputSet(linspace=(1, 10, 10))})
    narrow, torch = (looks_at(job, [0, 40], engine=name) for name in ("narrow", "torch"))
    assert np.array_equal(is_constant(narrow[0].sets["line"]), is_constant(torch[0].sets["line"]))
    a, b = (float(is_constant(looks[1].sets["line"]).mean()) for looks in (narrow, torch))
    assert abs(a - b) <= 4 * math.sqrt((a * (1 - a) + b * (1 - b)) / 1000)
