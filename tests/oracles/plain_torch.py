"""One network, alone, in plain `torch.nn` and `torch.optim`: what replica r of a stack must be equal to.

Networks are `torch.nn.Sequential`, gradients come from autograd, updates from `torch.optim` (Keras' forms from
`tests.oracles.keras`), the order of examples from `tests.oracles.streams`. Only descriptions and initial numbers are taken
from gradlab, none of its formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradlab.data import Examples
from gradlab.nets import Stack
from gradlab.spec import Choice, Recipe, Setup
from tests.oracles import keras, streams

Function = Callable[[Tensor], Tensor]
LossFunction = Callable[[Tensor, Tensor], Tensor]


class Apply(nn.Module):
    """A function as a module, where torch has none."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        """The function of z."""
        return self.function(z)


class Mistaken(torch.autograd.Function):
    """A function whose backward pass multiplies by something else than its slope."""

    @staticmethod
    def forward(context: Any, z: Tensor, function: Function, wrong: Function) -> Tensor:
        """The function of z; wrong(a) is what backward multiplies by."""
        a = function(z)
        context.save_for_backward(wrong(a))
        return a

    @staticmethod
    def backward(context: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """The gradient by z, as the source has it."""
        (wrong,) = context.saved_tensors
        return grads[0] * wrong, None, None


def mistaken(function: Function, wrong: Function) -> nn.Module:
    """A module of `Mistaken`."""
    return Apply(lambda z: Mistaken.apply(z, function, wrong))  # type: ignore[no-untyped-call]


class FedOnes(nn.Linear):
    """A layer whose gradient by its weights is taken with ones for inputs."""

    def forward(self, x: Tensor) -> Tensor:
        """The layer's outputs; two more terms cancel in value, not in the gradient."""
        ones = torch.ones_like(x)
        y = x @ self.weight.detach().T + (ones @ self.weight.T - ones @ self.weight.detach().T)
        return y if self.bias is None else y + self.bias


OVERWRITTEN = {"mistaken_relu6"}

# Softplus switches to its asymptote at `threshold`, by default so early (20) that 9 digits are left.
ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    "identity": nn.Identity,
    "sigmoid": lambda k: Apply(lambda z: torch.sigmoid(k * z)),
    "tanh": lambda k: Apply(lambda z: torch.tanh(k * z)),
    "lecun_tanh": lambda linear: Apply(lambda z: 1.7159 * torch.tanh(2 / 3 * z) + linear * z),
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "relu6": nn.ReLU6,
    "hardtanh": nn.Hardtanh,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softplus": lambda: nn.Softplus(threshold=100),
    "softsign": nn.Softsign,
    "erf": lambda: Apply(torch.erf),
    "mistaken_tanh": lambda k: mistaken(lambda z: torch.tanh(k * z), lambda a: k * a * (1 - a**2)),
    "mistaken_relu": lambda clip: mistaken(lambda z: z.clamp(min=clip), lambda a: a),
    "mistaken_relu6": lambda clip: mistaken(lambda z: z.clamp(clip, 6.0), torch.ones_like),
}


def hinge(margin: float) -> LossFunction:
    """Mean of max(margin - t y, 0); at the kink autograd follows the branch taken, whose slope is -t."""
    return lambda y, t: torch.where(t * y <= margin, margin - t * y, 0 * y).mean()


LOSSES: dict[str, Callable[..., LossFunction]] = {
    "mse": nn.MSELoss,
    "half_mse": lambda: lambda y, t: 0.5 * ((y - t) ** 2).mean(),
    "sum_of_squares": lambda scale: lambda y, t: scale * ((y - t) ** 2).sum(),
    "mae": nn.L1Loss,
    "huber": lambda delta: nn.HuberLoss(delta=delta),
    "cross_entropy": nn.CrossEntropyLoss,
    "binary_cross_entropy": nn.BCEWithLogitsLoss,
    "hinge": hinge,
    "perceptron": lambda: hinge(0.0),
}


def cosine(warmup: int, final: float, steps: int) -> Callable[[int], float]:
    """Linear warm-up, then half a cosine from 1 to `final`."""

    def factor(t: int) -> float:
        if t < warmup:
            return (t + 1) / warmup
        progress = (t - warmup) / (steps - warmup)
        return final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2

    return factor


