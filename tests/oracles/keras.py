"""Keras' optimizers as plain loops over torch parameters, written from the updates that Keras' own code makes.

Keras 2.2.4 to 3, `optimizers.py`, `optimizer_v2/` and TensorFlow's kernels ApplyAdam, ApplyRMSProp and ApplyKerasMomentum.
Nothing is taken from gradlab.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class KerasOptimizer(torch.optim.Optimizer):
    """One update a parameter and step; `state` starts empty and `t` counts from 1."""

    def __init__(self, parameters: Iterable[Tensor], **values: Any) -> None:
        super().__init__(parameters, values)
        self.t = 0

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter once."""
        self.t += 1
        for group in self.param_groups:
            for w in group["params"]:
                self.move(w, w.grad, self.state[w], **{k: v for k, v in group.items() if k in self.names})

    names: tuple[str, ...] = ()

    def move(self, w: Tensor, g: Tensor, state: dict[str, Tensor], **values: Any) -> None:
        """Change w in place."""
        raise NotImplementedError


def buffer(state: dict[str, Tensor], name: str, w: Tensor) -> Tensor:
    """A buffer of w's shape that starts at zero."""
    return state.setdefault(name, torch.zeros_like(w))


class KerasSGD(KerasOptimizer):
    """The velocity holds the rate."""

    names = ("lr", "momentum", "nesterov")

    def move(self, w: Tensor, g: Tensor, state: dict[str, Tensor], **values: Any) -> None:
        lr, momentum = values["lr"], values["momentum"]
        velocity = buffer(state, "velocity", w)
        velocity.copy_(velocity * momentum - g * lr)
        w += velocity * momentum - g * lr if values["nesterov"] else velocity


class KerasRMSprop(KerasOptimizer):
    """eps under the root."""

    names = ("lr", "alpha", "eps", "momentum")

    def move(self, w: Tensor, g: Tensor, state: dict[str, Tensor], **values: Any) -> None:
        square, mom = buffer(state, "square", w), buffer(state, "mom", w)
        square += (g * g - square) * (1 - values["alpha"])
        mom.copy_(values["momentum"] * mom + values["lr"] * g / torch.sqrt(square + values["eps"]))
        w -= mom


class KerasAdam(KerasOptimizer):
    """eps beside the uncorrected root."""

    names = ("lr", "beta1", "beta2", "eps")

    def move(self, w: Tensor, g: Tensor, state: dict[str, Tensor], **values: Any) -> None:
        beta1, beta2 = values["beta1"], values["beta2"]
        m, v = buffer(state, "m", w), buffer(state, "v", w)
        m += (g - m) * (1 - beta1)
        v += (g * g - v) * (1 - beta2)
        w -= m * (values["lr"] * math.sqrt(1 - beta2**self.t) / (1 - beta1**self.t)) / (v.sqrt() + values["eps"])
