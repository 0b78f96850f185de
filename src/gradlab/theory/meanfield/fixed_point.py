"""Fixed points of the length map, and what holds there: chi1, depth scales, the correlation that inputs end with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, Phi, as_phi, at_least_zero, moments, second_moment
from gradlab.theory.meanfield.correlation import correlation_fixed_point
from gradlab.theory.meanfield.maps import checked_keep, chi1, depth_scale, length_slope
from gradlab.theory.meanfield.solve import root

LEAST, MOST = 1e-30, 1e30  # lengths between which fixed points are looked for
MARGINAL = 1e-9  # slopes this close to 1 are called 1
_SAME = 1e-12  # relative difference of q' and q below which the two are called equal
_FINE, _COARSE = 1.5, 10.0  # factors between lengths looked at, next to 1 and far away
_FINE_WITHIN = 1e6

ASSUMPTIONS = (
    "infinitely wide layers of equal width",
    "weights and biases independent, of mean 0",
    "weights of the backward pass independent of the forward pass",
)


class Status(Enum):
    """Where the length map goes from q0."""

    CONVERGED = "converged"  # to a q* above 0, exponentially; or it started on an unstable one
    ZERO = "zero"  # to 0, exponentially
    INFINITE = "infinite"  # beyond all bounds
    NEUTRAL = "neutral"  # nowhere: every q is a fixed point
    MARGINAL = "marginal"  # to a q* where the slope is 1: slower than any exponential
    OSCILLATING = "oscillating"  # round a q* where the slope is below -1


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A fixed point of the length map.

    Attributes:
        q_star: q*; infinite where lengths grow for ever.
        status: How lengths come to it.
        is_stable: Whether lengths near it come closer, exponentially. A map started exactly on an unstable point stays.
        slope: dq'/dq at it.
        chi1: sigma_w2 E[phi'^2] at it: factor of squared gradients a layer. Where q* is infinite, the limit.
        xi_q: Layers over which |q - q*| falls by e; None where it does not fall (unstable, infinite, neutral).
        xi_grad: Layers over which squared gradients change by e, 1 / |ln chi1|.
        c_star: Correlation that two inputs end with; None where q* is 0 or infinite, where no correlation is left to have.
        chi_c: Slope of the correlation map at c*; None with c*.
        xi_c: Layers over which |c - c*| falls by e, -1 / ln chi_c; None with c*.
        error: Estimated relative error of q*; infinite for a marginal point away from 0.
        assumptions: What must hold, a phrase each.
    """

    q_star: float
    status: Status
    is_stable: bool
    slope: float
    chi1: float
    xi_q: float | None
    xi_grad: float
    c_star: float | None
    chi_c: float | None
    xi_c: float | None
    error: float
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def phase(self) -> str:
        """One of "ordered" (chi1 < 1, gradients vanish), "chaotic" (chi1 > 1, they explode) and "critical"."""
        if abs(self.chi1 - 1.0) <= MARGINAL:
            return "critical"
        return "ordered" if self.chi1 < 1.0 else "chaotic"


@dataclass(frozen=True, slots=True)
class _Map:
    """The length map with its parameters; `rise(q)` = (q' - q) / q, 0 where q' and q are equal but for rounding."""

    phi: Phi
    sigma_w2: float
    sigma_b2: float
    keep: float

    @property
    def factor(self) -> float:
        return self.sigma_w2 / self.keep

    def rise(self, q: float) -> float:
        rise = (self.factor * second_moment(self.phi, q).value + self.sigma_b2 - q) / q
        return 0.0 if abs(rise) <= _SAME else rise


