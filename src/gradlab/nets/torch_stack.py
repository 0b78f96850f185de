"""`TorchStack`: the parameters of a stack as tensors, with its forward and backward pass written out.

Examples are the last axis, [R, N, B]: for narrow layers the products, and above all the biases, are several times faster
this way than with units last, and for wide ones a product then has no operand to transpose but in the gradients by the
weights. Nothing here knows an optimizer or a loss; a pass writes into `Buffers` that are made once for each size of batch,
since memory asked for anew at every step is memory that the processor's caches do not hold.

All parameters of a replica lie in one row of a flat [R, P] tensor, of which every layer's weights are a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from gradlab import seeds
from gradlab.nets import layout
from gradlab.nets.stack import Stack
from gradlab.nets.torch_activations import torch_activation
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import ACTIVATIONS

# Layers at least this wide on both sides, and with fewer inputs than the second number, get a transposed copy of their
# inputs for the product that gives the gradient by the weights: MKL's small products are many times slower when both
# operands run along the examples. In float32, from 64 inputs on they are not: the copy would cost a tenth of the product and
# more, and not a bit differs without it (in float64 sums would round differently).
NARROWEST_COPIED, WIDEST_COPIED = 5, {torch.float32: 64, torch.float64: 128}


@dataclass(slots=True)
class LayerRoom:
    """One layer's memory for R replicas and B examples.

    Attributes:
        pre: Pre-activations [R, N, B].
        post: Activations [R, N, B]; in the memory of `pre` where the slope can be told from them.
        fed: What the layer above is fed [R, N, B]: the activations, with dropout in memory of its own.
        mask: What dropout multiplies the activations by [R, N, B]; None without dropout.
        grads: The gradient of the loss by `fed` [R, N, B]; every other layer's is in the same memory.
        rows: `fed` with units last [R, B, N]: a view, or memory for a copy, the same for all layers.
        copied: The arrays of `fed` and `rows` where `rows` is a copy.
    """

    pre: Tensor
    post: Tensor
    fed: Tensor
    mask: Tensor | None
    grads: Tensor
    rows: Tensor
    copied: tuple[ndarray, ndarray] | None


@dataclass(slots=True)
class Buffers:
    """What a forward pass leaves behind for a backward pass.

    Attributes:
        layers: Layer by layer.
        input_rows: Memory for a copy of the batch with units last [R, B, M]; None where that does not pay.
        batch: The inputs of the last forward pass [R, M, B]; leading axis 1 where all replicas share them.
    """

    layers: list[LayerRoom]
    input_rows: Tensor | None
    batch: Tensor | None = None


class TorchStack:
    """Replicas of a stack as tensors.

    Attributes:
        params_RP: All parameters; a row is a network, layer after layer, W [N, M] before b [N].
        weights: Per layer [R, N, M], views.
        biases: Per layer [R, N], views, or None for a layer without.
    """

    def __init__(self, stack: Stack, params_RP: Tensor, rows: slice = slice(None)) -> None:
        """Some replicas of a stack.

        Args:
            stack: Shape and kinds; its arrays are not touched.
            params_RP: From `flat_parameters`, all rows; this stack reads and writes its own.
            rows: Which replicas.
        """
        self.params_RP = params_RP[rows]
        self.dtype, self.device = params_RP.dtype, params_RP.device
        self.xp = TorchNamespace(self.dtype)
        self.shapes = [
            (w.shape[1], w.shape[2], b is not None) for w, b in zip(stack.weights, stack.biases, strict=True)
        ]
        self.weights, self.biases = self.views(self.params_RP)
        self.columns = [None if b is None else b.unsqueeze(2) for b in self.biases]
        self.transposed = [w.transpose(1, 2) for w in self.weights]
        self.records = [ACTIVATIONS[layer.activation.name] for layer in stack.spec.dense]
        self.activation_params = [[self.along(p[rows]) for p in params] for params in stack.activation_params]
        self.activations = [
            torch_activation(self.xp, record, params)
            for record, params in zip(self.records, self.activation_params, strict=True)
        ]
        self.dropout = [p[rows] if p.any() else None for p in stack.dropout]
        self.root_seed, self.replicas = stack.root_seed, stack.replicas[rows]

    def __len__(self) -> int:
        return len(self.params_RP)

    def views(self, flat_RP: Tensor) -> tuple[list[Tensor], list[Tensor | None]]:
        """The weights and biases of every layer in a tensor laid out as the parameters are."""
        weights: list[Tensor] = []
        biases: list[Tensor | None] = []
        start = 0
        for n, m, has_bias in self.shapes:
            weights.append(flat_RP[:, start : start + n * m].view(-1, n, m))
            start += n * m
            biases.append(flat_RP[:, start : start + n] if has_bias else None)
            start += n * has_bias
        return weights, biases

    def along(self, values: float | Float[ndarray, " R"], dims: int = 3) -> Any:
        """A parameter as a number where all replicas agree, else as a tensor [R, 1, ...] of `dims` dimensions."""
        values_R = number_if_equal(values)
        if isinstance(values_R, float):
            return values_R
        return torch.tensor(values_R, dtype=self.dtype, device=self.device).reshape(-1, *[1] * (dims - 1))

    def buffers(self, examples: int, *, trains: bool) -> Buffers:
        """Memory for the passes of so many examples.

        Args:
            examples: B.
            trains: Whether there is dropout, and a backward pass; a forward pass alone takes less.
        """
        widest = max(max(n, m) for n, m, _ in self.shapes) if trains else 0
        turns = [self._room(widest, examples) for _ in range(2)]
        turned = self._room(min(widest, WIDEST_COPIED[self.dtype]), examples)
        layers: list[LayerRoom] = []
        for i, (n, _, _) in enumerate(self.shapes):
            pre = self._room(n, examples)
            post = self._room(n, examples) if self.activations[i].reads_z else pre
            drops = trains and self.dropout[i] is not None
            fed = self._room(n, examples) if drops else post
            rows, copied = fed.transpose(1, 2), None
            if trains and i + 1 < len(self.shapes) and self._is_copied(i + 1):
                rows = turned.view(-1)[: fed.numel()].view(len(self), examples, n)
                copied = fed.numpy(), rows.numpy()
            grads = turns[i % 2].view(-1)[: fed.numel()].view(fed.shape) if trains else pre
            layers.append(LayerRoom(pre, post, fed, self._room(n, examples) if drops else None, grads, rows, copied))
        m = self.shapes[0][1]
        return Buffers(layers, self._room(examples, m) if trains and self._is_copied(0) else None)

    def _room(self, *shape: int) -> Tensor:
        return torch.empty((len(self), *shape), dtype=self.dtype, device=self.device)

    def _is_copied(self, i: int) -> bool:
        """Whether the inputs of layer i are copied for the gradient by its weights."""
        n, m, _ = self.shapes[i]
        return self.device.type == "cpu" and min(n, m) >= NARROWEST_COPIED and m < WIDEST_COPIED[self.dtype]

    def forward(
        self, x_RMB: Float[Tensor, "#R M B"], buffers: Buffers, step: int = 0, first: int = 0
    ) -> Float[Tensor, "R N B"]:
        """Outputs of every network for its examples, in the buffers.

        Args:
            x_RMB: Inputs, examples last, in any memory order; leading axis 1 where all replicas share them.
            buffers: Memory for B examples. If it is for training, there is dropout.
            step: Updates done so far, for dropout.
            first: Place in the batch of the first of these examples, for dropout.
        """
        buffers.batch = below_RMB = x_RMB
        for i, room in enumerate(buffers.layers):
            product(self.weights[i], below_RMB, self.columns[i], room.pre)
            self.activations[i].activate(room.pre, room.post)
            if room.mask is not None:
                torch.mul(room.post, self._drawn(i, room.mask, step, first), out=room.fed)
            below_RMB = room.fed
        return below_RMB

    def _drawn(self, i: int, mask_RNB: Tensor, step: int, first: int) -> Tensor:
        """The mask, filled with a layer's dropout at a step."""
        dropout = self.dropout[i]
        assert dropout is not None
        drawn = mask_RNB if self.device.type == "cpu" else torch.empty_like(mask_RNB, device="cpu")
        out_RBN = drawn.transpose(1, 2).numpy()
        seeds.fill_dropout(self.root_seed, self.replicas, i, step, dropout, out_RBN, first)
        return mask_RNB if drawn is mask_RNB else mask_RNB.copy_(drawn)

    def backward(
        self,
        g_RNB: Float[Tensor, "R N B"],
        buffers: Buffers,
        weight_grads: Sequence[Tensor],
        bias_grads: Sequence[Tensor | None],
        *,
        add: bool = False,
    ) -> None:
        """Gradients by every parameter, after the forward pass that filled the buffers.

        dL/dz = dL/da phi'(z), dL/dW = dL/dz x^T, dL/db = sum of dL/dz over examples, dL/dx = W^T dL/dz.

        Args:
            g_RNB: Gradient of the loss by the outputs; overwritten.
            buffers: Of the forward pass.
            weight_grads: Per layer [R, N, M], to be filled. They may be the weights themselves: a layer's weights are
                read for the last time before they are written to.
            bias_grads: Per layer [R, N] or None, to be filled.
            add: Add to what they hold.
        """
        for i in reversed(range(len(self.weights))):
            room = buffers.layers[i]
            if room.mask is not None:
                g_RNB.mul_(room.mask)
            self.activations[i].chain(g_RNB, room.pre, room.post)  # now the gradient by the pre-activations
            upstream_RNB = g_RNB
            if i:
                below = buffers.layers[i - 1]
                if self.records[i - 1].overwritten:
                    below.fed.fill_(1.0)
                g_RNB = product(self.transposed[i], upstream_RNB, None, below.grads)
                if below.copied is not None:
                    layout.transpose(*below.copied)
                inputs_RBM = below.rows
            else:
                inputs_RBM = self._batch_as_rows(buffers)
            bias_grad = bias_grads[i]
            if add:
                weight_grads[i].baddbmm_(upstream_RNB, inputs_RBM)
                if bias_grad is not None:
                    bias_grad.add_(upstream_RNB.sum(2))
            else:
                torch.bmm(upstream_RNB, inputs_RBM, out=weight_grads[i])
                if bias_grad is not None:
                    torch.sum(upstream_RNB, 2, out=bias_grad)

    def _batch_as_rows(self, buffers: Buffers) -> Tensor:
        """The inputs of the last forward pass as [R, B, M]: a view, or a copy where products are faster with one."""
        x_RMB, rows_RBM = buffers.batch, buffers.input_rows
        assert x_RMB is not None
        if rows_RBM is None or x_RMB.stride(2) != 1:
            return x_RMB.transpose(1, 2).expand(len(self), -1, -1)
        rows_RBM = rows_RBM[: len(x_RMB)]
        layout.transpose(x_RMB.numpy(), rows_RBM.numpy())
        return rows_RBM.expand(len(self), -1, -1)

    def is_live(self, i: int, buffers: Buffers) -> Bool[Tensor, "R N"]:
        """Units of layer i whose slope is not zero for some example of the last forward pass."""
        room = buffers.layers[i]
        slope: Tensor = self.records[i].derivative(self.xp, room.pre, room.post, *self.activation_params[i])
        # torch's "any" takes ten times as long
        return slope.sum(2) > 0 if slope.dtype == torch.bool else slope.abs().amax(2) != 0