def scheduler(choice: Choice, optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """torch's scheduler for a choice; None where the rate stays."""
    values = dict(choice.params)
    kinds = torch.optim.lr_scheduler
    match choice.name:
        case "constant":
            return None
        case "step":
            return kinds.StepLR(optimizer, step_size=int(values["step_size"]), gamma=values["gamma"])
        case "cosine":
            return kinds.LambdaLR(optimizer, cosine(int(values["warmup"]), values["final"], steps))
        case "inverse_time":
            return kinds.LambdaLR(optimizer, lambda t: 1 / (1 + values["decay"] * t))
    raise NotImplementedError(choice.name)


def optimizer(choice: Choice, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
    """torch's optimizer for a choice, or Keras'."""
    values: dict[str, Any] = dict(choice.params)
    if choice.name in ("adam", "adamw"):
        values["betas"] = (values.pop("beta1"), values.pop("beta2"))
    kinds: dict[str, Any] = {
        "sgd": torch.optim.SGD,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "sgd_keras": keras.KerasSGD,
        "rmsprop_keras": keras.KerasRMSprop,
        "adam_keras": keras.KerasAdam,
    }
    made: torch.optim.Optimizer = kinds[choice.name](parameters, **values)
    return made


def loss_of(recipe: Recipe) -> LossFunction:
    """torch's loss for a recipe."""
    return LOSSES[recipe.loss.name](*recipe.loss.values)


class Dropped(nn.Module):
    """Dropout with the masks of `streams`; it counts its own steps."""

    def __init__(self, probability: float, stack: Stack, row: int, layer: int) -> None:
        super().__init__()
        self.probability, self.step = probability, 0
        self.stream = stack.root_seed, int(stack.replicas[row]), layer

    def forward(self, a: Tensor) -> Tensor:
        if not self.training:
            return a
        examples, units = a.shape
        mask = streams.dropout(*self.stream, self.step, examples, units, self.probability)
        self.step += 1
        return a * torch.tensor(mask, dtype=a.dtype)


def build(setup: Setup, stack: Stack, row: int, precision: str | None = None) -> nn.Sequential:
    """The network of one row of a stack, with that row's weights, in the recipe's precision unless said otherwise."""
    dtype = getattr(torch, precision or setup.recipe.precision)
    modules: list[nn.Module] = []
    with torch.no_grad():
        for i, (layer, weights, biases) in enumerate(
            zip(setup.network.dense, stack.weights, stack.biases, strict=True)
        ):
            units, fan_in = weights.shape[1:]
            is_fed_ones = i > 0 and setup.network.dense[i - 1].activation.name in OVERWRITTEN
            kind = FedOnes if is_fed_ones else nn.Linear
            linear = kind(fan_in, units, bias=biases is not None, dtype=dtype)
            linear.weight.copy_(torch.from_numpy(weights[row]))
            if biases is not None:
                linear.bias.copy_(torch.from_numpy(biases[row]))
            modules += [linear, ACTIVATIONS[layer.activation.name](*layer.activation.values)]
            if layer.dropout:
                modules.append(Dropped(layer.dropout, stack, row, i))
    return nn.Sequential(*modules)


@dataclass(frozen=True)
class Trained:
    """What became of one network: parameters [P] at every step from 0 on, and the loss of every batch."""

    parameters: list[np.ndarray]
    losses: list[float]
    model: nn.Sequential


def one_of(array: np.ndarray, row: int) -> Tensor:
    """One replica's examples [P, M]; they may be the same for all."""
    return torch.from_numpy(array[row if len(array) > 1 else 0])


def updates(
    setup: Setup, stack: Stack, examples: Examples, row: int, precision: str | None = None
) -> Iterator[tuple[nn.Sequential, Tensor | None]]:
    """Train the network of one row by itself, without an end.

    Yields:
        The network, and the loss of the batch it just learned from: first as it is drawn, then after every update. Whoever
        writes other weights into it in between sees the next update start from these.
    """
    recipe = setup.recipe
    model = build(setup, stack, row, precision)
    yield model, None
    assert examples.targets is not None
    dtype = next(model.parameters()).dtype
    x, t = one_of(examples.inputs, row).to(dtype), one_of(examples.targets, row).to(dtype)
    size = len(x) if recipe.batch_size == "full" else recipe.batch_size
    loss = loss_of(recipe)
    optimize = optimizer(recipe.optimizer, model.parameters())
    schedule = scheduler(recipe.schedule, optimize, recipe.total_steps(len(x)))
    for epoch in count():
        order = torch.arange(len(x))
        if recipe.order == "shuffled" and recipe.batch_size != "full":
            order = torch.tensor(streams.permutation(stack.root_seed, int(stack.replicas[row]), epoch, len(x)))
        for batch in torch.split(order, size):
            optimize.zero_grad()
            value = loss(model(x[batch]), t[batch])
            value.backward()  # type: ignore[no-untyped-call]
            optimize.step()
            if schedule is not None:
                schedule.step()
            yield model, value


def train(setup: Setup, stack: Stack, examples: Examples, row: int, steps: int) -> Trained:
    """Train the network of one row by itself for a number of steps."""
    parameters, losses = [], []
    for model, value in islice(updates(setup, stack, examples, row), steps + 1):
        parameters.append(flat(model))
        losses += [] if value is None else [value.item()]
    return Trained(parameters, losses, model)


def flat(model: nn.Module) -> np.ndarray:
    """All parameters in one row: layer after layer, weights before biases."""
    return torch.cat([p.detach().flatten() for p in model.parameters()]).numpy().copy()
