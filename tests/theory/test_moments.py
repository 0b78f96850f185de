"""Gaussian expectations: against closed forms, brute force, known identities; what users pass; what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray

from gradlab.errors import UserError
from gradlab.parts import ACTIVATIONS
from gradlab.theory.gauss import Moments, Phi, as_phi, moments, shifted
from gradlab.theory.gauss.kinks import kinks_of

from .references import CASES, NAMES, QS, choice, expectations, simple, size_of, without_closed_forms

FIELDS = ("E_phi", "E_phi2", "E_dphi", "E_dphi2", "E_dphi4", "E_z_phi_dphi")


def values(found: Moments) -> dict[str, float]:
    return {name: getattr(found, name).value for name in FIELDS}


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("q", QS)
def test_every_expectation_is_right_to_ten_digits_and_says_how_right(text: str, q: float) -> None:
    phi = as_phi(text)
    found, expected = moments(text, q), expectations(phi, q)
    for name in FIELDS:
        moment = getattr(found, name)
        scale = size_of(phi, q, name) if name in ("E_phi", "E_z_phi_dphi") else abs(expected[name])
        assert abs(moment.value - expected[name]) <= 1e-10 * scale
        assert abs(moment.value - expected[name]) <= moment.error + 2e-14 * scale  # the reference's own rounding
        assert moment.error <= 1e-11 * scale


@pytest.mark.parametrize("text", [text for text in CASES if as_phi(text).second_moment])
@pytest.mark.parametrize("q", QS)
def test_closed_form_is_quadrature(text: str, q: float) -> None:
    closed, plain = moments(text, q), moments(without_closed_forms(text), q)
    for name in ("E_phi2", "E_dphi2"):
        assert getattr(closed, name).method == "closed form"
        assert getattr(plain, name).method == "quadrature"
        assert getattr(closed, name).value == pytest.approx(getattr(plain, name).value, rel=1e-12)


@pytest.mark.parametrize("q", [1e-12, 1e-7, 1e6, 1e12])
@pytest.mark.parametrize("text", ["elu", "selu", "hardtanh", "erf", "tanh", "relu6", "softplus"])
def test_far_away_the_forms_that_lose_digits_are_not_used(text: str, q: float) -> None:
    found, plain = moments(text, q), moments(without_closed_forms(text), q)
    assert found.E_phi2 == plain.E_phi2
    assert found.E_phi2.relative_error < 1e-10
    assert found.E_dphi2.relative_error < 1e-10


@pytest.mark.parametrize("q", [1e-9, 1.0, 1e9])
def test_scale_invariant_activations_are_exact_everywhere(q: float) -> None:
    assert moments("relu", q).E_phi2.value == q / 2
    assert moments("leaky_relu(0.5)", q).E_dphi2.value == 0.625
    assert moments("relu", q).E_phi.value == pytest.approx(math.sqrt(q / (2 * math.pi)), rel=1e-13)


@pytest.mark.parametrize("text", CASES)
def test_steins_identities(text: str) -> None:
    # E[z phi] = s E[phi'] and, for phi^2, E[(z^2 - 1) phi^2] = 2 s E[z phi phi']: no derivative on the left
    q = 1.7
    phi = as_phi(text)
    found = moments(text, q)
    shifted = Phi("z", lambda u: u * phi.function(u), None, phi.kinks)
    left = moments(shifted, q).E_phi.value / math.sqrt(q)
    assert left == pytest.approx(math.sqrt(q) * found.E_dphi.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("text", NAMES)
def test_zero_is_the_limit(text: str) -> None:
    at_zero, near = values(moments(text, 0.0)), values(moments(text, 1e-16))
    for name in FIELDS:
        assert at_zero[name] == pytest.approx(near[name], rel=1e-6, abs=1e-7)


def test_a_function_that_is_zero_as_far_as_numbers_reach_has_moments_of_zero() -> None:
    found = moments(shifted(as_phi("relu"), -2.0), 2.0 / 38.0**2)
    assert 0.0 <= found.E_phi.value < 1e-200 and 0.0 <= found.E_phi2.value < 1e-200


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("q", [1e-3, 1.0, 100.0])
def test_a_users_function_needs_neither_derivative_nor_kinks(text: str, q: float) -> None:
    found, known = moments(as_phi(simple(text)), q), moments(without_closed_forms(text), q)
    for name in FIELDS:
        ours, theirs = getattr(found, name), getattr(known, name)
        assert abs(ours.value - theirs.value) <= ours.error + theirs.error + 1e-15
        assert ours.error <= 1e-8 * (abs(theirs.value) + 1e-3 * q**0.5)


def test_a_users_function_with_all_it_needs_is_as_good_as_the_catalogs() -> None:
    def slope(u: ndarray) -> ndarray:
        return np.asarray(1.0 - np.tanh(u) ** 2)

    found = moments(as_phi(np.tanh, slope), 1.0)
    assert values(found) == pytest.approx(values(moments("tanh", 1.0)), rel=1e-14, abs=1e-16)
    assert found.E_dphi2.relative_error < 1e-14


def test_kinks_are_found() -> None:
    assert kinks_of(lambda u: np.maximum(u, 0.0)) == (0.0,)
    assert kinks_of(lambda u: np.clip(u, -1.0, 6.0)) == (-1.0, 6.0)
    assert kinks_of(lambda u: np.maximum(u - math.pi, 0.0) + np.abs(u + 0.1)) == pytest.approx(
        (-0.1, math.pi), abs=1e-9
    )
    for smooth in (np.tanh, np.sin, np.arctan, lambda u: np.tanh(50.0 * u), lambda u: u):
        assert kinks_of(smooth) == ()


def test_a_step_too_narrow_to_differentiate_owns_up() -> None:
    found = moments(as_phi(lambda u: np.tanh(3e4 * u), kinks=()), 1.0)
    truth = moments("tanh(30000)", 1.0)
    for name in FIELDS:
        assert abs(getattr(found, name).value - getattr(truth, name).value) <= 1.5 * getattr(found, name).error + 1e-14
    assert found.E_dphi4.relative_error > 100 * truth.E_dphi4.relative_error


def test_known_numbers() -> None:
    selu = moments("selu", 1.0)
    assert (selu.E_phi.value, selu.E_phi2.value) == pytest.approx((0.0, 1.0), abs=1e-12)
    assert moments("sigmoid", 3.0).E_phi.value == pytest.approx(0.5, abs=1e-15)
    assert moments("gelu", 1.0).E_phi.value == pytest.approx(1 / math.sqrt(4 * math.pi), rel=1e-14)
    assert moments("erf", 1.0).E_dphi.value == pytest.approx(2 / math.sqrt(3 * math.pi), rel=1e-14)


@pytest.mark.parametrize(
    ("activation", "says"),
    [
        ("mistaken_tanh", "mistake"),
        (ACTIVATIONS["mistaken_relu"], "mistake"),
        ("relo", 'did you mean "relu"'),
        ("leaky_relu(2)", "at most 1"),
        (np.sign, "jumps"),
        (lambda u: 1.0 / u, "NaN or infinite"),
        (lambda u: np.exp(u * u), "standard deviations"),
        (lambda u: u[:1], "shape"),
        (lambda u: math.sin(u), "failed on an array"),
        (lambda u: np.array(["a"] * u.size).reshape(u.shape), "real numbers"),
    ],
)
def test_what_has_no_moments_is_refused(activation: object, says: str) -> None:
    with pytest.raises(UserError, match=says):
        moments(activation, 1.0)  # type: ignore[arg-type]


def test_a_number_is_no_activation() -> None:
    with pytest.raises(UserError, match="elementwise numpy function"):
        as_phi(3)  # type: ignore[arg-type]


def test_a_wrong_derivative_is_noticed() -> None:
    with pytest.raises(UserError, match="derivative is not that of the function"):
        moments(as_phi(np.tanh, lambda u: 1.0 - np.tanh(u)), 1.0)


@pytest.mark.parametrize("q", [-1.0, math.nan, math.inf, 1e61])
def test_lengths_out_of_range_are_refused(q: float) -> None:
    with pytest.raises(UserError, match="q: got"):
        moments("relu", q)


def test_derivative_and_kinks_are_for_functions_only() -> None:
    with pytest.raises(UserError, match="has its own"):
        as_phi("relu", kinks=(0.0,))
    with pytest.raises(UserError, match="finite points"):
        as_phi(np.tanh, kinks=(math.inf,))


def test_texts_choices_and_records_are_the_same() -> None:
    assert as_phi("leaky_relu(0.2)") is as_phi(choice("leaky_relu(negative_slope=0.2)"))
    assert as_phi("tanh") is as_phi(ACTIVATIONS["tanh"])
    assert float(moments("relu").E_phi2) == 0.5
