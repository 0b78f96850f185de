"""`Captured`: what a probe saw of R networks on one batch, as numpy arrays in the precision the networks ran in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Needs = Literal["forward", "backward", "updates", "classes", "norms", "running"]
"""What must have been captured: a forward pass, the gradients, an optimizer step, outputs that are scores of classes,
a norm, a norm with running statistics."""


@dataclass(frozen=True)
class CapturedLayer:
    """One layer of R networks on B inputs; of a convolution every place is an input, and every channel a unit.

    Attributes:
        pre: Pre-activations, weights times activations below plus bias, behind the norm if there is one [R, B, N].
        post: Activations phi(pre) [R, B, N].
        slope: phi'(pre) [R, B, N].
        steepest: Largest |phi'| that the activation can have anywhere [R].
        weights: [R, N, M].
        biases: [R, N], None for a layer without.
        range: Least and greatest value of a bounded activation, None for an unbounded one. It decides the bins of the
            histogram of activations, so it must be the same for everything that is to be compared or added.
        pre_grads: dL/dpre [R, B, N], L the loss that training minimises (its mean over the batch where it is a mean);
            None, as the following two, where no backward pass was made.
        weight_grads: dL/dW [R, N, M].
        bias_grads: dL/db [R, N].
        updates: Weights after minus before one optimizer step [R, N, M]; None where no step was taken.
        norm_scale: gamma of its norm [R, N]; None for a layer without, as `norm_shift`.
        norm_shift: beta of its norm [R, N].
        running_mean: Running mean of its norm [R, N]; None where it keeps none, as `running_var`.
        running_var: Running variance of its norm [R, N].
    """

    pre: Float[ndarray, "R B N"]
    post: Float[ndarray, "R B N"]
    slope: Float[ndarray, "R B N"]
    steepest: Float[ndarray, " R"]
    weights: Float[ndarray, "R N M"]
    biases: Float[ndarray, "R N"] | None = None
    range: tuple[float, float] | None = None
    pre_grads: Float[ndarray, "R B N"] | None = None
    weight_grads: Float[ndarray, "R N M"] | None = None
    bias_grads: Float[ndarray, "R N"] | None = None
    updates: Float[ndarray, "R N M"] | None = None
    norm_scale: Float[ndarray, "R N"] | None = None
    norm_shift: Float[ndarray, "R N"] | None = None
    running_mean: Float[ndarray, "R N"] | None = None
    running_var: Float[ndarray, "R N"] | None = None

    @cached_property
    def ordered(self) -> Float[ndarray, "R _"]:
        """The activations of each network in increasing order, NaN last: all quantiles take theirs from it."""
        # Sorting takes a fifth of the time of a partition where many entries are equal, as behind relu.
        return np.sort(self.post.reshape(len(self.post), -1), axis=1)


@dataclass(frozen=True, slots=True)
class Captured:
    """R networks of one shape on one batch of B inputs.

    Attributes:
        layers: From the first hidden layer to the output.
        inputs: [R, B, M], or [1, B, M] when all replicas saw the same.
        outputs: What the loss judges [R, B, C]; the logits where the loss has the softmax in it.
        targets: [R, B, C] or [1, B, C]; None where there are none.
        is_classes: Whether the outputs are scores of C classes, the greatest being the prediction.
        layer_names: The layers' names, where they are not just counted.
    """

    layers: tuple[CapturedLayer, ...]
    inputs: Float[ndarray, "#R B M"]
    outputs: Float[ndarray, "R B C"]
    targets: Float[ndarray, "#R B _"] | None = None
    is_classes: bool = False
    layer_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.layers, "a network has at least an output layer"

    @property
    def replicas(self) -> int:
        """R."""
        return len(self.outputs)

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names."""
        return self.layer_names or layer_names(len(self.layers))

    def has(self, needs: Needs) -> bool:
        """Whether what a quantity needs was captured, in at least one layer.

        One score cannot say which of two classes is meant (0 or 1/2 may be the border), so it makes no classes.
        """
        if needs == "backward":
            return any(layer.weight_grads is not None or layer.pre_grads is not None for layer in self.layers)
        if needs == "updates":
            return any(layer.updates is not None for layer in self.layers)
        if needs == "norms":
            return any(layer.norm_scale is not None for layer in self.layers)
        if needs == "running":
            return any(layer.running_mean is not None for layer in self.layers)
        return needs == "forward" or (self.is_classes and self.outputs.shape[2] > 1)


def layer_names(count: int) -> tuple[str, ...]:
    """Names of the layers of a network, counted from the input.

    Example:
        >>> layer_names(3)
        ('1', '2', 'output')
    """
    return (*(str(place) for place in range(1, count)), "output")
