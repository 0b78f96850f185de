"""The edge of chaos: the (sigma_w2, sigma_b2) where chi1 = 1 at a fixed point of the length map.

It is a curve parametrised by that fixed point: sigma_w2 = 1 / E[phi'^2], sigma_b2 = q - sigma_w2 E[phi^2], where the
latter is not negative. A homogeneous phi (relu) has one point, sigma_b2 = 0, neutral: every q stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, Phi, as_phi, at_least_zero, moments
from gradlab.theory.meanfield.fixed_point import MARGINAL
from gradlab.theory.meanfield.solve import root

LEAST, MOST = 1e-8, 1e6  # lengths between which the edge is looked for
_PER_DECADE = 8
_ROUNDING = 1e-12  # of sigma_b2, relative to q


@dataclass(frozen=True, slots=True)
class EdgePoint:
    """A point of the edge.

    Attributes:
        q: Fixed point of the length map there; None where every q is one.
        sigma_w2: fan_in Var(W).
        sigma_b2: Variance of biases.
        slope: dq'/dq at q; below 1 the point is reached, above 1 lengths leave it (and chi1 = 1 with it).
    """

    q: float | None
    sigma_w2: float
    sigma_b2: float
    slope: float

    @property
    def sigma_b(self) -> float:
        """Standard deviation of biases."""
        return math.sqrt(self.sigma_b2)

    @property
    def status(self) -> str:
        """One of "stable", "unstable", "marginal" (slope 1) and "neutral" (every q is a fixed point)."""
        if self.q is None:
            return "neutral"
        if abs(self.slope - 1.0) <= MARGINAL:
            return "marginal"
        return "stable" if abs(self.slope) < 1.0 else "unstable"


def edge_point(activation: ActivationLike, q: float) -> EdgePoint | None:
    """The point of the edge whose length is q, or None where sigma_b2 would be negative.

    Raises:
        UserError: q is out of range, or phi' is 0 almost everywhere.

    Source:
        Poole et al. 2016, figure 1; Hayou, Doucet and Rousseau 2019, definition 2, for this parametrisation.
    """
    phi = as_phi(activation)
    found = _sigmas(phi, at_least_zero("q", q))
    if found is None:
        return None
    sigma_w2, sigma_b2, slope = found
    if phi.is_homogeneous:
        return EdgePoint(None, sigma_w2, 0.0, 1.0)
    return EdgePoint(float(q), sigma_w2, sigma_b2, slope)


def edge_curve(activation: ActivationLike, lengths: Sequence[float] | None = None) -> tuple[EdgePoint, ...]:
    """Points of the edge, by increasing length; empty where there is none.

    Args:
        activation: What `gauss.as_phi` takes.
        lengths: The q's; by default 0 and 33 from 1e-2 to 1e2.

    Example:
        >>> [(point.sigma_w2, point.sigma_b2) for point in edge_curve("relu")]
        [(2.0, 0.0)]
        >>> edge_curve("softplus")
        ()
    """
    phi = as_phi(activation)
    chosen = [0.0, *np.geomspace(1e-2, 1e2, 33).tolist()] if lengths is None else sorted(lengths)
    if phi.is_homogeneous:
        chosen = [1.0]
    points = [edge_point(phi, q) for q in chosen]
    return tuple(point for point in points if point is not None)


def edge_points(activation: ActivationLike, sigma_b: float) -> tuple[EdgePoint, ...]:
    """Every point of the edge with this standard deviation of biases, q from 1e-8 to 1e6 (and 0), increasing.

    Raises:
        UserError: sigma_b is negative.
    """
    phi = as_phi(activation)
    wanted = at_least_zero("sigma_b", sigma_b) ** 2
    if phi.is_homogeneous:
        only = edge_point(phi, 1.0)
        return (only,) if only is not None and wanted == 0.0 else ()
    found: list[EdgePoint] = []
    if wanted == 0.0 and moments(phi, 0.0).E_phi.value == 0.0:
        at_zero = edge_point(phi, 0.0)
        found = [] if at_zero is None else [at_zero]

    def surplus(q: float) -> float:
        _, sigma_b2, _ = _raw(phi, q)
        return 0.0 if abs(sigma_b2 - wanted) <= _ROUNDING * q and not wanted else sigma_b2 - wanted

    lengths = np.geomspace(LEAST, MOST, 1 + _PER_DECADE * 14).tolist()
    low, at_low = lengths[0], surplus(lengths[0])
    for high in lengths[1:]:
        at_high = surplus(high)
        if at_low * at_high < 0.0:
            q = root(surplus, low, high)
            sigma_w2, _, slope = _raw(phi, q)
            found.append(EdgePoint(q, sigma_w2, wanted, slope))
        low, at_low = high, at_high
    return tuple(found)


def edge_at(activation: ActivationLike, sigma_b: float) -> EdgePoint:
    """The point of the edge with this standard deviation of biases: the stable one, else that of least q.

    Args:
        activation: What `gauss.as_phi` takes.
        sigma_b: Standard deviation of biases, at least 0 (its square is sigma_b2).

    Raises:
        UserError: There is none: of a homogeneous activation with biases, or of one that is never critical.

    Source:
        Poole et al. 2016; tanh at sigma_b^2 = 0.05 has sigma_w^2 = 1.76 in Schoenholz et al. 2017 and Pennington et al. 2017.

    Example:
        >>> round(edge_at("tanh", 0.05**0.5).sigma_w2, 2)
        1.76
    """
    phi = as_phi(activation)
    points = edge_points(phi, sigma_b)
    for point in sorted(points, key=lambda point: point.status == "unstable"):
        return point
    if phi.is_homogeneous:
        only = edge_points(phi, 0.0)[0]
        raise UserError(
            f"{phi.name} has no edge of chaos at sigma_b = {sigma_b:g}",
            expected=f"sigma_b = 0, where it has its only point, sigma_w2 = {only.sigma_w2:.6g}: with biases, lengths grow "
            "there for ever.",
        )
    raise UserError(
        f"{phi.name} has no edge of chaos at sigma_b = {sigma_b:g}",
        got=f"no length from {LEAST:g} to {MOST:g} where chi1 = 1 at a fixed point",
        do="Another sigma_b may have one: edge_curve, or the verb without --sigma-b, lists them",
    )


def _raw(phi: Phi, q: float) -> tuple[float, float, float]:
    """sigma_w2, sigma_b2 (which may be negative) and the slope of the length map.

    Raises:
        UserError: phi' is 0 almost everywhere.
    """
    found = moments(phi, q)
    if not found.E_dphi2.value > 0.0:
        raise UserError(f"{phi.name} has no edge of chaos", got=f"phi' = 0 at q = {q:g}", expected="a phi that rises")
    sigma_w2 = 1.0 / found.E_dphi2.value
    slope = 1.0 if q == 0.0 else sigma_w2 * found.E_z_phi_dphi.value / math.sqrt(q)
    return sigma_w2, q - sigma_w2 * found.E_phi2.value, slope


def _sigmas(phi: Phi, q: float) -> tuple[float, float, float] | None:
    sigma_w2, sigma_b2, slope = _raw(phi, q)
    if sigma_b2 < -_ROUNDING * q or (q == 0.0 and sigma_b2 < 0.0):
        return None
    return sigma_w2, max(0.0, sigma_b2), slope
