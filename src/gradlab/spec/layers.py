"""Layer records: what a network is a sequence of, each with the shape it makes of the shape below.

Dense and convolution layers are blocks: products, then a norm, the activation, dropout. Every other kind does one thing. A
text names a kind as everywhere: "flatten", "conv2d(32, 3)", "max_pool2d(kernel_size=2)", or an activation or a norm, which
then stands by itself; a table says the same with `kind`.
Shapes are those of one example: (units,), or (channels, height, width) of an image.

Adding a kind is one class in `KINDS`; its law tests follow from `example`, and what `gradlab list layers` says of it from
its docstring, `source` and the descriptions of its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from gradlab.errors import SpecError, UnknownName, shown
from gradlab.parts import ACTIVATIONS, NORMS
from gradlab.spec.blocks import Conv2d, Dense, Record, Shape, Weighted, image_shape, shape_text, windows
from gradlab.spec.choice import ActivationChoice, NormOf, parse_call


class _Pool(Record):
    """A number for every window of each channel. The stride is the window's side where it is not given."""

    kernel_size: int = Field(ge=1, strict=True, description="side of a window")
    stride: int | None = Field(default=None, ge=1, strict=True, description="places from one window to the next")
    padding: int = Field(default=0, ge=0, strict=True, description="on every side, at most half the window")

    @model_validator(mode="after")
    def _narrow_padding(self) -> _Pool:
        if 2 * self.padding > self.kernel_size:
            raise SpecError(
                f"{self.kind}.padding", got=self.padding, expected=f"at most half the window, {self.kernel_size // 2}"
            )
        return self

    @property
    def step(self) -> int:
        """Places from one window to the next."""
        return self.kernel_size if self.stride is None else self.stride

    def shape(self, below: Shape, where: str) -> Shape:
        image = image_shape(below, where)
        return (image[0], *windows(image, self.kernel_size, self.step, 2 * self.padding, where, can_pad=False))


class MaxPool2d(_Pool):
    """The largest number of every window."""

    kind: Literal["max_pool2d"] = "max_pool2d"
    source = "torch.nn.MaxPool2d"
    example = "max_pool2d(2)"


class AvgPool2d(_Pool):
    """The mean of every window; zeros of the padding count, as torch's default has it."""

    kind: Literal["avg_pool2d"] = "avg_pool2d"
    source = "torch.nn.AvgPool2d"
    example = "avg_pool2d(2)"


class Flatten(Record):
    """An image as one row of numbers: channel by channel, row by row."""

    kind: Literal["flatten"] = "flatten"
    source = "torch.nn.Flatten"
    example = "flatten"

    def shape(self, below: Shape, where: str) -> Shape:
        numbers = 1
        for side in below:
            numbers *= side
        return (numbers,)


class _Keeps(Record):
    def shape(self, below: Shape, where: str) -> Shape:
        return below


class Activation(_Keeps):
    """An activation by itself: after a pooling layer, or of the sum that a residual block makes."""

    kind: Literal["activation"] = "activation"
    activation: ActivationChoice = Field(description="which; its bare name says the same")
    source = "torch.nn's activations as modules"
    example: ClassVar[Mapping[str, Any]] = {"kind": "activation", "activation": "relu"}


class Normalise(_Keeps):
    """A norm by itself: of the inputs, say."""

    kind: Literal["norm"] = "norm"
    norm: NormOf = Field(description="which; its bare name says the same")
    source = "torch.nn's norms as modules"
    example: ClassVar[Mapping[str, Any]] = {"kind": "norm", "norm": "batch_norm"}


class Dropout(_Keeps):
    """Dropout by itself: of the inputs, or after a pooling layer."""

    kind: Literal["dropout"] = "dropout"
    p: float = Field(ge=0.0, lt=1.0, description="probability that training sets a number to 0")
    source = "torch.nn.Dropout"
    example = "dropout(0.25)"


class Standardize(_Keeps):
    """(x - mean) / std of each input over the training examples; of each channel for images. Nothing of it trains.

    `fitted = false` is what Keras' Normalization layer does when nobody calls `adapt`: nothing.
    """

    kind: Literal["standardize"] = "standardize"
    fitted: bool = Field(default=True, description="whether mean and std were taken")
    source = "Keras' Normalization"
    example = "standardize"


class Residual(_Keeps):
    """x + f(x), f the layers inside."""

    kind: Literal["residual"] = "residual"
    layers: tuple[LayerRecord, ...] = Field(description="those inside, which keep the shape")
    source = "He, Zhang, Ren and Sun 2016 (arXiv:1512.03385)"
    example: ClassVar[Mapping[str, Any]] = {
        "kind": "residual",
        "layers": [{"kind": "conv2d", "channels": 1, "kernel_size": 3, "padding": "same"}],
    }

    def shape(self, below: Shape, where: str) -> Shape:
        inner = below
        for place, layer in enumerate(self.layers, start=1):
            inner = layer.shape(inner, f"{where}, inside: layer {place} ({layer.kind})")
        if inner != below:
            raise SpecError(
                where,
                got=f"{shape_text(inner)} after the layers inside",
                expected=f"{shape_text(below)}, to add them up",
                do=f"Let them keep the shape{_keeping(below)}",
            )
        return below


def _keeping(below: Shape) -> str:
    """How the last layer inside a residual block gives back the shape that the block got."""
    if len(below) == 3:
        return f': convolutions with padding = "same", the last with channels = {below[0]}'
    return f": the last a dense layer with units = {below[0]}" if below else ""


