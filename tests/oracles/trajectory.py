"""Lengths and squared gradients of a network of equal layers, one after the other, by the maps of one layer."""

from __future__ import annotations

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


def trajectory(activation: str, sigma_w2: float, sigma_b2: float = 0.0, *, depth: int) -> Trajectory:
    """q^1 = sigma_w2 + sigma_b2 for an input of |x|^2 / n = 1; Schoenholz et al. 2017, equations 3 and 18."""
    q = [sigma_w2 + sigma_b2]
    for _ in range(depth - 1):
        q.append(length_map(activation, q[-1], sigma_w2, sigma_b2))
    factors = [chi1(activation, length, sigma_w2) for length in q[:-1]]
    gradient = [float(np.prod(factors[layer:])) for layer in range(depth)]
    return Trajectory(np.array(q), np.array(gradient))
