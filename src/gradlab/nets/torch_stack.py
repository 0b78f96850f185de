"""`TorchStack`: the parameters of a stack as tensors, with its forward and backward pass written out.

Examples are the last axis, [R, N, B]: for narrow layers the products, and above all the biases, are several times faster
this way than with units last, and for wide ones a product then has no operand to transpose but in the gradients by the
weights. Nothing here knows an optimizer or a loss; a pass writes into `Buffers` that are made once for each size of batch,
since memory asked for anew at every step is memory that the processor's caches do not hold.

All parameters of a replica lie in one row of a flat [R, P] tensor, of which every layer's weights are a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from gradlab import seeds
from gradlab.nets import layout
from gradlab.nets.stack import Stack
from gradlab.nets.torch_activations import activate, chain, reads_z
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import ACTIVATIONS

# Layers at least this wide on both sides, and with fewer inputs than the second number, get a transposed copy of their
# inputs for the product that gives the gradient by the weights: MKL's small products are many times slower when both
# operands run along the examples.
NARROWEST_COPIED, WIDEST_COPIED = 5, 128


@dataclass(slots=True)
class Buffers:
    """What a forward pass leaves behind and a backward pass needs, for R replicas and B examples.

    Attributes:
        fed: Per layer, its input [R, M, B]; the first is the batch itself, [1, M, B] where all replicas share it.
        pre: Per layer, pre-activations [R, N, B].
        post: Per layer, activations [R, N, B]; in the memory of `pre` where the slope can be told from them.
        masks: Per layer, room for what dropout multiplies the activations by [R, N, B]; None without dropout.
        grads: Per layer, room for the gradient by its activations [R, N, B]; every other layer's is the same memory.
        rows: Per layer, room for its input with units last [R, B, M], the same memory for all; None where that does not pay.
        is_dropped: Whether the forward pass had dropout.
    """

    fed: list[Tensor] = field(default_factory=list)
    pre: list[Tensor] = field(default_factory=list)
    post: list[Tensor] = field(default_factory=list)
    masks: list[Tensor | None] = field(default_factory=list)
    grads: list[Tensor] = field(default_factory=list)
    rows: list[Tensor | None] = field(default_factory=list)
    is_dropped: bool = False


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
        self.records = [ACTIVATIONS[layer.activation.name] for layer in stack.spec.layers]
        self.activation_params = [[self.along(p[rows]) for p in params] for params in stack.activation_params]
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

    def buffers(self, examples: int, *, backward: bool = True) -> Buffers:
        """Room for the passes of so many examples; for a forward pass alone it is less."""

        def room(size: int) -> Tensor:
            return torch.empty(len(self) * size * examples, dtype=self.dtype, device=self.device)

        def part(memory: Tensor, *shape: int) -> Tensor:
            return memory[: len(self) * shape[0] * shape[1]].view(len(self), *shape)

        made, widest = Buffers(), max(max(n, m) for n, m, _ in self.shapes) if backward else 0
        turns, turned = (room(widest), room(widest)), room(min(widest, WIDEST_COPIED))
        for i, (n, m, _) in enumerate(self.shapes):
            made.pre.append(part(room(n), n, examples))
            is_needed = reads_z(self.records[i], self.activation_params[i])
            made.post.append(part(room(n), n, examples) if is_needed else made.pre[-1])
            if backward:
                made.masks.append(None if self.dropout[i] is None else part(room(n), n, examples))
                made.grads.append(part(turns[i % 2], n, examples))
                is_copied = self.device.type == "cpu" and min(n, m) >= NARROWEST_COPIED and m < WIDEST_COPIED
                made.rows.append(part(turned, examples, m) if is_copied else None)
        return made

    def forward(
        self, x_RMB: Float[Tensor, "#R M B"], buffers: Buffers, step: int | None = None, first: int = 0
    ) -> Float[Tensor, "R N B"]:
        """Outputs of every network for its examples; pre-activations and activations stay in the buffers.

        Args:
            x_RMB: Inputs, examples last, in any memory order; leading axis 1 where all replicas share them.
            buffers: Room for B examples.
            step: Updates done so far, for dropout; None leaves dropout out, as looks do.
            first: Place in the batch of the first of these examples, for dropout.
        """
        buffers.fed, buffers.is_dropped = [x_RMB], step is not None
        for i, (w_RNM, b_RN) in enumerate(zip(self.weights, self.biases, strict=True)):
            pre, post = buffers.pre[i], buffers.post[i]
            product(w_RNM, buffers.fed[i], b_RN, pre)
            activate(self.xp, self.records[i], self.activation_params[i], pre, post)
            mask = None if step is None else self._mask(i, buffers.masks[i], step, first)
            buffers.fed.append(post if mask is None else post * mask)
        return buffers.fed.pop()

    def _mask(self, i: int, mask_RNB: Tensor | None, step: int, first: int) -> Tensor | None:
        """This step's dropout of a layer, filled in."""
        dropout = self.dropout[i]
        if dropout is None or mask_RNB is None:
            return None
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
            mask = buffers.masks[i]
            if mask is not None and buffers.is_dropped:
                g_RNB.mul_(mask)
            chain(self.xp, self.records[i], self.activation_params[i], g_RNB, buffers.pre[i], buffers.post[i])
            upstream_RNB = g_RNB
            if i:
                g_RNB = product(self.weights[i].transpose(1, 2), upstream_RNB, None, buffers.grads[i - 1])
            inputs_RBM = self._inputs_as_rows(buffers, i)
            if add:
                weight_grads[i].baddbmm_(upstream_RNB, inputs_RBM)
            else:
                torch.bmm(upstream_RNB, inputs_RBM, out=weight_grads[i])
            bias_grad = bias_grads[i]
            if bias_grad is not None and add:
                bias_grad += upstream_RNB.sum(2)
            elif bias_grad is not None:
                torch.sum(upstream_RNB, 2, out=bias_grad)

    def is_live(self, i: int, buffers: Buffers) -> Bool[Tensor, "R N"]:
        """Units of layer i whose slope is not zero for some example of the last forward pass."""
        record, params = self.records[i], self.activation_params[i]
        slope: Tensor = record.derivative(self.xp, buffers.pre[i], buffers.post[i], *params)
        # torch's "any" takes ten times as long
        return slope.sum(2) > 0 if slope.dtype == torch.bool else slope.abs().amax(2) != 0

    def _inputs_as_rows(self, buffers: Buffers, i: int) -> Tensor:
        """Inputs of a layer as [R, B, M]: a view, or a copy where products are much faster with one."""
        x_RMB, rows_RBM = buffers.fed[i], buffers.rows[i]
        if rows_RBM is None or x_RMB.stride(2) != 1:
            return x_RMB.transpose(1, 2).expand(len(self), -1, -1)
        rows_RBM = rows_RBM[: len(x_RMB)]
        layout.transpose(x_RMB.numpy(), rows_RBM.numpy())
        return rows_RBM.expand(len(self), -1, -1)


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


def product(w_RNM: Tensor, x_RMB: Tensor, bias_RN: Tensor | None, out: Tensor) -> Tensor:
    """W @ x (+ bias) of every replica; x may be shared by all of them (leading axis 1)."""
    m = w_RNM.shape[2]
    if m <= 2:  # torch's kernel for tiny products does not vectorise; broadcasting does
        torch.mul(w_RNM[:, :, :1], x_RMB[:, :1], out=out)
        if m == 2:
            out.addcmul_(w_RNM[:, :, 1:], x_RMB[:, 1:])
        return out if bias_RN is None else out.add_(bias_RN.unsqueeze(2))
    x = x_RMB.expand(w_RNM.shape[0], -1, -1)
    return torch.bmm(w_RNM, x, out=out) if bias_RN is None else torch.baddbmm(bias_RN.unsqueeze(2), w_RNM, x, out=out)
