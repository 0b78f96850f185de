"""How replicas are grouped into stacks does not matter: the same numbers to start from, the same outcomes."""

from __future__ import annotations

import numpy as np
import pytest

from gradlab import seeds
from gradlab.data import Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import LOSSES
from gradlab.spec import Setup
from gradlab.training import Job, Look, Outcome, prepare
from gradlab.training.outcomes import best_constant_loss, has_dead_layer, is_constant, outcomes
from tests.jobs import ROOT_SEED, looks_at, setup_of
from tests.oracles.step_by_step import assert_updates_are_torchs

FIRST, REPLICAS = 1000, 21
INPUTS = {"line": InputSet(linspace=(-2.0, 2.0, 10))}
# some of these are born dead, some are not, and all their numbers move
SETUP = setup_of(
    "abs_x(points=32)",
    {"hidden": "3 x 3", "activation": "relu", "weights": "he_normal", "bias": "zeros"},
    optimizer="adam(lr=0.01)",
    batch_size=10,
    steps=40,
    precision="float32",
)


def chunks_of(setup: Setup, size: int) -> list[Job]:
    ends = range(FIRST, FIRST + REPLICAS, size)
    return [prepare([Slice(setup, a, min(a + size, FIRST + REPLICAS))], ROOT_SEED, INPUTS) for a in ends]


def targets_of(examples: Examples) -> np.ndarray:
    assert examples.targets is not None
    return examples.targets


def judged(job: Job, look: Look) -> list[Outcome]:
    seen = look.sets["line"]
    constant_loss = best_constant_loss(LOSSES["mse"], (), targets_of(job.sets["train"]))
    return outcomes(is_constant(seen), has_dead_layer(seen), look.first_bad_step, look.loss, constant_loss)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_start_from_the_same_numbers(size: int) -> None:
    whole = prepare([Slice(SETUP, FIRST, FIRST + REPLICAS)], ROOT_SEED, INPUTS)
    chunks = chunks_of(SETUP, size)
    assert len(chunks) == -(-REPLICAS // size)
    for i in range(len(whole.stack.weights)):
        assert np.array_equal(whole.stack.weights[i], np.concatenate([c.stack.weights[i] for c in chunks]))
    assert np.array_equal(whole.examples.inputs, np.concatenate([c.examples.inputs for c in chunks]))
    assert np.array_equal(targets_of(whole.examples), np.concatenate([targets_of(c.examples) for c in chunks]))
    for epoch in (0, 5):
        order = seeds.permutations(ROOT_SEED, whole.stack.replicas, epoch, 32)
        pieces = [seeds.permutations(ROOT_SEED, c.stack.replicas, epoch, 32) for c in chunks]
        assert np.array_equal(order, np.concatenate(pieces))


def test_chunks_end_with_the_same_outcomes() -> None:
    ends = []
    for size in (1, 7, 1000):
        parts = [(job, looks_at(job, [40])[0]) for job in chunks_of(SETUP, size)]
        ends.append([outcome for job, look in parts for outcome in judged(job, look)])
    assert len(set(ends[0])) > 1, "replicas with one and the same outcome would prove little"
    assert ends[1] == ends[0] and ends[2] == ends[0]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_train_alike(size: int) -> None:
    # sums round in another order, and 40 updates later differ in some digits: each update is torch's, whatever the chunk
    for job in chunks_of(SETUP, size)[:2]:
        assert_updates_are_torchs(SETUP, job, looks_at(job, range(6)), range(len(job.stack))[-2:])


def test_neighbours_of_another_setup_do_not_matter() -> None:
    other = setup_of(
        "x_sin_5x(points=32)",
        {"hidden": "3 x 3", "activation": "relu", "weights": "glorot_uniform", "bias": "constant(0.1)"},
        optimizer="adam(lr=0.3, weight_decay=0.1)",
        batch_size=10,
        steps=40,
        precision="float32",
    )
    mixed = prepare([Slice(other, 0, 5), Slice(SETUP, FIRST, FIRST + 7), Slice(other, 5, 9)], ROOT_SEED, INPUTS)
    alone = chunks_of(SETUP, 7)[0]
    for i in range(len(alone.stack.weights)):
        assert np.array_equal(mixed.stack.weights[i][5:12], alone.stack.weights[i])
    assert np.array_equal(mixed.examples.inputs[5:12], alone.examples.inputs)
    assert_updates_are_torchs(SETUP, mixed, looks_at(mixed, range(6)), [5, 8, 11])
    together, by_itself = looks_at(mixed, [40])[0], looks_at(alone, [40])[0]
    assert np.array_equal(together.sets["line"].live_units[5:12], by_itself.sets["line"].live_units)


def test_looking_does_not_matter() -> None:
    job = prepare([Slice(SETUP, 0, 4)], ROOT_SEED, INPUTS)
    (last,) = looks_at(job, [40])
    *_, watched = looks_at(job, [0, 1, 2, 17, 39, 40])
    assert np.array_equal(last.loss, watched.loss)
    for w, other in zip(last.weights, watched.weights, strict=True):
        assert np.array_equal(w, other)
