"""`Stack`: R live networks of one shape, every parameter with a leading replica axis.

Replicas may come from several Setups (`Slice`s) as long as the shape and the kinds of activation agree: laws of initial
weights, activation parameters and everything numeric may differ along R. Arrays are numpy; an engine takes its own copy.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.nets.steps import Step, all_steps
from gradlab.parts import INITIALIZERS, NORMS
from gradlab.parts.initializers import Draws
from gradlab.parts.param import Value
from gradlab.seeds import Purpose
from gradlab.spec import Choice, Conv2d, Dense, NetworkSpec, Setup


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
class NormNumbers:
    """The numbers of one norm of R networks.

    Attributes:
        scale: gamma [R, C].
        shift: beta [R, C].
        mean: Running mean [R, C]; None where the norm keeps none, as for `var`.
        var: Running variance [R, C].
    """

    scale: Float[ndarray, "R C"]
    shift: Float[ndarray, "R C"]
    mean: Float[ndarray, "R C"] | None = None
    var: Float[ndarray, "R C"] | None = None


@dataclass(slots=True)
class Stack:
    """R networks of one shape.

    Blocks are the layers with weights; in a plain network that is every layer.

    Attributes:
        spec: Shape and kinds of activation, the first slice's; its numbers may differ along R.
        root_seed: Key of all streams.
        replicas: Replica number of each network [R].
        weights: Per block [R, N, M], in the recipe's precision; of a convolution N channels, and M numbers of each
            kernel, channel by channel and row by row.
        biases: Per block [R, N], or None for one without.
        activation_params: Per layer, per parameter of its activation [R], float64.
        dropout: Per layer, probability of dropout [R].
        l2: Per block, factor of the sum of squared weights in what is minimised [R].
        norms: Per norm.
        standard: Per fitted standardization, mean and std [R, C], or [1, C] where all replicas share the examples; C
            numbers of an example, or channels of an image.
    """

    spec: NetworkSpec
    root_seed: int
    replicas: Int[ndarray, " R"]
    weights: list[Float[ndarray, "R _ _"]]
    biases: list[Float[ndarray, "R _"] | None]
    activation_params: list[tuple[Float[ndarray, " R"], ...]]
    dropout: list[Float[ndarray, " R"]]
    l2: list[Float[ndarray, " R"]] = field(default_factory=list)
    norms: list[NormNumbers] = field(default_factory=list)
    standard: list[tuple[Float[ndarray, "#R C"], Float[ndarray, "#R C"]]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.replicas)


def initial_layer(
    step: Step, root_seed: int, replicas: Int[ndarray, " R"]
) -> tuple[Float[ndarray, "R N M"], Float[ndarray, "R N"] | None]:
    """Weights and biases of one layer as its laws draw them, float64.

    Args:
        step: A layer with weights, in its place: which of those it is decides what is drawn.
        root_seed: Key of all streams.
        replicas: Which replicas.
    """
    layer, fans = step.layer, step.fans
    assert isinstance(layer, Dense | Conv2d)
    law, units = INITIALIZERS[layer.weights.name], step.above[0]
    stream = 0 if layer.draws == "shared" else step.block
    draws = Draws(root_seed, replicas, stream)
    if law.includes_bias:
        block = law.sample(draws, units, fans[0] + 1, *fans, *layer.weights.values)
        return block[:, :, :-1], block[:, :, -1]
    weights = law.sample(draws, units, fans[0], *fans, *layer.weights.values)
    if layer.bias == "none":
        return weights, None
    choice = layer.bias if isinstance(layer.bias, Choice) else layer.weights
    bias_draws = Draws(root_seed, replicas, stream, Purpose.BIAS)
    biases = INITIALIZERS[choice.name].sample(bias_draws, units, 1, *fans, *choice.values)
    return weights, biases[:, :, 0]


def build_stack(slices: Sequence[Slice], root_seed: int) -> Stack:
    """Draw the initial weights of every replica of every slice; norms begin with scales of 1 and shifts of 0.

    Assumes: The slices' networks have one shape, one kind of activation per layer and biases in the same layers.
    """
    dtype = np.dtype(slices[0].setup.recipe.precision)
    return drawn_stack([(part.setup.network, part.replicas) for part in slices], root_seed, dtype)


def drawn_stack(parts: Sequence[tuple[NetworkSpec, Int[ndarray, " _"]]], root_seed: int, dtype: np.dtype[Any]) -> Stack:
    """The same of networks that no recipe trains: each description with its replica numbers; `dtype` of the weights."""
    spec, replicas = parts[0][0], np.concatenate([numbers for _, numbers in parts])
    weights, biases, params, norms = [], [], [], []
    dropout: list[ndarray] = []
    l2: list[ndarray] = []
    for steps in zip(*(all_steps(network) for network, _ in parts), strict=True):  # a layer, once for each part
        own = [(numbers, step) for (_, numbers), step in zip(parts, steps, strict=True)]
        params.append(
            along_replicas([(numbers, step.activation.values if step.activation else ()) for numbers, step in own])
        )
        dropout += along_replicas([(numbers, (step.dropped,)) for numbers, step in own])
        layer = steps[0].layer
        if isinstance(layer, Dense | Conv2d):
            drawn = [initial_layer(step, root_seed, numbers) for numbers, step in own]
            weights.append(np.concatenate([w for w, _ in drawn], dtype=dtype, casting="same_kind"))
            columns = [b for _, b in drawn if b is not None]
            biases.append(np.concatenate(columns).astype(dtype) if columns else None)
            l2 += along_replicas([(numbers, (step.l2,)) for numbers, step in own])
        if steps[0].norm >= 0:
            norms.append(_new_norm(steps[0], len(replicas), dtype))
    return Stack(spec, root_seed, replicas, weights, biases, params, dropout, l2, norms)


def _new_norm(step: Step, replicas: int, dtype: np.dtype[Any]) -> NormNumbers:
    """A norm before training: scale 1, shift 0, running mean 0 and variance 1."""
    assert step.normed is not None
    ones, zeros = np.ones((replicas, step.above[0]), dtype), np.zeros((replicas, step.above[0]), dtype)
    has_running = NORMS[step.normed.name].has_running
    return NormNumbers(ones, zeros, zeros.copy() if has_running else None, ones.copy() if has_running else None)


def along_replicas(values: Sequence[tuple[Sized, Sequence[Value]]]) -> tuple[Float[ndarray, " R"], ...]:
    """Parameter values of each slice or row of replicas, repeated over them: one array [R] per parameter."""
    count = len(values[0][1])
    return tuple(
        np.concatenate([np.full(len(part), float(numbers[k])) for part, numbers in values]) for k in range(count)
    )
