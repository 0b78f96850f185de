"""Layer records: what a network is a sequence of, each with the shape it makes of the shape below.

Dense and convolution layers are blocks: products, then a norm, the activation, dropout. Every other kind does one thing. A
text names a kind as everywhere: "flatten", "conv2d(32, 3)", "max_pool2d(kernel_size=2)", or an activation or a norm, which
then stands by itself; a table says the same with `kind`.
Shapes are those of one example: (units,), or (channels, height, width) of an image.

Adding a kind is one class in `KINDS`; its law tests follow from `example`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_serializer, model_validator

from gradlab.errors import SpecError, UnknownName, shown
from gradlab.parts import ACTIVATIONS, INITIALIZERS, NORMS
from gradlab.spec.choice import ActivationChoice, BiasChoice, Choice, InitializerChoice, NormChoice, NormOf, parse_call

MOST_UNITS = 1_000_000
Shape = tuple[int, ...]


class _Record(BaseModel):
    """What all layers share: frozen, of a kind that is written only where it is not "dense"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    example: ClassVar[str | Mapping[str, Any]]  # one that takes an image of any size from 4 x 4 on; for the laws

    def shape(self, below: Shape, where: str) -> Shape:
        """The shape of its outputs.

        Args:
            below: Shape of its inputs.
            where: The layer, for messages.

        Raises:
            SpecError: It does not fit, with what would.
        """
        raise NotImplementedError


class _Weighted(_Record):
    """A block: products, norm, activation, dropout.

    `bias` is a law, "own" (the weights' own law) or "none". `dropout` is the probability that training sets an activation
    to 0; what is kept is divided by the probability of keeping it, so that looks need no change. `l2` times the sum of the
    squared weights is added to the loss, as in Keras.
    """

    activation: ActivationChoice = Choice(name="identity")
    weights: InitializerChoice
    bias: BiasChoice = "own"
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    norm: NormChoice = None
    l2: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _joint_law(self) -> _Weighted:
        if INITIALIZERS[self.weights.name].includes_bias and self.bias != "own":
            raise SpecError(
                "network.bias",
                got=str(self.bias),
                expected=f'"own": {self.weights.name} draws weights and biases together',
                do='Set network.bias = "own"',
            )
        return self

    @model_serializer(mode="wrap")
    def _to_table(self, all_fields: Any) -> dict[str, Any]:
        # so that a plain dense layer's content, and with it the hash of a Setup, is what it was before there were others
        table: dict[str, Any] = all_fields(self)
        unsaid = {"kind": "dense", "norm": None, "l2": 0.0}
        return {name: value for name, value in table.items() if name not in unsaid or value != unsaid[name]}


class Dense(_Weighted):
    """Units that each see all numbers below."""

    kind: Literal["dense"] = "dense"
    units: int = Field(ge=1, le=MOST_UNITS, strict=True)
    example = {"kind": "dense", "units": 3, "activation": "tanh"}

    def shape(self, below: Shape, where: str) -> Shape:
        if len(below) > 1:
            raise SpecError(
                where, got=f"an image of {_text(below)}", expected="one row of numbers", do='Put "flatten" before it'
            )
        return (self.units,)

    @property
    def is_plain(self) -> bool:
        """Whether it is products, activation and dropout alone."""
        return self.norm is None and self.l2 == 0.0


class Conv2d(_Weighted):
    """Cross-correlation of an image with `channels` square kernels, as torch's Conv2d; 1 x 1 is a dense layer on channels.

    `padding` zeros on every side; "same" pads so that the size stays (stride 1 only; of an odd number the greater half is
    after, as in torch and Keras).
    """

    kind: Literal["conv2d"] = "conv2d"
    channels: int = Field(ge=1, le=MOST_UNITS, strict=True)
    kernel_size: int = Field(ge=1, strict=True)
    stride: int = Field(default=1, ge=1, strict=True)
    padding: Annotated[int, Field(ge=0, strict=True)] | Literal["same"] = 0
    example = {"kind": "conv2d", "channels": 3, "kernel_size": 3, "activation": "tanh"}

    @model_validator(mode="after")
    def _same_has_stride_one(self) -> Conv2d:
        if self.padding == "same" and self.stride > 1:
            raise SpecError("conv2d.padding", got='"same" with a stride', expected='a number, or "same" with stride 1')
        return self

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros before and after, along each side."""
        if self.padding == "same":
            return (self.kernel_size - 1) // 2, self.kernel_size // 2
        return self.padding, self.padding

    def shape(self, below: Shape, where: str) -> Shape:
        _, height, width = _image(below, where)
        pads = sum(self.pads)
        return (self.channels, *(_places(side, self.kernel_size, self.stride, pads, where) for side in (height, width)))


class _Pool(_Record):
    """A number for every window of each channel. The stride is the window's side where it is not given."""

    kernel_size: int = Field(ge=1, strict=True)
    stride: int | None = Field(default=None, ge=1, strict=True)
    padding: int = Field(default=0, ge=0, strict=True)

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
        channels, height, width = _image(below, where)
        pads = 2 * self.padding
        return (channels, *(_places(side, self.kernel_size, self.step, pads, where) for side in (height, width)))


