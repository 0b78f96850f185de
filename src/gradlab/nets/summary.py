"""`Summary`: a network's layers with their shapes, numbers, work, memory and receptive fields; from a spec, without torch.

A row is one call of one layer. Shapes are those of one example: no batch axis. What is counted, and how:

- parameters: weights and biases, each once however often a layer is called, and buffers such as running statistics
  (without batch norm's counter of batches). A table that counts 128 for the batch norm of 32 channels counts both.
- multiply-adds: of matrix products and convolutions, for one example. Additions of biases, activations and norms are not
  counted; a convolution counts its kernel at every output place, whether or not that lies on padding.
- bytes: of the parameters with their buffers, and of what each layer hands on for one example, as if each kept a copy.
- receptive field: how many input places along each axis of the image an output can depend on, at most all of them;
  statistics that a norm takes over the image are left aside. None where there is no image, or it could not be followed.

`nets.module_summary` makes the same from a live `torch.nn.Module`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gradlab.errors import SpecError
from gradlab.spec import Dense, NetworkSpec

Shape = tuple[int, ...]
FLOAT_BYTES = 4  # a spec names no precision; float32 is a recipe's default


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """One call of one layer.

    Attributes:
        name: Its place in the network; "" for a network that is one layer.
        kind: What it is, as torch or the catalog calls it.
        input: Shape of its first input, without the batch axis; None where it has none or was not called.
        output: Shape of its first output, without the batch axis; None where the layer was not called.
        trainable: Weights and biases that train, counted where the layer is first called.
        frozen: Weights and biases that do not.
        buffers: Running statistics and other buffers.
        multiply_adds: Of products and convolutions, for one example.
        parameter_bytes: Of all three kinds of numbers.
        output_bytes: Of everything it hands on, for one example.
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
    parameter_bytes: int = 0
    output_bytes: int = 0
    receptive_field: Shape | None = None

    @property
    def parameters(self) -> int:
        """All its numbers, those that train and those that do not."""
        return self.trainable + self.frozen + self.buffers

    def to_dict(self) -> dict[str, Any]:
        """JSON form, with the sum."""
        return {**asdict(self), "parameters": self.parameters}


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
        """All numbers, those that train and those that do not."""
        return self.trainable + self.frozen + self.buffers

    @property
    def multiply_adds(self) -> int:
        """Of products and convolutions, for one example."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def parameter_bytes(self) -> int:
        """Of all numbers."""
        return sum(layer.parameter_bytes for layer in self.layers)

    @property
    def output_bytes(self) -> int:
        """Of everything the layers hand on, for one example."""
        return sum(layer.output_bytes for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: layers, and the sums over them."""
        sums = ("parameters", "trainable", "frozen", "buffers", "multiply_adds", "parameter_bytes", "output_bytes")
        return {
            "network": self.network,
            "input": self.input,
            **{name: getattr(self, name) for name in sums},
            "layers": [layer.to_dict() for layer in self.layers],
        }


def summarize_spec(spec: NetworkSpec, input: Sequence[int] | None = None) -> Summary:
    """The layers of a described network; activations and dropout have rows of their own.

    Args:
        spec: The network.
        input: Shape of one example; its numbers are read in a row. By default that row.

    Raises:
        SpecError: As many numbers as the network has inputs are not in `input`.

    Example:
        >>> spec = NetworkSpec(inputs=784, outputs=10, hidden="60-40", activation="relu", weights="he_normal")
        >>> summary = summarize_spec(spec)
        >>> [layer.parameters for layer in summary.layers], summary.parameters
        ([47100, 0, 2440, 0, 410], 49950)
    """
    shape = (spec.inputs,) if input is None else tuple(input)
    numbers = 1
    for side in shape:
        numbers *= side
    if numbers != spec.inputs:
        got = shape_text(shape) + (f", which is {numbers:,} numbers" if len(shape) > 1 else "")
        raise SpecError("layer 1 (dense)", got=got, expected=f"{spec.inputs:,} input{'s' * (spec.inputs > 1)}")
    rows: list[LayerSummary] = []
    below = spec.inputs
    for place, layer in enumerate(spec.dense, start=1):
        rows += _rows(layer, "output" if place == len(spec.layers) else str(place), below)
        below = layer.units
    return Summary("fully connected", shape, tuple(rows))


def _rows(layer: Dense, name: str, below: int) -> Iterator[LayerSummary]:
    """Products, activation and dropout of a dense layer on `below` units."""
    count = layer.units * below + (0 if layer.bias == "none" else layer.units)
    output_bytes = FLOAT_BYTES * layer.units
    yield LayerSummary(
        name=name,
        kind="dense",
        input=(below,),
        output=(layer.units,),
        trainable=count,
        multiply_adds=layer.units * below,
        parameter_bytes=FLOAT_BYTES * count,
        output_bytes=output_bytes,
    )
    above = [] if layer.activation.name == "identity" else [str(layer.activation)]
    above += [f"dropout({layer.dropout:g})"] if layer.dropout else []
    for kind in above:
        yield LayerSummary(name=name, kind=kind, input=(layer.units,), output=(layer.units,), output_bytes=output_bytes)


def shape_text(shape: Sequence[int | str]) -> str:
    """A shape as people write it.

    Example:
        >>> shape_text((32, 26, 26)), shape_text((9216,)), shape_text(())
        ('32 x 26 x 26', '9216', 'one number')
    """
    return " x ".join(map(str, shape)) or "one number"
