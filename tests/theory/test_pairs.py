"""Expectations over two correlated pre-activations: closed forms, brute force, identities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.theory.gauss import as_phi, moments, pair_moments

from .references import NAMES, nodes

CS = (-1.0, -0.999, -0.5, 0.0, 0.3, 0.9, 0.9999, 1 - 1e-8, 1.0)


@pytest.mark.parametrize("c", CS)
@pytest.mark.parametrize("q", [1e-3, 1.0, 100.0])
def test_relu_is_the_arc_cosine_kernel(c: float, q: float) -> None:
    # Cho and Saul 2009, equations 4 and 6, halved with the normal's own norm
    angle = math.acos(c)
    found = pair_moments("relu", q, c)
    expected = q * (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi)
    assert found.E_phi_phi.value == pytest.approx(expected, rel=1e-12, abs=1e-12 * q)
    assert found.E_dphi_dphi.value == pytest.approx((math.pi - angle) / (2 * math.pi), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("c", CS)
@pytest.mark.parametrize("q", [1e-3, 1.0, 100.0])
def test_erf_is_the_arc_sine_kernel(c: float, q: float) -> None:
    # Williams 1997, equation 11
    x = 2 * q * c / (1 + 2 * q)
    found = pair_moments("erf", q, c)
    scale = moments("erf", q).E_phi2.value
    assert found.E_phi_phi.value == pytest.approx(2 / math.pi * math.asin(x), abs=1e-11 * scale)
    slope = 4 / math.pi / math.sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2)
    assert found.E_dphi_dphi.value == pytest.approx(slope, rel=1e-11)


@pytest.mark.parametrize("text", [*NAMES, "tanh(10)"])
@pytest.mark.parametrize(("q", "c"), [(0.1, 0.5), (3.0, -0.7), (1.0, 0.9)])
def test_a_table_of_both_variables_says_the_same(text: str, q: float, c: float) -> None:
    # tensor product on axis-aligned panels, so kinks are resolved exactly; the bivariate density over the product of two
    phi = as_phi(text)
    panel, order = (0.05, 8) if text == "tanh(10)" else (0.4, 16)
    z, weight = nodes(phi, q, panel=panel, order=order)
    near = np.abs(z) < 8.0
    z, weight = z[near], weight[near]
    w2 = 1 - c * c
    ratio = np.exp(-(c * c * (z[:, None] ** 2 + z**2) - 2 * c * z[:, None] * z) / (2 * w2)) / math.sqrt(w2)
    assert phi.derivative is not None
    a, d = weight * phi.function(math.sqrt(q) * z), weight * phi.derivative(math.sqrt(q) * z)
    found, one = pair_moments(text, q, c), moments(text, q)
    # the cut at 8 standard deviations costs 1e-13 where c is 0.9
    assert abs(found.E_phi_phi.value - a @ ratio @ a) <= 1e-11 * one.E_phi2.value
    assert abs(found.E_dphi_dphi.value - d @ ratio @ d) <= 1e-11 * one.E_dphi2.value


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("q", [1e-3, 100.0])
def test_ends_and_middle_are_known(text: str, q: float) -> None:
    one = moments(text, q)
    middle = pair_moments(text, q, 0.0)
    scale = one.E_phi2.value
    assert abs(middle.E_phi_phi.value - one.E_phi.value**2) <= 1e-11 * scale
    assert abs(middle.E_dphi_dphi.value - one.E_dphi.value**2) <= 1e-11 * one.E_dphi2.value
    assert pair_moments(text, q, 1.0).E_phi_phi == one.E_phi2
    for end in (-1.0, 1.0):  # the limit, to first order: q (1 - c) E[phi'^2] is 1e-12 of E[phi^2]
        close = pair_moments(text, q, end * (1 - 1e-13)).E_phi_phi.value
        assert abs(close - pair_moments(text, q, end).E_phi_phi.value) <= 1e-11 * scale
    for c in (-0.9, 0.999):
        found = pair_moments(text, q, c)
        assert found.E_phi_phi.error <= 1e-11 * scale
        assert found.E_dphi_dphi.error <= 1e-11 * one.E_dphi2.value


@pytest.mark.parametrize("text", ["gelu", "softsign", "selu", "hardtanh"])
def test_the_slope_in_c_is_that_of_the_derivatives(text: str) -> None:
    # d/dc E[phi phi] = q E[phi' phi'] (Price 1958), by a fourth-order difference
    q, c, h = 1.3, 0.4, 1e-2
    f = [pair_moments(text, q, c + k * h).E_phi_phi.value for k in (-2, -1, 1, 2)]
    slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
    assert slope == pytest.approx(q * pair_moments(text, q, c).E_dphi_dphi.value, rel=1e-7)


def test_a_users_function_and_one_that_grows_fast() -> None:
    found = pair_moments(as_phi(lambda u: np.maximum(u, 0.0)), 1.0, 0.5)
    known = pair_moments("relu", 1.0, 0.5)
    assert abs(found.E_dphi_dphi.value - known.E_dphi_dphi.value) <= found.E_dphi_dphi.error
    growing = pair_moments(as_phi(np.exp, np.exp), 25.0, 0.5)  # exp(q (1 + c))
    assert growing.E_phi_phi.value == pytest.approx(math.exp(37.5), rel=1e-12)


def test_closed_forms_are_no_part_of_it() -> None:
    phi = as_phi("relu")
    bare = replace(phi, second_moment=None, slope_moment=None)
    assert pair_moments(bare, 1.0, 0.3) == pair_moments(phi, 1.0, 0.3)


@pytest.mark.parametrize(("q", "c"), [(1.0, 1.1), (1.0, -1.1), (1.0, math.nan), (0.0, 0.5), (-1.0, 0.5)])
def test_out_of_range(q: float, c: float) -> None:
    with pytest.raises(UserError, match=r"^(q|c): got"):
        pair_moments("tanh", q, c)
