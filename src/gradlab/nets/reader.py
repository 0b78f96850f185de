"""`read_model`: a live `torch.nn` model as a description, with the variances that its weights and biases have.

What can be read: `nn.Sequential`, nested as deep as you like, of Linear, Conv2d, activations, BatchNorm, LayerNorm, Dropout,
Flatten, MaxPool2d, AvgPool2d and Identity, in training mode and without hooks; a softmax at the end is left to the loss.
Weights become `normal(std)` with their root mean square (`orthogonal(gain)` where they are), so that a model is judged as it
is, whoever initialized it. Anything else is refused by name: an answer about another network would be worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from gradlab.errors import SpecError, UnreadableModel
from gradlab.errors.validation import from_validation
from gradlab.nets.module_summary import expected_input
from gradlab.nets.read_weights import Doubt, check_values, laws_of, shared_weights
from gradlab.spec import NetworkSpec
from gradlab.spec.blocks import Record, Shape, shape_text
from gradlab.spec.layers import read_layer

EXPECTED = "nn.Sequential of dense, convolution, activation, norm, dropout, flatten and pooling layers"
_HOOKS = {
    "_forward_pre_hooks": "a forward pre-hook",
    "_forward_hooks": "a forward hook",
    "_backward_pre_hooks": "a backward pre-hook",
    "_backward_hooks": "a backward hook",
}

_ACTIVATIONS: dict[type[nn.Module], Callable[[Any], dict[str, Any]]] = {
    nn.ReLU: lambda part: {"name": "relu"},
    nn.LeakyReLU: lambda part: {"name": "leaky_relu", "negative_slope": float(part.negative_slope)},
    nn.ReLU6: lambda part: {"name": "relu6"},
    nn.Hardtanh: lambda part: {"name": "hardtanh", "min_val": float(part.min_val), "max_val": float(part.max_val)},
    nn.ELU: lambda part: {"name": "elu", "alpha": float(part.alpha)},
    nn.SELU: lambda part: {"name": "selu"},
    nn.GELU: lambda part: {"name": "gelu"},
    nn.SiLU: lambda part: {"name": "silu"},
    nn.Mish: lambda part: {"name": "mish"},
    nn.Softsign: lambda part: {"name": "softsign"},
    nn.Softplus: lambda part: {"name": "softplus"},
    nn.Sigmoid: lambda part: {"name": "sigmoid"},
    nn.Tanh: lambda part: {"name": "tanh"},
}
_SOFTMAX = (nn.Softmax, nn.LogSoftmax)


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a live model says of itself.

    Attributes:
        spec: Its description.
        doubts: What theory assumes and its values refute.
    """

    spec: NetworkSpec
    doubts: tuple[Doubt, ...]


def read_model(model: nn.Module, input: Sequence[int] | None = None) -> ModelReading:
    """The description of a model, and what its values leave in doubt.

    Args:
        model: A sequence of layers that a description has, or one such layer.
        input: Shape of one example, without the batch axis; needed where the first layer with weights is not dense.

    Raises:
        UnreadableModel: A part that no description has, or values that no law of theory has; it is named.
        SpecError: The layers do not fit together or the input.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1, bias=False))
        >>> spec = read_model(model).spec
        >>> spec.widths, spec.dense[0].activation.name, spec.dense[1].bias
        ((4, 3, 1), 'tanh', 'none')
    """
    parts = [one for one in _parts("", model) if type(one[1]) is not nn.Identity]
    shape = tuple(input) if input is not None else expected_input(model)
    if shape is None:
        raise SpecError("input", got="nothing", expected="the shape of one example, such as 1x28x28")
    if parts and isinstance(parts[-1][1], _SOFTMAX):
        parts.pop()
    tables: list[dict[str, Any]] = []
    layers: dict[str, nn.Linear | nn.Conv2d] = {}
    doubts: list[Doubt] = []
    below = shape
    for name, part in parts:
        check_values(name, part)
        table = _table(name, part)
        if isinstance(part, nn.Linear | nn.Conv2d):
            laws, found = laws_of(name, part)
            table |= laws
            layers[name] = part
            doubts += found
        _check_size(name, part, below)
        below = _layer(name, part, table).shape(below, f"layer {name}" if name else type(part).__name__)
        if not _folded(tables, table):
            tables.append(table)
    if not tables or tables[-1]["kind"] != "dense":
        last, kind = (parts[-1][0], type(parts[-1][1]).__name__) if parts else ("", type(model).__name__)
        raise UnreadableModel(last, kind, expected="a dense layer as the last one")
    network: dict[str, Any] = {"inputs": math.prod(shape), "layers": tables}
    if len(shape) == 3:
        network["image"] = shape
    try:
        spec = NetworkSpec.model_validate(network)
    except ValidationError as error:
        raise from_validation(error, "model") from None
    return ModelReading(spec, (*shared_weights(layers), *doubts))


