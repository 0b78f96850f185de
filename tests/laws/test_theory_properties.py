"""What holds for every number: scaling, shifting, no NaN anywhere, monotone probabilities."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from gradlab.parts import ACTIVATIONS
from gradlab.theory.finite import born_dead, safe_depth
from gradlab.theory.gauss import as_phi, moments, pair_moments
from gradlab.theory.meanfield import chi1, edge_points, fixed_point, length_map, length_slope

NAMES = st.sampled_from([name for name, record in ACTIVATIONS.items() if not record.mistake])
PLAIN = st.sampled_from(["tanh", "relu", "gelu", "hardtanh", "softsign", "elu"])


def sizes(low: float, high: float) -> st.SearchStrategy[float]:
    """Log-uniform."""
    return st.floats(math.log10(low), math.log10(high)).map(lambda x: 10.0**x)


@given(q=sizes(1e-12, 1e12), factor=sizes(1e-3, 1e3), sigma_w2=sizes(1e-6, 1e6), slope=st.floats(0.0, 1.0))
@settings(max_examples=50)
def test_scaling_a_relu_layer_scales_q(q: float, factor: float, sigma_w2: float, slope: float) -> None:
    text = f"leaky_relu({slope!r})"
    once = length_map(text, q, sigma_w2)
    assert length_map(text, factor * q, sigma_w2) == pytest.approx(factor * once, rel=1e-12)
    assert length_map(text, q, factor * sigma_w2) == pytest.approx(factor * once, rel=1e-12)
    assert chi1(text, q, sigma_w2) == pytest.approx(once / q, rel=1e-12)
    assert length_slope(text, q, sigma_w2) == pytest.approx(once / q, rel=1e-9)


@given(name=PLAIN, scale=sizes(0.1, 10.0), shift=st.floats(-3.0, 3.0), q=sizes(1e-2, 30.0))
@settings(max_examples=25)
def test_moments_of_a_scaled_and_shifted_activation(name: str, scale: float, shift: float, q: float) -> None:
    phi = as_phi(name)
    slope = phi.derivative
    assert slope is not None

    def moved(u: ndarray) -> ndarray:
        return scale * phi.function(u) + shift

    def moved_slope(u: ndarray) -> ndarray:
        return scale * slope(u)

    one, other = moments(phi, q), moments(as_phi(moved, moved_slope, phi.kinks), q)
    mean, square = one.E_phi.value, one.E_phi2.value
    expected = scale**2 * square + 2 * scale * shift * mean + shift**2
    size = scale**2 * square + shift**2
    assert other.E_phi.value == pytest.approx(scale * mean + shift, abs=1e-11 * (1 + math.sqrt(size)))
    assert other.E_phi2.value == pytest.approx(expected, abs=1e-10 * size)
    assert other.variance == pytest.approx(scale**2 * one.variance, abs=1e-10 * size)
    assert other.E_dphi2.value == pytest.approx(scale**2 * one.E_dphi2.value, rel=1e-10)
    assert other.E_dphi4.value == pytest.approx(scale**4 * one.E_dphi4.value, rel=1e-10)


@given(name=PLAIN, factor=sizes(0.1, 10.0), q=sizes(1e-2, 10.0))
@settings(max_examples=25)
def test_scaling_the_input_is_scaling_q(name: str, factor: float, q: float) -> None:
    phi = as_phi(name)

    def stretched(u: ndarray) -> ndarray:
        return phi.function(factor * u)

    kinks = tuple(kink / factor for kink in phi.kinks)
    found, plain = moments(as_phi(stretched, kinks=kinks), q), moments(phi, factor**2 * q)
    assert found.E_phi2.value == pytest.approx(plain.E_phi2.value, rel=1e-10)
    assert found.E_dphi2.value == pytest.approx(factor**2 * plain.E_dphi2.value, rel=1e-8)


@given(name=NAMES, sigma_w2=sizes(1e-6, 1e6), sigma_b2=st.one_of(st.just(0.0), sizes(1e-6, 1e3)))
@settings(max_examples=40)
def test_no_nan_escapes(name: str, sigma_w2: float, sigma_b2: float) -> None:
    # q alone, without the correlation's fixed point, which takes a hundred times as long
    found = fixed_point(name, sigma_w2, sigma_b2) if sigma_w2 < 3.0 else None
    q = 1.0 if found is None else found.q_star
    if found is not None:
        for field in dataclasses.fields(found):
            value = getattr(found, field.name)
            assert not (isinstance(value, float) and math.isnan(value)), field.name
        if found.status.value == "converged":
            assert length_map(name, q, sigma_w2, sigma_b2) == pytest.approx(q, rel=1e-9 + 10 * found.error)
    for length in (0.0, 1e-20, 1.0, 1e20):
        assert math.isfinite(length_map(name, length, sigma_w2, sigma_b2))
        assert math.isfinite(chi1(name, length, sigma_w2))


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu", "sigmoid", "softplus", "selu"])
@pytest.mark.parametrize("sigma_w2", [1e-6, 1.0, 4.0, 1e6])
@pytest.mark.parametrize("sigma_b2", [0.0, 0.3])
def test_no_nan_escapes_at_the_ends_of_the_range(name: str, sigma_w2: float, sigma_b2: float) -> None:
    found = fixed_point(name, sigma_w2, sigma_b2)
    numbers = [getattr(found, field.name) for field in dataclasses.fields(found)]
    assert not any(isinstance(value, float) and math.isnan(value) for value in numbers)
    assert found.xi_grad >= 0.0


@given(name=PLAIN, c=st.floats(-1.0, 1.0), q=sizes(1e-2, 30.0))
@settings(max_examples=25)
def test_two_are_no_more_alike_than_one(name: str, c: float, q: float) -> None:
    found, one = pair_moments(name, q, c), moments(name, q)
    assert abs(found.E_phi_phi.value) <= one.E_phi2.value * (1 + 1e-10)
    assert abs(found.E_dphi_dphi.value) <= one.E_dphi2.value * (1 + 1e-10)
    if c >= 0.0:  # a power series whose coefficients are squares
        assert found.E_phi_phi.value >= one.E_phi.value**2 - 1e-10 * one.E_phi2.value


@given(name=PLAIN, sigma_b=sizes(1e-3, 10.0))
@settings(max_examples=20)
def test_points_of_the_edge_are_on_it(name: str, sigma_b: float) -> None:
    for point in edge_points(name, sigma_b):
        assert point.q is not None
        assert length_map(name, point.q, point.sigma_w2, point.sigma_b2) == pytest.approx(point.q, rel=1e-9)
        assert chi1(name, point.q, point.sigma_w2) == pytest.approx(1.0, rel=1e-10)


@given(widths=st.lists(st.integers(1, 30), min_size=1, max_size=30), more=st.integers(1, 30))
@settings(max_examples=100)
def test_another_layer_kills_no_fewer(widths: list[int], more: int) -> None:
    before, after = born_dead(widths), born_dead([*widths, more])
    assert 0.0 <= before.p_low <= before.p_up <= 1.0
    assert after.p_low >= before.p_low - 1e-15
    assert after.p_single_input >= before.p_single_input


@given(width=st.integers(1, 1000), delta=st.floats(0.0, 0.999))
def test_safe_depth_grows_with_width(width: int, delta: float) -> None:
    assert 0 <= safe_depth(width, delta) <= safe_depth(width + 1, delta)


def test_arrays_are_never_written_to() -> None:
    seen: list[ndarray] = []

    def watched(u: ndarray) -> ndarray:
        seen.append(u.copy())
        result: ndarray = np.tanh(u)
        assert (u == seen[-1]).all()
        return result

    moments(as_phi(watched), 1.0)