def fixed_point(
    activation: ActivationLike, sigma_w2: float, sigma_b2: float = 0.0, *, keep: float = 1.0, q0: float = 1.0
) -> FixedPoint:
    """The fixed point that the length map reaches from q0.

    Args:
        activation: What `gauss.as_phi` takes.
        sigma_w2: fan_in Var(W), at least 0.
        sigma_b2: Variance of biases.
        keep: Probability that dropout keeps an activation.
        q0: Where it starts, above 0.

    Raises:
        UserError: A number is out of range, or an expectation does not exist.

    Assumes:
        The map rises, as that of every activation of the catalog does; q from 1e-30 to 1e30 counts as between 0 and
        infinity.

    Source:
        Poole et al. 2016, section 2; Schoenholz et al. 2017, section 3.

    Example:
        >>> found = fixed_point("tanh", sigma_w2=1.7603, sigma_b2=0.05)
        >>> found.status.value, found.phase, round(found.chi1, 3), round(found.q_star, 2)
        ('converged', 'ordered', 1.0, 0.57)
        >>> fixed_point("relu", sigma_w2=2.0).status.value
        'neutral'
    """
    at_least_zero("sigma_w2", sigma_w2)
    at_least_zero("sigma_b2", sigma_b2)
    if not LEAST <= q0 <= MOST:
        raise UserError("q0", got=q0, expected=f"a length from {LEAST:g} to {MOST:g}")
    return _reached(_Map(as_phi(activation), float(sigma_w2), float(sigma_b2), checked_keep(keep)), float(q0))


def fixed_points(
    activation: ActivationLike, sigma_w2: float, sigma_b2: float = 0.0, *, keep: float = 1.0
) -> tuple[FixedPoint, ...]:
    """Every fixed point from 0 to 1e30, increasing, stable or not; a neutral map has one entry, at q = 1.

    Example:
        >>> [(round(found.q_star, 3), found.is_stable) for found in fixed_points("gelu", 1 / 0.42522148257)]
        [(0.0, True), (1.0, False)]
    """
    at_least_zero("sigma_w2", sigma_w2)
    at_least_zero("sigma_b2", sigma_b2)
    length = _Map(as_phi(activation), float(sigma_w2), float(sigma_b2), checked_keep(keep))
    if _is_neutral(length):
        return (_neutral(length, 1.0),)
    found = [_at(length, 0.0)] if _has_zero(length) else []
    lengths = [*reversed(list(_lengths(1.0, -1)))][:-1] + list(_lengths(1.0, 1))
    rises = [length.rise(q) for q in lengths]
    for (q, rise), (higher, higher_rise) in pairwise(zip(lengths, rises, strict=True)):
        if rise == 0.0 and not (found and found[-1].q_star > 0.0):
            found.append(_at(length, q))
        elif rise * higher_rise < 0.0:
            found.append(_at(length, root(length.rise, q, higher)))
        elif higher_rise == 0.0 and rise != 0.0 and higher <= _FINE_WITHIN:
            found.append(_at(length, higher))
    return tuple(found)


def _reached(length: _Map, q0: float) -> FixedPoint:
    if _is_neutral(length):
        return _neutral(length, q0)
    start = length.rise(q0)
    if start == 0.0:
        return _at(length, q0)
    direction = 1 if start > 0.0 else -1
    before: list[tuple[float, float]] = []  # the last two lengths and their rises
    for q in _lengths(q0, direction):
        rise = length.rise(q)
        if rise * direction < 0.0:
            low, high = sorted((before[-1][0], q))
            return _at(length, root(length.rise, low, high))
        if len(before) == 2 and abs(before[1][1]) < min(abs(before[0][1]), abs(rise), 0.1):
            turned = _turned(length, before[0][0], q, direction)
            if turned is not None:
                return _at(length, root(length.rise, *sorted((before[0][0], turned))))
        before = [*before[-1:], (q, rise)]
    if direction > 0:
        return _infinite(length)
    return _at(length, 0.0) if _has_zero(length) else _at(length, before[-1][0])


def _lengths(q0: float, direction: int) -> Iterator[float]:
    """q0, then lengths in one direction as far as they are looked at: fine steps near 1, coarse ones far away."""
    q = q0
    while LEAST <= q <= MOST:
        yield q
        step = _FINE if 1.0 / _FINE_WITHIN <= q <= _FINE_WITHIN else _COARSE
        q *= step**direction


