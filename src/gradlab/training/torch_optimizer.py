"""`TorchOptimizer`: one optimizer step on the flat parameters of a stack, by the catalog's formula."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.nets.torch_stack import number_if_equal
from gradlab.parts import OPTIMIZERS, SCHEDULES
from gradlab.parts.namespace import NUMPY
from gradlab.training.train import Job

# Numbers that a formula runs over at a time on a processor, so that what it keeps in between stays in second-level cache.
BLOCK = 65_536


class Flat(Protocol):
    """A stack whose trained numbers are one tensor [R, P]."""

    params_RP: Tensor
    xp: TorchNamespace

    def along(self, values: Any, dims: int = 3) -> Any:
        """A parameter as a number where all replicas agree, else as a tensor [R, 1, ...]."""


class TorchOptimizer:
    """Rule, buffers and numbers of some replicas of a job."""

    def __init__(self, job: Job, stack: Flat, rows: slice) -> None:
        recipe = job.recipe
        self.stack = stack
        self.rule = OPTIMIZERS[recipe.optimizer.name].rule(dict(recipe.optimizer.params))
        self.schedule = SCHEDULES[recipe.schedule.name]
        self.total_steps = float(job.total_steps)
        # numbers instead of arrays where they do: arithmetic on tiny arrays every step would take longer than small layers
        self.lr = number_if_equal(job.lr[rows])
        self.params = [number_if_equal(p[rows]) for p in job.optimizer_params]
        self.schedule_params = [number_if_equal(p[rows]) for p in job.schedule_params]
        self.slots = [torch.zeros_like(stack.params_RP) for _ in self.rule.slots]

    def numbers(self, step: int) -> list[Any]:
        """What `rule.prepare` makes of update `step`, 1 the first: numbers, or float64 arrays [R]."""
        factor = self.schedule.factor(NUMPY, float(step - 1), self.total_steps, *self.schedule_params)
        return [
            n if isinstance(n, np.ndarray) and n.ndim else float(n)
            for n in self.rule.prepare(NUMPY, float(step), self.lr * factor, *self.params)
        ]

    def plain_rate(self, numbers: list[Any]) -> Any:
        """The learning rate where the update is w - lr g and no more, a number or an array [R]; else None.

        Such an update can be done by the products that give the gradients, which saves a pass over all parameters.
        """
        if self.rule.name != "sgd":
            return None
        lr, weight_decay = numbers
        return None if np.any(weight_decay) else lr

    def update(self, grads_RP: Tensor, numbers: list[Any]) -> None:
        """Move the parameters, in place."""
        old = (self.stack.params_RP, *self.slots)
        prepared = [self.stack.along(n, 2) for n in numbers]
        replicas, size = grads_RP.shape
        block = BLOCK if grads_RP.device.type == "cpu" else replicas * size
        rows = max(1, block // size)
        for a in range(0, replicas, rows):
            here = [n[a : a + rows] if isinstance(n, Tensor) else n for n in prepared]
            for c in range(0, size, block):
                part = (slice(a, a + rows), slice(c, c + block))
                self._move([tensor[part] for tensor in old], grads_RP[part], here)

    def _move(self, old: list[Tensor], grads: Tensor, numbers: list[Any]) -> None:
        params, *slots = old
        for tensor, value in zip(old, self.rule.update(self.stack.xp, params, grads, *slots, *numbers), strict=True):
            tensor.copy_(value)
