"""`NetworkSpec`: a network as a sequence of layer records, and the sugar that writes most of them.

Sugar: `hidden = "2 x 9"` is nine layers of width 2; `"400-400-100"` lists widths; `"2:identity - 2 x 10"` puts a linear
layer of width 2 in front; a list of widths and a table `{ width = 2, depth = 9, front = "2:identity" }` say the same, so
that a factor can change width or depth alone. Activation, weights and bias of the network hold for every layer; `output`
may change them for the last one, whose activation is the identity otherwise ("hidden": that of the hidden layers).
`dropout` is one number for all hidden layers or a list of one number each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gradlab.errors import SpecError, UnknownName
from gradlab.parts import ACTIVATIONS, INITIALIZERS
from gradlab.spec.choice import ActivationChoice, BiasChoice, Choice, InitializerChoice, choose, choose_bias

MOST_UNITS = 1_000_000
MOST_LAYERS = 10_000
_ITEM = re.compile(r"\s*(-?\d+)\s*(?:[x×*]\s*(-?\d+))?\s*(?::\s*([^:]+?))?\s*")  # noqa: RUF001  (the sign people paste)
_SUGAR = ("inputs", "outputs", "hidden", "activation", "weights", "bias", "dropout", "output")


class Layer(BaseModel):
    """One dense layer: units, their activation, the laws of its weights and biases, and dropout of its activations.

    `bias` is a law, "own" (the weights' own law) or "none". `dropout` is the probability that training sets an activation
    to 0; what is kept is divided by the probability of keeping it, so that looks need no change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: int = Field(ge=1, le=MOST_UNITS, strict=True)
    activation: ActivationChoice = Choice(name="identity")
    weights: InitializerChoice
    bias: BiasChoice = "own"
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _joint_law(self) -> Layer:
        if INITIALIZERS[self.weights.name].includes_bias and self.bias != "own":
            raise SpecError(
                "network.bias",
                got=str(self.bias),
                expected=f'"own": {self.weights.name} draws weights and biases together',
                do='Set network.bias = "own"',
            )
        return self


class NetworkSpec(BaseModel):
    """A fully connected network: number of inputs and a sequence of layers, the last being the output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: int = Field(ge=1, le=MOST_UNITS, strict=True)
    layers: tuple[Layer, ...]

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "layers" in data:
            return data
        for key in data:
            if key not in _SUGAR:
                raise UnknownName("network key", str(key), (*_SUGAR, "layers"))
        for key in ("inputs", "outputs", "weights"):
            if key not in data:
                raise SpecError(f"network.{key}", got="nothing", expected="a value")
        # chosen once here, so that a mistake is reported once and not for every layer
        base = choose(ACTIVATIONS, "activation", data.get("activation", "identity"))
        weights = choose(INITIALIZERS, "initializer", data["weights"])
        default = "own" if INITIALIZERS[weights.name].includes_bias else "zeros"
        law = {"weights": weights, "bias": choose_bias(data.get("bias", default))}
        hidden = parse_hidden(data.get("hidden", []))
        layers = [
            {"units": units, "activation": activation or base, **law, "dropout": dropout}
            for (units, activation), dropout in zip(
                hidden, _dropouts(data.get("dropout", 0.0), len(hidden)), strict=True
            )
        ]
        last = data.get("output", {})
        if not isinstance(last, Mapping):
            raise SpecError("network.output", got=repr(last), expected="a table")
        if last.get("activation") == "hidden":
            last = {**last, "activation": base}
        layers.append({"units": data["outputs"], "activation": "identity", **law, **last})
        return {"inputs": data["inputs"], "layers": layers}

    @model_validator(mode="after")
    def _count(self) -> NetworkSpec:
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise SpecError("network.layers", got=f"{len(self.layers)} layers", expected=f"1 to {MOST_LAYERS:,} layers")
        if self.layers[-1].dropout:
            raise SpecError("network.output.dropout", got=self.layers[-1].dropout, expected="no dropout of the outputs")
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer from the inputs to the outputs, [L + 1] numbers."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.layers) - 1

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        widths = self.widths
        return sum(
            n * m + (0 if layer.bias == "none" else n)
            for m, n, layer in zip(widths, widths[1:], self.layers, strict=False)
        )


def parse_hidden(hidden: object) -> list[tuple[int, str | None]]:
    """Widths (and own activations) of the hidden layers.

    Args:
        hidden: "2 x 9", "400-400-100", "2:identity - 2 x 10", [400, 400, 100] or {width, depth, front}.

    Raises:
        SpecError: Not of these forms, or a width or depth below its minimum.

    Example:
        >>> parse_hidden("3:identity - 2 x 2")
        [(3, 'identity'), (2, None), (2, None)]
    """
    expected = '"2 x 9", "400-400-100", [400, 400, 100] or { width = 2, depth = 9 }'
    if isinstance(hidden, Mapping):
        for key in hidden:
            if key not in ("width", "depth", "front"):
                raise UnknownName("network.hidden key", str(key), ("width", "depth", "front"))
        front = parse_hidden(hidden["front"]) if "front" in hidden else []
        width, depth = (_whole(hidden.get(key), f"network.hidden.{key}") for key in ("width", "depth"))
        return front + _repeat(width, depth, None, hidden)
    if isinstance(hidden, int) and not isinstance(hidden, bool):
        return _repeat(hidden, 1, None, hidden)
    if isinstance(hidden, list | tuple):
        return [item for width in hidden for item in _repeat(_whole(width, "network.hidden"), 1, None, hidden)]
    if not isinstance(hidden, str):
        raise SpecError("network.hidden", got=repr(hidden), expected=expected)
    layers: list[tuple[int, str | None]] = []
    for text in re.split(r"(?<=[\w)\s])-(?![^(]*\))", hidden) if hidden.strip() else []:
        match = _ITEM.fullmatch(text)
        if match is None:
            raise SpecError("network.hidden", got=repr(hidden), expected=expected)
        layers += _repeat(int(match[1]), 1 if match[2] is None else int(match[2]), match[3], hidden)
    return layers


def _dropouts(dropout: object, depth: int) -> list[object]:
    """Dropout of each hidden layer, from one number for all or a list of one number a layer."""
    each = dropout if isinstance(dropout, list | tuple) else [dropout] * depth
    for value in each:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
            raise SpecError("network.dropout", got=repr(value), expected="a probability, at least 0 and below 1")
    if len(each) != depth:
        raise SpecError("network.dropout", got=f"{len(each)} numbers", expected=f"{depth}, one for each hidden layer")
    return list(each)


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(where, got="nothing" if value is None else repr(value), expected="a whole number")
    return value


def _repeat(width: int, depth: int, activation: str | None, written: object) -> list[tuple[int, str | None]]:
    if not 1 <= width <= MOST_UNITS:
        raise SpecError("network.hidden", got=repr(written), expected=f"every width between 1 and {MOST_UNITS:,}")
    if not 0 <= depth <= MOST_LAYERS:
        raise SpecError("network.hidden", got=repr(written), expected=f"a depth between 0 and {MOST_LAYERS:,}")
    return [(width, activation)] * depth
