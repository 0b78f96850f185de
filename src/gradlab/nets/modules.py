"""`to_module`: a described network as a `torch.nn.Module`, of torch's own modules wherever torch has them.

It takes what a network alone takes: rows [B, M], or images [B, C, H, W] where the description has an image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from gradlab.errors import SpecError
from gradlab.nets.stack import NormNumbers, Stack
from gradlab.nets.steps import Step, steps_of
from gradlab.nets.torch_activations import torch_activation
from gradlab.nets.torch_layers.operations import Activate
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import ACTIVATIONS
from gradlab.spec import Choice, Conv2d, Dense, NetworkSpec
from gradlab.spec.layers import AvgPool2d, Flatten, MaxPool2d, Residual, Standardize


class Network(nn.Sequential):
    """Layers one after the other.

    Attributes:
        l2: The layers that have a penalty, by name, and its factor.
    """

    def __init__(self, modules: list[nn.Module], l2: dict[str, float]) -> None:
        super().__init__(*modules)
        self.l2 = l2

    def penalty(self) -> Tensor:
        """What training adds to the loss: for every layer with `l2`, that times the sum of its squared weights.

        Example:
            >>> layers = [{"units": 1, "weights": "constant(3)", "l2": 0.5}]
            >>> network = to_module(NetworkSpec(inputs=1, layers=layers))
            >>> _ = network[0].weight.data.fill_(3.0)
            >>> network.penalty().item()
            4.5
        """
        total = torch.zeros(())
        for name, l2 in self.l2.items():
            total = total + l2 * self.get_parameter(f"{name}.weight").square().sum()
        return total


class ResidualBlock(nn.Sequential):
    """x + f(x)."""

    def forward(self, x: Tensor) -> Tensor:
        """x and what the layers inside make of it, added."""
        inside: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return x + inside


class StandardizeInputs(nn.Module):
    """(x - mean) / std of each number, or each channel of an image."""

    mean: Tensor
    std: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("std", torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        """The standardized inputs."""
        return (x - self.mean) / self.std


class Formula(nn.Module):
    """An activation that torch has no module for, with the slope that its record says."""

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self.choice = choice

    def forward(self, z: Tensor) -> Tensor:
        """phi(z)."""
        activation = torch_activation(TorchNamespace(z.dtype), ACTIVATIONS[self.choice.name], self.choice.values)
        result: Tensor = Activate.apply(z, activation, True)  # type: ignore[no-untyped-call]
        return result

    def extra_repr(self) -> str:
        """What torch prints of it."""
        return str(self.choice)


MODULES: dict[str, Callable[..., nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "relu6": nn.ReLU6,
    "hardtanh": nn.Hardtanh,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softsign": nn.Softsign,
}


def to_module(spec: NetworkSpec, stack: Stack | None = None, row: int = 0) -> Network:
    """A described network in torch's modules.

    Args:
        spec: The network.
        stack: Whose numbers it gets; torch's own initial ones by default (a fitted standardization then does nothing).
        row: Which of its networks.

    Raises:
        SpecError: An activation that changes how the layer above learns, which no module can.

    Example:
        >>> to_module(NetworkSpec(inputs=4, outputs=2, hidden="3", activation="relu", weights="he_normal"))
        Network(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
          (2): Linear(in_features=3, out_features=2, bias=True)
        )
    """
    for layer, _, _ in spec.placed:
        activation = getattr(layer, "activation", None)
        if activation is not None and ACTIVATIONS[activation.name].overwritten:
            raise SpecError("network.activation", got=activation.name, expected="one that torch's modules can follow")
    modules: list[nn.Module] = []
    l2: dict[str, float] = {}
    for step in steps_of(spec):
        _add(modules, l2, "", step, stack, row)
    network = Network(modules, l2)
    return network if stack is None else network.to(torch.from_numpy(stack.weights[0][:0]).dtype)


def _add(
    modules: list[nn.Module], l2: dict[str, float], prefix: str, step: Step, stack: Stack | None, row: int
) -> None:
    """Add the modules of one layer, and its penalty under the name that its weights will have."""
    if isinstance(step.layer, Residual):
        inside: list[nn.Module] = []
        for one in step.inside:
            _add(inside, l2, f"{prefix}{len(modules)}.", one, stack, row)
        modules.append(ResidualBlock(*inside))
        return
    if step.l2:
        l2[f"{prefix}{len(modules)}"] = step.l2
    modules += _modules(step, stack, row)


def _modules(step: Step, stack: Stack | None, row: int) -> Iterator[nn.Module]:
    layer = step.layer
    if isinstance(layer, Dense | Conv2d):
        made = list(_products(step))
        if stack is not None:
            weights, biases = stack.weights[step.block][row], stack.biases[step.block]
            _fill(made[-1], weight=weights, bias=None if biases is None else biases[row])
        yield from made
    elif isinstance(layer, MaxPool2d):
        yield nn.MaxPool2d(layer.kernel_size, layer.step, layer.padding)
    elif isinstance(layer, AvgPool2d):
        yield nn.AvgPool2d(layer.kernel_size, layer.step, layer.padding)
    elif isinstance(layer, Flatten):
        yield nn.Flatten()
    elif isinstance(layer, Standardize) and layer.fitted:
        standard = StandardizeInputs((step.below[0], *(1 for _ in step.below[1:])))
        if stack is not None:
            mean, std = (one[row if len(one) > 1 else 0] for one in stack.standard[step.standard])
            _fill(standard, mean=mean, std=std)
        yield standard
    elif isinstance(layer, Standardize):
        yield nn.Identity()
    if step.normed is not None:
        yield _norm(step, None if stack is None else stack.norms[step.norm], row)
    if step.activation is not None and step.activation.name != "identity":
        yield _activation(step.activation)
    if step.dropped:
        yield nn.Dropout(step.dropped)


def _products(step: Step) -> Iterator[nn.Module]:
    layer = step.layer
    if isinstance(layer, Dense):
        yield nn.Linear(step.below[0], layer.units, bias=layer.bias != "none")
        return
    assert isinstance(layer, Conv2d)
    before, after = layer.pads
    if before != after:  # torch's "same" warns of the copy that it makes
        yield nn.ZeroPad2d((before, after, before, after))
        before = 0
    sizes: dict[str, Any] = {"stride": layer.stride, "padding": before, "bias": layer.bias != "none"}
    yield nn.Conv2d(step.below[0], layer.channels, layer.kernel_size, **sizes)


def _norm(step: Step, numbers: NormNumbers | None, row: int) -> nn.Module:
    assert step.normed is not None
    params: dict[str, Any] = dict(step.normed.params)
    size, is_image = step.above[0], len(step.above) == 3
    module: nn.Module
    if step.normed.name == "layer_norm":
        module = nn.GroupNorm(1, size, **params) if is_image else nn.LayerNorm(size, **params)
    else:
        module = nn.BatchNorm2d(size, **params) if is_image else nn.BatchNorm1d(size, **params)
    if numbers is not None:
        _fill(module, weight=numbers.scale[row], bias=numbers.shift[row])
        if numbers.mean is not None and numbers.var is not None:
            _fill(module, running_mean=numbers.mean[row], running_var=numbers.var[row])
    return module


def _activation(choice: Choice) -> nn.Module:
    if choice.name in ("tanh", "sigmoid") and choice["k"] == 1.0:
        return nn.Tanh() if choice.name == "tanh" else nn.Sigmoid()
    return MODULES[choice.name](*choice.values) if choice.name in MODULES else Formula(choice)


def _fill(module: nn.Module, **arrays: Float[ndarray, ...] | None) -> None:
    """Put arrays, in their own precision, in the place of a module's numbers."""
    for name, array in arrays.items():
        if array is None:
            continue
        old = getattr(module, name)
        value = torch.tensor(array).reshape(old.shape)
        setattr(module, name, nn.Parameter(value) if isinstance(old, nn.Parameter) else value)
