"""`NetworkSpec`: a network as a sequence of layer records, and the sugar that writes most of them.

Sugar: `hidden = "2 x 9"` is nine layers of width 2; `"400-400-100"` lists widths; `"2:identity - 2 x 10"` puts a linear
layer of width 2 in front; a list of widths and a table `{ width = 2, depth = 9, front = "2:identity" }` say the same, so
that a factor can change width or depth alone. Activation, weights and bias of the network hold for every layer; `output`
may change them for the last one, whose activation is the identity otherwise ("hidden": that of the hidden layers).
`dropout` is one number for all hidden layers or a list of one number each; `norm` stands in every hidden layer;
`draws = "shared"` gives layers of equal shape the same draws.

`layers` instead of `hidden` lists records of any kind, the output among them ("conv2d(32, 3)", "flatten", "dense(10)"; see
`spec.layers`); activation, weights, bias, draws, norm and dropout of the network then hold for the blocks that do not state their
own, activation, norm and dropout not for the last. `front` lists layers that stand before those of `layers`, so that a row
of a study can change what the inputs go through first and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from gradlab.errors import SpecError, UnknownName
from gradlab.parts import ACTIVATIONS, INITIALIZERS
from gradlab.spec.blocks import MOST_UNITS, Conv2d, Dense, Shape, shape_text
from gradlab.spec.choice import choose, choose_bias, choose_norm
from gradlab.spec.hidden import MOST_LAYERS, dropouts_of, parse_hidden
from gradlab.spec.layers import (
    Activation,
    Flatten,
    Layer,
    LayerRecord,
    Residual,
    Standardize,
    layer_table,
    shapes_through,
    starts_dense,
    with_defaults,
)

DEFAULTS = ("activation", "weights", "bias", "draws", "norm", "dropout")  # of blocks that do not say their own
_SUGAR = ("inputs", "outputs", "hidden", *DEFAULTS, "output")


class NetworkSpec(BaseModel):
    """A network: the shape of one example and a sequence of layers, the last being the output.

    Attributes:
        inputs: Numbers of one example; those of the image where they are not given.
        image: Channels, height and width, where the inputs are the pixels of an image, channel by channel and row by row.
        layers: From the inputs to the outputs; the last one is dense.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: int = Field(ge=1, le=MOST_UNITS, strict=True)
    image: tuple[int, int, int] | None = None
    layers: tuple[LayerRecord, ...]

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        if "layers" not in data:
            return _from_sugar(data)
        if "inputs" not in data:
            data = {**data, "inputs": _numbers_of(data.get("image"))}
        defaults = {key: data[key] for key in DEFAULTS if key in data}
        layers = data["layers"]
        if "front" in data and isinstance(layers, list | tuple):
            front = data["front"]
            if not isinstance(front, list | tuple):
                raise SpecError("network.front", got=repr(front), expected='a list of layers, as ["standardize"]')
            layers = [*front, *layers]
            data = {**{key: value for key, value in data.items() if key != "front"}, "layers": layers}
        if not isinstance(layers, list | tuple) or not defaults:
            return data
        rest = {key: value for key, value in data.items() if key not in defaults}
        tables = [layer if isinstance(layer, BaseModel) else layer_table(layer) for layer in layers]
        for key in ("activation", "norm", "dropout"):  # of hidden layers
            if tables and isinstance(tables[-1], dict) and key in defaults:
                tables[-1].setdefault(key, {"activation": "identity", "norm": None, "dropout": 0.0}[key])
        return {**rest, "layers": [with_defaults(table, defaults) for table in tables]}

    @model_validator(mode="after")
    def _fits_together(self) -> NetworkSpec:
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise SpecError("network.layers", got=f"{len(self.layers)} layers", expected=f"1 to {MOST_LAYERS:,} layers")
        last = self.layers[-1]
        if not isinstance(last, Dense):
            above = shape_text(self.shapes[-1])
            raise SpecError(
                f"network.layers: layer {len(self.layers)} ({last.kind})",
                got=f"{last.kind} as the last one, which gives {above}",
                expected="a dense layer of outputs",
                do=_ended(self.layers, self.shapes[-1]),
            )
        if last.dropout:
            raise SpecError("network.output.dropout", got=last.dropout, expected="no dropout of the outputs")
        if self.image is not None and min(self.image) < 1:
            raise SpecError("network.image", got=shape_text(self.image), expected="sides of at least 1")
        if self.image is not None and self.image[0] * self.image[1] * self.image[2] != self.inputs:
            raise SpecError(
                "network.image", got=shape_text(self.image), expected=f"{self.inputs:,} numbers, as there are inputs"
            )
        _ = self.shapes
        self._check_places()
        return self

    def _check_places(self) -> None:
        """What only some places or networks may have."""
        if self.is_plain:
            return
        is_fitted = False
        for place, layer in enumerate(self.layers, start=1):
            fitted = any(isinstance(one, Standardize) and one.fitted for one in (layer, *_inside(layer)))
            changed = [one.kind for one in self.layers[: place - 1] if not isinstance(one, Flatten | Standardize)]
            if fitted and (changed or isinstance(layer, Residual)):
                raise SpecError(
                    f"network.layers: layer {place} (standardize)",
                    got=f"a place behind {changed[-1]}" if changed else "a place in a residual block",
                    expected="a place at the inputs, whose mean and std over the training examples it takes",
                    do='Put it first, or use "batch_norm"',
                )
            if fitted and is_fitted:
                raise SpecError(
                    f"network.layers: layer {place} (standardize)", got="a second one", expected="one, at the inputs"
                )
            is_fitted |= fitted
        for layer, _, _ in self.placed:
            activation = getattr(layer, "activation", None)
            if activation is not None and ACTIVATIONS[activation.name].overwritten:
                raise SpecError(
                    "network.activation",
                    got=f"{activation.name}, which changes how the layer above learns",
                    expected="it in dense layers alone, without norms and penalties",
                )

    @model_serializer(mode="wrap")
    def _to_table(self, all_fields: Any) -> dict[str, Any]:
        table: dict[str, Any] = all_fields(self)  # without what a fully connected network never had
        return {name: value for name, value in table.items() if name != "image" or value is not None}

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shape of the inputs and of every layer's outputs, [L + 1] of them, for one example.

        Raises:
            SpecError: Layers that do not fit together; it names the layer.
        """
        return shapes_through(self.layers, self.image or (self.inputs,), "network.layers")

    @property
    def is_plain(self) -> bool:
        """Whether all layers are dense, without norms and penalties: what the written-out engines train."""
        return self.image is None and all(isinstance(layer, Dense) and layer.is_plain for layer in self.layers)

    @property
    def dense(self) -> tuple[Dense, ...]:
        """The layers of a plain network."""
        assert self.is_plain, "this network has more than dense layers"
        return tuple(layer for layer in self.layers if isinstance(layer, Dense))

    @property
    def blocks(self) -> tuple[Dense | Conv2d, ...]:
        """The layers that have weights, from the inputs to the outputs, those inside residual blocks among them."""
        return tuple(layer for layer, _, _ in self.placed if isinstance(layer, Dense | Conv2d))

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.shapes[-1][0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer of a plain network from the inputs to the outputs, [L + 1] numbers."""
        return (self.inputs, *(layer.units for layer in self.dense))

    @property
    def depth(self) -> int:
        """Number of hidden layers with weights."""
        return len(self.blocks) - 1

    @property
    def placed(self) -> Iterator[tuple[Layer, Shape, Shape]]:
        """Every layer with the shapes of its inputs and outputs, those inside residual blocks before the block."""
        return _placed(self.layers, self.image or (self.inputs,))

    @property
    def parameters(self) -> int:
        """Number of trained weights, biases, scales and shifts."""
        count = 0
        for layer, below, above in self.placed:
            if isinstance(layer, Dense):
                count += layer.units * below[0]
            elif isinstance(layer, Conv2d):
                count += layer.channels * below[0] * layer.kernel_size**2
            if isinstance(layer, Dense | Conv2d):
                count += 0 if layer.bias == "none" else above[0]
            count += 0 if getattr(layer, "norm", None) is None else 2 * above[0]
        return count


