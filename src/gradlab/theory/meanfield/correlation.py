"""The stable fixed point of the correlation map: how alike two inputs end."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, as_phi, at_least_zero, slope_moment
from gradlab.theory.meanfield.maps import checked_keep, chi_c, correlation_map, depth_scale
from gradlab.theory.meanfield.solve import root

_SAME = 1e-12
_CLOSEST = 1e-9  # 1 - c below which a fixed point is not told from c = 1
_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True)
class CorrelationPoint:
    """Where correlations from 0 to 1 go.

    Attributes:
        c_star: c*, 0 to 1.
        chi_c: Slope of the correlation map there; at c* = 1 it is chi1.
        xi_c: Layers over which |c - c*| falls by e: -1 / ln chi_c; infinite on the edge of chaos. Networks train to a
            depth of about 6 xi_c by plain gradient descent (Schoenholz et al. 2017).
    """

    c_star: float
    chi_c: float
    xi_c: float


def correlation_fixed_point(
    activation: ActivationLike, q: float, sigma_w2: float, sigma_b2: float = 0.0, *, keep: float = 1.0
) -> CorrelationPoint:
    """The c* that every correlation from 0 up (below 1 in the chaotic phase) comes to.

    E[phi(u1) phi(u2)] is a power series in c whose coefficients are not negative (squares of phi's Hermite coefficients),
    so the map is convex from 0 to 1: c* = 1 where its slope at 1 is at most 1, else exactly one point below 1.

    Args:
        activation: What `gauss.as_phi` takes.
        q: A fixed point of the length map, above 0.
        sigma_w2: fan_in Var(W).
        sigma_b2: Variance of biases.
        keep: Probability that dropout keeps an activation; below 1, c* is below 1 and no line is critical.

    Raises:
        UserError: A number is out of range.

    Source:
        Poole et al. 2016, section 3; Daniely, Frostig and Singer 2016 for the series; dropout: Schoenholz et al. 2017.

    Example:
        >>> correlation_fixed_point("relu", 1.0, sigma_w2=2.0)
        CorrelationPoint(c_star=1.0, chi_c=1.0, xi_c=inf)
    """
    phi = as_phi(activation)
    at_least_zero("sigma_w2", sigma_w2)
    at_least_zero("sigma_b2", sigma_b2)
    if at_least_zero("q", q) == 0.0:
        raise UserError("q", got=q, expected="a length above 0")
    if sigma_w2 == 0.0:
        return CorrelationPoint(1.0, 0.0, 0.0)
    at_one = sigma_w2 * slope_moment(phi, q).value
    if checked_keep(keep) == 1.0 and at_one <= 1.0 + _SAME:
        return CorrelationPoint(1.0, at_one, depth_scale(min(1.0, at_one)))

    def excess(c: float) -> float:
        return correlation_map(phi, c, q, sigma_w2, sigma_b2, keep=keep) - c

    if excess(0.0) <= _TOLERANCE:  # an odd phi without biases
        return _point(phi, 0.0, q, sigma_w2)
    gap = 1.0 if keep == 1.0 else _CLOSEST  # with dropout the map is below the diagonal at c = 1 already
    while keep == 1.0 and gap > _CLOSEST:
        gap /= 8.0
        if excess(1.0 - gap) < 0.0:
            return _point(phi, root(excess, 0.0, 1.0 - gap, _TOLERANCE), q, sigma_w2)
    if keep < 1.0 and excess(1.0 - gap) < 0.0:
        return _point(phi, root(excess, 0.0, 1.0 - gap, _TOLERANCE), q, sigma_w2)
    return CorrelationPoint(1.0, at_one, depth_scale(at_one))


def _point(phi: ActivationLike, c: float, q: float, sigma_w2: float) -> CorrelationPoint:
    slope = chi_c(phi, c, q, sigma_w2)
    return CorrelationPoint(c, slope, depth_scale(slope))
