"""`capture_layers`: what `capture` does for dense layers alone, for networks with layers of any kind, differentiated by torch.

What is measured is the network that a look sees, without dropout and with the norms' running statistics, or the one that
trains. Of a convolution every place of every image is an input of its own, and every channel a unit: arrays are
[R, B * places, channels], weights [R, channels, numbers of a kernel]. A norm that stands by itself is a layer with one
weight a unit, gamma, and the bias beta. Nothing is left out of large maps, so the memory is a few times the outputs of all
layers: choose small batches.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gradlab.data import Examples
from gradlab.nets import Stack
from gradlab.nets.steps import Step
from gradlab.nets.torch_layers import LayeredNumbers, LayeredStack, Pass
from gradlab.nets.torch_layers.operations import as_rows
from gradlab.nets.torch_loss import TorchLoss
from gradlab.parts import ACTIVATIONS
from gradlab.probes.capture import are_classes, limits
from gradlab.signals import Captured, CapturedLayer
from gradlab.spec import Choice


def capture_layers(
    stack: Stack,
    loss: Choice,
    loss_params: Sequence[Float[ndarray, " R"]],
    examples: Examples,
    *,
    trains: bool = False,
) -> Captured:
    """What R networks do with a batch, and the gradients of the loss on it.

    Args:
        stack: The networks, as they stand.
        loss: The loss that training minimises, without penalties.
        loss_params: Its parameters.
        examples: The batch; without targets no backward pass is made.
        trains: Whether there is dropout and norms use the statistics of this batch; their running ones stay as they are.
    """
    live = LayeredStack(stack, LayeredNumbers.of(stack, "cpu"))
    seen: list[tuple[Step, Tensor, Tensor]] = []
    x_RBM = torch.tensor(examples.inputs, dtype=live.dtype)
    y_RNB = live.forward(x_RBM, Pass(trains=trains, watch=lambda step, pre, post: seen.append((step, pre, post))))
    pre_grads: Sequence[Tensor | None] = [None] * len(seen)
    weight_grads, bias_grads = list(pre_grads), list(pre_grads)
    if examples.targets is not None:
        t_RNB = torch.tensor(examples.targets, dtype=live.dtype).transpose(1, 2)
        judge = TorchLoss(loss.name, [live.along(p) for p in loss_params], live.xp)
        with torch.no_grad():
            g_RNB = judge.gradient(y_RNB, t_RNB, judge.terms(y_RNB, t_RNB)[1])
            g_RNB = g_RNB * judge.factor(x_RBM.shape[1], y_RNB.shape[1])
        numbers = [_numbers(step, live) for step, _, _ in seen]
        weights, biases = [w for w, _ in numbers], [b for _, b in numbers]
        wanted = [*(pre for _, pre, _ in seen), *weights, *(b for b in biases if b is not None)]
        found = iter(torch.autograd.grad(y_RNB, wanted, g_RNB))
        pre_grads, weight_grads = [next(found) for _ in seen], [next(found) for _ in seen]
        bias_grads = [None if b is None else next(found) for b in biases]
    layers = []
    with torch.no_grad():
        for (step, pre, post), by_pre, by_weight, by_bias in zip(
            seen, pre_grads, weight_grads, bias_grads, strict=True
        ):
            layers.append(_layer(stack, live, step, (pre, post), (by_pre, by_weight, by_bias)))
        outputs = y_RNB.transpose(1, 2).numpy()
    return Captured(
        layers=tuple(layers),
        inputs=x_RBM.numpy(),
        outputs=outputs,
        targets=examples.targets,
        is_classes=examples.targets is not None and are_classes(examples.targets),
        layer_names=_names([step for step, _, _ in seen]),
    )


def _numbers(step: Step, live: LayeredStack) -> tuple[Tensor, Tensor | None]:
    """Weights and biases of a block; scales and shifts of a norm that stands by itself."""
    if step.block >= 0:
        return live.leaves.weights[step.block], live.leaves.biases[step.block]
    return live.leaves.scales[step.norm], live.leaves.shifts[step.norm]


def _layer(
    stack: Stack, live: LayeredStack, step: Step, passed: tuple[Tensor, Tensor], grads: tuple[Tensor | None, ...]
) -> CapturedLayer:
    pre, post = passed
    by_pre, by_weight, by_bias = grads
    replicas = len(live)

    def rows(x: Tensor) -> ndarray:
        return np.ascontiguousarray(as_rows(x, replicas).numpy())

    norm = stack.norms[step.norm] if step.norm >= 0 else None
    if step.block < 0:
        assert norm is not None
        slope, steepest, bounds = np.ones_like(rows(pre)), np.ones(replicas), None
        weights: ndarray = norm.scale[:, :, None]
        biases: ndarray | None = norm.shift
        by_weight = None if by_weight is None else by_weight.unsqueeze(2)
    else:
        assert step.activation is not None
        limit, bounds = limits(ACTIVATIONS[step.activation.name], stack.activation_params[step.place])
        slope, steepest = rows(live.slope(step, pre, post).to(live.dtype)), np.broadcast_to(limit, replicas)
        weights, biases = stack.weights[step.block], stack.biases[step.block]
    return CapturedLayer(
        pre=rows(pre),
        post=rows(post),
        slope=slope,
        steepest=steepest,
        weights=weights,
        biases=biases,
        range=bounds,
        pre_grads=None if by_pre is None else rows(by_pre),
        weight_grads=None if by_weight is None else by_weight.numpy(),
        bias_grads=None if by_bias is None else by_bias.numpy(),
        norm_scale=None if norm is None else norm.scale,
        norm_shift=None if norm is None else norm.shift,
        running_mean=None if norm is None else norm.mean,
        running_var=None if norm is None else norm.var,
    )


def _names(steps: Sequence[Step]) -> tuple[str, ...]:
    """Blocks counted from the input, the last one "output"; norms that stand by themselves "norm 1" and so on."""
    names, norms, last = [], 0, max(step.block for step in steps)
    for step in steps:
        norms += step.block < 0
        names.append(f"norm {norms}" if step.block < 0 else "output" if step.block == last else str(step.block + 1))
    return tuple(names)