def _layer(name: str, part: nn.Module, table: dict[str, Any]) -> Record:
    """A table as a layer.

    Raises:
        UnreadableModel: A number of the module is outside of what a description has.
    """
    try:
        return read_layer(table)
    except ValidationError as error:
        kind, told = type(part).__name__, from_validation(error)
        raise UnreadableModel(name, kind, got=f"a number out of range: {str(told).removesuffix('.')}") from None


def _parts(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers of a model in order, with their names.

    Raises:
        UnreadableModel: A part that is neither a sequence nor a layer that can be read.
    """
    module = getattr(module, "_orig_mod", module)
    _check_plain(name, module)
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for key, part in module._modules.items():  # named_children() leaves out what stands in two places
            if part is not None:
                yield from _parts(f"{name}.{key}" if name else key, part)
    elif next(module.children(), None) is not None:
        raise UnreadableModel(name, type(module).__name__, expected=EXPECTED)
    else:
        yield name, module


def _check_plain(name: str, module: nn.Module) -> None:
    """Refuse what changes a module's outputs and stands in no description.

    Raises:
        UnreadableModel: A script, sizes that are not there yet, another forward, a hook, a parametrization or the mode.
    """
    kind, got, do = type(module).__name__, "", None
    if isinstance(module, torch.jit.ScriptModule):
        got, do = "a script", "Give the module that it was made of"
    elif isinstance(module, LazyModuleMixin):
        got, do = "a layer without sizes yet", f"Write nn.{kind.removeprefix('Lazy')} with its sizes"
    elif "forward" in vars(module) or type(module).__call__ is not nn.Module.__call__:
        got = "a forward of its own"
    elif torch.nn.utils.parametrize.is_parametrized(module):
        got = f"a parametrization of {', '.join(module.parametrizations)}"  # type: ignore[arg-type]
    else:
        hooks = [word for key, word in _HOOKS.items() if getattr(module, key, None)]
        got = hooks[0] if hooks else _frozen(module)
        do = "Call .train() on the model first" if got and not hooks else None
    if got:
        raise UnreadableModel(name, kind, got=got, expected="a layer as torch has it", do=do)


def _frozen(module: nn.Module) -> str:
    """What a module leaves out outside training; "" where the mode changes nothing."""
    if module.training:
        return ""
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
        return "evaluation mode, which uses running statistics"
    return "evaluation mode, which drops nothing" if isinstance(module, nn.Dropout) and module.p > 0.0 else ""


def _folded(tables: list[dict[str, Any]], table: dict[str, Any]) -> bool:
    """Put a norm, an activation or dropout into the block that it follows, where it stands there as in a block."""
    block = tables[-1] if tables else {}
    if "weights" not in block:
        return False
    kind = table["kind"]
    has = {"norm": ("norm", "activation", "dropout"), "activation": ("activation", "dropout"), "dropout": ("dropout",)}
    if kind not in has or any(key in block for key in has[kind]):
        return False
    block[kind] = table["p"] if kind == "dropout" else table[kind]
    return True


def _table(name: str, part: nn.Module) -> dict[str, Any]:
    """A layer as a description writes it.

    Raises:
        UnreadableModel: No description has it.
    """
    kind = type(part)
    if kind in _ACTIVATIONS:
        if isinstance(part, nn.GELU) and part.approximate != "none":
            raise UnreadableModel(name, "GELU", got=f'approximate="{part.approximate}"', expected='approximate="none"')
        if isinstance(part, nn.Softplus):
            _plain(name, part, beta=1, threshold=20)
        return {"kind": "activation", "activation": _ACTIVATIONS[kind](part)}
    if isinstance(part, nn.Linear) and kind is nn.Linear:
        return {"kind": "dense", "units": part.out_features}
    if isinstance(part, nn.Conv2d) and kind is nn.Conv2d:
        return _convolution(name, part)
    if kind in (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm):
        return _norm(name, part)
    if isinstance(part, nn.Dropout) and kind is nn.Dropout:
        if part.p >= 1.0:
            raise UnreadableModel(name, "Dropout", got=f"p={part.p:g}", expected="p below 1: nothing would get through")
        return {"kind": "dropout", "p": float(part.p)}
    if isinstance(part, nn.Flatten) and (part.start_dim, part.end_dim) == (1, -1):
        return {"kind": "flatten"}
    if kind in (nn.MaxPool2d, nn.AvgPool2d):
        return _pool(name, part)
    raise UnreadableModel(name, kind.__name__, expected=EXPECTED)


def _check_size(name: str, part: nn.Module, below: Shape) -> None:
    """Refuse a layer that is made for inputs of another size.

    Raises:
        UnreadableModel: Its size is not that of what it gets.
    """
    keys = {nn.Linear: "in_features", nn.Conv2d: "in_channels", nn.BatchNorm1d: "num_features"}
    keys |= {nn.BatchNorm2d: "num_features", nn.LayerNorm: "normalized_shape"}
    key = keys.get(type(part))
    if key is None:
        return
    size = getattr(part, key)
    wanted = below if key == "normalized_shape" else below[0]
    if size != wanted:
        got, expected = f"{key}={size!r} for inputs of {shape_text(below)}", f"{key}={wanted!r}"
        raise UnreadableModel(name, type(part).__name__, got=got, expected=expected)


def _convolution(name: str, part: nn.Conv2d) -> dict[str, Any]:
    same = isinstance(part.padding, str)
    _plain(name, part, groups=1, dilation=(1, 1), padding_mode="zeros")
    sides = {"kernel_size": part.kernel_size, "stride": part.stride} | ({} if same else {"padding": part.padding})
    numbers: dict[str, Any] = {key: _square(name, part, key, side) for key, side in sides.items()}
    if same:
        numbers["padding"] = part.padding if part.padding == "same" else 0
    return {"kind": "conv2d", "channels": part.out_channels, **numbers}


def _pool(name: str, part: Any) -> dict[str, Any]:
    _plain(name, part, ceil_mode=False)
    if isinstance(part, nn.MaxPool2d):
        _plain(name, part, dilation=1)
    else:
        _plain(name, part, count_include_pad=True, divisor_override=None)
    numbers = {key: _square(name, part, key, getattr(part, key)) for key in ("kernel_size", "stride", "padding")}
    return {"kind": "max_pool2d" if isinstance(part, nn.MaxPool2d) else "avg_pool2d", **numbers}


def _norm(name: str, part: Any) -> dict[str, Any]:
    for key, start in (("weight", 1.0), ("bias", 0.0)):
        value = getattr(part, key, None)
        if value is not None and bool((value != start).any()):
            got = f"a {key} that is not {start:g} everywhere"
            raise UnreadableModel(name, type(part).__name__, got=got, expected="a norm as it is before training")
    if isinstance(part, nn.LayerNorm):
        return {"kind": "norm", "norm": {"name": "layer_norm", "eps": float(part.eps)}}
    momentum = {} if part.momentum is None else {"momentum": float(part.momentum)}
    return {"kind": "norm", "norm": {"name": "batch_norm", **momentum, "eps": float(part.eps)}}


def _square(name: str, part: nn.Module, key: str, value: Any) -> int:
    """One number for both sides of an image.

    Raises:
        UnreadableModel: The two differ.
    """
    sides = (value, value) if isinstance(value, int) else tuple(value)
    if len(set(sides)) > 1:
        raise UnreadableModel(name, type(part).__name__, got=f"{key} {sides}", expected="the same for both sides")
    return int(sides[0])


def _plain(name: str, part: nn.Module, **usual: Any) -> None:
    """Refuse an option that no description has.

    Raises:
        UnreadableModel: An option is not the usual one.
    """
    for key, value in usual.items():
        if getattr(part, key) != value:
            got = f"{key}={getattr(part, key)!r}"
            raise UnreadableModel(name, type(part).__name__, got=got, expected=f"{key}={value!r}")