class MaxPool2d(_Pool):
    """The largest number of every window."""

    kind: Literal["max_pool2d"] = "max_pool2d"
    example = "max_pool2d(2)"


class AvgPool2d(_Pool):
    """The mean of every window; zeros of the padding count, as torch's default has it."""

    kind: Literal["avg_pool2d"] = "avg_pool2d"
    example = "avg_pool2d(2)"


class Flatten(_Record):
    """An image as one row of numbers: channel by channel, row by row."""

    kind: Literal["flatten"] = "flatten"
    example = "flatten"

    def shape(self, below: Shape, where: str) -> Shape:
        numbers = 1
        for side in below:
            numbers *= side
        return (numbers,)


class _Keeps(_Record):
    def shape(self, below: Shape, where: str) -> Shape:
        return below


class Activation(_Keeps):
    """An activation by itself: after a pooling layer, or of the sum that a residual block makes."""

    kind: Literal["activation"] = "activation"
    activation: ActivationChoice
    example = {"kind": "activation", "activation": "relu"}


class Normalise(_Keeps):
    """A norm by itself: of the inputs, say."""

    kind: Literal["norm"] = "norm"
    norm: NormOf
    example = {"kind": "norm", "norm": "batch_norm"}


class Dropout(_Keeps):
    """Dropout by itself: of the inputs, or after a pooling layer."""

    kind: Literal["dropout"] = "dropout"
    p: float = Field(ge=0.0, lt=1.0)
    example = "dropout(0.25)"


class Standardize(_Keeps):
    """(x - mean) / std of each input over the training examples; of each channel for images. Nothing of it trains.

    `fitted = false` is what Keras' Normalization layer does when nobody calls `adapt`: nothing.
    """

    kind: Literal["standardize"] = "standardize"
    fitted: bool = True
    example = "standardize"


class Residual(_Keeps):
    """x + f(x), f the layers inside."""

    kind: Literal["residual"] = "residual"
    layers: tuple[LayerRecord, ...]
    example = {"kind": "residual", "layers": [{"kind": "conv2d", "channels": 1, "kernel_size": 3, "padding": "same"}]}

    def shape(self, below: Shape, where: str) -> Shape:
        inner = below
        for place, layer in enumerate(self.layers, start=1):
            inner = layer.shape(inner, f"{where}, inside: layer {place} ({layer.kind})")
        if inner != below:
            raise SpecError(
                where, got=f"{_text(inner)} after the layers inside", expected=f"{_text(below)}, to add them up"
            )
        return below


Layer = Dense | Conv2d | MaxPool2d | AvgPool2d | Flatten | Activation | Normalise | Dropout | Standardize | Residual
KINDS: dict[str, type[_Record]] = {
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


def read_layer(value: object) -> _Record:
    """The layer that a text or a table describes.

    Raises:
        UnknownName: No such kind.
        SpecError: Neither text nor table, or too many values.
        pydantic.ValidationError: A value that does not fit.

    Example:
        >>> read_layer("max_pool2d(2)")
        MaxPool2d(kind='max_pool2d', kernel_size=2, stride=None, padding=0)
    """
    if isinstance(value, _Record):
        return value
    table = layer_table(value)
    return KINDS[table["kind"]].model_validate(table)


def _positions(name: str) -> list[str]:
    """The fields that the values of the call form stand for: a block's own ones."""
    shared = {"kind", *_Weighted.model_fields}
    kind = _kind(name)
    return [field for field in kind.model_fields if field not in shared or (field != "kind" and kind is Activation)]


def _kind(name: object) -> type[_Record]:
    if not isinstance(name, str) or name not in KINDS:
        raise UnknownName("layer", name, (*KINDS, *ACTIVATIONS, *NORMS))
    return KINDS[name]


LayerRecord = Annotated[Layer, BeforeValidator(read_layer, json_schema_input_type=str | dict[str, Any])]
Residual.model_rebuild()


def _image(below: Shape, where: str) -> tuple[int, int, int]:
    if len(below) != 3:
        raise SpecError(where, got=f"{_text(below)} numbers in a row", expected="an image: channels x height x width")
    return below[0], below[1], below[2]


def _places(side: int, kernel: int, stride: int, pads: int, where: str) -> int:
    if side + pads < kernel:
        raise SpecError(
            where,
            got=f"a window of {kernel} on a side of {side}" + (f" with {pads} zeros" if pads else ""),
            expected=f"a kernel_size of at most {side + pads}",
        )
    return (side + pads - kernel) // stride + 1


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape))
