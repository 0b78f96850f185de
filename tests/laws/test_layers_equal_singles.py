"""Replica r of a stack with layers of any kind is the network that plain torch trains alone, however replicas are grouped.

In float64 the two differ by rounding only. Numbers that train, running statistics and outputs are compared.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gradlab.nets import Stack
from gradlab.nets.modules import to_module
from gradlab.training import Job, Look, layered_engine, train
from tests.layered import NETWORKS, as_given, made_up_layers, numbers_of, trained_alone

STEPS = 4


def stack_at(job: Job, look: Look) -> Stack:
    """The stack as it stood at a look, in memory of its own."""
    return replace(
        job.stack,
        weights=[w.copy() for w in look.weights],
        biases=[None if b is None else b.copy() for b in look.biases],
        norms=[
            replace(n, scale=n.scale.copy(), shift=n.shift.copy())
            if n.mean is None or n.var is None
            else replace(n, scale=n.scale.copy(), shift=n.shift.copy(), mean=n.mean.copy(), var=n.var.copy())
            for n in look.norms
        ],
    )


def looked_at(job: Job, steps: int) -> tuple[Stack, Look]:
    look = next(iter(train(job, [steps])))
    return stack_at(job, look), look


@pytest.mark.parametrize("grouped", [True, False], ids=["together", "one by one"])
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("name", NETWORKS)
def test_one_step(name: str, precision: str, tolerance: float, grouped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layered_engine, "together", lambda job, device: len(job.stack) if grouped else 1)
    setup, job = made_up_layers(NETWORKS[name], optimizer="sgd(lr=1)", precision=precision, batch_size=7)
    stack, look = looked_at(job, 1)
    for row in (0, 2):
        single = trained_alone(setup, job, row, 1)
        before, after = numbers_of(to_module(setup.network, job.stack, row)), numbers_of(single)
        ours = numbers_of(to_module(setup.network, stack, row))
        # the rate is 1, so the change is the gradient; one that is 0 in theory is the rounding of the others
        steepest = max(np.abs(number - before[key]).max() for key, number in after.items() if "running" not in key)
        for key, number in after.items():
            largest = max(steepest, np.abs(number).max())
            np.testing.assert_allclose(ours[key], number, rtol=0, atol=tolerance * largest, err_msg=key)
        x = as_given(
            setup.network, job.examples.inputs[row], torch.float64 if precision == "float64" else torch.float32
        )
        with torch.no_grad():
            outputs = single(x).numpy()
        np.testing.assert_allclose(
            look.sets["train"].outputs[row], outputs, atol=10 * tolerance * np.abs(outputs).max()
        )


@pytest.mark.parametrize("name", NETWORKS)
def test_several_steps(name: str) -> None:
    setup, job = made_up_layers(NETWORKS[name], optimizer="adam(lr=0.02, eps=1e-3)", batch_size=5)
    first, _ = looked_at(job, 0)
    stack, _ = looked_at(job, STEPS)
    moved = [np.abs(w - before).max() for w, before in zip(stack.weights, first.weights, strict=True)]
    assert min(moved) > 1e-6, "a layer that learns nothing tests nothing"
    for row in (0, 2):
        ours = numbers_of(to_module(setup.network, stack, row))
        for key, number in numbers_of(trained_alone(setup, job, row, STEPS)).items():
            np.testing.assert_allclose(ours[key], number, rtol=1e-9, atol=1e-10, err_msg=key)