def with_input(network: Any, shape: Shape) -> Any:
    """A network's table with the shape of one example, where it does not say its inputs, or its image, itself.

    Args:
        network: What stands in `[network]`, before it is validated.
        shape: Of one example.
    """
    if not isinstance(network, Mapping) or "image" in network:
        return network
    image = {"image": shape} if len(shape) == 3 and not starts_dense(network) else {}
    return {"inputs": math.prod(shape), **image, **network}


def _numbers_of(image: object) -> int:
    """The inputs that an image has.

    Raises:
        SpecError: There is no image.
    """
    if image is None:
        expected = "the numbers of one example, or image = [channels, height, width]"
        raise SpecError("network.inputs", got="nothing", expected=expected)
    sides = [side for side in image if isinstance(side, int)] if isinstance(image, list | tuple) else []
    return max(1, math.prod(sides))  # what is wrong with an image is said when that is validated


def _placed(layers: Sequence[Layer], below: Shape) -> Iterator[tuple[Layer, Shape, Shape]]:
    for layer in layers:
        if isinstance(layer, Residual):
            yield from _placed(layer.layers, below)
        above = layer.shape(below, layer.kind)
        yield layer, below, above
        below = above


def _ended(layers: Sequence[Layer], above: Shape) -> str:
    """What to do about layers that do not end in a dense one, whose outputs have the shape `above`."""
    last = layers[-1]
    if isinstance(last, Activation) and len(layers) > 1 and isinstance(layers[-2], Dense):
        return f'Write it into the layer before it: {{ units = {above[0]}, activation = "{last.activation.name}" }}'
    return f"""Add {'"flatten" and ' if len(above) > 1 else ""}"dense(units)" behind it"""


