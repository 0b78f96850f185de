"""Sizes, numbers and work of layers, as `gradlab summary` finds them; pooling; and what zero padding costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from gradlab.errors import SpecError
from gradlab.nets.summary import summarize_layers
from gradlab.spec.blocks import windows
from gradlab.spec.layers import LayerRecord, layer_table, shapes_through, with_defaults
from gradlab.studies.exact.picture import Bars, Done, Grids, Picture, Table
from gradlab.studies.exact.record import COMPUTATIONS, Computation, Value
from gradlab.studies.strict import Strict

ANY_WEIGHTS = {"weights": "zeros"}  # counted, never drawn
MOST_BARS = 60
MOST_TABLES = 3  # beside each other
Size = Annotated[int, Field(ge=1, le=100_000)]
Number = Annotated[float, Field(ge=-1e100, le=1e100)]  # neither nan nor inf, and no sum of them is


class Layers(Strict):
    """Layers as a study's network lists them, and the shape of one example: one number, or channels, height and width."""

    input: list[Size] = Field(min_length=1, max_length=3)
    layers: tuple[LayerRecord, ...] = Field(min_length=1, max_length=1000)

    @field_validator("layers", mode="before")
    @classmethod
    def _with_weights(cls, layers: Any) -> Any:
        return [with_defaults(layer_table(one), ANY_WEIGHTS) for one in layers] if isinstance(layers, list) else layers

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        shapes_through(self.layers, tuple(self.input), "layers")
        return self


class Pool(Strict):
    """An image, row by row, and how it is pooled."""

    image: list[list[Number]] = Field(min_length=1)
    kind: Literal["average", "max"]
    size: Size = 2
    stride: Size = 2

    @model_validator(mode="after")
    def _is_an_image(self) -> Self:
        rows = {len(row) for row in self.image}
        if len(rows) > 1 or min(*rows, len(self.image)) < self.size:
            shape = f"{len(self.image)} rows of {' or '.join(map(str, sorted(rows)))} numbers"
            least = f"{self.size} x {self.size}"
            raise SpecError("image", got=shape, expected=f"equal rows, and {least} of them at least, one window")
        return self


class Convolution(Strict):
    """A convolution over images [channels, height, width] with square kernels."""

    input: tuple[Size, Size, Size]
    filters: Size
    kernel: Size
    stride: Size = 1
    padding: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        _windows(self)
        return self


def summary(given: Layers) -> dict[str, Value]:
    """Shapes, numbers and multiply-adds of layers one after the other."""
    below = tuple(given.input)
    found = summarize_layers(given.layers, below)
    return {
        "output": list(shapes_through(given.layers, below, "layers")[-1]),
        "layers": [f"{layer.name}. {layer.kind}" for layer in found.layers],
        "by_layer": [layer.parameters + layer.buffers for layer in found.layers],
        "trainable": found.trainable,
        "running": found.buffers,
        "parameters": found.parameters + found.buffers,  # as Keras prints them
        "multiply_adds": found.multiply_adds,
    }


def pool(given: Pool) -> dict[str, Value]:
    """Average or maximum of every window that fits."""
    image = np.array(given.image)
    seen = np.lib.stride_tricks.sliding_window_view(image, (given.size, given.size))
    seen = seen[:: given.stride, :: given.stride]
    output = seen.max(axis=(2, 3)) if given.kind == "max" else seen.mean(axis=(2, 3))
    return {"output": output.tolist()}


def _windows(given: Convolution) -> Sequence[int]:
    """Places of the kernel along height and width."""
    return windows(given.input, given.kernel, given.stride, 2 * given.padding, "kernel", can_pad=True)


def padding_work(given: Convolution) -> dict[str, Value]:
    """Multiply-adds of a convolution, and how many of them multiply a zero of the padding."""
    channels, *sides = given.input
    output, inside = _windows(given), 1
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
        if 1 < len(each.found["layers"]) <= MOST_BARS:
            named = zip(each.found["layers"], each.found["by_layer"], strict=True)
            bars = {name.partition("(")[0]: {"numbers": n} for name, n in named}
            shown[each.name] = {"": Bars(bars, "parameters")}
    return shown


def pooled(done: Sequence[Done]) -> dict[str, dict[str, Grids]]:
    """Every image beside what is made of it, each number at the middle of its window."""
    images: dict[str, tuple[Pool, dict[str, Table]]] = {}
    for each in done:
        one: Pool = each.given
        _, tables = images.setdefault(str(one.image), (one, {}))
        stride = "" if one.stride == one.size else f", stride {one.stride}"
        title = f"{one.kind} {one.size} x {one.size}{stride}"
        tables[title] = Table(each.found["output"], (one.size - 1) / 2, one.stride)
    panels = {}
    for k, (one, tables) in enumerate(images.values(), 1):
        named = list(tables.items())
        for start in range(0, len(named), MOST_TABLES - 1):
            shown = dict(named[start : start + MOST_TABLES - 1])
            panels[f"image {k}{' again' if start else ''}"] = Grids({"image": Table(one.image), **shown})
    return {"": panels}


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
            "layers": "place and kind of each layer, those inside a layer included",
            "by_layer": "numbers of each of these, running statistics included",
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
            caption="Each image, and what pooling makes of it; a pooled number stands at the middle of its window. The"
            " brighter, the greater, by one scale in all panels.",
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
