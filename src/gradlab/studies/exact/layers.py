"""Sizes, numbers and work of layers, as `gradlab summary` finds them; pooling; and what zero padding costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from gradlab.errors import SpecError, UnknownName
from gradlab.spec.choice import parse_call
from gradlab.studies.exact.record import COMPUTATIONS, Computation, Value
from gradlab.studies.strict import Strict

if TYPE_CHECKING:
    from torch import nn

LAYERS = (
    *("Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d", "MaxPool2d", "AvgPool2d", "Flatten", "Dropout"),
    *("ReLU", "LeakyReLU", "Tanh", "Sigmoid"),
)
Size = Annotated[int, Field(ge=1, le=100_000)]


class Layers(Strict):
    """Layers as torch.nn calls them, and the shape of one example."""

    input: list[Size] = Field(min_length=1, max_length=4)
    layers: list[str] = Field(min_length=1, max_length=1000)


class Pool(Strict):
    """An image, row by row, and how it is pooled."""

    image: list[list[float]] = Field(min_length=1)
    kind: Literal["average", "max"]
    size: Size = 2
    stride: Size = 2


class Convolution(Strict):
    """A convolution over images [channels, height, width] with square kernels."""

    input: tuple[Size, Size, Size]
    filters: Size
    kernel: Size
    stride: Size = 1
    padding: Annotated[int, Field(ge=0, le=100_000)] = 0


def summary(given: Layers) -> dict[str, Value]:
    """Shapes, numbers and multiply-adds of layers one after the other."""
    from torch import nn

    from gradlab.nets.module_summary import summarize

    found = summarize(nn.Sequential(*map(_layer, given.layers)), given.input)
    assert found.layers[-1].output is not None
    return {
        "output": list(found.layers[-1].output),
        "by_layer": [layer.parameters for layer in found.layers],
        "trainable": found.trainable,
        "running": found.buffers,
        "parameters": found.parameters,
        "multiply_adds": found.multiply_adds,
    }


def _layer(text: str) -> nn.Module:
    from torch import nn

    name, given = parse_call(text, "layers")
    if name not in LAYERS:
        raise UnknownName("layer", name, LAYERS)
    positional = [value for key, value in given.items() if key.startswith("#")]
    named = {key: value for key, value in given.items() if not key.startswith("#")}
    try:
        made: nn.Module = getattr(nn, name)(*positional, **named)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpecError("layers", got=f'"{text}"', expected=f"torch.nn.{name} to take it ({error})") from None
    return made


def pool(given: Pool) -> dict[str, Value]:
    """Average or maximum of every window that fits."""
    rows = {len(row) for row in given.image}
    if len(rows) > 1 or min(*rows, len(given.image)) < given.size:
        shape = f"{len(given.image)} rows of {sorted(rows)} numbers"
        raise SpecError("image", got=shape, expected=f"equal rows, and {given.size} x {given.size} of them at least")
    image = np.array(given.image)
    windows = np.lib.stride_tricks.sliding_window_view(image, (given.size, given.size))
    windows = windows[:: given.stride, :: given.stride]
    output = windows.max(axis=(2, 3)) if given.kind == "max" else windows.mean(axis=(2, 3))
    return {"output": output.tolist()}


def padding_work(given: Convolution) -> dict[str, Value]:
    """Multiply-adds of a convolution, and how many of them multiply a zero of the padding."""
    channels, *sides = given.input
    output, inside = [], 1
    for side in sides:
        places = (side + 2 * given.padding - given.kernel) // given.stride + 1
        if places < 1:
            raise SpecError("kernel", got=given.kernel, expected=f"at most {side + 2 * given.padding}, the padded side")
        starts = [place * given.stride - given.padding for place in range(places)]
        inside *= sum(max(0, min(start + given.kernel, side) - max(start, 0)) for start in starts)
        output.append(places)
    total = given.filters * channels * given.kernel**2 * output[0] * output[1]
    return {
        "output": [given.filters, *output],
        "multiply_adds": total,
        "on_padding": total - given.filters * channels * inside,
    }


COMPUTATIONS.add(
    Computation(
        name="summary",
        meaning="layers of torch.nn one after the other, as gradlab summary counts them",
        source="counts of whole numbers; nets.summary",
        given=Layers,
        finds={
            "output": "shape of one output",
            "by_layer": "numbers of each layer, running statistics included",
            "trainable": "weights and biases that train",
            "running": "running statistics",
            "parameters": "both together",
            "multiply_adds": "of products and convolutions, for one example",
        },
        compute=summary,
    )
)
COMPUTATIONS.add(
    Computation(
        name="pool",
        meaning="average or maximum over windows of an image",
        source="halves and quarters, which floating point holds exactly",
        given=Pool,
        finds={"output": "the pooled image, row by row"},
        compute=pool,
    )
)
COMPUTATIONS.add(
    Computation(
        name="padding_work",
        meaning="multiply-adds of a convolution, and those that fall on zero padding",
        source="counts of whole numbers, along one axis and then the other",
        given=Convolution,
        finds={
            "output": "shape of one output",
            "multiply_adds": "in all, for one example",
            "on_padding": "those that multiply a zero of the padding",
        },
        compute=padding_work,
    )
)
