"""A capture is what autograd says of the same network, for every activation and loss, and it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.data import Examples
from gradlab.parts import ACTIVATIONS, LOSSES
from gradlab.probes import capture
from gradlab.probes.capture import limits
from gradlab.signals.captured import Captured
from gradlab.spec import Choice, Setup
from gradlab.training import Job
from tests.jobs import ACTIVATION_CHOICES, made_up
from tests.oracles import plain_torch
from tests.rounding import Rounding, assert_within

NETWORKS = [list(ACTIVATIONS)[start : start + 4] for start in range(0, len(ACTIVATIONS), 4)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activations", NETWORKS, ids="+".join)
def test_gradients_are_autograd_s(activations: list[str], loss: str) -> None:
    hidden = [f"{n}:{ACTIVATION_CHOICES.get(a, a)}" for n, a in zip((3, 4, 4, 3), activations, strict=False)]
    setup, job = made_up({"hidden": " - ".join(hidden), "weights": "normal(std=0.9)"}, {"loss": loss})
    stack = job.stack
    before = [w.copy() for w in stack.weights]
    seen = capture(
        stack.spec,
        stack.activation_params,
        stack.weights,
        stack.biases,
        setup.recipe.loss,
        job.loss_params,
        job.examples,
    )
    assert all(np.array_equal(a, b) for a, b in zip(before, stack.weights, strict=True))
    for row in range(2):
        assert_is_autograd_s(setup, job, seen, row)


def assert_is_autograd_s(setup: Setup, job: Job, seen: Captured, row: int) -> None:
    """Outputs and gradients of one network."""
    assert job.examples.targets is not None
    model = plain_torch.build(setup, job.stack, row)
    with Rounding("float64") as rounding:
        y = model(torch.from_numpy(job.examples.inputs[row]).double())
        value = plain_torch.loss_of(setup.recipe)(y, torch.from_numpy(job.examples.targets[row]).double())
        value.backward()  # type: ignore[no-untyped-call]
    same(seen.outputs[row], y, rounding)
    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    for layer, linear in zip(seen.layers, linears, strict=True):
        assert layer.weight_grads is not None and layer.bias_grads is not None and linear.weight.grad is not None
        assert linear.bias.grad is not None
        same(layer.weight_grads[row], linear.weight.grad, rounding)
        same(layer.bias_grads[row], linear.bias.grad, rounding)


def same(ours: np.ndarray, theirs: torch.Tensor, rounding: Rounding) -> None:
    """Equal but for rounding, which is a small part."""
    bound = rounding.of(theirs)
    assert_within(ours, theirs.detach().numpy(), bound)
    assert np.linalg.norm(bound) <= 1e-9 * max(float(np.linalg.norm(ours)), 1e-6)


def test_without_targets_there_is_no_backward_pass() -> None:
    setup, job = made_up({}, {})
    stack = job.stack
    examples = Examples(job.examples.inputs, None)
    seen = capture(
        stack.spec, stack.activation_params, stack.weights, stack.biases, setup.recipe.loss, job.loss_params, examples
    )
    assert all(layer.pre_grads is None and layer.weight_grads is None for layer in seen.layers)


def test_the_first_networks_of_a_stack_are_as_in_the_whole() -> None:
    setup, job = made_up({}, {}, replicas=4)
    stack, loss = job.stack, setup.recipe.loss
    first = [w[:2] for w in stack.weights], [None if b is None else b[:2] for b in stack.biases]
    params = [[p[:2] for p in each] for each in stack.activation_params]
    loss_params = [p[:2] for p in job.loss_params]
    part = capture(stack.spec, params, *first, loss, loss_params, job.examples.of(slice(2)))
    for row in range(2):
        assert_is_autograd_s(setup, job, part, row)


@pytest.mark.parametrize(
    ("choice", "steepest", "bounds"),
    [
        (Choice(name="tanh", params=(("k", 1.0),)), 1.0, (-1.0, 1.0)),
        (Choice(name="sigmoid", params=(("k", 10.0),)), 2.5, (0.0, 1.0)),
        (Choice(name="relu6", params=()), 1.0, (0.0, 6.0)),
        (Choice(name="relu", params=()), 1.0, None),
        (Choice(name="gelu", params=()), 1.1289, None),
    ],
    ids=lambda value: str(value) if isinstance(value, Choice) else "",
)
def test_limits(choice: Choice, steepest: float, bounds: tuple[float, float] | None) -> None:
    found, seen = limits(ACTIVATIONS[choice.name], [np.full(2, float(value)) for value in choice.values])
    assert np.abs(found - steepest).max() < 1e-4
    assert (seen is None) == (bounds is None)
    if seen is not None and bounds is not None:
        assert max(abs(seen[0] - bounds[0]), abs(seen[1] - bounds[1])) < 1e-12


@pytest.mark.parametrize(("loss", "is_classes"), [("cross_entropy", True), ("sum_of_squares", False)])
def test_classes_are_told_by_the_targets(loss: str, is_classes: bool) -> None:
    setup, job = made_up({}, {"loss": loss})
    stack = job.stack
    seen = capture(
        stack.spec,
        stack.activation_params,
        stack.weights,
        stack.biases,
        setup.recipe.loss,
        job.loss_params,
        job.examples,
    )
    assert seen.outputs.shape[2] == 3 and seen.is_classes == is_classes
