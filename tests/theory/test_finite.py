"""Finite width: closed forms against each other, against chains simulated in numpy, and against random matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.theory.finite import (
    born_dead,
    born_dead_lower_bound,
    born_dead_one_input,
    born_dead_width_2,
    log_norm,
    safe_depth,
    singular_spread,
)
from gradlab.theory.finite.angles import difference_density, difference_share


def closed_lower_bound(n: int, depth: int) -> float:
    """As theory.md and Lu et al. write it."""
    a1, a2 = 1 - 2.0**-n, 1 - 2.0 ** (1 - n) - (n - 1) * 4.0**-n
    k = (1 - 2.0 ** (1 - n)) * (1 - 2.0**-n) / (1 + (n - 1) * 2.0**-n)
    return 1 - a1 ** (depth - 1) - k * (a1 ** (depth - 1) - a2 ** (depth - 1))


def simulated(widths: list[int], networks: int = 20_000) -> float:
    """Share of relu networks with one input that are dead on both rays."""
    random = np.random.default_rng(3)
    rays = np.array([[1.0, -1.0]]) * np.ones((networks, 1, 1))
    for n in widths:
        rays = np.maximum(random.standard_normal((networks, n, rays.shape[1])) @ rays, 0.0)
    return float((~rays.any(axis=(1, 2))).mean())


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10, 40])
@pytest.mark.parametrize("depth", [1, 2, 3, 10, 200])
def test_bounds_are_the_closed_forms_and_in_order(width: int, depth: int) -> None:
    found = born_dead([width] * depth)
    assert found.p_single_input == pytest.approx(1 - (1 - 2.0**-width) ** depth, rel=1e-3, abs=1e-15)
    assert found.p_low == pytest.approx(closed_lower_bound(width, depth), abs=1e-13)
    assert born_dead_lower_bound(width, depth) == found.p_low
    assert 0.0 <= found.p_low <= found.p_up == found.p_single_input <= 1.0
    assert (found.p_exact is not None) == (width <= 2 or depth <= 2)
    if found.p_exact is not None:
        assert found.p_low - 1e-12 <= found.p_exact <= found.p_up


def test_digits_survive_in_wide_networks() -> None:
    assert born_dead_one_input([100] * 7) == pytest.approx(7 * 2.0**-100, rel=1e-12)
    assert born_dead_one_input([5000]) == 0.0
    assert born_dead_one_input([3, 2000, 3]) == pytest.approx(1 - (7 / 8) ** 2)


def test_width_2_is_a_rational_number_at_depth_3() -> None:
    assert born_dead_width_2(3) * 3072 == pytest.approx(1045, abs=1e-9)
    assert born_dead_width_2(2) == pytest.approx(5 / 32, abs=1e-14)
    assert born_dead_width_2(1) == 0.0
    assert born_dead_width_2(3000) == pytest.approx(1.0)


@pytest.mark.parametrize("widths", [[2] * 3, [2] * 6, [3] * 6, [5, 3, 2, 4]])
def test_simulated_networks_die_within_the_bounds(widths: list[int]) -> None:
    networks = 20_000
    found, rate = born_dead(widths), simulated(widths, networks)
    four_errors = 4 * math.sqrt(0.25 / networks)
    assert found.p_low - four_errors <= rate <= found.p_up + four_errors
    if found.p_exact is not None:
        p = found.p_exact
        assert abs(rate - p) <= 4 * math.sqrt(p * (1 - p) / networks)


@pytest.mark.parametrize("angle", [1e-3, 0.3, 1.0, math.pi / 2])
def test_the_law_of_the_angle(angle: float) -> None:
    delta = np.linspace(0.2, 3.0, 57)
    h = 1e-5
    slope = (difference_share(angle, delta + h) - difference_share(angle, delta - h)) / (2 * h)
    np.testing.assert_allclose(slope, difference_density(angle, delta), rtol=1e-6, atol=1e-10)
    assert difference_share(angle, np.array([math.pi]))[0] == pytest.approx(0.5)
    # both in one quadrant and both in the opposite one: a unit's sign is the same for both rays
    share = 2 * np.trapezoid(difference_density(angle, d := np.linspace(0, math.pi / 2, 20001)) * (math.pi / 2 - d), d)
    if angle > 0.1:
        assert share / (2 * math.pi) == pytest.approx(((math.pi - angle) / (2 * math.pi)) ** 2, abs=1e-6)


@pytest.mark.parametrize(("width", "delta"), [(1, 0.5), (2, 0.25), (3, 0.5), (10, 0.01), (30, 1e-6), (5, 0.0)])
def test_safe_depth_is_the_last_that_is_safe(width: int, delta: float) -> None:
    depth = safe_depth(width, delta)
    if depth:
        assert born_dead_one_input([width] * depth) <= delta * (1 + 1e-12)
        assert -math.expm1(depth * math.log1p(-(2.0**-width))) <= delta * (1 + 1e-12)
    assert -math.expm1((depth + 1) * math.log1p(-(2.0**-width))) > delta
    if depth < 10_000:
        assert born_dead_one_input([width] * (depth + 1)) > delta


@pytest.mark.parametrize("width", range(2, 12))
def test_safe_depth_finds_the_depth_whose_probability_it_is_given(width: int) -> None:
    for depth in range(1, 60):
        delta = -math.expm1(depth * math.log1p(-(2.0**-width)))
        assert safe_depth(width, delta) == depth, (depth, delta)


def test_safe_depth_of_very_wide_networks_is_astronomic() -> None:
    assert safe_depth(100, 0.01) == pytest.approx(0.01005 * 2**100, rel=1e-3)
    assert safe_depth(3000, 0.5) > 10**900


@pytest.mark.parametrize("widths", [[8] * 3, [30, 10, 50]])
def test_log_norms_of_simulated_networks(widths: list[int]) -> None:
    random, networks = np.random.default_rng(5), 20_000
    log = np.zeros(networks)
    for n in widths:  # |relu(W x)|^2 2/n |x|^2 depends on x through its length only
        z = np.maximum(random.standard_normal((networks, n)), 0.0)
        with np.errstate(divide="ignore"):
            log += np.log(2.0 / n * (z * z).sum(axis=1))
    log = log[np.isfinite(log)]
    found = log_norm(widths)
    assert abs(log.mean() - found.exact_mean) <= 4 * log.std() / math.sqrt(len(log))
    assert abs(log.std() / found.exact_std - 1) <= 4 * math.sqrt(1.0 / len(log))
    assert found.p_dead == pytest.approx(born_dead_one_input(widths))


def test_log_norms_come_to_the_limit() -> None:
    for n, within in ((100, 0.03), (1000, 0.003)):
        found = log_norm([n] * 20)
        assert found.exact_mean == pytest.approx(found.mean, rel=within)
        assert found.exact_std == pytest.approx(found.std, rel=within)
    assert log_norm([100]).beta == 0.05


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_singular_values_of_random_matrices(weights: str) -> None:
    random, n, depth = np.random.default_rng(1), 300, 3
    q = 0.8
    found = singular_spread("tanh", q, depth, weights=weights)  # type: ignore[arg-type]
    jacobian = np.eye(n)
    gain = found.mu1**-0.5
    for _ in range(depth):
        w = random.standard_normal((n, n)) / math.sqrt(n)
        if weights == "orthogonal":
            w, r = np.linalg.qr(w)
            w = w * np.sign(np.diag(r))
        slope = 1 - np.tanh(math.sqrt(q) * random.standard_normal(n)) ** 2
        jacobian = slope[:, None] * (gain * w @ jacobian)
    squares = np.linalg.svd(jacobian, compute_uv=False) ** 2
    assert squares.mean() == pytest.approx(found.mean, rel=0.1)
    assert squares.var() / squares.mean() ** 2 == pytest.approx(found.variance, rel=0.2)


def test_dynamical_isometry_takes_a_constant_slope() -> None:
    assert singular_spread("identity", 1.0, 50).variance == pytest.approx(0.0, abs=1e-12)
    assert singular_spread("identity", 1.0, 50, weights="gaussian").variance == pytest.approx(50.0)
    assert singular_spread("relu", 1.0, 4, weights="gaussian").variance == pytest.approx(8.0)
    assert singular_spread("relu", 1.0, 3, sigma_w2=4.0).mean == pytest.approx(8.0)
    assert singular_spread("relu", 1.0, 3000, sigma_w2=4.0).mean == math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: born_dead([]),
        lambda: born_dead([2, 0]),
        lambda: born_dead_lower_bound(2, 0),
        lambda: born_dead_width_2(0),
        lambda: safe_depth(0, 0.1),
        lambda: safe_depth(2, 1.0),
        lambda: safe_depth(2, math.nan),
        lambda: log_norm([]),
        lambda: singular_spread("relu", 1.0, 0),
    ],
)
def test_what_is_out_of_range_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(UserError):
        call()
