"""`torch.func`: per-network gradients of the whole stack by `vmap(grad(...))`, and an optimizer for stacked parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from benchmarks.case import Case, Run, Seen
from benchmarks.competitors.orders import orders
from benchmarks.competitors.pytorch_loop import LOSSES, network_of
from gradlab.spec import Recipe

Parameters = dict[str, Tensor]  # each [R, ...]


def torch_vmap(case: Case) -> Run:
    """The stack at once."""
    return vmapped(case, lambda step: step)


def vmapped(case: Case, made: Callable[[Any], Any]) -> Run:
    """The stack at once.

    Args:
        case: What to train.
        made: Makes of an update the function that is called.
    """
    job, stack = case.job, case.job.stack
    recipe, model = job.recipe, network_of(stack, 0)
    criterion = LOSSES[recipe.loss.name]()
    initial = _stacked(case, model)

    def forward(params: Parameters, x: Tensor) -> Tensor:
        y: Tensor = functional_call(model, params, (x,))
        return y

    def loss(params: Parameters, x: Tensor, t: Tensor) -> Tensor:
        value: Tensor = criterion(forward(params, x), t)
        return value

    outputs, losses, gradients = vmap(forward), vmap(loss), vmap(grad(loss))
    assert job.examples.targets is not None
    x, t = (_all(a, case.networks) for a in (job.examples.inputs, job.examples.targets))
    sets = {
        name: (_all(seen.inputs, case.networks), None if seen.targets is None else _all(seen.targets, case.networks))
        for name, seen in job.sets.items()
    }

    def step(params: Parameters, squares: Parameters, inputs: Tensor, targets: Tensor) -> None:
        update(recipe, params, gradients(params, inputs, targets), squares)

    step = made(step)

    def seen(params: Parameters) -> Seen:
        with torch.no_grad():
            found = {name: outputs(params, inputs).numpy() for name, (inputs, _) in sets.items()}
            inputs, targets = sets["train"]
            assert targets is not None
            return Seen(losses(params, inputs, targets).numpy(), found, lambda: _flat(params))

    def run() -> Iterator[Seen]:
        params = {name: value.clone() for name, value in initial.items()}
        squares = {name: torch.zeros_like(value) for name, value in params.items()}
        yield seen(params)
        with torch.no_grad():
            for inputs, targets in _batches(case, x, t):
                step(params, squares, inputs, targets)
        yield seen(params)

    return run


def _batches(case: Case, x: Tensor, t: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Every batch of the training: [R, B, M] and [R, B, N]."""
    sizes = case.job.recipe.batch_sizes(case.job.points)
    done = 0
    while True:
        order = torch.from_numpy(orders(case.networks, case.job.points, case.is_shuffled)).long()[:, :, None]
        x_now, t_now = (a.gather(1, order.expand(-1, -1, a.shape[2])) for a in (x, t))
        for batch in zip(torch.split(x_now, sizes[0], 1), torch.split(t_now, sizes[0], 1), strict=True):
            if done == case.steps:
                return
            yield batch
            done += 1


def update(recipe: Recipe, params: Parameters, grads: Parameters, squares: Parameters) -> None:
    """The recipe's update, in place."""
    values = {name: float(value) for name, value in recipe.optimizer.params}
    for name, w in params.items():
        g = grads[name]
        if recipe.optimizer.name == "sgd":
            w.sub_(g, alpha=values["lr"])
        else:
            assert recipe.optimizer.name == "rmsprop"
            square = squares[name].mul_(values["alpha"]).addcmul_(g, g, value=1 - values["alpha"])
            w.addcdiv_(g, square.sqrt().add_(values["eps"]), value=-values["lr"])


def _stacked(case: Case, model: nn.Sequential) -> Parameters:
    stack = case.job.stack
    arrays = []
    for weights, biases in zip(stack.weights, stack.biases, strict=True):
        arrays += [weights] + ([] if biases is None else [biases])
    names = [name for name, _ in model.named_parameters()]
    return {name: torch.from_numpy(array) for name, array in zip(names, arrays, strict=True)}


def _all(array: np.ndarray, networks: int) -> Tensor:
    return torch.from_numpy(array).expand(networks, -1, -1)


def _flat(params: Parameters) -> np.ndarray:
    return torch.cat([value.flatten(1) for value in params.values()], 1).numpy()
