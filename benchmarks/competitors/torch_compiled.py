"""`torch.compile` over one update of the whole stack: over `vmap`, and over a stack written by hand.

The hand-written stack is what one would write to be as fast as torch allows: all networks' layers as one batched product
with examples as columns, the gradients by `torch.func.grad` of the summed losses (the networks share nothing, so each gets
its own), and the optimizer for the whole stack, all in one compiled graph. Products of very narrow layers are written out as
sums over the units below, so that the compiler can fuse them with what follows: `torch.bmm` calls a library instead.

A batch of another size would be compiled anew: measure with batches that divide the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import grad
from torch.nn.functional import log_softmax

from benchmarks.case import Case, Run, Seen
from benchmarks.competitors.orders import orders
from benchmarks.competitors.torch_vmap import Parameters, update, vmapped

WIDEST_WRITTEN_OUT = 4  # units below, of those tried: 2, 4, 8
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z,
}


def compiled(function: Any) -> Any:
    """The function, compiled for the shapes it gets: one graph, or an error."""
    return torch.compile(function, dynamic=False, fullgraph=True)


def compiled_vmap(case: Case) -> Run:
    """`vmap(grad(...))` and the optimizer as one compiled graph."""
    return vmapped(case, compiled)


def compiled_stack(case: Case) -> Run:
    """The stack written by hand, as one compiled graph."""
    job = case.job
    recipe, activations = job.recipe, [layer.activation.name for layer in job.stack.spec.dense]
    loss = LOSSES[recipe.loss.name]
    initial = {}
    for i, (weights, biases) in enumerate(zip(job.stack.weights, job.stack.biases, strict=True)):
        initial[f"w{i}"] = torch.from_numpy(weights)
        if biases is not None:
            initial[f"b{i}"] = torch.from_numpy(biases)[:, :, None].contiguous()
    assert job.examples.targets is not None
    x, t = (_columns(a) for a in (job.examples.inputs, job.examples.targets))
    sets = {
        name: (_columns(seen.inputs), None if seen.targets is None else _columns(seen.targets))
        for name, seen in job.sets.items()
    }

    def forward(params: Parameters, x_RMB: Tensor) -> Tensor:
        for i, activation in enumerate(activations):
            x_RMB = ACTIVATIONS[activation](_product(params[f"w{i}"], x_RMB, params.get(f"b{i}")))
        return x_RMB

    def summed(params: Parameters, x_RMB: Tensor, t_RNB: Tensor) -> Tensor:
        return loss(forward(params, x_RMB), t_RNB).sum()

    def step(params: Parameters, squares: Parameters, x_RMB: Tensor, t_RNB: Tensor) -> None:
        update(recipe, params, grad(summed)(params, x_RMB, t_RNB), squares)

    step = compiled(step)

    def seen(params: Parameters) -> Seen:
        made = {name: forward(params, inputs).transpose(1, 2).numpy() for name, (inputs, _) in sets.items()}
        inputs, targets = sets["train"]
        assert targets is not None
        return Seen(loss(forward(params, inputs), targets).numpy(), made, lambda: _flat(params))

    def run() -> Iterator[Seen]:
        with torch.no_grad():
            params = {name: value.clone() for name, value in initial.items()}
            squares = {name: torch.zeros_like(value) for name, value in params.items()}
            yield seen(params)
            for inputs, targets in _batches(case, x, t):
                step(params, squares, inputs, targets)
            yield seen(params)

    return run


def _product(w_RNM: Tensor, x_RMB: Tensor, b_RN1: Tensor | None) -> Tensor:
    m = w_RNM.shape[2]
    if m <= WIDEST_WRITTEN_OUT:
        terms = [w_RNM[:, :, k : k + 1] * x_RMB[:, k : k + 1] for k in range(m)]
        made = sum(terms[1:], terms[0])
        return made if b_RN1 is None else made + b_RN1
    x_RMB = x_RMB.expand(len(w_RNM), -1, -1)
    return torch.bmm(w_RNM, x_RMB) if b_RN1 is None else torch.baddbmm(b_RN1, w_RNM, x_RMB)


def _mean_square(y_RNB: Tensor, t_RNB: Tensor) -> Tensor:
    return (y_RNB - t_RNB).square().mean((1, 2))


def _cross_entropy(y_RNB: Tensor, t_RNB: Tensor) -> Tensor:
    return -(log_softmax(y_RNB, 1) * t_RNB).sum(1).mean(1)


LOSSES = {"mse": _mean_square, "cross_entropy": _cross_entropy}


def _batches(case: Case, x: Tensor, t: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Every batch of the training, [R, M, B] and [R, N, B]: of examples of their own, or of shared ones."""
    size, done = case.job.recipe.batch_sizes(case.job.points)[0], 0
    while True:
        order = torch.from_numpy(orders(case.networks, case.job.points, case.is_shuffled)).long()
        for at_RB in torch.split(order, size, 1):
            if done == case.steps:
                return
            yield _taken(x, at_RB), _taken(t, at_RB)
            done += 1


def _taken(a: Tensor, at_RB: Tensor) -> Tensor:
    if len(a) == 1:  # rows of shared examples lie together in memory
        return a[0].T[at_RB].transpose(1, 2)
    return a.gather(2, at_RB[:, None].expand(-1, a.shape[1], -1))


def _columns(array: np.ndarray) -> Tensor:
    """Examples [R, P, M] as [R, M, P]; of shared ones a view."""
    made = torch.from_numpy(array).transpose(1, 2)
    return made if len(array) == 1 else made.contiguous()


def _flat(params: Parameters) -> np.ndarray:
    return torch.cat([value.flatten(1) for value in params.values()], 1).numpy()
