"""Lengths and squared gradients of a network of equal layers, one after the other, by the maps of one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.theory.meanfield import chi1, length_map


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Second moments of pre-activations [L], and mean squared gradients over that of the last layer [L]."""

    q: Float[ndarray, " L"]
    gradient: Float[ndarray, " L"]


def trajectory(
    activation: str,
    sigma_w2: float | Sequence[float],
    sigma_b2: float = 0.0,
    *,
    depth: int | None = None,
    widths: Sequence[int] | None = None,
) -> Trajectory:
    """q^1 = sigma_w2 + sigma_b2 for an input of |x|^2 / n = 1; Schoenholz et al. 2017, equations 3 and 18.

    Args:
        activation: That of every layer but the last.
        sigma_w2: fan_in Var(W) of every layer, or one number a layer.
        sigma_b2: Variance of biases.
        depth: Layers of equal width.
        widths: Instead of depth: inputs, then units of every layer; with them stands N_L / N_l in the gradient of layer l.
    """
    layers = depth if depth is not None else len(widths or ()) - 1
    each = [float(sigma_w2)] * layers if isinstance(sigma_w2, int | float) else list(sigma_w2)
    units = np.array(widths[1:] if widths is not None else [1] * layers)
    q = [each[0] + sigma_b2]
    for weights in each[1:]:
        q.append(length_map(activation, q[-1], weights, sigma_b2))
    factors = [chi1(activation, length, weights) for length, weights in zip(q[:-1], each[1:], strict=True)]
    gradient = [float(np.prod(factors[layer:])) * units[-1] / units[layer] for layer in range(layers)]
    return Trajectory(np.array(q), np.array(gradient))
