"""Every activation of the catalog: one formula in numpy and torch, derivative = autograd, closed form = quadrature.

Reference functions are those of `tests.oracles.plain_torch`: `torch.nn` where torch has the activation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import ACTIVATIONS, Activation
from gradlab.parts.namespace import NUMPY
from gradlab.parts.param import resolve
from tests.oracles.plain_torch import ACTIVATIONS as REFERENCES
from tests.rounding import EPS, Rounding, assert_within

# Parameters besides the defaults, which are always among the cases.
VALUES: dict[str, list[tuple[float, ...]]] = {
    "sigmoid": [(0.3,), (10.0,)],
    "tanh": [(0.3,), (10.0,)],
    "lecun_tanh": [(0.0,), (0.2,)],
    "leaky_relu": [(0.0,), (0.3,), (1.0,)],
    "hardtanh": [(-0.5, 2.0), (0.0, 6.0)],
    "elu": [(0.5,), (1.7,)],
    "mistaken_relu": [(0.0001,)],
}
QS = (0.1, 1.0, 4.0)
Values = tuple[float, ...]


def cases() -> list[Any]:
    listed = []
    for name, record in ACTIVATIONS.items():
        default = tuple(float(value) for value in resolve(record.params, {}, name).values())
        for values in [default, *VALUES.get(name, [])]:
            listed.append(pytest.param(record, values, id="-".join([name, *map(str, values)])))
    return listed


CASES = pytest.mark.parametrize(("record", "values"), cases())
RIGHT_CASES = pytest.mark.parametrize(("record", "values"), [c for c in cases() if not c.values[0].mistake])


def kinks_of(record: Activation, values: Values) -> list[float]:
    named = {param.name: value for param, value in zip(record.params, values, strict=True)}
    return [named[kink] if isinstance(kink, str) else kink for kink in record.kinks]


def points_away_from_kinks(record: Activation, values: Values) -> np.ndarray:
    """Points of every size from 1e-6 to 30, none at a kink."""
    sizes = np.concatenate([np.geomspace(1e-6, 30, 60), np.linspace(0.1, 9.9, 99)])
    points = np.sort(np.concatenate([-sizes, sizes]))
    for kink in kinks_of(record, values):
        points = points[np.abs(points - kink) > 1e-9]
    return points


def numpy_form(record: Activation, z: np.ndarray, values: Values) -> tuple[np.ndarray, np.ndarray]:
    a = record.function(NUMPY, z, *values)
    return np.asarray(a), np.asarray(record.derivative(NUMPY, z, a, *values))


def torch_form(record: Activation, z: torch.Tensor, values: Values) -> tuple[torch.Tensor, torch.Tensor]:
    xp = TorchNamespace(z.dtype)
    a = record.function(xp, z, *values)
    return a, record.derivative(xp, z, a, *values)


def reference(record: Activation, z: np.ndarray, values: Values) -> list[tuple[np.ndarray, np.ndarray]]:
    """Torch's own function and its derivative by autograd, float64, each with a bound on its and another's rounding."""
    x = torch.tensor(z, requires_grad=True)
    with Rounding("float64") as rounding:
        a = REFERENCES[record.name](*values)(x)
        (slope,) = torch.autograd.grad(a.sum(), x)
    return [(each.detach().numpy(), rounding.of(each)) for each in (a, slope)]


@CASES
def test_numpy_and_torch_forms_are_torchs_own_kinks_included(record: Activation, values: Values) -> None:
    z = np.sort(np.concatenate([points_away_from_kinks(record, values), [0.0], kinks_of(record, values)]))
    for ours in (numpy_form(record, z, values), torch_form(record, torch.tensor(z), values)):
        for one, (theirs, bound) in zip(ours, reference(record, z, values), strict=True):
            assert_within(np.asarray(one), theirs, bound)
            assert bound.max() < 1e-10, "a bound so large that a wrong formula could pass"


@CASES
def test_torch_form_keeps_the_precision(record: Activation, values: Values) -> None:
    # a bool or a 32-bit slope would do no harm by itself, but a rounded one would: a slope of 0.3 is not 0.3f
    z = torch.tensor(points_away_from_kinks(record, values))
    function, derivative = torch_form(record, z, values)
    assert function.dtype == torch.float64
    exact, bound = reference(record, z.numpy(), values)[1]
    assert_within(derivative.numpy(), exact, bound)
    narrow = z.float()
    assert torch_form(record, narrow, values)[0].dtype == torch.float32
    assert (narrow * torch_form(record, narrow, values)[1]).dtype == torch.float32


@RIGHT_CASES
def test_derivative_is_the_slope_of_the_function(record: Activation, values: Values) -> None:
    # central difference: the error is h^2 |phi'''| / 6, and rounding of phi at both ends and of the ends themselves, over 2 h
    h = 1e-5
    z = points_away_from_kinks(record, values)
    for kink in kinks_of(record, values):
        z = z[np.abs(z - kink) > 2 * h]
    (above, over), (below, under) = (reference(record, z + sign * h, values)[0] for sign in (1, -1))
    rise = numpy_form(record, z + h, values)[0] - numpy_form(record, z - h, values)[0]
    assert_within(rise, above - below, over + under)
    steepest = 10.0  # of any slope here
    tolerance = h**2 * 1000 + (over + under + 2 * steepest * EPS["float64"] * (np.abs(z) + h)) / (2 * h)
    assert_within(numpy_form(record, z, values)[1], rise / (2 * h), tolerance)


@RIGHT_CASES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_inputs_give_finite_numbers(record: Activation, values: Values, dtype: str) -> None:
    sizes = np.geomspace(1e-30, 1e4, 400)
    z = np.concatenate([-sizes, [0.0], sizes]).astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        function, derivative = numpy_form(record, z, values)
    largest = max([2.0, *(abs(value) for value in values)])  # no unit rises faster than its parameters allow
    for a, slope in ((function, derivative), [t.numpy() for t in torch_form(record, torch.from_numpy(z), values)]):
        assert np.isfinite(a).all()
        assert np.isfinite(slope).all()
        assert np.abs(a).max() <= 1e4 * largest
        assert np.abs(slope.astype(float)).max() <= largest


@CASES
def test_not_a_number_stays_one(record: Activation, values: Values) -> None:
    assert np.isnan(numpy_form(record, np.array([math.nan]), values)[0]).all()
    assert torch_form(record, torch.tensor([math.nan]), values)[0].isnan().all()


def gaussian_mean(f: Callable[[float], float], kinks: list[float], q: float) -> float:
    """E[f(sqrt(q) u)] for a standard normal u: each piece between kinks by itself, to 12 standard deviations."""
    s = math.sqrt(q)
    cuts = sorted({-12.0, *(k / s for k in kinks if abs(k / s) < 12), 0.0, 12.0})
    density = 1 / math.sqrt(2 * math.pi)
    pieces = [
        quad(lambda u: density * math.exp(-u * u / 2) * f(s * u), a, b, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
        for a, b in pairwise(cuts)
    ]
    return math.fsum(pieces)


@CASES
@pytest.mark.parametrize("q", QS)
def test_closed_form_quadrature_and_monte_carlo_agree(record: Activation, values: Values, q: float) -> None:
    n = 200_000
    draws = math.sqrt(q) * np.random.default_rng(7).standard_normal(n)
    sampled = numpy_form(record, draws, values)
    for which, closed_form in enumerate((record.second_moment, record.slope_moment)):
        squares = sampled[which].astype(float) ** 2
        quadrature = gaussian_mean(
            lambda z, which=which: float(numpy_form(record, np.array(z), values)[which]) ** 2,  # type: ignore[misc]
            kinks_of(record, values),
            q,
        )
        assert abs(squares.mean() - quadrature) <= 4 * squares.std() / math.sqrt(n) + 1e-12
        if closed_form is not None:
            assert closed_form(q, *values) == pytest.approx(quadrature, rel=1e-9)


def test_piecewise_linear_units_have_closed_forms() -> None:
    for name in ("identity", "relu", "leaky_relu", "relu6", "hardtanh", "elu", "selu", "erf"):
        assert ACTIVATIONS[name].second_moment is not None
        assert ACTIVATIONS[name].slope_moment is not None


@pytest.mark.parametrize("record", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
def test_every_record_says_what_it_is_and_where_it_comes_from(record: Activation) -> None:
    assert record.formula
    assert len(record.source) > 5
    for kink in record.kinks:
        assert not isinstance(kink, str) or kink in [param.name for param in record.params]
