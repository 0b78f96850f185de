"""`LayeredStack`: the layers of a stack run one after the other, for all its replicas at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from gradlab import seeds
from gradlab.nets.stack import Stack
from gradlab.nets.steps import Step, all_steps, steps_of
from gradlab.nets.torch_activations import TorchActivation, torch_activation
from gradlab.nets.torch_layers.numbers import LayeredNumbers
from gradlab.nets.torch_layers.operations import Activate, batch_norm, convolution, dense, flatten, layer_norm
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.nets.torch_stack import number_if_equal
from gradlab.parts import ACTIVATIONS
from gradlab.spec import Conv2d, Dense
from gradlab.spec.layers import AvgPool2d, Flatten, MaxPool2d, Residual, Standardize

# On a processor, images lie in memory with channels last where some convolution has at least so many on both sides: its
# kernels then read and write whole lines. It is all layers or none, since operands that lie differently cost several times
# as much.
CHANNELS_LAST = 16


@dataclass(frozen=True, slots=True)
class Pass:
    """How a forward pass is made.

    Attributes:
        trains: Whether there is dropout, and norms use the statistics of the batch and add them to the running ones.
        step: Updates done so far, for dropout.
        momentum: The batch's share of the running statistics, where it is not the norms' own.
        watch: Called with every block and every norm that stands by itself, and what its activation was given and made.
    """

    trains: bool = False
    step: int = 0
    momentum: float | None = None
    watch: Callable[[Step, Tensor, Tensor], None] | None = None


class LayeredStack:
    """Replicas of a stack with layers of any kind.

    Attributes:
        numbers: All their numbers.
        params_RP: Those that train.
        leaves: The same layer by layer, for gradients to be taken by.
    """

    def __init__(self, stack: Stack, numbers: LayeredNumbers, rows: slice = slice(None)) -> None:
        """Some replicas of a stack.

        Args:
            stack: Shape and kinds; its arrays are not touched.
            numbers: Of all replicas; this stack reads and writes its own.
            rows: Which replicas.
        """
        self.numbers = numbers.rows(rows)
        self.params_RP = self.numbers.params_RP
        self.leaves = self.numbers.views(stack, are_leaves=True)
        self.dtype, self.device = self.params_RP.dtype, self.params_RP.device
        self.xp = TorchNamespace(self.dtype)
        self.image = stack.spec.image
        self.steps = steps_of(stack.spec)
        self.dropout = [p[rows] for p in stack.dropout]
        self.l2 = [self.along(p[rows]) for p in stack.l2]
        self.has_channels_last = self.device.type == "cpu" and any(
            isinstance(step.layer, Conv2d) and min(step.below[0], step.above[0]) >= CHANNELS_LAST
            for step in all_steps(stack.spec)
        )
        self.root_seed, self.replicas = stack.root_seed, stack.replicas[rows]
        self.params = [
            [self._along_shape(p[rows], step) for p in params]
            for params, step in zip(stack.activation_params, all_steps(stack.spec), strict=True)
        ]
        self.activations: list[TorchActivation | None] = [
            None if step.activation is None else torch_activation(self.xp, ACTIVATIONS[step.activation.name], params)
            for step, params in zip(all_steps(stack.spec), self.params, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.params_RP)

    def along(self, values: float | Float[ndarray, " R"], dims: int = 3) -> Any:
        """A parameter as a number where all replicas agree, else as a tensor [R, 1, ...] of `dims` dimensions."""
        values_R = number_if_equal(values)
        if isinstance(values_R, float):
            return values_R
        return torch.tensor(values_R, dtype=self.dtype, device=self.device).reshape(-1, *[1] * (dims - 1))

    def _along_shape(self, values_R: Float[ndarray, " R"], step: Step) -> Any:
        """The same, to go with what a layer puts out."""
        if len(step.above) == 1:
            return self.along(values_R)
        number = self.along(values_R, 1)
        return number if isinstance(number, float) else number.repeat_interleave(step.above[0]).view(1, -1, 1, 1)

    def forward(self, x_RBM: Float[Tensor, "#R B M"], how: Pass = Pass()) -> Float[Tensor, "R N B"]:
        """Outputs of every network for its examples.

        Args:
            x_RBM: Inputs; leading axis 1 where all replicas share them.
            how: For training or not.
        """
        x = x_RBM.expand(len(self), -1, -1)
        if self.image is not None:
            channels, high, wide = self.image
            x = x.transpose(0, 1).reshape(x.shape[1], len(self) * channels, high, wide)
            x = self._laid_out(x)
        else:
            x = x.transpose(1, 2)
        return self._through(self.steps, x, how)

    def _through(self, steps: Sequence[Step], x: Tensor, how: Pass) -> Tensor:
        for step in steps:
            x = (
                x + self._through(step.inside, x, how)
                if isinstance(step.layer, Residual)
                else self._layer(step, x, how)
            )
        return x

    def _layer(self, step: Step, x: Tensor, how: Pass) -> Tensor:
        """One layer: products or a pool, then norm, activation and dropout as far as it has them."""
        layer = step.layer
        if isinstance(layer, Dense):
            x = dense(self.leaves.weights[step.block], x, self.leaves.biases[step.block])
        elif isinstance(layer, Conv2d):
            x = convolution(layer, self.leaves.weights[step.block], x, self.leaves.biases[step.block])
        elif isinstance(layer, MaxPool2d):
            x = F.max_pool2d(x, layer.kernel_size, layer.step, layer.padding)
        elif isinstance(layer, AvgPool2d):
            x = F.avg_pool2d(x, layer.kernel_size, layer.step, layer.padding)
        elif isinstance(layer, Flatten):
            x = flatten(x, len(self))
        elif isinstance(layer, Standardize) and layer.fitted:
            x = self._standardized(step, x)
        if step.norm >= 0:
            x = self._normed(step, x, how)
        z, activation = x, self.activations[step.place]
        if activation is not None and step.activation is not None and step.activation.name != "identity":
            x = Activate.apply(z, activation, step.is_inside)  # type: ignore[no-untyped-call]
        if how.watch is not None and (step.block >= 0 or step.norm >= 0):
            how.watch(step, z, x)
        if how.trains and step.dropped:
            x = x * self._mask(step, x, how.step)
        return x

    def _standardized(self, step: Step, x: Tensor) -> Tensor:
        mean, std = self.numbers.standard[step.standard]
        if x.dim() == 3:
            return (x - mean.unsqueeze(2)) / std.unsqueeze(2)
        mean, std = (one.expand(len(self), -1).reshape(1, -1, 1, 1) for one in (mean, std))
        return (x - mean) / std

    def _normed(self, step: Step, x: Tensor, how: Pass) -> Tensor:
        assert step.normed is not None
        scale, shift, params = self.leaves.scales[step.norm], self.leaves.shifts[step.norm], dict(step.normed.params)
        if step.normed.name == "layer_norm":
            return layer_norm(x, scale, shift, float(params["eps"]))
        running, momentum = self.numbers.running[step.norm], how.momentum
        momentum = float(params["momentum"]) if momentum is None else momentum
        return batch_norm(x, scale, shift, running, momentum, float(params["eps"]), trains=how.trains)

    def _mask(self, step: Step, x: Tensor, updates: int) -> Tensor:
        """What dropout multiplies by, units numbered channel by channel and row by row; it goes with the layer's place."""
        images = x.dim() == 4
        examples = len(x) if images else x.shape[2]
        drawn_RBN = torch.empty(len(self), examples, int(np.prod(step.above)), dtype=self.dtype)
        dropout = self.dropout[step.place]
        seeds.fill_dropout(self.root_seed, self.replicas, step.place, updates, dropout, drawn_RBN.numpy())
        mask_RBN = drawn_RBN.to(self.device)
        return self._laid_out(mask_RBN.transpose(0, 1).reshape(x.shape)) if images else mask_RBN.transpose(1, 2)

    def _laid_out(self, x: Tensor) -> Tensor:
        """Images as they are to lie in memory."""
        if not self.has_channels_last:
            return x
        if x.shape[1] == 1:  # the same numbers in the same places, but nothing else would say so
            places = x.shape[2] * x.shape[3]
            return x.contiguous().as_strided(x.shape, (places, 1, x.shape[3], 1))
        return x.contiguous(memory_format=torch.channels_last)

    def slope(self, step: Step, pre: Tensor, post: Tensor) -> Tensor:
        """phi'(z) of a block for what a pass showed, in the shape of `pre`; may be boolean."""
        assert step.activation is not None
        slope = ACTIVATIONS[step.activation.name].derivative(self.xp, pre, post, *self.params[step.place])
        return slope if isinstance(slope, Tensor) and slope.shape == pre.shape else torch.ones_like(pre) * slope

    def is_live(self, step: Step, pre: Tensor, post: Tensor) -> Bool[Tensor, "R N"]:
        """Units, or channels, of a block whose slope is not zero for some example, or place."""
        slope = self.slope(step, pre, post)
        if slope.dim() == 3:
            return (slope != 0).any(2)
        return (slope != 0).flatten(2).any(2).any(0).view(len(self), -1)
