"""The Markov chain behind the exact probability at width 2: the angle between the images of two rays.

Let X and Y be the pre-activations of two inputs at angle theta, X = g1 and Y = cos(theta) g1 + sin(theta) g2 with standard
normal g1, g2 in the plane. X has a uniform direction; Y's direction differs from it by delta, whose density is that of the
phase difference of two correlated complex normals,

    f(delta) = (1 - rho^2) / (2 pi (1 - y^2)) (1 + y arccos(-y) / sqrt(1 - y^2)),  y = rho cos(delta), rho = cos(theta).

relu leaves a vector in the first quadrant, turns one in the second or fourth into an axis, silences one in the third. So the
next angle is |delta| where both are in the first quadrant, the distance of one from an axis where the other is turned into
that axis, 0 or 90 degrees where both are turned into axes; and one ray or both may die.

Source: derived; f from Lee, Hoppel, Mango and Miller 1994, IEEE Transactions on Geoscience and Remote Sensing 32, one look.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RIGHT = 0.5 * math.pi
_NODES = 48  # of the Chebyshev interpolant of the probability as a function of (angle / 90 degrees)^(1/3)
_POINTS = 20  # of Gauss and Legendre a panel


def dead_from_right_angle(layers: int) -> float:
    """Probability that two rays at a right angle are both dead after so many layers of width 2.

    Example:
        >>> dead_from_right_angle(0), round(dead_from_right_angle(1) * 16, 9)
        (0.0, 1.0)
    """
    dead = np.zeros(_NODES)
    kernel, silent, turned = _chain()
    for k in range(layers):
        single = -math.expm1(k * math.log(0.75)) if k else 0.0
        dead = silent + 0.5 * single + turned * dead[-1] + kernel @ dead
    return float(dead[-1])


def difference_density(angle: float, delta: Float[ndarray, " D"]) -> Float[ndarray, " D"]:
    """f(delta), for delta from 0 to pi; of both signs it integrates to 1."""
    y = math.cos(angle) * np.cos(delta)
    rest = math.sin(angle) ** 2 + (math.cos(angle) * np.sin(delta)) ** 2  # 1 - y^2, without its cancellation
    peak = math.sin(angle) ** 2 / (2.0 * math.pi * rest)
    return np.asarray(peak * (1.0 + y * np.arccos(-y) / np.sqrt(rest)))


def difference_share(angle: float, delta: Float[ndarray, " D"]) -> Float[ndarray, " D"]:
    """Integral of f from 0 to delta, delta from 0 to pi."""
    y = math.cos(angle) * np.cos(delta)
    rest = math.sin(angle) ** 2 + (math.cos(angle) * np.sin(delta)) ** 2
    turned = math.cos(angle) * np.sin(delta) * np.arccos(-y) / np.sqrt(rest)
    return np.asarray((delta + turned) / (2.0 * math.pi))


@lru_cache(maxsize=1)
def _chain() -> tuple[ndarray, ndarray, ndarray]:
    """One layer, for every interpolation node theta as the angle before it; the last node is 90 degrees.

    Returns:
        The matrix that takes values at the nodes to the part of the expectation with an angle in between [n, n]; the
        probabilities that both rays die [n], and that the angle becomes 90 degrees [n]. One ray alone is left, or the two
        become parallel, with probability 1/2 together whatever the angle: 2 (1/4 - p^2) + 2 p^2.
    """
    t = 0.5 - 0.5 * np.cos(math.pi * (np.arange(_NODES) + 0.5) / _NODES)
    t = np.append(t[1:], 1.0)  # 90 degrees itself: the chain starts and restarts there
    angles = RIGHT * t**3
    barycentric = np.array([1.0 / np.prod(4.0 * np.delete(node - t, i)) for i, node in enumerate(t)])
    x, weight = np.polynomial.legendre.leggauss(_POINTS)
    kernel = np.empty((_NODES, _NODES))
    for i, angle in enumerate(angles):
        # f is a peak as wide as the angle: panels that double from there on
        steps = angle * 2.0 ** np.arange(-4, math.ceil(math.log2(RIGHT / angle)))
        edges = np.concatenate([[0.0], steps[steps < RIGHT], [RIGHT]])
        half = 0.5 * np.diff(edges)
        points = (0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * x).ravel()
        weights = (half[:, None] * weight).ravel()
        between = 2.0 * difference_density(angle, points) * (RIGHT - points)
        beside = 4.0 * (difference_share(angle, points + RIGHT) - difference_share(angle, points))
        density = (between + beside) / (2.0 * math.pi)
        terms = barycentric / ((points / RIGHT)[:, None] ** (1.0 / 3.0) - t)
        kernel[i] = (weights * density) @ (terms / terms.sum(axis=1, keepdims=True))
    both_on = (math.pi - angles) / (2.0 * math.pi)  # one unit is on for both rays, or off for both
    return kernel, both_on**2, 2.0 * (angles / (2.0 * math.pi)) ** 2
