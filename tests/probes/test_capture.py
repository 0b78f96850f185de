"""A capture is what autograd says of the same network, for every activation and loss, and it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.data import Examples
from gradlab.parts import ACTIVATIONS, LOSSES
from gradlab.probes import capture
from gradlab.probes.capture import limits
from gradlab.spec import Choice
from tests.jobs import ACTIVATION_CHOICES, made_up
from tests.oracles import plain_torch

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
    assert job.examples.targets is not None
    for row in range(2):
        model = plain_torch.build(setup, stack, row)
        x = torch.from_numpy(job.examples.inputs[row]).double()
        y = model(x)
        np.testing.assert_allclose(seen.outputs[row], y.detach(), rtol=1e-10, atol=1e-12)
        value = plain_torch.loss_of(setup.recipe)(y, torch.from_numpy(job.examples.targets[row]).double())
        value.backward()  # type: ignore[no-untyped-call]
        linears = [module for module in model if isinstance(module, torch.nn.Linear)]
        for layer, linear in zip(seen.layers, linears, strict=True):
            assert layer.weight_grads is not None and layer.bias_grads is not None and linear.weight.grad is not None
            assert linear.bias.grad is not None
            np.testing.assert_allclose(layer.weight_grads[row], linear.weight.grad.numpy(), rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(layer.bias_grads[row], linear.bias.grad.numpy(), rtol=1e-9, atol=1e-12)


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
    whole = capture(
        stack.spec, stack.activation_params, stack.weights, stack.biases, loss, job.loss_params, job.examples
    )
    first = [w[:2] for w in stack.weights], [None if b is None else b[:2] for b in stack.biases]
    params = [[p[:2] for p in each] for each in stack.activation_params]
    loss_params = [p[:2] for p in job.loss_params]
    part = capture(stack.spec, params, *first, loss, loss_params, job.examples.of(slice(2)))
    for a, b in zip(whole.layers, part.layers, strict=True):
        assert a.weight_grads is not None and b.weight_grads is not None
        np.testing.assert_allclose(a.weight_grads[:2], b.weight_grads, rtol=1e-12)


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
