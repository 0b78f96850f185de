"""A plain PyTorch loop, as a user would write it: one network after another, examples in memory, no DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.case import Case, Run, Seen
from gradlab.data import Examples
from gradlab.nets import Stack
from gradlab.nets.modules import to_module
from gradlab.spec import Recipe

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}
LOSSES: dict[str, Callable[[], nn.Module]] = {"mse": nn.MSELoss, "cross_entropy": nn.CrossEntropyLoss}


def pytorch_loop(case: Case) -> Run:
    """Each network of the stack by itself."""
    recipe, rows = case.job.recipe, range(case.networks)
    loss = LOSSES[recipe.loss.name]()
    classes = recipe.loss.name == "cross_entropy"
    sets = {
        name: [(_of(seen.inputs, r), _targets(seen, r, classes)) for r in rows] for name, seen in case.job.sets.items()
    }
    examples = [(_of(case.job.examples.inputs, r), _targets(case.job.examples, r, classes)) for r in rows]

    def run() -> Iterator[Seen]:
        models = [network_of(case.job.stack, r) for r in rows]
        yield _seen(models, loss, sets)
        for model, (x, t) in zip(models, examples, strict=True):
            _train(model, loss, optimizer_of(recipe, model), x, t, case)
        yield _seen(models, loss, sets)

    return run


def _train(
    model: nn.Module, loss: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, t: Tensor | None, case: Case
) -> None:
    assert t is not None
    sizes = case.job.recipe.batch_sizes(len(x))
    model.train()
    step = 0
    while True:
        if case.job.recipe.batch_size == "full":
            batches = [(x, t)]
        else:
            order = torch.randperm(len(x)) if case.is_shuffled else torch.arange(len(x))
            batches = ((x[batch], t[batch]) for batch in torch.split(order, sizes[0]))  # type: ignore[assignment]
        for inputs, targets in batches:
            if step == case.steps:
                return
            optimizer.zero_grad()
            loss(model(inputs), targets).backward()
            optimizer.step()
            step += 1


def network_of(stack: Stack, row: int) -> nn.Sequential:
    """The network of one row, with that row's weights."""
    if not stack.spec.is_plain:
        image = [] if stack.spec.image is None else [nn.Unflatten(1, stack.spec.image)]
        return nn.Sequential(*image, *to_module(stack.spec, stack, row))
    modules: list[nn.Module] = []
    for layer, weights, biases in zip(stack.spec.dense, stack.weights, stack.biases, strict=True):
        linear = nn.Linear(weights.shape[2], weights.shape[1], bias=biases is not None)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights[row]))
            if biases is not None:
                linear.bias.copy_(torch.from_numpy(biases[row]))
        modules.append(linear)
        if layer.activation.name != "identity":
            modules.append(ACTIVATIONS[layer.activation.name]())
    return nn.Sequential(*modules)


def optimizer_of(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """torch's optimizer with the recipe's numbers."""
    values: dict[str, Any] = dict(recipe.optimizer.params)
    kinds: dict[str, type[torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop}
    return kinds[recipe.optimizer.name](model.parameters(), **values)


def _of(array: np.ndarray, row: int) -> Tensor:
    return torch.from_numpy(array[row if len(array) > 1 else 0])


def _targets(examples: Examples, row: int, classes: bool) -> Tensor | None:
    """Targets of one network; numbers of classes, as torch likes them, instead of one-hot rows."""
    if examples.targets is None:
        return None
    targets = _of(examples.targets, row)
    return targets.argmax(1) if classes else targets


def _seen(models: list[nn.Sequential], loss: nn.Module, sets: dict[str, list[tuple[Tensor, Tensor | None]]]) -> Seen:
    outputs, losses = {}, []
    for model in models:
        model.eval()
    with torch.no_grad():
        for name, examples in sets.items():
            made = [model(x) for model, (x, _) in zip(models, examples, strict=True)]
            if name == "train":
                losses = [loss(y, t).item() for y, (_, t) in zip(made, examples, strict=True)]
            outputs[name] = torch.stack(made).numpy()
    return Seen(np.array(losses), outputs, lambda: _flat(models))


def _flat(models: list[nn.Sequential]) -> np.ndarray:
    return np.stack([nn.utils.parameters_to_vector(model.parameters()).detach().numpy() for model in models])