def number_if_equal(values: float | Float[ndarray, " R"]) -> float | Float[ndarray, " R"]:
    """The number that all replicas have, or the array where they differ."""
    if isinstance(values, float):
        return values
    return float(values[0]) if (values == values[0]).all() else values


def flat_parameters(stack: Stack, device: str) -> Float[Tensor, "R P"]:
    """A copy of all parameters of a stack: a row is a network, layer after layer, W [N, M] before b [N]."""
    pieces: list[ndarray] = []
    for weights, bias in zip(stack.weights, stack.biases, strict=True):
        pieces += [weights.reshape(len(stack), -1)] + ([] if bias is None else [bias])
    return torch.from_numpy(np.concatenate(pieces, axis=1)).to(device)


def product(w_RNM: Tensor, x_RMB: Tensor, bias_RN1: Tensor | None, out: Tensor) -> Tensor:
    """W @ x (+ bias) of every replica, into `out`; x may be shared by all of them (leading axis 1)."""
    m = w_RNM.shape[2]
    if m <= 2:  # torch's kernel for tiny products does not vectorise; broadcasting does
        torch.mul(w_RNM[:, :, :1], x_RMB[:, :1], out=out)
        if m == 2:
            out.addcmul_(w_RNM[:, :, 1:], x_RMB[:, 1:])
        return out if bias_RN1 is None else out.add_(bias_RN1)
    if x_RMB.shape[0] != w_RNM.shape[0]:
        x_RMB = x_RMB.expand(w_RNM.shape[0], -1, -1)
    return torch.bmm(w_RNM, x_RMB, out=out) if bias_RN1 is None else torch.baddbmm(bias_RN1, w_RNM, x_RMB, out=out)
