"""`Phi`: an activation as theory sees it, a function of an array with its derivative, kinks and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy import ndarray

from gradlab.errors import UserError, shown
from gradlab.parts import ACTIVATIONS, Activation
from gradlab.parts.namespace import NUMPY
from gradlab.parts.param import Value, resolve
from gradlab.theory.gauss.kinks import kinks_of

if TYPE_CHECKING:  # specs are loaded when a text has parameters to be read: they cost a third of a second
    from gradlab.spec import Choice

EPS = float(np.finfo(float).eps)
_STEPS = (3e-3, 3e-2, 3e-4, 3e-5, 3e-6, 3e-7)  # of the numerical derivative; that of least estimated error is taken
_CAUTION = 25.0  # across an undeclared kink the two orders differ by so much less than either errs
_GOOD_ENOUGH = 1e-11  # error of the derivative, relative to the largest, at which no other step is tried
_EIGHTH_ORDER = (4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0)
_SIXTH_ORDER = (3.0 / 4.0, -3.0 / 20.0, 1.0 / 60.0, 0.0)
_PROBES = np.concatenate([-np.geomspace(1e3, 1e-3, 7), np.geomspace(1e-3, 1e3, 7)])


@dataclass(frozen=True, slots=True, eq=False)  # eq: compared by identity, as a callable may be unhashable
class Phi:
    """An activation function of numpy arrays.

    Attributes:
        name: For messages.
        function: phi, elementwise.
        derivative: phi', elementwise; None when it is to be estimated from phi.
        kinks: Points where phi or phi' is not smooth, increasing.
        second_moment: q -> E[phi(sqrt(q) z)^2] in closed form, or None.
        slope_moment: q -> E[phi'(sqrt(q) z)^2] in closed form, or None.
        is_known: From the catalog, whose laws have been tested; a user's function is checked as it is used.
    """

    name: str
    function: Callable[[ndarray], ndarray]
    derivative: Callable[[ndarray], ndarray] | None = None
    kinks: tuple[float, ...] = ()
    second_moment: Callable[[float], float] | None = None
    slope_moment: Callable[[float], float] | None = None
    is_known: bool = False

    def values(self, u: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        """phi(u), phi'(u) and the uncertainty of phi'(u), each of u's shape.

        Without a derivative phi' is a central difference of eighth order that does not reach across a declared kink, at
        the step with the least estimated error: distance from sixth order, rounding, and a kink nobody declared.

        Raises:
            UserError: The function gives another shape, or no numbers.
        """
        phi = self.function_values(u)
        if self.derivative is not None:
            return phi, self._checked("derivative", self.derivative, u), np.zeros(u.shape)
        with np.errstate(all="ignore"):
            slope, doubt = self._estimated(u.ravel(), phi.ravel())
        return phi, slope.reshape(u.shape), doubt.reshape(u.shape)

    def sides(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """phi' just below and just above 0, and the uncertainty of each."""
        if self.derivative is not None:
            below, above = (float(x) for x in self._checked("derivative", self.derivative, np.array([-1e-15, 1e-15])))
            return (below, above), (0.0, 0.0)
        slopes, doubts = [0.0, 0.0], [math.inf, math.inf]
        for h in (1e-3, 1e-2, 1e-4, 1e-5, 1e-6):
            fourth = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / (12.0 * h)  # one-sided differences
            third = np.array([-11.0, 18.0, -9.0, 2.0, 0.0]) / (6.0 * h)
            for side, sign in enumerate((-1.0, 1.0)):
                phi = self.function_values(sign * h * np.arange(5.0))
                doubt = float(abs((fourth - third) @ phi) + 20.0 * EPS * np.abs(phi).max() / h)
                if doubt < doubts[side]:
                    slopes[side], doubts[side] = sign * float(fourth @ phi), doubt
        return (slopes[0], slopes[1]), (doubts[0], doubts[1])

    def function_values(self, u: ndarray) -> ndarray:
        """phi(u), of u's shape.

        Raises:
            UserError: The function gives another shape, or no numbers.
        """
        return self._checked("function", self.function, u)

    @property
    def is_homogeneous(self) -> bool:
        """Whether phi(s u) = s phi(u) for every s > 0, as of relu: then no length is preferred to another."""
        return _is_homogeneous(self)

    def _estimated(self, u: ndarray, phi: ndarray) -> tuple[ndarray, ndarray]:
        """phi' by central differences and its uncertainty, u one-dimensional: smaller and smaller steps where needed."""
        room = np.full(u.shape, np.inf)
        for kink in self.kinks:
            room = np.minimum(room, np.abs(u - kink))
        best, doubt = np.zeros(u.shape), np.full(u.shape, np.inf)
        still = np.arange(len(u))
        for step in _STEPS:
            slope, estimate = self._differences(u[still], phi[still], room[still], step)
            better = estimate < doubt[still]
            best[still[better]], doubt[still[better]] = slope[better], estimate[better]
            still = np.flatnonzero(~(doubt <= _GOOD_ENOUGH * np.abs(best).max(initial=0.0)))
            if not len(still):
                break
        unresolved = doubt > 1e-6 * np.abs(best).max(initial=0.0)
        return best, np.where(unresolved, 10.0 * doubt, doubt)

    def _differences(self, u: ndarray, phi: ndarray, room: ndarray, step: float) -> tuple[ndarray, ndarray]:
        """The eighth-order difference at one step, and its distance from the truth by three signs of trouble."""
        scale = np.maximum(1.0, np.abs(u))
        h = np.maximum(np.minimum(step * scale, 0.24 * room), 1e-12 * scale)
        eighth = sixth = bend = np.zeros(u.shape)
        largest = np.abs(phi)
        for k, (a, b) in enumerate(zip(_EIGHTH_ORDER, _SIXTH_ORDER, strict=True), start=1):
            above, below = self.function_values(u + k * h), self.function_values(u - k * h)
            eighth, sixth = eighth + a * (above - below) / h, sixth + b * (above - below) / h
            largest = np.maximum(largest, np.maximum(np.abs(above), np.abs(below)))
            if k == 1:
                bend = np.abs(above - 2.0 * phi + below) / h
        closer = np.abs(self.function_values(u + 0.1 * h) - 2.0 * phi + self.function_values(u - 0.1 * h)) / (0.1 * h)
        # u + k h is rounded too: where phi' is s, by eps |u| s / h
        rounding = EPS * (largest + np.abs(u) * np.abs(eighth)) / h
        # next to a kink the slopes of both sides differ at every step; of a smooth phi ten times less at a tenth of it
        kink = np.where(closer > 0.4 * bend, bend, 0.0)
        estimate = _CAUTION * np.abs(eighth - sixth) + rounding + kink
        return eighth, np.where(np.isnan(estimate), np.inf, estimate)

    def _checked(self, what: str, function: Callable[[ndarray], ndarray], u: ndarray) -> ndarray:
        if self.is_known:
            return np.asarray(function(u), dtype=float)
        with np.errstate(all="ignore"):  # an overflow far out in the tail is found, and left out, by who asked
            try:
                given = np.asarray(function(u))
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
                do = "It gets a float array of any shape and must give one of the same shape"
                raise UserError(f"{self.name}: the {what} failed on an array", got=said, do=do) from error
        if given.shape != u.shape or given.dtype.kind not in "fiub":
            raise UserError(
                f"{self.name}: the {what}",
                got=f"shape {given.shape} of {given.dtype} for an input of shape {u.shape}",
                expected="real numbers of the input's shape",
            )
        return given.astype(float)


if TYPE_CHECKING:
    ActivationLike: TypeAlias = str | Choice | Activation | Phi | Callable[[ndarray], ndarray]
else:
    ActivationLike = object  # for checks at run time, which `as_phi` makes itself


def as_phi(
    activation: ActivationLike,
    derivative: Callable[[ndarray], ndarray] | None = None,
    kinks: Sequence[float] | None = None,
) -> Phi:
    """The activation that a user means.

    Args:
        activation: A catalog name with or without parameters ("leaky_relu(0.2)"), a spec's `Choice`, a catalog record
            (with default parameters), a `Phi`, or any elementwise function of a numpy array.
        derivative: phi' of such a function; estimated by central differences where there is none.
        kinks: Points where such a function, or its derivative, is not smooth; those where its slope jumps are searched
            for when none are given.

    Raises:
        UnknownName: The catalog holds no such activation.
        UserError: It is a source's mistake, whose derivative is not that of the function; or derivative or kinks are
            given for an activation that brings its own.

    Example:
        >>> as_phi("hardtanh(-1, 2)").kinks
        (-1.0, 2.0)
        >>> as_phi(np.tanh, derivative=lambda z: 1 - np.tanh(z) ** 2).name
        'tanh'
    """
    if isinstance(activation, str | Activation | Phi) or not callable(activation):
        if derivative is not None or kinks is not None:
            raise UserError(
                "derivative and kinks", got="both or one of them", expected="none for an activation that has its own"
            )
        return activation if isinstance(activation, Phi) else _of_catalog(*_named(activation))
    name = str(getattr(activation, "__name__", type(activation).__name__))
    if kinks is None:
        kinks = kinks_of(Phi(name, activation).function_values)
    elif not all(math.isfinite(kink) for kink in kinks):
        raise UserError("kinks", got=list(kinks), expected="finite points")
    return Phi(name, activation, derivative, tuple(sorted({float(kink) for kink in kinks})))


def _named(activation: str | Choice | Activation) -> tuple[str, tuple[tuple[str, Value], ...]]:
    """Name and parameters of a catalog's activation.

    Raises:
        UnknownName: The catalog holds no such activation.
        UserError: It is no activation at all.
    """
    if isinstance(activation, Activation):
        if ACTIVATIONS.get(activation.name) is not activation:
            raise UserError(f"activation {shown(activation.name)}", got="a record that the catalog does not hold")
        activation = activation.name
    if isinstance(activation, str) and activation.isidentifier():
        return activation, tuple(resolve(ACTIVATIONS[activation].params, {}, f"activation {activation}").items())
    from gradlab.spec.choice import Choice, choose

    if not isinstance(activation, str | Choice):
        raise UserError("activation", got=activation, expected="a catalog name or an elementwise numpy function")
    choice = choose(ACTIVATIONS, "activation", activation)
    return choice.name, choice.params


@lru_cache(maxsize=256)
def _of_catalog(name: str, params: tuple[tuple[str, Value], ...]) -> Phi:
    """A catalog's record with parameter values, made once so that results can be kept by it.

    Raises:
        UserError: The record is a source's mistake.
    """
    record, values = ACTIVATIONS[name], tuple(value for _, value in params)
    if record.mistake:
        raise UserError(
            f"activation {shown(record.name)} has no theory",
            got=f"a source's mistake: {record.mistake}",
            expected="an activation whose derivative is its own",
            do='See "gradlab list activations"',
        )
    named = dict(params)
    kinks = {float(named[kink] if isinstance(kink, str) else kink) for kink in record.kinks}
    second, slope = record.second_moment, record.slope_moment

    def function(u: ndarray) -> Any:
        return record.function(NUMPY, u, *values)

    def derivative(u: ndarray) -> Any:
        return record.derivative(NUMPY, u, record.function(NUMPY, u, *values), *values)

    inside = ", ".join(f"{key}={value}" for key, value in params)
    return Phi(
        f"{name}({inside})" if inside else name,
        function,
        derivative,
        tuple(sorted(kinks)),
        None if second is None else lambda q: float(second(q, *values)),
        None if slope is None else lambda q: float(slope(q, *values)),
        is_known=True,
    )


@lru_cache(maxsize=256)
def _is_homogeneous(phi: Phi) -> bool:
    if any(kink != 0.0 for kink in phi.kinks):
        return False
    with np.errstate(all="ignore"):
        small, large = phi.function_values(_PROBES), phi.function_values(7.0 * _PROBES)
        return bool(np.all(np.abs(large - 7.0 * small) <= 1e-14 * np.abs(large)))
