"""`capture`: the forward and backward pass of a stack that stands still, kept whole, on one batch of examples.

Written out in numpy from the catalog records, in the precision of the weights, so that it serves every engine and changes
nothing. Dropout is left out: what is measured is the network that a look sees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.data import Examples
from gradlab.parts import ACTIVATIONS, LOSSES, Activation
from gradlab.parts.namespace import NUMPY
from gradlab.signals import Captured, CapturedLayer
from gradlab.spec import Choice, NetworkSpec

FAR = 1e30  # a bounded activation has reached its bound there
# dense where activations bend; 0 and both ends are among the points
_GRID = np.concatenate([[-FAR], np.linspace(-20.0, 20.0, 40_001), [FAR]])


def capture(
    spec: NetworkSpec,
    activation_params: Sequence[Sequence[Float[ndarray, " R"]]],
    weights: Sequence[Float[ndarray, "R _ _"]],
    biases: Sequence[Float[ndarray, "R _"] | None],
    loss: Choice,
    loss_params: Sequence[Float[ndarray, " R"]],
    examples: Examples,
    updates: Sequence[Float[ndarray, "R _ _"]] | None = None,
) -> Captured:
    """What R networks do with a batch, and the gradients of the loss on it.

    Args:
        spec: Shape and kinds of activation.
        activation_params: Per layer, per parameter of its activation.
        weights: Per layer, of R networks.
        biases: Per layer, or None for a layer without.
        loss: The loss that training minimises.
        loss_params: Its parameters.
        examples: The batch; without targets no backward pass is made.
        updates: Per layer, what one optimizer step added to the weights.

    Returns:
        Arrays of their own, none shared but weights and biases.
    """
    replicas = len(weights[0])
    records = [ACTIVATIONS[layer.activation.name] for layer in spec.dense]
    params = [[p[:, None, None].astype(weights[0].dtype) for p in each] for each in activation_params]
    below = examples.inputs.astype(weights[0].dtype, copy=False)
    targets = examples.targets
    passed, inputs = [], []
    with np.errstate(all="ignore"):
        for record, numbers, w, b in zip(records, params, weights, biases, strict=True):
            inputs.append(below)
            pre = _product(below, w.transpose(0, 2, 1))
            if b is not None:
                pre += b[:, None]
            below = record.function(NUMPY, pre, *numbers)
            passed.append((pre, below, record.derivative(NUMPY, pre, below, *numbers)))
        grads = None if targets is None else _output_gradient(loss, loss_params, below, targets)
        layers: list[CapturedLayer] = []
        for i in reversed(range(len(records))):
            pre, post, slope = passed[i]
            steepest, bounds = limits(records[i], activation_params[i])
            pre_grads = None if grads is None else grads * slope
            is_overwritten = i > 0 and records[i - 1].overwritten
            fed = np.ones_like(inputs[i]) if is_overwritten else inputs[i]
            layers.append(
                CapturedLayer(
                    pre=pre,
                    post=post,
                    slope=slope,
                    steepest=np.broadcast_to(steepest, replicas),
                    weights=weights[i],
                    biases=biases[i],
                    range=bounds,
                    pre_grads=pre_grads,
                    weight_grads=None if pre_grads is None else _product(pre_grads.transpose(0, 2, 1), fed),
                    bias_grads=None if pre_grads is None or biases[i] is None else pre_grads.sum(axis=1),
                    updates=None if updates is None else updates[i],
                )
            )
            grads = None if pre_grads is None or i == 0 else _product(pre_grads, weights[i])
    return Captured(
        layers=tuple(reversed(layers)),
        inputs=inputs[0],
        outputs=below,
        targets=targets,
        is_classes=targets is not None and are_classes(targets),
    )


def are_classes(targets: Float[ndarray, "_ B C"]) -> bool:
    """Whether every example belongs to one of several classes, whatever the loss makes of it."""
    is_one = targets == 1.0
    return bool(targets.shape[2] > 1 and (is_one | (targets == 0.0)).all() and (is_one.sum(axis=2) == 1).all())


def _product(a: Float[ndarray, "#R I K"], b: Float[ndarray, "#R K J"]) -> Float[ndarray, "R I J"]:
    """a @ b of each network; one after the other, since numpy leaves stacks of transposed matrices to a slow loop."""
    replicas = max(len(a), len(b))
    out = np.empty((replicas, a.shape[1], b.shape[2]), np.result_type(a, b))
    for r in range(replicas):
        np.matmul(a[r if len(a) > 1 else 0], b[r if len(b) > 1 else 0], out=out[r])
    return out


def _output_gradient(
    loss: Choice, loss_params: Sequence[ndarray], outputs: Float[ndarray, "R B C"], targets: ndarray
) -> Float[ndarray, "R B C"]:
    """dL/d(outputs), L the loss of the batch."""
    record = LOSSES[loss.name]
    normaliser: ndarray | float = 0.0
    if record.normaliser:
        top = outputs.max(axis=2, keepdims=True)
        normaliser = top + np.log(np.exp(outputs - top).sum(axis=2, keepdims=True))
    numbers = [p[:, None, None].astype(outputs.dtype) for p in loss_params]
    gradient = record.gradient(NUMPY, outputs, targets.astype(outputs.dtype), normaliser, *numbers)
    return np.asarray(gradient / outputs.dtype.type(record.divisor(*outputs.shape[1:])))


def limits(
    activation: Activation, params: Sequence[Float[ndarray, " _"]]
) -> tuple[Float[ndarray, " R"], tuple[float, float] | None]:
    """Steepest slope of each network's activation, and the bounds of all of them; None where one is unbounded.

    Both are read off a grid of step 0.001 between -20 and 20, and the far ends: exact for extremes at 0 or in the tails,
    and to 1e-6 for those of smooth activations in between.
    """
    with np.errstate(all="ignore"):
        columns = [p[:, None] for p in params]
        values = np.atleast_2d(activation.function(NUMPY, _GRID, *columns))
        slopes = np.atleast_2d(activation.derivative(NUMPY, _GRID, values, *columns))
    low, high = float(np.min(values)), float(np.max(values))
    bounded = np.isfinite([low, high]).all() and max(abs(low), abs(high)) < 1e6
    return np.nanmax(np.abs(slopes), axis=1), (low, high) if bounded else None
