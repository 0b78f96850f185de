"""`moments`: Gaussian expectations of one pre-activation, with their estimated errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.errors import UserError
from gradlab.theory.gauss.checks import within_float_range
from gradlab.theory.gauss.phi import ActivationLike, Phi, as_phi
from gradlab.theory.gauss.quadrature import EPS, Integrals, Integrand, integrate

DENSITY = 0.3989422804014327  # of a standard normal at 0
REACHES = (38.0, 26.0, 18.0, 12.0)  # of the integral, in standard deviations: the longest where phi does not overflow
_CLOSED_FORM_ERROR = 1e-12  # relative; tests hold every record to it within _CLOSED_FORM_RANGE
_CLOSED_FORM_RANGE = (1e-3, 1e2)  # of q: elu's form loses digits below, where quadrature does not
_FINEST = -6  # smallest feature near 0 or a kink that is looked for, 10^-6
_LEAST = 1e-250  # a moment below it is 0: what is left is the normal density's tail as it underflows
_MOST_OUTERMOST = 1e-10  # share of a moment that may lie in the last panels before it is doubted to exist
_FORMS: dict[str, Callable[[ndarray, ndarray, ndarray], ndarray]] = {
    "E_phi": lambda z, a, d: a,
    "E_phi2": lambda z, a, d: a * a,
    "E_dphi": lambda z, a, d: d,
    "E_dphi2": lambda z, a, d: d * d,
    "E_dphi4": lambda z, a, d: d**4,
    "E_z_phi_dphi": lambda z, a, d: z * a * d,
    "E_z_phi": lambda z, a, d: z * a,
}
_NAMES = tuple(_FORMS)

Method = Literal["closed form", "quadrature", "limit"]


@dataclass(frozen=True, slots=True)
class Moment:
    """An expectation.

    Attributes:
        value: The number, dimensionless.
        error: Estimated absolute error.
        method: "closed form", "quadrature", or "limit" (at q = 0, from the values next to 0).
    """

    value: float
    error: float
    method: Method

    @property
    def relative_error(self) -> float:
        """Estimated error over the value; 0 for an exact 0."""
        return self.error / abs(self.value) if self.value else (0.0 if self.error == 0.0 else math.inf)

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Moments:
    """Expectations over u = sqrt(q) z, z a standard normal.

    Attributes:
        q: Second moment of the pre-activation.
        E_phi: E[phi(u)].
        E_phi2: E[phi(u)^2].
        E_dphi: E[phi'(u)].
        E_dphi2: E[phi'(u)^2].
        E_dphi4: E[phi'(u)^4].
        E_z_phi_dphi: E[z phi(u) phi'(u)]; over sqrt(q) it is the slope of E[phi^2] in q, kinks or not.
    """

    q: float
    E_phi: Moment
    E_phi2: Moment
    E_dphi: Moment
    E_dphi2: Moment
    E_dphi4: Moment
    E_z_phi_dphi: Moment

    @property
    def listed(self) -> dict[str, Moment]:
        """The expectations by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "q"}

    @property
    def variance(self) -> float:
        """Var(phi) = E[phi^2] - E[phi]^2, not below 0."""
        return max(0.0, self.E_phi2.value - self.E_phi.value**2)


def moments(activation: ActivationLike, q: float = 1.0) -> Moments:
    """All six expectations of one activation at one q.

    Relative errors are below 1e-10 for every activation of the catalog and q from 1e-3 to 1e2 (tests hold them to it);
    of an expectation that cancels, as E[phi] of an odd phi, relative to that of the absolute value. `error` is the
    estimate, also where the target is missed: a user's function with undeclared kinks, or without a derivative.

    Args:
        activation: What `as_phi` takes; for a function with derivative and kinks pass `as_phi(f, derivative, kinks)`.
        q: Second moment of the pre-activation, at least 0. At 0 the limit from above: a kink at 0 counts half and half.

    Raises:
        UserError: q is negative; an expectation does not exist; a user's derivative is not that of its function, or the
            function jumps (Stein's identity E[z phi] = sqrt(q) E[phi'] fails).

    Assumes:
        A user's function has no feature narrower than 1e-6 next to 0 and to its kinks, nor than about a tenth of its
        distance from them elsewhere.

    Source:
        Poole et al. 2016, equations 3 to 5, for their use; Stein 1981, Annals of Statistics 9, for the identity.

    Example:
        >>> found = moments("relu", 2.0)
        >>> round(found.E_phi2.value, 12), found.E_phi2.method, round(found.E_phi.value**2 * math.pi, 12)
        (1.0, 'closed form', 1.0)
    """
    return _moments(as_phi(activation), within_float_range(q))


def second_moment(phi: Phi, q: float) -> Moment:
    """E[phi(sqrt(q) z)^2] alone, which the length map is made of."""
    if q > 0.0 and (exact := _closed_form(phi, q, "second_moment")) is not None:
        return exact
    return _second_moment(phi, q)


def slope_moment(phi: Phi, q: float) -> Moment:
    """E[phi'(sqrt(q) z)^2] alone, which chi1 is made of."""
    if q > 0.0 and (exact := _closed_form(phi, q, "slope_moment")) is not None:
        return exact
    return _moments(phi, q).E_dphi2


@lru_cache(maxsize=4096)
def _second_moment(phi: Phi, q: float) -> Moment:
    if q == 0.0:
        return _at_zero(phi).E_phi2

    def integrand(z: ndarray) -> tuple[ndarray, ndarray]:
        f = (phi.function_values(math.sqrt(q) * z) ** 2 * _weight(z))[None]
        return f, np.zeros(f.shape)

    found = _integrated(phi, q, integrand, ("E_phi2",))
    return Moment(float(found.values[0]), float(found.errors[0]), "quadrature")


@lru_cache(maxsize=4096)
def _moments(phi: Phi, q: float) -> Moments:
    if q == 0.0:
        return _at_zero(phi)
    found = all_integrals(phi, q)
    if not phi.is_known:
        _check_stein(phi, q, found)
    made = {
        name: Moment(float(value), float(error), "quadrature")
        for name, value, error in zip(_NAMES[:6], found.values, found.errors, strict=False)
    }
    for name, form in (("E_phi2", "second_moment"), ("E_dphi2", "slope_moment")):
        if (exact := _closed_form(phi, q, form)) is not None:
            made[name] = exact
    return Moments(q, **made)


def all_integrals(phi: Phi, q: float, names: tuple[str, ...] = _NAMES) -> Integrals:
    """The named integrals in their order, on panels that resolve all of them."""
    s = math.sqrt(q)

    def integrand(z: ndarray) -> tuple[ndarray, ndarray]:
        a, d, doubt = phi.values(s * z)
        weight = _weight(z)
        f = np.stack([_FORMS[name](z, a, d) for name in names]) * weight
        if phi.derivative is not None:
            return f, np.zeros(f.shape)
        # at the worst derivative of the allowed: next to an undeclared kink the doubt is as large as the derivative
        worst = np.stack([_FORMS[name](np.abs(z), np.abs(a), np.abs(d) + doubt) for name in names]) * weight
        best = np.stack([_FORMS[name](np.abs(z), np.abs(a), np.abs(d)) for name in names]) * weight
        return f, worst - best

    return _integrated(phi, q, integrand, names)


def first_edges(phi: Phi, q: float, reach: float) -> Float[ndarray, " E"]:
    """Panel edges in standard deviations: the normal's own scale, and finer and finer ones towards 0 and the kinks."""
    s = math.sqrt(q)
    normal = np.array([1.0, 2.5, 4.0, 6.0, 9.0, 12.0, 18.0, 26.0, 38.0])
    most = math.ceil(math.log10(max(reach * s, 1e-6)))
    away = 10.0 ** np.arange(_FINEST, most + 1)
    centres = np.array([0.0, *phi.kinks])
    fine = (centres[:, None] + np.concatenate([-away, [0.0], away])).ravel() / s
    edges = np.unique(np.concatenate([-normal, [0.0], normal, fine]))
    inner = edges[np.abs(edges) < reach - 1.0]
    return np.concatenate([[-reach, 1.0 - reach], inner, [reach - 1.0, reach]])


def _weight(z: ndarray) -> ndarray:
    return np.asarray(DENSITY * np.exp(-0.5 * z * z))


def _integrated(phi: Phi, q: float, integrand: Integrand, names: tuple[str, ...]) -> Integrals:
    """The integrals over as far as phi does not overflow.

    Raises:
        UserError: An expectation does not exist, or nothing finite can be found.
    """
    for reach in REACHES:
        edges = first_edges(phi, q, reach)
        with np.errstate(all="ignore"):
            at_ends, _ = integrand(np.array([[-reach, *(0.999 * edges[1:-1]), reach]]))
            if not np.isfinite(at_ends).all():
                continue
            found = integrate(integrand, edges)
        if not np.isfinite(found.values).all():
            continue
        for k, name in enumerate(names):
            if found.outermost[k] > _MOST_OUTERMOST and found.sizes[k] > _LEAST:
                raise UserError(
                    f"{phi.name}: {name} at q = {q:g}",
                    got=f"an integrand that has not fallen off at {reach:g} standard deviations",
                    expected="an activation that grows more slowly than the normal density falls",
                )
        return found
    raise UserError(
        f"{phi.name} at q = {q:g}",
        got="NaN or infinite values within 12 standard deviations",
        expected="an activation with finite values",
    )


def _check_stein(phi: Phi, q: float, found: Integrals) -> None:
    """E[z phi] = sqrt(q) E[phi'] for every absolutely continuous phi.

    Raises:
        UserError: It does not hold.
    """
    s = math.sqrt(q)
    slope, direct = s * found.values[2], found.values[6]
    size = s * found.sizes[2] + found.sizes[6]
    # what the errors excuse is bounded: next to a jump no difference of phi has any meaning
    allowed = 1e-7 * size + min(s * found.errors[2] + found.errors[6], 1e-3 * size)
    if abs(slope - direct) > allowed:
        raise UserError(
            f"{phi.name}: its derivative is not that of the function, or the function jumps",
            got=f"sqrt(q) E[phi'] = {slope:.6g} and E[z phi] = {direct:.6g} at q = {q:g}",
            expected="the two to be equal",
        )


def _closed_form(phi: Phi, q: float, form: str) -> Moment | None:
    function = getattr(phi, form)
    low, high = _CLOSED_FORM_RANGE
    if function is None or not (low <= q <= high or phi.is_homogeneous):
        return None
    value = function(q)
    error = 4.0 * EPS if phi.is_homogeneous else _CLOSED_FORM_ERROR
    return Moment(value, error * abs(value), "closed form")


def _at_zero(phi: Phi) -> Moments:
    """The limit q -> 0: phi at 0, phi' just below and just above it with half the weight each."""
    with np.errstate(all="ignore"):
        value = float(phi.function_values(np.zeros(1))[0])
        (below, above), doubts = phi.sides()
    if not all(map(math.isfinite, (value, below, above))):
        raise UserError(f"{phi.name} at q = 0", got="NaN or infinite values", expected="finite ones")

    def made(result: float, error: float = 0.0) -> Moment:
        return Moment(result, error + 4.0 * EPS * abs(result), "limit")

    doubt, steepest = max(doubts), max(abs(below), abs(above))
    return Moments(
        0.0,
        made(value),
        made(value * value),
        made(0.5 * (below + above), doubt),
        made(0.5 * (below**2 + above**2), 2.0 * steepest * doubt),
        made(0.5 * (below**4 + above**4), 4.0 * steepest**3 * doubt),
        made(value * (above - below) * DENSITY, abs(value) * doubt),  # where phi(0) != 0 meets a kink
    )