def _inside(layer: Layer) -> Iterator[Layer]:
    """The layers inside a residual block, and inside those in it."""
    if isinstance(layer, Residual):
        for one in layer.layers:
            yield one
            yield from _inside(one)


def _from_sugar(data: Mapping[str, Any]) -> dict[str, Any]:
    """The layers of a fully connected network, from the words that describe most of them."""
    for key in data:
        if key not in _SUGAR:
            raise UnknownName("network key", str(key), (*_SUGAR, "layers"))
    for key in ("inputs", "outputs", "weights"):
        if key not in data:
            raise SpecError(f"network.{key}", got="nothing", expected="a value")
    # chosen once here, so that a mistake is reported once and not for every layer
    base = choose(ACTIVATIONS, "activation", data.get("activation", "identity"))
    weights = choose(INITIALIZERS, "initializer", data["weights"])
    draws = data.get("draws", "own")
    if draws not in ("own", "shared"):
        raise SpecError("network.draws", got=repr(draws), expected='"own", or "shared" by layers of equal shape')
    law = {"weights": weights, "draws": draws, **({"bias": choose_bias(data["bias"])} if "bias" in data else {})}
    norm = choose_norm(data.get("norm"))
    of_hidden = law | ({} if norm is None else {"norm": norm})
    hidden = parse_hidden(data.get("hidden", []))
    layers = [
        {"units": units, "activation": activation or base, **of_hidden, "dropout": dropout}
        for (units, activation), dropout in zip(hidden, dropouts_of(data.get("dropout", 0.0), len(hidden)), strict=True)
    ]
    last = data.get("output", {})
    if not isinstance(last, Mapping):
        raise SpecError("network.output", got=repr(last), expected="a table")
    if last.get("activation") == "hidden":
        last = {**last, "activation": base}
    layers.append({"units": data["outputs"], "activation": "identity", **law, **last})
    return {"inputs": data["inputs"], "layers": layers}