Layer = Dense | Conv2d | MaxPool2d | AvgPool2d | Flatten | Activation | Normalise | Dropout | Standardize | Residual
KINDS: dict[str, type[Record]] = {
    str(kind.model_fields["kind"].default): kind
    for kind in (Dense, Conv2d, MaxPool2d, AvgPool2d, Flatten, Activation, Normalise, Dropout, Standardize, Residual)
}


def layer_table(value: object) -> dict[str, Any]:
    """The table that a text or a table describes a layer by, `kind` in it.

    Raises:
        UnknownName: No such kind.
        SpecError: Neither text nor table, or too many values.

    Example:
        >>> layer_table("conv2d(32, 3)")
        {'kind': 'conv2d', 'channels': 32, 'kernel_size': 3}
    """
    if isinstance(value, str):
        name, given = parse_call(value, "network.layers")
        for kind, catalog in (("activation", ACTIVATIONS), ("norm", NORMS)):
            if name in catalog:
                return {"kind": kind, kind: value}
        fields = _positions(name)
        positional = [number for key, number in given.items() if key.startswith("#")]
        if len(positional) > len(fields):
            raise SpecError(f"network.layers: {name}", got=shown(value), expected=f"at most {len(fields)} values")
        named = {key: number for key, number in given.items() if not key.startswith("#")}
        return {"kind": name, **dict(zip(fields, positional, strict=False)), **named}
    if not isinstance(value, Mapping):
        raise SpecError(
            "network.layers", got=shown(value), expected='a text as "conv2d(32, 3)", or a table with a kind'
        )
    table = {"kind": "dense", **value}
    _kind(table["kind"])
    return table


def with_defaults(table: Any, defaults: Mapping[str, object]) -> Any:
    """A layer's table with what holds for all layers of its kind, where it does not say itself."""
    if not isinstance(table, dict):
        return table
    if isinstance(table.get("layers"), list | tuple):
        inside = [with_defaults(layer_table(layer), defaults) for layer in table["layers"]]
        return {**table, "layers": inside}
    takes = KINDS[table["kind"]].model_fields
    is_block = "weights" in takes
    return {**{key: value for key, value in defaults.items() if is_block and key in takes}, **table}


def starts_dense(network: Mapping[str, Any]) -> bool:
    """Whether a network takes a row of numbers, not an image, as far as its table tells before it is validated.

    The first of its layers that asks for either decides, wherever it is written: in `front`, in `layers`, in a residual block.
    """
    front, layers = network.get("front", ()), network.get("layers", ())
    if not isinstance(front, list | tuple) or not isinstance(layers, list | tuple):
        return True
    try:
        return _first_kind([*front, *layers]) in (None, "dense")
    except (SpecError, UnknownName):  # what is wrong with it is said when it is validated
        return True


def _first_kind(layers: Sequence[object]) -> str | None:
    """The kind of the first layer whose inputs must have a shape of their own; None where any shape will do."""
    for layer in layers:
        table = layer.model_dump() if isinstance(layer, Record) else layer_table(layer)
        inside = table.get("layers") or ()
        kind = _first_kind(inside) if isinstance(inside, list | tuple) and inside else table["kind"]
        if kind is not None and not issubclass(KINDS[kind], _Keeps):
            return str(kind)
    return None


def shapes_through(layers: Sequence[Layer], below: Shape, where: str) -> tuple[Shape, ...]:
    """Shape of the inputs and of every layer's outputs, [L + 1] of them, for one example.

    Args:
        layers: From the inputs to the outputs.
        below: Shape of the inputs.
        where: What the layers are called, for messages.

    Raises:
        SpecError: Layers that do not fit together; it names the layer.
    """
    shapes = [below]
    for place, layer in enumerate(layers, start=1):
        shapes.append(layer.shape(shapes[-1], f"{where}: layer {place} ({layer.kind})"))
    return tuple(shapes)


def read_layer(value: object) -> Record:
    """The layer that a text or a table describes.

    Raises:
        UnknownName: No such kind.
        SpecError: Neither text nor table, or too many values.
        pydantic.ValidationError: A value that does not fit, or keys that its kind does not have.

    Example:
        >>> read_layer("max_pool2d(2)")
        MaxPool2d(kind='max_pool2d', kernel_size=2, stride=None, padding=0)
    """
    if isinstance(value, Record):
        return value
    table = layer_table(value)
    kind = KINDS[table["kind"]]
    unknown = [key for key in table if key not in kind.model_fields]
    if unknown:  # before anything else: what is missing is often what was misspelt
        of = {"known": tuple(kind.model_fields), "of": table["kind"]}
        problem = PydanticCustomError("extra_forbidden", "unknown key", of)
        raise ValidationError.from_exception_data(
            table["kind"], [{"type": problem, "loc": (str(key),), "input": table[key]} for key in unknown]
        )
    return kind.model_validate(table)


def _positions(name: str) -> list[str]:
    """The fields that the values of the call form stand for: a block's own ones."""
    shared = {"kind", *Weighted.model_fields}
    kind = _kind(name)
    return [field for field in kind.model_fields if field not in shared or (field != "kind" and kind is Activation)]


def _kind(name: object) -> type[Record]:
    if not isinstance(name, str) or name not in KINDS:
        raise UnknownName("layer", name, (*KINDS, *ACTIVATIONS, *NORMS), do='See "gradlab list layers".')
    return KINDS[name]


LayerRecord = Annotated[Layer, BeforeValidator(read_layer, json_schema_input_type=str | dict[str, Any])]
Residual.model_rebuild()
