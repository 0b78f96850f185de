"""`trajectory`: lengths and squared gradients of a network of finite depth, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, as_phi, at_least_zero
from gradlab.theory.meanfield.maps import chi1, length_map


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One network's way through the length and gradient maps, L layers of weights, the last the linear output.

    Attributes:
        q: Second moment of layer l's pre-activations [L].
        chi1: Factor of the squared gradient norm from layer l + 1 to layer l [L - 1]: chi1 at q^l.
        gradient: Mean squared gradient of a pre-activation of layer l over that of the last layer [L]; the last is 1.
    """

    q: Float[ndarray, " L"]
    chi1: Float[ndarray, " L-1"]
    gradient: Float[ndarray, " L"]


def trajectory(
    activation: ActivationLike,
    sigma_w2: float | Sequence[float],
    sigma_b2: float | Sequence[float] = 0.0,
    *,
    depth: int | None = None,
    widths: Sequence[int] | None = None,
    input_square: float = 1.0,
    keep: float = 1.0,
) -> Trajectory:
    """Lengths forward, squared gradients backward.

    q^1 = sigma_w2 |x|^2 / n + sigma_b2, then the length map. With equal widths the squared gradient of layer l over that
    of layer L is the product of chi1 at q^l ... q^(L-1); with unequal ones fan_out / fan_in stands before every factor,
    so that the product holds N_L / N_l.

    Args:
        activation: What `gauss.as_phi` takes, that of every layer but the last.
        sigma_w2: fan_in Var(W) of every layer, or one number a layer.
        sigma_b2: Variance of biases, likewise.
        depth: L, the number of weight matrices; or give `widths`.
        widths: Inputs, then units of every layer [L + 1].
        input_square: |x|^2 / n of the input.
        keep: Probability that dropout keeps an activation.

    Raises:
        UserError: Neither or both of depth and widths, or a number out of range; or lengths grow beyond 1e60.

    Assumes:
        Infinite width; weights of the backward pass independent of the forward pass.

    Source:
        Schoenholz et al. 2017, equations 3 and 18.

    Example:
        >>> found = trajectory("relu", 2.0, depth=3)
        >>> found.q.tolist(), found.gradient.tolist()
        ([2.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    """
    if (depth is None) == (widths is None):
        raise UserError("depth and widths", got="both" if widths else "neither", expected="one of them")
    layers = len(widths) - 1 if widths is not None else int(depth or 0)
    if layers < 1 or (widths is not None and min(widths) < 1):
        raise UserError("widths" if widths else "depth", got=widths or depth, expected="at least one layer of a unit")
    w2 = _each("sigma_w2", sigma_w2, layers)
    b2 = _each("sigma_b2", sigma_b2, layers)
    phi = as_phi(activation)
    q = [w2[0] * at_least_zero("input_square", input_square) + b2[0]]
    for weights, biases in zip(w2[1:], b2[1:], strict=True):
        q.append(length_map(phi, q[-1], weights, biases, keep=keep))
    factors = [chi1(phi, length, weights, keep=keep) for length, weights in zip(q[:-1], w2[1:], strict=True)]
    units = list(widths[1:]) if widths is not None else [1] * layers
    gradient = [1.0]
    for l in reversed(range(layers - 1)):  # noqa: E741  (l as in q^l)
        gradient.append(gradient[-1] * factors[l] * units[l + 1] / units[l])
    return Trajectory(np.array(q), np.array(factors), np.array(gradient[::-1]))


def _each(name: str, value: float | Sequence[float], layers: int) -> list[float]:
    """One number for every layer.

    Raises:
        UserError: Another count, or a number out of range.
    """
    each = [float(value)] * layers if isinstance(value, int | float) else [float(number) for number in value]
    if len(each) != layers:
        raise UserError(name, got=f"{len(each)} numbers", expected=f"{layers}, one for each layer")
    for number in each:
        at_least_zero(name, number)
    assert all(map(math.isfinite, each))
    return each
