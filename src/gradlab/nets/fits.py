"""What a layer takes: a shape that does not fit is refused before torch sees it, in words that say what would fit.

Layers that are not known here are left to torch, whose own message then goes behind the layer's name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from gradlab.errors import SpecError
from gradlab.spec.blocks import Shape, shape_text

_AXES = ("length",), ("height", "width"), ("depth", "height", "width")
_LAYERS: dict[type[nn.Module], tuple[int, str | None]] = {  # axes of the image, and the parameter that counts channels
    nn.Conv1d: (1, "in_channels"),
    nn.Conv2d: (2, "in_channels"),
    nn.Conv3d: (3, "in_channels"),
    nn.BatchNorm1d: (1, "num_features"),
    nn.BatchNorm2d: (2, "num_features"),
    nn.BatchNorm3d: (3, "num_features"),
    nn.MaxPool1d: (1, None),
    nn.MaxPool2d: (2, None),
    nn.MaxPool3d: (3, None),
    nn.AvgPool1d: (1, None),
    nn.AvgPool2d: (2, None),
    nn.AvgPool3d: (3, None),
}
_NORM_OF = {1: "BatchNorm1d", 2: "BatchNorm1d", 3: "BatchNorm2d", 4: "BatchNorm3d"}  # by axes without the batch's


def check_fits(name: str, layer: nn.Module, shape: Shape, *, is_input: bool) -> None:
    """Refuse an input that a layer cannot take.

    Args:
        name: The layer's place in the network.
        layer: The layer.
        shape: Of its input, with the batch axis in front.
        is_input: Whether that is what the network itself is given.

    Raises:
        SpecError: Naming the layer, the shape it got and what would fit.
    """
    # a class of the user's own that overrides `forward` may take something else
    where, example = layer_text(name, layer), tuple(shape[1:])
    if isinstance(layer, nn.Linear) and type(layer).forward is nn.Linear.forward:
        _check_row(where, layer.in_features, example)
    kind = next((one for one in _LAYERS if isinstance(layer, one) and type(layer).forward is one.forward), None)
    if kind is None:
        return
    axes, parameter = _LAYERS[kind]
    channels = None if parameter is None else int(getattr(layer, parameter))
    if len(example) != 1 + axes and not (kind is nn.BatchNorm1d and len(example) == 1):
        form = " x ".join(("channels" if channels is None else str(channels), *_AXES[axes - 1]))
        do = "Give the network an input of that form" if is_input else None
        if parameter == "num_features" and len(example) in _NORM_OF:
            do = f"Use {_NORM_OF[len(example)]}"
        raise SpecError(where, got=shape_text(example), expected=form, do=do)
    if parameter is not None and channels is not None:
        _check_channels(where, parameter, channels, example, is_input)
    if hasattr(layer, "kernel_size"):
        _check_window(where, layer, example)


def check_open(module: nn.Module) -> None:
    """Refuse a network whose layers cannot be watched.

    Raises:
        SpecError: A part was compiled by TorchScript.
    """
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = layer_text(name, part)
            do = "Name the module from which torch.jit.script or torch.jit.trace made it"
            raise SpecError(where, got="TorchScript", expected="Python, whose layers can be watched", do=do)


def check_forward(module: nn.Module) -> None:
    """Refuse a network that one tensor is not enough for.

    Raises:
        SpecError: Its `forward` needs more than one argument, or takes none.
    """
    try:
        params = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # made in C
        return
    in_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    takes_one = any(param.kind in (*in_place, inspect.Parameter.VAR_POSITIONAL) for param in params)
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [param.name for param in params if param.default is param.empty and param.kind not in several]
    keyword_only = [param.name for param in params if param.kind is inspect.Parameter.KEYWORD_ONLY]
    others = needed[1:] if needed and needed[0] not in keyword_only else needed
    if takes_one and not others:
        return
    if not takes_one:
        raise SpecError(layer_text("", module), got="a forward that takes no tensor", expected="one that takes one")
    raise SpecError(
        layer_text("", module),
        got=f"a forward that needs {', '.join(needed)}",
        expected="one that needs one tensor",
        do=f"Wrap it in a module whose forward takes one and makes {' and '.join(others)} itself, such as "
        f"return self.net({needed[0]}, {others[0]}=torch.zeros(len({needed[0]}), 5))",
    )


def layer_text(name: str, layer: nn.Module) -> str:
    """A layer as messages name it.

    Example:
        >>> layer_text("features.0", nn.Conv2d(1, 2, 3)), layer_text("", nn.Flatten())
        ('layer features.0 (Conv2d)', 'layer Flatten')
    """
    kind = type(layer).__name__
    return f"layer {name} ({kind})" if name else f"layer {kind}"


def _check_row(where: str, wanted: int, example: Shape) -> None:
    """The last axis of what a dense layer takes."""
    if example and example[-1] == wanted:
        return
    numbers = math.prod(example)
    do = f"Give it in_features={numbers}"
    if len(example) > 1:
        do = "Put nn.Flatten() before it" + ("" if numbers == wanted else f" and give it in_features={numbers}")
    expected = f"{wanted:,} number{'s' * (wanted > 1)} in a row (in_features)"
    raise SpecError(where, got=shape_text(example), expected=expected, do=do)


def _check_channels(where: str, parameter: str, wanted: int, example: Shape, is_input: bool) -> None:
    """The axis behind the batch's."""
    if example[0] == wanted:
        return
    do = f"Give it {parameter}={example[0]}"
    if is_input:
        do += f", or the network an input of {shape_text((wanted, *example[1:]))}"
    expected = f"{wanted:,} channel{'' if wanted == 1 else 's'} ({parameter})"
    raise SpecError(where, got=shape_text(example), expected=expected, do=do)


def _check_window(where: str, layer: nn.Module, example: Shape) -> None:
    """A window no larger than what it moves over, padding included."""
    sides = example[1:]
    kernel, padding, dilation = (
        _each(getattr(layer, key, default), len(sides))
        for key, default in (("kernel_size", 1), ("padding", 0), ("dilation", 1))
    )
    if padding is None or kernel is None or dilation is None or getattr(layer, "ceil_mode", False):
        return  # padding "same" keeps every size, and a rounded up size is never 0
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    rooms = [side + 2 * p for side, p in zip(sides, padding, strict=True)]
    if all(extent <= room for extent, room in zip(extents, rooms, strict=True)):
        return
    most = [min(k, (room - 1) // d + 1) for k, d, room in zip(kernel, dilation, rooms, strict=True)]
    least = [max(1, extent - 2 * p) for extent, p in zip(extents, padding, strict=True)]
    do = f"Use a kernel of at most {shape_text(most)}"
    if hasattr(layer, "in_channels"):  # a pool pads by half its kernel at most
        do += f", or padding={max(-(-(extent - side) // 2) for extent, side in zip(extents, sides, strict=True))}"
    raise SpecError(
        where,
        got=f"{shape_text(example)} for a kernel of {shape_text(kernel)}",
        expected=f"an image of at least {shape_text(least)}",
        do=do,
    )


def _each(value: Any, axes: int) -> Sequence[int] | None:
    """One number for each axis; None for padding given as a word."""
    if isinstance(value, str):
        return (0,) * axes if value == "valid" else None
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * axes if len(values) == 1 else values