def _turned(length: _Map, start: float, stop: float, direction: int) -> float | None:
    """A length between two where the rise has changed its sign, if the least |rise| there has, else None."""
    low, high = sorted((math.log(start), math.log(stop)))
    for _ in range(40):
        thirds = low + (high - low) / 3.0, high - (high - low) / 3.0
        rises = [direction * length.rise(math.exp(x)) for x in thirds]
        for x, rise in zip(thirds, rises, strict=True):
            if rise < 0.0:
                return math.exp(x)
        low, high = (low, thirds[1]) if rises[0] < rises[1] else (thirds[0], high)
    return None


def _is_neutral(length: _Map) -> bool:
    return length.sigma_b2 == 0.0 and length.phi.is_homogeneous and length.rise(1.0) == 0.0


def _has_zero(length: _Map) -> bool:
    """Whether q = 0 is a fixed point."""
    if length.sigma_b2 > 0.0:
        return False
    return length.sigma_w2 == 0.0 or moments(length.phi, 0.0).E_phi.value == 0.0


def _at(length: _Map, q: float) -> FixedPoint:
    """What holds at a fixed point, stable or not."""
    phi, keep = length.phi, length.keep
    slope = length_slope(phi, q, length.sigma_w2, keep=keep) if length.sigma_w2 else 0.0
    squared = chi1(phi, q, length.sigma_w2, keep=keep)
    is_marginal = abs(slope - 1.0) <= MARGINAL
    if is_marginal:
        status = Status.MARGINAL
    elif q == 0.0:
        status = Status.ZERO
    else:
        status = Status.OSCILLATING if slope < -1.0 else Status.CONVERGED
    stable = abs(slope) < 1.0 and not is_marginal
    if q == 0.0:
        error = 0.0
    elif is_marginal:
        error = math.inf
    else:
        moment = second_moment(phi, q)
        error = (length.factor * moment.error / q + 4e-16) / abs(1.0 - slope)
    point = None if q == 0.0 else correlation_fixed_point(phi, q, length.sigma_w2, length.sigma_b2, keep=keep)
    return FixedPoint(
        q_star=q,
        status=status,
        is_stable=stable,
        slope=slope,
        chi1=squared,
        xi_q=depth_scale(slope) if stable else (math.inf if is_marginal else None),
        xi_grad=depth_scale(squared),
        c_star=None if point is None else point.c_star,
        chi_c=None if point is None else point.chi_c,
        xi_c=None if point is None else point.xi_c,
        error=error,
        assumptions=ASSUMPTIONS if keep == 1.0 else (*ASSUMPTIONS, "dropout masks independent between two inputs"),
    )


def _neutral(length: _Map, q: float) -> FixedPoint:
    found = _at(length, q)
    return FixedPoint(
        q_star=q,
        status=Status.NEUTRAL,
        is_stable=False,
        slope=1.0,
        chi1=found.chi1,
        xi_q=None,
        xi_grad=found.xi_grad,
        c_star=found.c_star,
        chi_c=found.chi_c,
        xi_c=found.xi_c,
        error=0.0,
        assumptions=(*found.assumptions, f"the length q = {q:g} that the inputs bring: every other is as good"),
    )


@lru_cache(maxsize=64)
def _infinite(length: _Map) -> FixedPoint:
    """Lengths grow for ever: slope and chi1 in the limit."""
    slope = length_slope(length.phi, MOST, length.sigma_w2, keep=length.keep)
    squared = chi1(length.phi, MOST, length.sigma_w2, keep=length.keep)
    return FixedPoint(
        q_star=math.inf,
        status=Status.INFINITE,
        is_stable=False,
        slope=slope,
        chi1=squared,
        xi_q=None,
        xi_grad=depth_scale(squared),
        c_star=None,
        chi_c=None,
        xi_c=None,
        error=0.0,
        assumptions=(*ASSUMPTIONS, f"slope and chi1 are those at q = {MOST:g}"),
    )
