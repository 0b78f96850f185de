"""What all layer records share, and the two kinds with weights: dense and convolution.

Both are blocks: products, then a norm, the activation, dropout. Shapes are those of one example: (units,), or (channels,
height, width) of an image.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from gradlab.errors import SpecError
from gradlab.parts import INITIALIZERS
from gradlab.spec.choice import ActivationChoice, BiasChoice, Choice, InitializerChoice, NormChoice, name_in

MOST_UNITS = 1_000_000
MOST_NUMBERS = 100_000_000  # of one example: 400 MB
_JOINT = ", ".join(name for name, law in INITIALIZERS.items() if law.includes_bias)
Shape = tuple[int, ...]


class Record(BaseModel):
    """What all layers share: frozen, of a kind that is written only where it is not "dense".

    Its docstring and its fields' descriptions are what `gradlab list layers` says of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    source: ClassVar[str]
    example: ClassVar[str | Mapping[str, Any]]  # one that takes an image of any size from 4 x 4 on; for the laws

    @abstractmethod
    def shape(self, below: Shape, where: str) -> Shape:
        """The shape of its outputs.

        Args:
            below: Shape of its inputs.
            where: The layer, for messages.

        Raises:
            SpecError: It does not fit, with what would.
        """


class Weighted(Record):
    """A block: products, norm, activation, dropout.

    `bias` is a law, "own" (the weights' own law) or "none"; zeros where nobody says, however the network is written, and
    "own" for weights that are drawn together with their biases. `dropout` is the probability that training sets an activation
    to 0; what is kept is divided by the probability of keeping it, so that looks need no change. `l2` times the sum of the
    squared weights is added to the loss, as in Keras. `draws = "shared"` draws every such layer from one stream, as one
    seeded initializer that serves all layers does in Keras: layers of equal shape and law begin with equal weights.
    """

    activation: ActivationChoice = Field(default=Choice(name="identity"), description="of its outputs")
    weights: InitializerChoice = Field(description="law that they are drawn from")
    bias: BiasChoice = Field(
        default=Choice(name="zeros"),
        description=f'law of the biases; "own" is that of the weights, and the default beside {_JOINT}',
    )
    draws: Literal["own", "shared"] = Field(
        default="own",
        description='"shared": the same draws in every layer of equal shape, as of one seeded initializer',
    )
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="probability that training sets an activation to 0")
    norm: NormChoice = Field(default=None, description="of the sums, before the activation")
    l2: float = Field(
        default=0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="times the sum of the squared weights is added to the loss",
    )

    @model_validator(mode="before")
    @classmethod
    def _own_of_a_joint_law(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "bias" in data or "weights" not in data:
            return data
        law = INITIALIZERS.get(name_in(data["weights"]) or "")
        return {**data, "bias": "own"} if law is not None and law.includes_bias else data

    @model_validator(mode="after")
    def _joint_law(self) -> Weighted:
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
        unsaid = {"kind": "dense", "norm": None, "l2": 0.0, "draws": "own"}
        return {name: value for name, value in table.items() if name not in unsaid or value != unsaid[name]}


class Dense(Weighted):
    """Units that each see all numbers below."""

    kind: Literal["dense"] = "dense"
    units: int = Field(ge=1, le=MOST_UNITS, strict=True, description="numbers that it makes")
    source = "torch.nn.Linear; Keras' Dense"
    example = {"kind": "dense", "units": 3, "activation": "tanh"}

    def shape(self, below: Shape, where: str) -> Shape:
        if len(below) > 1:
            raise SpecError(
                where,
                got=f"an image of {shape_text(below)}",
                expected="one row of numbers",
                do='Put "flatten" before it',
            )
        return (self.units,)

    @property
    def is_plain(self) -> bool:
        """Whether it is products, activation and dropout alone."""
        return self.norm is None and self.l2 == 0.0


class Conv2d(Weighted):
    """Cross-correlation of an image with `channels` square kernels, as torch's Conv2d; 1 x 1 is a dense layer on channels.

    `padding` zeros on every side; "same" pads so that the size stays (stride 1 only; of an odd number the greater half is
    after, as in torch and Keras).
    """

    kind: Literal["conv2d"] = "conv2d"
    channels: int = Field(ge=1, le=MOST_UNITS, strict=True, description="images that it makes")
    kernel_size: int = Field(ge=1, strict=True, description="side of a kernel")
    stride: int = Field(default=1, ge=1, strict=True, description="places from one window to the next")
    padding: Annotated[int, Field(ge=0, strict=True)] | Literal["same"] = Field(
        default=0, description="zeros on every side"
    )
    source = "torch.nn.Conv2d"
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
        image = image_shape(below, where)
        return (self.channels, *windows(image, self.kernel_size, self.stride, sum(self.pads), where, can_pad=True))


def image_shape(below: Shape, where: str) -> tuple[int, int, int]:
    """Channels, height and width.

    Raises:
        SpecError: It is the shape of no image.
    """
    if len(below) != 3:
        raise SpecError(
            where,
            got="one number" if not below else f"{shape_text(below)} number{'s' * (below != (1,))} in a row",
            expected="an image: channels x height x width",
            do='Put it before "flatten" and dense layers, or give the network image = [channels, height, width]',
        )
    return below[0], below[1], below[2]


def windows(
    image: tuple[int, int, int], kernel: int, stride: int, pads: int, where: str, *, can_pad: bool
) -> tuple[int, int]:
    """Square windows along the height and along the width of an image.

    Args:
        image: Channels, height and width.
        kernel: Side of a window.
        stride: From one window to the next.
        pads: Zeros added to each side, before and after it together.
        where: The layer, for messages.
        can_pad: Whether any padding is allowed; a pool's is at most half its window.

    Raises:
        SpecError: The window is larger than the image, with what would fit.
    """
    _, *sides = image
    room = min(sides) + pads
    if room < kernel:
        padding = f" and padding {pads // 2}" if pads else ""  # "same" always makes room enough
        do = f"Use a kernel of at most {room} x {room}"
        raise SpecError(
            where,
            got=f"{shape_text(image)} for a kernel of {kernel} x {kernel}{padding}",
            expected=f"an image of at least {kernel - pads} x {kernel - pads}",
            do=f"{do}, or padding={-(-(kernel - min(sides)) // 2)}" if can_pad else do,
        )
    height, width = ((side + pads - kernel) // stride + 1 for side in sides)
    return height, width


def shape_text(shape: Sequence[int | str]) -> str:
    """A shape as people write it.

    Example:
        >>> shape_text((32, 26, 26)), shape_text((9216,)), shape_text(())
        ('32 x 26 x 26', '9216', 'one number')
    """
    return " x ".join(map(str, shape)) or "one number"
