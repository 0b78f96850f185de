"""What is captured of networks with layers of any kind is what torch's own modules and autograd say, unit by unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gradlab.data import Examples
from gradlab.nets import Stack
from gradlab.nets.modules import to_module
from gradlab.nets.steps import all_steps
from gradlab.probes.capture_layers import capture_layers
from gradlab.signals import QUANTITIES, measure
from gradlab.signals.captured import Captured
from gradlab.training import train
from gradlab.training.train import Job
from tests.layered import NETWORKS, as_given, made_up_layers
from tests.rounding import Rounding, assert_within

WEIGHTED = (nn.Linear, nn.Conv2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def after_some_steps(name: str) -> tuple[Job, Stack]:
    """A job and its stack after three updates, so that running statistics have moved."""
    _, job = made_up_layers(NETWORKS[name], batch_size=5)
    look = next(iter(train(job, [3])))
    job.stack.weights, job.stack.biases, job.stack.norms = list(look.weights), list(look.biases), list(look.norms)
    return job, job.stack


def rows(x: Tensor) -> np.ndarray:
    """[B, N] of rows, [B * places, channels] of images; weights as they are."""
    return x.detach().permute(0, 2, 3, 1).flatten(0, 2).numpy() if x.dim() == 4 else x.detach().numpy()


def same(ours: np.ndarray, theirs: Tensor, rounding: Rounding) -> None:
    """Equal but for rounding, of arrays laid out as captures are."""
    assert_within(ours, rows(theirs), rows(torch.from_numpy(rounding.of(theirs))))


def outputs_of(leaves: list[nn.Module], module: nn.Module, x: Tensor) -> tuple[dict[nn.Module, Tensor], Tensor]:
    """What every leaf, and the whole network, makes of the inputs."""
    made: dict[nn.Module, Tensor] = {}

    def keep(one: nn.Module, _: object, output: Tensor) -> None:
        made[one] = output

    handles = [one.register_forward_hook(keep) for one in leaves]
    outputs = module(x)
    for handle in handles:
        handle.remove()
    return made, outputs


@pytest.mark.parametrize("name", NETWORKS)
def test_everything_captured_is_autograd_s(name: str) -> None:
    job, stack = after_some_steps(name)
    captured = capture_layers(stack, job.recipe.loss, (), job.examples)
    for row in range(len(stack)):
        with Rounding("float64") as rounding:
            assert_is_autograd_s(job, captured, row, rounding)


def assert_is_autograd_s(job: Job, captured: Captured, row: int, rounding: Rounding) -> None:
    """What was captured of one network."""
    stack = job.stack
    assert job.examples.targets is not None
    module = to_module(stack.spec, stack, row).eval()
    leaves = [one for one in module.modules() if next(one.children(), None) is None]
    made, outputs = outputs_of(leaves, module, as_given(stack.spec, job.examples.inputs[row], torch.float64))
    loss = nn.functional.cross_entropy(outputs, torch.tensor(job.examples.targets[row], dtype=torch.float64))
    numbered = iter(leaves)
    measured = [step for step in all_steps(stack.spec) if step.block >= 0 or step.norm >= 0]
    for step, layer in zip(measured, captured.layers, strict=True):
        owner = next(one for one in numbered if isinstance(one, WEIGHTED + NORMS))
        norm = next(numbered) if step.block >= 0 and step.norm >= 0 else owner
        pre = made[norm]
        assert isinstance(owner.weight, Tensor) and isinstance(norm.weight, Tensor)
        by_pre, by_weight = torch.autograd.grad(loss, [pre, owner.weight], retain_graph=True)
        same(layer.pre[row], pre, rounding)
        assert layer.pre_grads is not None and layer.weight_grads is not None
        same(layer.pre_grads[row], by_pre, rounding)
        same(layer.weight_grads[row].ravel(), by_weight.flatten(), rounding)
        if layer.norm_scale is not None:
            assert np.array_equal(layer.norm_scale[row], norm.weight.detach().numpy())
        if layer.running_mean is not None:
            assert isinstance(norm.running_mean, Tensor)
            assert np.array_equal(layer.running_mean[row], norm.running_mean.numpy())
        post = pre
        if step.activation is not None and step.activation.name != "identity":
            post = made[next(numbered)]
        same(layer.post[row], post, rounding)
        same(layer.slope[row], torch.autograd.grad(post.sum(), pre, retain_graph=True)[0], rounding)
    same(captured.outputs[row], outputs, rounding)


def test_every_quantity_can_be_had_and_a_stack_is_not_touched() -> None:
    job, stack = after_some_steps("LeNet-5")
    before = [w.copy() for w in stack.weights]
    profile = measure(capture_layers(stack, job.recipe.loss, (), job.examples), distributions=None)
    assert set(profile.values) == {name for name, record in QUANTITIES.items() if record.needs != "updates"}
    assert profile.layers == ("1", "2", "3", "4", "output")
    assert np.isfinite(profile["running_var"][:, :-1]).all() and np.isnan(profile["running_var"][:, -1]).all()
    assert all(np.array_equal(a, b) for a, b in zip(before, stack.weights, strict=True))
    assert profile.histograms["norm_scales"].totals[0].tolist() == [3, 4, 6, 5, 0]


def test_norms_use_the_batch_where_a_network_trains_and_leave_no_trace() -> None:
    job, stack = after_some_steps("batch_norm of images")
    before = [
        (norm.mean.copy(), norm.var.copy()) for norm in stack.norms if norm.mean is not None and norm.var is not None
    ]
    norm, *_ = capture_layers(stack, job.recipe.loss, (), job.examples, trains=True).layers
    centred = norm.post - stack.norms[0].shift[:, None]
    np.testing.assert_allclose(centred.mean(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(centred.std(axis=1), np.abs(stack.norms[0].scale), rtol=1e-2)  # but for eps
    for (mean, var), now in zip(before, stack.norms, strict=True):
        assert now.mean is not None and np.array_equal(mean, now.mean)
        assert now.var is not None and np.array_equal(var, now.var)


def test_norms_that_stand_alone_have_names_of_their_own() -> None:
    job, stack = after_some_steps("batch_norm of images")
    captured = capture_layers(stack, job.recipe.loss, (), Examples(job.examples.inputs, None))
    assert captured.names == ("norm 1", "1", "output")
    assert captured.layers[0].weights.shape == (3, 2, 1)
    assert captured.layers[0].pre_grads is None
