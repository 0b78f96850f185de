"""`Step`: a layer in its place, with the numbers that are counted along the way; what walks through a network walks these.

Blocks (layers with weights), norms and fitted standardizations are counted by themselves, from the inputs up, those inside
a residual block before what stands behind it; `place` counts all layers so, as `NetworkSpec.placed` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from gradlab.spec import Choice, Conv2d, Dense, Layer, NetworkSpec
from gradlab.spec.blocks import Shape
from gradlab.spec.layers import Activation, Dropout, Normalise, Residual, Standardize


@dataclass(frozen=True, slots=True)
class Step:
    """A layer in its place.

    Attributes:
        layer: Its record.
        place: Among all layers.
        below: Shape of its inputs, of one example.
        above: Shape of its outputs.
        block: Which of the blocks it is; -1 for none.
        norm: Which of the norms it has; -1 for none.
        standard: Which of the fitted standardizations it is; -1 for none.
        inside: Steps of a residual block.
        is_inside: Whether it stands inside a residual block.
    """

    layer: Layer
    place: int
    below: Shape
    above: Shape
    block: int = -1
    norm: int = -1
    standard: int = -1
    inside: tuple[Step, ...] = ()
    is_inside: bool = False

    @property
    def activation(self) -> Choice | None:
        """Its activation, where it is a block or an activation by itself."""
        return self.layer.activation if isinstance(self.layer, Dense | Conv2d | Activation) else None

    @property
    def normed(self) -> Choice | None:
        """Its norm, where it has one."""
        return self.layer.norm if isinstance(self.layer, Dense | Conv2d | Normalise) else None

    @property
    def dropped(self) -> float:
        """Its probability of dropout."""
        if isinstance(self.layer, Dropout):
            return self.layer.p
        return self.layer.dropout if isinstance(self.layer, Dense | Conv2d) else 0.0

    @property
    def l2(self) -> float:
        """Factor of the sum of its squared weights in what is minimised."""
        return self.layer.l2 if isinstance(self.layer, Dense | Conv2d) else 0.0

    @property
    def fans(self) -> tuple[int, int]:
        """fan_in and fan_out of a block; of a convolution those of its whole kernel, as torch and Keras count."""
        if isinstance(self.layer, Conv2d):
            places = self.layer.kernel_size**2
            return self.below[0] * places, self.layer.channels * places
        return self.below[0], self.above[0]


@dataclass(slots=True)
class _Counters:
    place: Iterator[int] = field(default_factory=count)
    block: Iterator[int] = field(default_factory=count)
    norm: Iterator[int] = field(default_factory=count)
    standard: Iterator[int] = field(default_factory=count)


def steps_of(spec: NetworkSpec) -> tuple[Step, ...]:
    """The layers of a network from the inputs to the outputs; what is inside a residual block hangs on its step."""
    return steps_through(spec.layers, spec.shapes[0])


def steps_through(layers: Sequence[Layer], below: Shape) -> tuple[Step, ...]:
    """The steps of layers one after the other, above inputs of a shape."""
    return tuple(_steps(layers, below, _Counters(), is_inside=False))


def all_steps(spec: NetworkSpec) -> tuple[Step, ...]:
    """Every layer, those inside residual blocks before the block: the place of each is its index."""
    return tuple(_flat(steps_of(spec)))


def _steps(layers: Sequence[Layer], below: Shape, counters: _Counters, *, is_inside: bool) -> Iterator[Step]:
    for layer in layers:
        above = layer.shape(below, layer.kind)
        inside: tuple[Step, ...] = ()
        if isinstance(layer, Residual):
            inside = tuple(_steps(layer.layers, below, counters, is_inside=True))
        yield Step(
            layer=layer,
            place=next(counters.place),
            below=below,
            above=above,
            block=next(counters.block) if isinstance(layer, Dense | Conv2d) else -1,
            norm=next(counters.norm) if getattr(layer, "norm", None) is not None else -1,
            standard=next(counters.standard) if isinstance(layer, Standardize) and layer.fitted else -1,
            inside=inside,
            is_inside=is_inside,
        )
        below = above


def _flat(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield from _flat(step.inside)
        yield step
