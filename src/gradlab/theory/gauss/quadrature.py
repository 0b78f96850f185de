"""Adaptive quadrature of several integrands at once, on panels that split where the integrand has a kink.

Each panel is integrated by Kronrod's 21-point rule; its distance from the 10-point Gauss rule that it contains is the
error estimate, which overstates the error of a smooth integrand by many orders. Panels whose estimate is too large are
halved, all of them in one numpy call. Shapes: K integrands, P panels, T = 21 points a panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

# Positive nodes and weights of the Kronrod rule, and weights of the Gauss rule on every second node.
# Source: Piessens, de Doncker-Kapenga, Ueberhuber and Kahaner 1983, QUADPACK, routine QK21.
_NODES = (
    0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
    0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
    0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
    0.148874338981631210884826001129720,
)  # fmt: skip
_KRONROD = (
    0.011694638867371874278064396062192, 0.032558162307964727478818972459390, 0.054755896574351996031381300244580,
    0.075039674810919952767043140916190, 0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
    0.123491976262065851077958109831074, 0.134709217311473325928054001771707, 0.142775938577060080797094273138717,
    0.147739104901338491374841515972068,
)  # fmt: skip
_CENTRE = 0.149445554002916905664936468389821
_GAUSS = (
    0.066671344308688137593568809893332, 0.149451349150580593145776339657697, 0.219086362515982043995534934228163,
    0.269266719309996355091226921569469, 0.295524224714752870173892994651338,
)  # fmt: skip

NODES: Float[ndarray, " 21"] = np.array([*(-x for x in _NODES), 0.0, *reversed(_NODES)])
KRONROD: Float[ndarray, " 21"] = np.array([*_KRONROD, _CENTRE, *reversed(_KRONROD)])
GAUSS: Float[ndarray, " 21"] = np.zeros(21)
GAUSS[1::2] = [*_GAUSS, *reversed(_GAUSS)]

EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-13  # of the integral of the absolute integrand
MOST_ROUNDS = 64  # halvings: more than a float can resolve
MOST_PANELS = 20_000

Integrand = Callable[[ndarray], tuple[ndarray, ndarray]]


@dataclass(frozen=True, slots=True)
class Integrals:
    """Integrals of K integrands over one interval.

    Attributes:
        values: [K].
        errors: Estimated absolute errors [K]: quadrature, rounding, and the uncertainty of the integrands themselves.
        sizes: Integrals of the absolute values [K], the scale of both tolerance and rounding.
        outermost: Share of `sizes` [K] that the first and the last panel of the given edges hold.
        edges: Panel edges that resolved all of them [P + 1].
    """

    values: Float[ndarray, " K"]
    errors: Float[ndarray, " K"]
    sizes: Float[ndarray, " K"]
    outermost: Float[ndarray, " K"]
    edges: Float[ndarray, " E"]


def points_of(low: Float[ndarray, "*S"], high: Float[ndarray, "*S"]) -> Float[ndarray, "*S 21"]:
    """The 21 points of each panel."""
    return np.asarray(0.5 * (low + high)[..., None] + 0.5 * (high - low)[..., None] * NODES)


def integrate(
    integrand: Integrand, edges: Float[ndarray, " E"], tolerance: float = TOLERANCE, most_panels: int = MOST_PANELS
) -> Integrals:
    """Integrals from the first to the last of the edges.

    Args:
        integrand: Points [P, T] -> values [K, P, T] and their own uncertainties [K, P, T] (0 where they are exact).
        edges: Increasing; kinks and jumps of the integrand must be among them to be integrated fast, features much
            narrower than a panel to be seen at all.
        tolerance: Wanted error, relative to the integral of the absolute integrand.
        most_panels: With more than these nothing is halved any more; the error estimate says what that costs.
    """
    low, high = edges[:-1], edges[1:]
    is_outermost = (np.arange(len(low)) == 0) | (np.arange(len(low)) == len(low) - 1)
    value = error = size = outer = np.zeros(1)
    done: list[ndarray] = []
    for _ in range(MOST_ROUNDS):
        f, doubt = integrand(points_of(low, high))
        half = 0.5 * (high - low)
        panel = half * (f @ KRONROD)
        difference = np.abs(panel - half * (f @ GAUSS))
        magnitude = half * (np.abs(f) @ KRONROD)
        if not done:
            outer = magnitude[:, is_outermost].sum(axis=1)
        total = size + magnitude.sum(axis=1)
        # A panel may err by a 64th of the tolerance: the panels that matter are few, and the estimates far too large.
        # Below the integrand's own uncertainty no halving helps.
        unsure = half * (doubt @ KRONROD)
        rough = difference > np.maximum(tolerance / 64.0 * total[:, None], 50.0 * EPS * magnitude + unsure)
        wide = high - low > 4.0 * EPS * np.maximum(np.abs(low), np.abs(high))
        split = rough.any(axis=0) & wide
        if len(low) + sum(map(len, done)) > most_panels:
            split[:] = False
        keep = ~split
        value = value + panel[:, keep].sum(axis=1)
        size = size + magnitude[:, keep].sum(axis=1)
        error = error + (difference + unsure)[:, keep].sum(axis=1)
        done.append(low[keep])
        if not split.any():
            break
        middle = 0.5 * (low[split] + high[split])
        low, high = np.concatenate([low[split], middle]), np.concatenate([middle, high[split]])
    else:
        value, size = value + panel[:, split].sum(axis=1), size + magnitude[:, split].sum(axis=1)
        error = error + (difference + unsure)[:, split].sum(axis=1)
    found = np.unique(np.concatenate([*done, edges[-1:]]))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(size > 0.0, outer / size, 0.0)
    return Integrals(value, error + 8.0 * EPS * size, size, share, found)
