"""`Summary`: a network's layers with their shapes, numbers, work, memory and receptive fields; from a spec, without torch.

A row is one call of one layer. Shapes are those of one example: no batch axis. What is counted, and how:

- parameters: weights and biases, those that train and those that are frozen, each once however often a layer is called.
- buffers, such as running statistics, are no parameters (batch norm's counter of batches is neither). A table that has 128
  parameters for the batch norm of 32 channels, as Keras prints it, has added both.
- multiply-adds: of matrix products and convolutions, for one example. Additions of biases, activations, norms and whatever
  else works on each number alone are not counted; a convolution counts its kernel at every output place, whether or not
  that lies on padding. An operation whose products nobody counts is named, and the number is then a lower bound.
- bytes: of the parameters with their buffers, and of what each layer hands on for one example, as if each kept a copy.
- receptive field: how many input places along each axis of the image an output can depend on, at most all of them;
  statistics that a norm takes over the image are left aside. None where there is no image, or it could not be followed.

`nets.module_summary` makes the same from a live `torch.nn.Module`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gradlab.errors import SpecError
from gradlab.nets.steps import Step, steps_through
from gradlab.parts import NORMS
from gradlab.spec import Conv2d, Dense, Layer, NetworkSpec
from gradlab.spec.blocks import Shape, shape_text
from gradlab.spec.layers import AvgPool2d, Flatten, MaxPool2d, Residual, Standardize, shapes_through

FLOAT_BYTES = 4  # a spec names no precision; float32 is a recipe's default


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """One call of one layer.

    Attributes:
        name: Its place in the network; "" for a network that is one layer.
        kind: What it is, as torch or the catalog calls it.
        input: Shape of its first input, without the batch axis; None where it has none or was not called.
        output: Shape of its first output, without the batch axis; None where the layer was not called. What is made of
            weights alone, as by weight norm, has no batch axis: its shapes are whole.
        trainable: Weights and biases that train, counted where the layer is first called.
        frozen: Weights and biases that do not.
        buffers: Running statistics and other buffers.
        multiply_adds: Of products and convolutions, for one example; at least that where some are not counted.
        uncounted: Operations, as torch calls them, whose multiply-adds are not known.
        parameter_bytes: Of parameters and buffers.
        output_bytes: Of everything it hands on, for one example; 0 where that is made of weights alone.
        receptive_field: Input places along each axis of the image that an output can depend on.
    """

    name: str
    kind: str
    input: Shape | None
    output: Shape | None
    trainable: int = 0
    frozen: int = 0
    buffers: int = 0
    multiply_adds: int = 0
    uncounted: tuple[str, ...] = ()
    parameter_bytes: int = 0
    output_bytes: int = 0
    receptive_field: Shape | None = None

    @property
    def parameters(self) -> int:
        """Weights and biases, those that train and those that do not."""
        return self.trainable + self.frozen

    def to_dict(self) -> dict[str, Any]:
        """JSON form, with the sum; multiply-adds are null where none could be counted."""
        return {**asdict(self), "parameters": self.parameters, "multiply_adds": _known(self)}


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole network.

    Attributes:
        network: What it is called.
        input: Shape of one example.
        layers: In the order in which they finish; layers that were not called come last.
    """

    network: str
    input: Shape
    layers: tuple[LayerSummary, ...]

    @property
    def trainable(self) -> int:
        """Weights and biases that train."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def frozen(self) -> int:
        """Weights and biases that do not train."""
        return sum(layer.frozen for layer in self.layers)

    @property
    def buffers(self) -> int:
        """Running statistics and other buffers."""
        return sum(layer.buffers for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases, those that train and those that do not."""
        return self.trainable + self.frozen

    @property
    def multiply_adds(self) -> int:
        """Of products and convolutions, for one example; at least that where some are not counted."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Kinds of the layers with operations whose multiply-adds are not known."""
        return tuple(dict.fromkeys(layer.kind for layer in self.layers if layer.uncounted))

    @property
    def parameter_bytes(self) -> int:
        """Of parameters and buffers."""
        return sum(layer.parameter_bytes for layer in self.layers)

    @property
    def output_bytes(self) -> int:
        """Of everything the layers hand on, for one example."""
        return sum(layer.output_bytes for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: layers, and the sums over them; multiply-adds are null where none could be counted."""
        sums = ("parameters", "trainable", "frozen", "buffers", "uncounted", "parameter_bytes", "output_bytes")
        return {
            "network": self.network,
            "input": self.input,
            **{name: getattr(self, name) for name in sums},
            "multiply_adds": _known(self),
            "layers": [layer.to_dict() for layer in self.layers],
        }


def _known(counted: LayerSummary | Summary) -> int | None:
    """Multiply-adds, or None where nothing but unknown ones were found."""
    return None if counted.uncounted and not counted.multiply_adds else counted.multiply_adds


def summarize_spec(spec: NetworkSpec, input: Sequence[int] | None = None) -> Summary:
    """The layers of a described network; norms, activations and dropout have rows of their own.

    Args:
        spec: The network.
        input: Shape of one example; its numbers are read in a row where the network sees no image. By default the network's.

    Raises:
        SpecError: As many numbers as the network has inputs are not in `input`, or not in its form.

    Example:
        >>> spec = NetworkSpec(inputs=784, outputs=10, hidden="60-40", activation="relu", weights="he_normal")
        >>> summary = summarize_spec(spec)
        >>> [layer.parameters for layer in summary.layers], summary.parameters
        ([47100, 0, 2440, 0, 410], 49950)
    """
    shape = spec.shapes[0] if input is None else tuple(input)
    where = f"layer 1 ({spec.layers[0].kind})"
    if spec.image is not None and shape != spec.image:
        raise SpecError(where, got=shape_text(shape), expected=f"an image of {shape_text(spec.image)}")
    if math.prod(shape) != spec.inputs:
        got = shape_text(shape) + (f", which is {math.prod(shape):,} numbers" if len(shape) > 1 else "")
        raise SpecError(where, got=got, expected=f"{spec.inputs:,} input{'s' * (spec.inputs > 1)}")
    rows = _rows_through(spec.layers, spec.shapes[0], last="output")
    return Summary("fully connected" if spec.is_plain else "layers", shape, rows)


def summarize_layers(layers: Sequence[Layer], input: Shape) -> Summary:
    """The same of layers one after the other, whatever the last one is.

    Args:
        layers: From the inputs up.
        input: Shape of one example.

    Raises:
        SpecError: Layers that do not fit together; it names the layer.
    """
    shapes_through(layers, input, "layers")
    return Summary("layers", input, _rows_through(layers, input, last=str(len(layers))))


def _rows_through(layers: Sequence[Layer], below: Shape, last: str) -> tuple[LayerSummary, ...]:
    """The rows of layers above inputs of a shape, named by their places but for the last one."""
    image = below if len(below) == 3 else None
    rows: list[LayerSummary] = []
    field = None if image is None else _Field((1, 1), (1, 1))
    for place, step in enumerate(steps_through(layers, below), start=1):
        made, field = _rows(step, last if place == len(layers) else str(place), field, image)
        rows += made
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Field:
    """Input places along each side of the image that a place sees, and places from one to the next; () once it is a row."""

    size: Shape
    step: Shape


def _rows(step: Step, name: str, field: _Field | None, image: Shape | None) -> tuple[list[LayerSummary], _Field | None]:
    """Products or a pool, norm, activation and dropout of a layer, those inside it first; and what a place then sees."""
    layer, rows = step.layer, []
    if isinstance(layer, Residual):
        inner = field
        for place, one in enumerate(step.inside, start=1):
            made, inner = _rows(one, f"{name}.{place}", inner, image)
            rows += made
        return rows, _wider(field, inner)
    field = _seen(step, field, image)
    output_bytes = FLOAT_BYTES * math.prod(step.above)

    def row(kind: str, *, trainable: int = 0, buffers: int = 0, multiply_adds: int = 0) -> LayerSummary:
        return LayerSummary(
            name=name,
            kind=kind,
            input=step.above if rows else step.below,
            output=step.above,
            trainable=trainable,
            buffers=buffers,
            multiply_adds=multiply_adds,
            parameter_bytes=FLOAT_BYTES * (trainable + buffers),
            output_bytes=output_bytes,
            receptive_field=None if field is None else field.size,
        )

    if isinstance(layer, Dense | Conv2d):
        weights = step.above[0] * step.fans[0]
        places = math.prod(step.above[1:])
        biases = 0 if layer.bias == "none" else step.above[0]
        rows.append(row(layer.kind, trainable=weights + biases, multiply_adds=weights * places))
    elif isinstance(layer, Standardize):
        rows.append(row(layer.kind, buffers=2 * step.above[0] if layer.fitted else 0))
    elif isinstance(layer, MaxPool2d | AvgPool2d | Flatten):
        rows.append(row(layer.kind))
    if step.normed is not None:
        buffers = 2 * step.above[0] if NORMS[step.normed.name].has_running else 0
        rows.append(row(step.normed.name, trainable=2 * step.above[0], buffers=buffers))
    if step.activation is not None and step.activation.name != "identity":
        rows.append(row(str(step.activation)))
    if step.dropped:
        rows.append(row(f"dropout({step.dropped:g})"))
    return rows, field


def _seen(step: Step, field: _Field | None, image: Shape | None) -> _Field | None:
    """What a place sees behind a layer, as `nets.receptive_field` follows it through a module."""
    if field is None or image is None or not field.step:
        return field
    layer, sides = step.layer, step.below[1:]
    if isinstance(layer, Flatten):
        sizes = (n + j * (side - 1) for n, j, side in zip(field.size, field.step, sides, strict=True))
        return _Field(tuple(map(min, sizes, image[1:])), ())
    if not isinstance(layer, Conv2d | MaxPool2d | AvgPool2d):
        return field
    stride = layer.stride if isinstance(layer, Conv2d) else layer.step
    sizes = (n + (layer.kernel_size - 1) * j for n, j in zip(field.size, field.step, strict=True))
    return _Field(tuple(map(min, sizes, image[1:])), tuple(j * stride for j in field.step))


def _wider(outer: _Field | None, inner: _Field | None) -> _Field | None:
    """What a place sees of the sum of two."""
    if outer is None or inner is None:
        return None
    return _Field(tuple(map(max, outer.size, inner.size)), inner.step)
