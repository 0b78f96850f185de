"""`pair_moments`: Gaussian expectations of two pre-activations of correlation c, what the correlation map is made of.

u1 = sqrt(q) z1 and u2 = sqrt(q) (c z1 + w z2) with w = sqrt(1 - c^2). The inner integral, over z2, is split for every z1
at the kinks and wherever phi needed a panel of its own in one dimension; the outer one is adaptive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.errors import UserError
from gradlab.theory.gauss.checks import within_float_range
from gradlab.theory.gauss.moments import DENSITY, Moment, all_integrals, moments
from gradlab.theory.gauss.phi import ActivationLike, Phi, as_phi
from gradlab.theory.gauss.quadrature import GAUSS, KRONROD, TOLERANCE, integrate, points_of

_NORMAL = np.array([2.0, 4.5, 8.0, 9.0])  # panel edges in standard deviations
_BEYOND = np.array([13.0, 19.0, 27.0, 37.0, 38.0])  # for what grows so fast that its mass lies there
_TOLERANCE = 1e-12
_TARGET = 1e-10
_MOST_OUTERMOST = 1e-11
_MOST_POINTS = 2_000_000  # evaluated at once
_MOST_HALVINGS = 2  # of the inner panels
_MOST_PANELS = 500  # of the outer integral


@dataclass(frozen=True, slots=True)
class PairMoments:
    """Expectations over two pre-activations of second moment q and correlation c.

    Attributes:
        q: Second moment of both.
        c: Their correlation E[u1 u2] / q.
        E_phi_phi: E[phi(u1) phi(u2)].
        E_dphi_dphi: E[phi'(u1) phi'(u2)]; times q it is the slope of E_phi_phi in c.
    """

    q: float
    c: float
    E_phi_phi: Moment
    E_dphi_dphi: Moment


def pair_moments(activation: ActivationLike, q: float, c: float) -> PairMoments:
    """E[phi(u1) phi(u2)] and E[phi'(u1) phi'(u2)], with estimated errors.

    Relative errors are below 1e-10 of E[phi^2] and E[phi'^2] for every activation of the catalog, q from 1e-3 to 1e2 and
    every c. Milliseconds for a catalog activation; several hundred for a function without derivative.

    Args:
        activation: What `as_phi` takes.
        q: Second moment, above 0.
        c: Correlation, from -1 to 1.

    Raises:
        UserError: q or c is out of range, or an expectation does not exist.

    Source:
        Poole et al. 2016, equation 5; Cho and Saul 2009 for relu and Williams 1997 for erf in closed form.

    Example:
        >>> found = pair_moments("erf", 0.5, 0.5)  # 2/pi asin(2 q c / (1 + 2 q))
        >>> round(found.E_phi_phi.value - 2 / math.pi * math.asin(0.25), 12)
        0.0
    """
    if not -1.0 <= c <= 1.0:
        raise UserError("c", got=c, expected="a correlation, from -1 to 1")
    if within_float_range(q) == 0.0:
        raise UserError("q", got=q, expected="a number above 0: of two points there is no correlation at 0")
    return _pair(as_phi(activation), float(q), float(c))


@lru_cache(maxsize=4096)
def _pair(phi: Phi, q: float, c: float) -> PairMoments:
    if c == 1.0:
        one = moments(phi, q)
        return PairMoments(q, c, one.E_phi2, one.E_dphi2)
    if c == -1.0:
        return _opposite(phi, q)
    halvings = 0
    values, errors, sizes, outermost = _nested(phi, q, c, _NORMAL, halvings)
    reach = _NORMAL
    # what the catalog holds grows no faster than u: nothing of it lies beyond
    if outermost > _MOST_OUTERMOST or (not phi.is_known and (errors > _TARGET * sizes).any()):
        reach = np.concatenate([_NORMAL, _BEYOND])
        values, errors, sizes, outermost = _nested(phi, q, c, reach, halvings)
    while (errors > _TARGET * sizes).any() and halvings < _MOST_HALVINGS:
        halvings += 1
        values, errors, sizes, outermost = _nested(phi, q, c, reach, halvings)
    if outermost > _MOST_OUTERMOST or not np.isfinite(values).all():
        raise UserError(
            f"{phi.name}: E[phi phi] at q = {q:g}, c = {c:g}",
            got=f"an integrand that has not fallen off at {reach[-1]:g} standard deviations",
            expected="an activation that grows more slowly than the normal density falls",
        )
    both = [Moment(float(value), float(error), "quadrature") for value, error in zip(values, errors, strict=True)]
    return PairMoments(q, c, *both)


def _opposite(phi: Phi, q: float) -> PairMoments:
    """c = -1: u2 = -u1, one dimension."""
    s = math.sqrt(q)
    edges = _edges_of(phi, q)

    def integrand(z: ndarray) -> tuple[ndarray, ndarray]:
        weight = DENSITY * np.exp(-0.5 * z * z)
        a1, d1, doubt1 = phi.values(s * z)
        a2, d2, doubt2 = phi.values(-s * z)
        doubt = np.abs(d1) * doubt2 + (np.abs(d2) + doubt2) * doubt1
        return np.stack([a1 * a2, d1 * d2]) * weight, np.stack([np.zeros(z.shape), doubt]) * weight

    with np.errstate(all="ignore"):
        found = integrate(integrand, np.unique(np.concatenate([edges, -edges])), TOLERANCE)
    both = [Moment(float(v), float(e), "quadrature") for v, e in zip(found.values, found.errors, strict=True)]
    return PairMoments(q, -1.0, *both)


def _nested(phi: Phi, q: float, c: float, reach: ndarray, halvings: int) -> tuple[ndarray, ndarray, ndarray, float]:
    """Values, errors and sizes of both expectations, and the share of the outermost panels."""
    s, w = math.sqrt(q), math.sqrt((1.0 - c) * (1.0 + c))
    own = _edges_of(phi, q)
    limit = float(reach[-1])
    grid = np.concatenate([-reach[::-1], [0.0], reach])
    outer = np.unique(np.concatenate([[-limit, 1.0 - limit, 0.0, limit - 1.0, limit], own[np.abs(own) < limit - 1.0]]))
    if c != 0.0:  # the inner integral has a step as wide as w where c z1 is at a kink
        widths = w * 4.0 ** np.arange(-1, 1 + math.ceil(math.log(4.0 / w, 4.0)))
        steps = (np.array(phi.kinks) / (s * c))[:, None] + np.concatenate([-widths, [0.0], widths])
        outer = np.unique(np.concatenate([outer, steps[np.abs(steps) < limit - 1.0]]))
    shape = (len(grid) + len(own) - 1) * 2**halvings

    def inner(z: Float[ndarray, " N"]) -> tuple[ndarray, ndarray]:
        """E[phi(u2) | z1], E[phi'(u2) | z1] and their errors, each [2, N]."""
        cuts = np.clip((own[None, :] - c * z[:, None]) / w, -limit, limit)
        edges = np.sort(np.concatenate([np.broadcast_to(grid, (len(z), len(grid))), cuts], axis=1), axis=1)
        for _ in range(halvings):
            halves = np.empty((len(z), 2 * edges.shape[1] - 1))
            halves[:, ::2], halves[:, 1::2] = edges, 0.5 * (edges[:, 1:] + edges[:, :-1])
            edges = halves
        y = points_of(edges[:, :-1], edges[:, 1:])
        a, d, doubt = phi.values(s * (c * z[:, None, None] + w * y))
        weight = DENSITY * np.exp(-0.5 * y * y)
        half = 0.5 * (edges[:, 1:] - edges[:, :-1])
        is_outermost = np.abs(edges[:, 1:] + edges[:, :-1]) > 2.0 * (limit - 1.0)
        means, errors = np.empty((2, len(z))), np.empty((2, len(z)))
        for k, f in enumerate((a * weight, d * weight)):
            fine, rough = half * (f @ KRONROD), half * (f @ GAUSS)
            means[k] = fine.sum(axis=1)
            errors[k] = (np.abs(fine - rough) + np.abs(fine) * is_outermost).sum(axis=1)  # what is there goes on beyond
        if phi.derivative is None:
            errors[1] += (half * ((doubt * weight) @ KRONROD)).sum(axis=1)
        return means, errors

    def integrand(z: ndarray) -> tuple[ndarray, ndarray]:
        rows = z.ravel()
        parts = np.array_split(rows, 1 + len(rows) * shape * 21 // _MOST_POINTS)
        pieces = [inner(part) for part in parts if len(part)]
        means, errors = (np.concatenate(both, axis=1).reshape(2, *z.shape) for both in zip(*pieces, strict=True))
        a, d, doubt = phi.values(s * z)
        weight = DENSITY * np.exp(-0.5 * z * z)
        own_values = np.stack([a, d])
        unsure = np.abs(own_values) * errors
        unsure[1] += doubt * (np.abs(means[1]) + errors[1])
        return own_values * means * weight, unsure * weight

    with np.errstate(all="ignore"):
        found = integrate(integrand, outer, _TOLERANCE, _MOST_PANELS)
        share = float(found.outermost.max()) if np.isfinite(found.values).all() else math.inf
    return found.values, found.errors, found.sizes, share


@lru_cache(maxsize=256)
def _edges_of(phi: Phi, q: float) -> Float[ndarray, " E"]:
    """As few panel edges, in standard deviations, as resolve phi and phi' against the normal density.

    The adaptive integral of one dimension leaves more than that: it begins with fine panels wherever a feature might be.
    """
    s = math.sqrt(q)
    resolved = all_integrals(phi, q, ("E_phi", "E_dphi", "E_phi2", "E_dphi2"))
    edges = [float(edge) for edge in resolved.edges if abs(edge) < 13.0]
    kept = [edges[0]]
    kinks = {kink / s for kink in phi.kinks}

    def rules(low: float, high: float) -> tuple[ndarray, ndarray]:
        z = points_of(np.array([low]), np.array([high]))
        a, d, _ = phi.values(s * z)
        f = np.stack([a, d, a * a, d * d]) * np.exp(-0.5 * z * z)
        half = 0.5 * (high - low)
        return half * (f @ KRONROD)[:, 0], half * (f @ GAUSS)[:, 0]

    sizes = np.maximum(resolved.sizes, 1e-300) / DENSITY
    for edge, following in zip(edges[1:], [*edges[2:], None], strict=True):
        if following is not None and not any(abs(edge - kink) <= 1e-12 * max(1.0, abs(kink)) for kink in kinks):
            fine, rough = rules(kept[-1], following)
            if (np.abs(fine - rough) <= 1e-14 * sizes).all():
                continue  # one panel over both does as well
        kept.append(edge)
    return np.array(kept)
