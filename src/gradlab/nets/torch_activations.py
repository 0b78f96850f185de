"""Activations and their slopes on tensors, into memory that is there already.

The catalog's formula says what an activation is. Where torch has a kernel for it, that is used: one pass over memory,
where a formula takes one for every operation (and a choice between two tensors is slower than all others together).
tests/nets holds each kernel against its formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import Activation
from gradlab.parts.activations.exponential import SELU_ALPHA, SELU_SCALE

_aten = torch.ops.aten
_threshold_backward = _aten.threshold_backward.grad_input
_hardtanh_backward = _aten.hardtanh_backward.grad_input


@dataclass(frozen=True, slots=True)
class Kernel:
    """torch's form of an activation.

    Attributes:
        activate: `activate(z, out, *params)`: phi(z) into `out`.
        chain: `chain(g, z, a, *params)`: multiplies g by phi'(z) in place, a = phi(z).
        takes_tensors: Whether parameters may differ along R.
        reads_z: Whether the slope, in torch's form and in the formula, needs z where phi(z) does not tell enough: a
            rectifier's slope depends on signs alone, which it keeps. If not, a may stand in the memory of z.
    """

    activate: Callable[..., object]
    chain: Callable[..., object]
    takes_tensors: bool = False
    reads_z: bool = False


def _times(x: Tensor, k: Any, out: Tensor) -> Tensor:
    """k x; no pass over memory for k = 1."""
    return x if isinstance(k, float) and k == 1.0 else torch.mul(x, k, out=out)


def _chain_sigmoid(g: Tensor, z: Tensor, a: Tensor, k: Any) -> None:
    _aten.sigmoid_backward.grad_input(g, a, grad_input=g)
    _times(g, k, g)


def _chain_tanh(g: Tensor, z: Tensor, a: Tensor, k: Any) -> None:
    _aten.tanh_backward.grad_input(g, a, grad_input=g)
    _times(g, k, g)


_SELU = (SELU_ALPHA, SELU_SCALE, 1.0)

KERNELS: Mapping[str, Kernel] = {
    "identity": Kernel(lambda z, out: None if out is z else out.copy_(z), lambda g, z, a: None),
    "sigmoid": Kernel(lambda z, out, k: torch.sigmoid(_times(z, k, out), out=out), _chain_sigmoid, takes_tensors=True),
    "tanh": Kernel(lambda z, out, k: torch.tanh(_times(z, k, out), out=out), _chain_tanh, takes_tensors=True),
    "relu": Kernel(
        lambda z, out: torch.clamp(z, min=0.0, out=out),
        lambda g, z, a: _threshold_backward(g, z, 0.0, grad_input=g),
    ),
    "leaky_relu": Kernel(
        lambda z, out, slope: _aten.leaky_relu.out(z, slope, out=out),
        lambda g, z, a, slope: _aten.leaky_relu_backward.grad_input(g, z, slope, False, grad_input=g),
    ),
    "relu6": Kernel(
        lambda z, out: torch.clamp(z, 0.0, 6.0, out=out),
        lambda g, z, a: _hardtanh_backward(g, z, 0.0, 6.0, grad_input=g),
    ),
    "hardtanh": Kernel(
        lambda z, out, low, high: torch.clamp(z, low, high, out=out),
        lambda g, z, a, low, high: _hardtanh_backward(g, z, low, high, grad_input=g),
    ),
    "elu": Kernel(
        lambda z, out, alpha: _aten.elu.out(z, alpha, out=out),
        lambda g, z, a, alpha: _aten.elu_backward.grad_input(g, alpha, 1.0, 1.0, True, a, grad_input=g),
    ),
    "selu": Kernel(
        lambda z, out: _aten.elu.out(z, *_SELU, out=out),
        lambda g, z, a: _aten.elu_backward.grad_input(g, *_SELU, True, a, grad_input=g),
    ),
    "gelu": Kernel(
        lambda z, out: _aten.gelu.out(z, out=out),
        lambda g, z, a: _aten.gelu_backward.grad_input(g, z, grad_input=g),
        reads_z=True,
    ),
    "silu": Kernel(
        lambda z, out: _aten.silu.out(z, out=out),
        lambda g, z, a: _aten.silu_backward.grad_input(g, z, grad_input=g),
        reads_z=True,
    ),
}


@dataclass(frozen=True, slots=True)
class TorchActivation:
    """An activation with its parameters.

    Attributes:
        activate: `activate(z, out)`: phi(z) into `out`.
        chain: `chain(g, z, a)`: multiplies g = dL/da by phi'(z) in place, which makes it dL/dz; a = phi(z).
        reads_z: Whether z is needed after `activate`; if not, its `out` may be z.
    """

    activate: Callable[[Tensor, Tensor], object]
    chain: Callable[[Tensor, Tensor, Tensor], object]
    reads_z: bool


def torch_activation(xp: TorchNamespace, record: Activation, params: Sequence[Any]) -> TorchActivation:
    """The quickest way torch has for an activation.

    Args:
        xp: Functions in the precision of the tensors.
        record: What the activation is.
        params: Its parameters: numbers, or tensors [R, 1, 1] where they differ along R.
    """
    kernel = KERNELS.get(record.name)
    if kernel is None or (not kernel.takes_tensors and any(isinstance(p, Tensor) for p in params)):
        return TorchActivation(
            lambda z, out: out.copy_(record.function(xp, z, *params)),
            lambda g, z, a: g.mul_(record.derivative(xp, z, a, *params)),
            reads_z=True,
        )
    return TorchActivation(
        lambda z, out: kernel.activate(z, out, *params),
        lambda g, z, a: kernel.chain(g, z, a, *params),
        kernel.reads_z,
    )
