"""Cells are paired by construction: replica r of two Setups sees the same inputs and the same standard draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradlab.seeds import Purpose
from gradlab.spec import Setup
from tests.jobs import job_of, setup_of

BASE: dict[str, Any] = {"hidden": "4 x 3", "activation": "relu", "weights": "normal(std=0.05)", "bias": "zeros"}
TASK = "x_sin_5x(points=20)"


def cell(task: str = TASK, *, lr: float = 0.01, **network: Any) -> Setup:
    return setup_of(task, {**BASE, **network}, optimizer=f"sgd(lr={lr})", precision="float32")


@pytest.mark.parametrize(
    "other",
    [
        cell(lr=0.1),
        cell(activation="tanh"),
        cell(weights="normal(std=0.1)"),
        cell(task="abs_x(points=20)"),
        cell(hidden="4 x 9"),
        cell(hidden="7 x 3"),
        cell(bias="own"),
    ],
    ids=["lr", "activation", "std", "target", "depth", "width", "bias"],
)
def test_inputs_are_those_of_the_other_cell(other: Setup) -> None:
    assert other.id != cell().id
    ours, theirs = job_of(cell(), replicas=5), job_of(other, replicas=5)
    assert np.array_equal(ours.examples.inputs, theirs.examples.inputs)
    assert np.array_equal(ours.sets["train"].inputs, theirs.sets["train"].inputs)


@pytest.mark.parametrize(
    "other", [cell(lr=0.1), cell(activation="tanh"), cell(task="abs_x(points=20)"), cell(bias="own")]
)
def test_initial_weights_are_those_of_the_other_cell(other: Setup) -> None:
    ours, theirs = job_of(cell(), replicas=5).stack, job_of(other, replicas=5).stack
    for w, v in zip(ours.weights, theirs.weights, strict=True):
        assert np.array_equal(w, v)


def test_standard_draws_are_shared_by_scales_and_laws() -> None:
    narrow, wide = job_of(cell()).stack, job_of(cell(weights="normal(std=0.1)")).stack
    for w, v in zip(narrow.weights, wide.weights, strict=True):
        assert np.array_equal(2 * w, v)
    he, uniform = job_of(cell(weights="he_normal")).stack, job_of(cell(weights="he_uniform")).stack
    for w, v in zip(he.weights, uniform.weights, strict=True):
        assert np.array_equal(np.argsort(w.ravel()), np.argsort(v.ravel()))


def test_layers_that_two_depths_share_start_alike() -> None:
    shallow, deep = job_of(cell()).stack, job_of(cell(hidden="4 x 9")).stack
    for w, v in zip(shallow.weights[:3], deep.weights[:3], strict=True):
        assert np.array_equal(w, v)


def test_what_is_not_shared_differs() -> None:
    job = job_of(cell(), replicas=5)
    assert job.examples.targets is not None
    assert not np.isin(job.examples.inputs[0], job.examples.inputs[1]).any()
    assert not np.isin(job.stack.weights[1][0], job.stack.weights[1][1]).any()
    absolute = job_of(cell(task="abs_x(points=20)"), replicas=5).examples
    assert absolute.targets is not None
    assert not np.array_equal(job.examples.targets, absolute.targets)
    assert len({purpose.value for purpose in Purpose}) == len(Purpose)
