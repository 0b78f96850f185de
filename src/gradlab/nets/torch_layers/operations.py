"""What layers do to tensors of R replicas: rows [R, N, B], images [B, R * C, H, W]. Torch differentiates all of it."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from gradlab.nets.torch_activations import TorchActivation
from gradlab.spec import Conv2d


def dense(w_RNM: Tensor, x_RMB: Tensor, bias_RN: Tensor | None) -> Float[Tensor, "R N B"]:
    """W x + b of every replica."""
    if w_RNM.shape[2] <= 2:  # torch's kernel for tiny products does not vectorise; broadcasting does
        z_RNB = w_RNM[:, :, :1] * x_RMB[:, :1]
        if w_RNM.shape[2] == 2:
            z_RNB = torch.addcmul(z_RNB, w_RNM[:, :, 1:], x_RMB[:, 1:])
        return z_RNB if bias_RN is None else z_RNB + bias_RN.unsqueeze(2)
    return torch.bmm(w_RNM, x_RMB) if bias_RN is None else torch.baddbmm(bias_RN.unsqueeze(2), w_RNM, x_RMB)


def convolution(layer: Conv2d, w_RNM: Tensor, x: Tensor, bias_RN: Tensor | None) -> Tensor:
    """Cross-correlation of every replica's images with its own kernels, as groups of one convolution."""
    replicas, channels, fan_in = w_RNM.shape
    side = layer.kernel_size
    kernels = w_RNM.reshape(replicas * channels, fan_in // side**2, side, side)
    before, after = layer.pads
    if before != after:
        x, before = F.pad(x, (before, after, before, after)), 0
    bias = None if bias_RN is None else bias_RN.reshape(-1)
    return F.conv2d(x, kernels, bias, stride=layer.stride, padding=before, groups=replicas)


def batch_norm(
    x: Tensor,
    scale_RC: Tensor,
    shift_RC: Tensor,
    running: tuple[Tensor, Tensor] | None,
    momentum: float,
    eps: float,
    *,
    trains: bool,
) -> Tensor:
    """Each unit or channel of each replica over the examples, and the places of an image."""
    shape = x.shape
    if x.dim() == 3:
        x = x.reshape(1, shape[0] * shape[1], shape[2])  # units of all replicas as channels, examples as places
    mean, var = (None, None) if running is None else (running[0].view(-1), running[1].view(-1))
    y = F.batch_norm(x, mean, var, scale_RC.reshape(-1), shift_RC.reshape(-1), trains, momentum, eps)
    return y.view(shape)


def layer_norm(x: Tensor, scale_RC: Tensor, shift_RC: Tensor, eps: float) -> Tensor:
    """Each example of each replica over its units, or its channels and places."""
    if x.dim() == 4:
        return F.group_norm(x, len(scale_RC), scale_RC.reshape(-1), shift_RC.reshape(-1), eps)
    normed_RBN = F.layer_norm(x.transpose(1, 2), (x.shape[1],), eps=eps)
    return normed_RBN.transpose(1, 2) * scale_RC.unsqueeze(2) + shift_RC.unsqueeze(2)


def flatten(x: Tensor, replicas: int) -> Tensor:
    """Images as rows, channel by channel; rows stay."""
    return x if x.dim() == 3 else x.reshape(len(x), replicas, -1).permute(1, 2, 0)


def as_rows(x: Tensor, replicas: int) -> Float[Tensor, "R E C"]:
    """Rows or images as [R, examples, units]: of an image every place is an example, and every channel a unit."""
    if x.dim() == 3:
        return x.transpose(1, 2)
    examples, channels, high, wide = x.shape
    parts = x.reshape(examples, replicas, channels // replicas, high * wide)
    return parts.permute(1, 0, 3, 2).reshape(replicas, -1, channels // replicas)


class Activate(torch.autograd.Function):
    """An activation with the slope that its record says, by the kernels that plain stacks use."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, activation: TorchActivation, is_shared: bool) -> Tensor:
        """phi(z).

        Args:
            ctx: Torch's.
            z: Inputs.
            activation: The activation.
            is_shared: Whether the gradient that comes back may be somebody else's too, so must not be overwritten.
        """
        a = torch.empty_like(z)
        activation.activate(z, a)
        ctx.save_for_backward(z if activation.reads_z else None, a)
        ctx.activation, ctx.is_shared = activation, is_shared
        return a

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """dL/dz."""
        z, a = ctx.saved_tensors
        g = grads[0].clone() if ctx.is_shared else grads[0]
        ctx.activation.chain(g, a if z is None else z, a)
        return g, None, None
