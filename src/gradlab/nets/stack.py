"""`Stack`: R live networks of one shape, every parameter with a leading replica axis.

Replicas may come from several Setups (`Slice`s) as long as the shape and the kinds of activation agree: laws of initial
weights, activation parameters and everything numeric may differ along R. Arrays are numpy; an engine takes its own copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.parts import INITIALIZERS
from gradlab.parts.initializers import Draws
from gradlab.parts.param import Value
from gradlab.seeds import Purpose
from gradlab.spec import Choice, Dense, NetworkSpec, Setup


@dataclass(frozen=True, slots=True)
class Slice:
    """Replicas `start` to `stop - 1` of one Setup."""

    setup: Setup
    start: int
    stop: int

    @property
    def replicas(self) -> Int[ndarray, " R"]:
        """Replica numbers."""
        return np.arange(self.start, self.stop, dtype=np.int64)

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(slots=True)
class Stack:
    """R networks of one shape.

    Attributes:
        spec: Shape and kinds of activation, the first slice's; its numbers may differ along R.
        root_seed: Key of all streams.
        replicas: Replica number of each network [R].
        weights: Per layer [R, N, M], in the recipe's precision.
        biases: Per layer [R, N], or None for a layer without.
        activation_params: Per layer, per parameter of its activation [R], float64.
        dropout: Per layer, probability of dropout [R].
    """

    spec: NetworkSpec
    root_seed: int
    replicas: Int[ndarray, " R"]
    weights: list[Float[ndarray, "R _ _"]]
    biases: list[Float[ndarray, "R _"] | None]
    activation_params: list[tuple[Float[ndarray, " R"], ...]]
    dropout: list[Float[ndarray, " R"]]

    def __len__(self) -> int:
        return len(self.replicas)


def initial_layer(
    layer: Dense, index: int, fan_in: int, root_seed: int, replicas: Int[ndarray, " R"]
) -> tuple[Float[ndarray, "R N M"], Float[ndarray, "R N"] | None]:
    """Weights and biases of one layer as its laws draw them, float64.

    Args:
        layer: The layer.
        index: Its place, 0 the first.
        fan_in: Units below.
        root_seed: Key of all streams.
        replicas: Which replicas.
    """
    law = INITIALIZERS[layer.weights.name]
    fans = (fan_in, layer.units)
    draws = Draws(root_seed, replicas, index)
    if law.includes_bias:
        block = law.sample(draws, layer.units, fan_in + 1, *fans, *layer.weights.values)
        return block[:, :, :-1], block[:, :, -1]
    weights = law.sample(draws, layer.units, fan_in, *fans, *layer.weights.values)
    if layer.bias == "none":
        return weights, None
    choice = layer.bias if isinstance(layer.bias, Choice) else layer.weights
    bias_draws = Draws(root_seed, replicas, index, Purpose.BIAS)
    biases = INITIALIZERS[choice.name].sample(bias_draws, layer.units, 1, *fans, *choice.values)
    return weights, biases[:, :, 0]


def build_stack(slices: Sequence[Slice], root_seed: int) -> Stack:
    """Draw the initial weights of every replica of every slice.

    Assumes: The slices' networks have one shape, one kind of activation per layer and biases in the same layers.
    """
    spec = slices[0].setup.network
    dtype = np.dtype(slices[0].setup.recipe.precision)
    drawn = [
        [
            initial_layer(layer, i, part.setup.network.widths[i], root_seed, part.replicas)
            for i, layer in enumerate(part.setup.network.dense)
        ]
        for part in slices
    ]
    weights, biases, params = [], [], []
    for i, layer in enumerate(spec.dense):
        weights.append(np.concatenate([layers[i][0] for layers in drawn], dtype=dtype, casting="same_kind"))
        columns = [layers[i][1] for layers in drawn]
        biases.append(None if layer.bias == "none" else np.concatenate(columns).astype(dtype))  # type: ignore[arg-type]
        params.append(along_replicas([(part, part.setup.network.dense[i].activation.values) for part in slices]))
    dropout = [
        along_replicas([(part, (part.setup.network.dense[i].dropout,)) for part in slices])[0]
        for i in range(len(spec.dense))
    ]
    replicas = np.concatenate([part.replicas for part in slices])
    return Stack(spec, root_seed, replicas, weights, biases, params, dropout)


def along_replicas(values: Sequence[tuple[Slice, Sequence[Value]]]) -> tuple[Float[ndarray, " R"], ...]:
    """Parameter values of each slice, repeated over its replicas: one array [R] per parameter."""
    count = len(values[0][1])
    return tuple(
        np.concatenate([np.full(len(part), float(numbers[k])) for part, numbers in values]) for k in range(count)
    )
