"""Sizes, numbers and work of layers, as `gradlab summary` finds them; pooling; and what zero padding costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from gradlab.errors import SpecError
from gradlab.nets.summary import summarize_layers
from gradlab.spec.blocks import windows
from gradlab.spec.layers import LayerRecord, layer_table, with_defaults
from gradlab.studies.exact.picture import Bars, Done, Grids, Picture
from gradlab.studies.exact.record import COMPUTATIONS, Computation, Value
from gradlab.studies.strict import Strict

ANY_WEIGHTS = {"weights": "zeros"}  # counted, never drawn
MOST_BARS = 60
Size = Annotated[int, Field(ge=1, le=100_000)]


class Layers(Strict):
    """Layers as a study's network lists them, and the shape of one example: one number, or channels, height and width."""

    input: list[Size] = Field(min_length=1, max_length=3)
    layers: tuple[LayerRecord, ...] = Field(min_length=1, max_length=1000)

    @field_validator("layers", mode="before")
    @classmethod
    def _with_weights(cls, layers: Any) -> Any:
        return [with_defaults(layer_table(one), ANY_WEIGHTS) for one in layers] if isinstance(layers, list) else layers


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
    found = summarize_layers(given.layers, tuple(given.input))
    assert found.layers[-1].output is not None
    return {
        "output": list(found.layers[-1].output),
        "by_layer": [layer.parameters for layer in found.layers],
        "trainable": found.trainable,
        "running": found.buffers,
        "parameters": found.parameters,
        "multiply_adds": found.multiply_adds,
    }


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
    output = windows(given.input, given.kernel, given.stride, 2 * given.padding, "kernel", can_pad=True)
    inside = 1
    for side, count in zip(sides, output, strict=True):
        starts = [place * given.stride - given.padding for place in range(count)]
        inside *= sum(max(0, min(start + given.kernel, side) - max(start, 0)) for start in starts)
    total = given.filters * channels * given.kernel**2 * output[0] * output[1]
    return {
        "output": [given.filters, *output],
        "multiply_adds": total,
        "on_padding": total - given.filters * channels * inside,
    }


def by_layer(done: Sequence[Done]) -> dict[str, dict[str, Bars]]:
    """Numbers of each layer, where there are several and not so many that bars help nobody."""
    shown = {}
    for each in done:
        layers: Layers = each.given
        names = [f"{k}. {layer.kind}" for k, layer in enumerate(layers.layers, 1)]
        if 1 < len(names) <= MOST_BARS:
            counts = {name: {"numbers": n} for name, n in zip(names, each.found["by_layer"], strict=True)}
            shown[each.name] = {"": Bars(counts, "parameters")}
    return shown


def pooled(done: Sequence[Done]) -> dict[str, dict[str, Grids]]:
    """Every image once, beside what is made of it."""
    panels: dict[str, dict[str, Any]] = {}
    for each in done:
        one: Pool = each.given
        tables = panels.setdefault(str(one.image), {"image": one.image})
        stride = "" if one.stride == one.size else f", stride {one.stride}"
        tables[f"{one.kind} {one.size} x {one.size}{stride}"] = each.found["output"]
    return {"": {f"image {k}": Grids(tables) for k, tables in enumerate(panels.values(), 1)}}


def work(done: Sequence[Done]) -> dict[str, dict[str, Bars]]:
    """Multiply-adds on the image and on zeros around it."""
    counts = {
        each.name: {
            "on the image": each.found["multiply_adds"] - each.found["on_padding"],
            "on zeros of the padding": each.found["on_padding"],
        }
        for each in done
    }
    return {"": {"": Bars(counts, "multiply-adds for one image")}}


COMPUTATIONS.add(
    Computation(
        name="summary",
        meaning="layers one after the other, as gradlab summary counts them",
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
        picture=Picture(
            title="Where the parameters are",
            caption="One bar a layer, from the input down, running statistics included.",
            figures=by_layer,
        ),
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
        picture=Picture(
            title="What pooling keeps",
            caption="Each image, and what pooling makes of it; a pooled number is drawn over its window where windows"
            " touch. The brighter, the greater.",
            figures=pooled,
        ),
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
        picture=Picture(
            title="What padding costs",
            caption="Multiply-adds of one layer for one image; those on zeros add nothing to any output.",
            figures=work,
        ),
    )
)
