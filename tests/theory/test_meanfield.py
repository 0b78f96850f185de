"""The maps, their fixed points, the edge, gains and other layers: closed forms, consistency, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.theory.gauss import as_phi, moments
from gradlab.theory.meanfield import (
    Status,
    chi1,
    chi_c,
    convolution,
    correlation_fixed_point,
    correlation_map,
    depth_scale,
    edge_at,
    edge_curve,
    edge_point,
    edge_points,
    fixed_point,
    fixed_points,
    gains,
    gradient_map,
    length_map,
    length_slope,
)
from gradlab.theory.meanfield.solve import root

from .references import NAMES


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("q", [0.01, 1.0, 30.0])
def test_the_slope_is_that_of_the_map(text: str, q: float) -> None:
    h = 1e-3 * q
    f = [length_map(text, q + k * h, 1.7, 0.2) for k in (-2, -1, 1, 2)]
    difference = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
    assert length_slope(text, q, 1.7) == pytest.approx(difference, rel=1e-7)


@pytest.mark.parametrize(
    ("activation", "sigma_w2", "sigma_b2", "status", "q_star", "slope"),
    [
        ("relu", 1.0, 0.0, Status.ZERO, 0.0, 0.5),
        ("relu", 1.0, 0.3, Status.CONVERGED, 0.6, 0.5),
        ("relu", 2.0, 0.0, Status.NEUTRAL, 1.0, 1.0),
        ("relu", 2.0, 0.1, Status.INFINITE, math.inf, 1.0),
        ("relu", 3.0, 0.0, Status.INFINITE, math.inf, 1.5),
        ("identity", 1.0, 0.0, Status.NEUTRAL, 1.0, 1.0),
        ("leaky_relu(0.5)", 1.6, 0.0, Status.NEUTRAL, 1.0, 1.0),
        ("tanh", 0.5, 0.0, Status.ZERO, 0.0, 0.5),
        ("tanh", 1.0, 0.0, Status.MARGINAL, 0.0, 1.0),
        ("selu", 1.0, 0.0, Status.CONVERGED, 1.0, 0.78265),
        ("gelu", 2.5, 0.0, Status.INFINITE, math.inf, 1.25),
        ("gelu", 2.0, 0.0, Status.ZERO, 0.0, 0.5),
        ("tanh", 0.0, 0.0, Status.ZERO, 0.0, 0.0),
        ("tanh", 0.0, 0.7, Status.CONVERGED, 0.7, 0.0),
        ("erf", 1e6, 0.0, Status.CONVERGED, 999363.2, None),
    ],
)
def test_statuses(
    activation: str, sigma_w2: float, sigma_b2: float, status: Status, q_star: float, slope: float | None
) -> None:
    found = fixed_point(activation, sigma_w2, sigma_b2)
    assert found.status is status
    assert found.q_star == pytest.approx(q_star, rel=1e-5)
    if slope is not None:
        assert found.slope == pytest.approx(slope, rel=1e-5)
    assert found.is_stable == (status in (Status.CONVERGED, Status.ZERO))
    assert (found.c_star is None) == (q_star in (0.0, math.inf))
    assert (found.xi_q is None) == (status in (Status.NEUTRAL, Status.INFINITE))


@pytest.mark.parametrize("text", ["tanh", "sigmoid", "softsign", "hardtanh", "relu6", "erf", "selu", "softplus"])
def test_iterating_gets_there_at_the_predicted_rate(text: str) -> None:
    sigma_w2, sigma_b2 = 1.3, 0.2
    found = fixed_point(text, sigma_w2, sigma_b2)
    q, gaps = 1.0, []
    for _ in range(300):
        q = length_map(text, q, sigma_w2, sigma_b2)
        gaps.append(abs(q - found.q_star))
    assert q == pytest.approx(found.q_star, rel=1e-9)
    late = [k for k, gap in enumerate(gaps) if 1e-9 < gap / found.q_star < 1e-4]
    assert gaps[late[-1]] / gaps[late[-2]] == pytest.approx(abs(found.slope), rel=1e-2)
    assert found.xi_q == pytest.approx(-1 / math.log(abs(found.slope)))
    assert found.error < 1e-9


@pytest.mark.parametrize(("sigma_w2", "sigma_b2"), [(2.5, 0.0), (2.5, 0.05), (1.2, 0.5)])
def test_correlations_get_to_c_star_at_the_predicted_rate(sigma_w2: float, sigma_b2: float) -> None:
    found = fixed_point("tanh", sigma_w2, sigma_b2)
    assert found.c_star is not None and found.chi_c is not None
    near = found.c_star + (1e-3 if found.c_star < 0.5 else -1e-3)
    after = correlation_map("tanh", near, found.q_star, sigma_w2, sigma_b2)
    assert (after - found.c_star) / (near - found.c_star) == pytest.approx(found.chi_c, abs=2e-3)
    assert correlation_map("tanh", found.c_star, found.q_star, sigma_w2, sigma_b2) == pytest.approx(
        found.c_star, abs=1e-11
    )
    assert (found.c_star < 1.0) == (found.chi1 > 1.0)


def test_more_than_one_fixed_point() -> None:
    # between lengths that shrink to 0 and lengths that explode, GELU, SiLU and Mish have an unstable one
    gain = gains("gelu").forward
    both = fixed_points("gelu", gain**2)
    assert [(found.q_star, found.is_stable) for found in both] == [(0.0, True), (pytest.approx(1.0, abs=1e-6), False)]
    assert fixed_point("gelu", gain**2, q0=0.9).status is Status.ZERO
    assert fixed_point("gelu", gain**2, q0=1.1).status is Status.INFINITE
    assert not fixed_point("gelu", gain**2).is_stable  # started exactly there
    assert [found.is_stable for found in fixed_points("tanh", 2.0)] == [False, True]
    assert len(fixed_points("relu", 2.0)) == 1


@pytest.mark.parametrize("text", NAMES)
def test_gains_do_what_they_say(text: str) -> None:
    found = gains(text)
    assert length_map(text, 1.0, found.forward**2) == pytest.approx(1.0, rel=1e-12)
    assert chi1(text, 1.0, found.backward**2) == pytest.approx(1.0, rel=1e-12)
    assert chi1(text, 1.0, found.forward**2) == pytest.approx(found.forward_chi1, rel=1e-12)
    assert length_map(text, 1.0, found.backward**2) == pytest.approx(found.backward_q, rel=1e-12)
    assert length_slope(text, 1.0, found.forward**2) == pytest.approx(found.forward_slope, rel=1e-12)
    assert found.forward_keeps_length == (text not in ("gelu", "silu", "mish"))


@pytest.mark.parametrize("text", [name for name in NAMES if name not in ("relu", "leaky_relu", "identity", "softplus")])
def test_the_edge_is_where_chi1_is_one(text: str) -> None:
    points = edge_curve(text, [0.5, 50.0, 80.0])
    assert points
    for point in points:
        assert point.q is not None
        assert length_map(text, point.q, point.sigma_w2, point.sigma_b2) == pytest.approx(point.q, rel=1e-12)
        assert chi1(text, point.q, point.sigma_w2) == pytest.approx(1.0, rel=1e-12)
        assert any(other.sigma_w2 == pytest.approx(point.sigma_w2) for other in edge_points(text, point.sigma_b))
        if point.status == "stable":
            found = fixed_point(text, point.sigma_w2, point.sigma_b2, q0=point.q)
            assert found.phase == "critical"
            assert found.c_star == pytest.approx(1.0, abs=1e-4)


def test_edges_of_one_point_and_of_none() -> None:
    assert edge_at("relu", 0.0).sigma_w2 == 2.0
    assert edge_at("relu", 0.0).status == "neutral"
    assert edge_at("leaky_relu(0.2)", 0.0).sigma_w2 == pytest.approx(2 / 1.04)
    assert (edge_at("tanh", 0.0).q, edge_at("tanh", 0.0).sigma_w2) == (0.0, 1.0)
    assert edge_curve("softplus", np.geomspace(1e-2, 300, 40).tolist()) == ()
    assert edge_point("sigmoid", 40.0) is None  # a very large gain is needed
    assert edge_at("sigmoid", 0.0).sigma_w2 > 100.0
    for activation, says in (("relu", "only point, sigma_w2 = 2"), ("softplus", "no length")):
        with pytest.raises(UserError, match=says):
            edge_at(activation, 0.05)


def test_dropout_has_no_critical_line() -> None:
    for sigma_w2 in (0.5, 1.7, 3.0):
        found = fixed_point("tanh", sigma_w2, 0.05, keep=0.9)
        assert found.c_star is not None and found.c_star < 1.0
        assert length_map("tanh", found.q_star, sigma_w2, 0.05, keep=0.9) == pytest.approx(found.q_star, rel=1e-12)
        assert correlation_map("tanh", found.c_star, found.q_star, sigma_w2, 0.05, keep=0.9) == pytest.approx(
            found.c_star, abs=1e-11
        )
    assert length_map("relu", 1.0, 2.0, keep=0.5) == 2.0
    assert chi1("relu", 1.0, 2.0, keep=0.5) == 2.0
    assert correlation_map("relu", 1.0, 1.0, 2.0, keep=0.5) == 0.5  # the same input twice


def test_convolutions_are_their_fans() -> None:
    assert (convolution(16, 32, (3, 3)).fan_in, convolution(16, 32, (3, 3)).fan_out) == (144, 288)
    assert convolution(16, 32, (3, 3), groups=4).fan_in == 36
    assert convolution(16, 32, (4, 4), stride=(2, 2)).fan_out == 128
    assert any("padding" in assumption for assumption in convolution(1, 1, (3,)).assumptions)
    for arguments in ({"groups": 3}, {"stride": (1, 1, 1)}, {"stride": 0}):
        with pytest.raises(UserError, match=r"groups|stride"):
            convolution(16, 32, (3, 3), **arguments)


def test_users_functions_go_everywhere() -> None:
    phi = as_phi(np.tanh)
    assert fixed_point(phi, 1.3, 0.2).q_star == pytest.approx(fixed_point("tanh", 1.3, 0.2).q_star, rel=1e-10)
    assert edge_at(phi, 0.3).sigma_w2 == pytest.approx(edge_at("tanh", 0.3).sigma_w2, rel=1e-8)
    assert gains(np.tanh).backward == pytest.approx(gains("tanh").backward, rel=1e-10)


def test_a_map_that_falls_may_oscillate() -> None:
    found = fixed_point(lambda u: u * np.exp(-(u**2)), 400.0)
    assert found.status in (Status.OSCILLATING, Status.CONVERGED)
    assert found.is_stable == (abs(found.slope) < 1.0)


def test_depth_scales() -> None:
    assert depth_scale(math.exp(-1 / 7)) == pytest.approx(7.0)
    assert depth_scale(math.exp(1 / 7)) == pytest.approx(7.0)
    assert (depth_scale(1.0), depth_scale(0.0)) == (math.inf, 0.0)


def test_roots() -> None:
    assert root(lambda x: math.cos(x) - x, 0.0, 1.0) == pytest.approx(0.7390851332151607, abs=1e-15)
    assert root(lambda x: (x - 1e-8) ** 3, -1.0, 1.0) == pytest.approx(1e-8, abs=1e-5)
    assert root(lambda x: x - 0.25, 0.25, 1.0) == 0.25


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: length_map("relu", -1.0, 1.0), "q: got"),
        (lambda: length_map("relu", 1.0, -1.0), "sigma_w2: got"),
        (lambda: length_map("relu", 1.0, 1.0, math.nan), "sigma_b2: got"),
        (lambda: length_map("relu", 1.0, 1.0, keep=0.0), "keep: got"),
        (lambda: fixed_point("relu", math.inf), "sigma_w2: got"),
        (lambda: fixed_point("relu", 1.0, q0=0.0), "q0: got"),
        (lambda: gradient_map("relu", 1.0, 1.0, fan_in=0), "fan_in: got"),
        (lambda: length_slope("softplus", 0.0, 1.0), "not 0 at 0"),
        (lambda: correlation_map("relu", 0.5, 1.0, 0.0), "length 0"),
        (lambda: correlation_fixed_point("relu", 0.0, 1.0), "q: got"),
        (lambda: edge_at("tanh", -1.0), "sigma_b: got"),
        (lambda: gains(lambda u: 0.0 * u), "no gains"),
        (lambda: chi_c("relu", 2.0, 1.0, 1.0), "c: got"),
    ],
)
def test_what_is_out_of_range_is_refused(call: object, says: str) -> None:
    assert callable(call)
    with pytest.raises(UserError, match=says):
        call()


def test_selus_fixed_point_has_mean_0_and_variance_1() -> None:
    found = moments("selu", fixed_point("selu", 1.0).q_star)
    assert (found.E_phi.value, found.variance) == pytest.approx((0.0, 1.0), abs=1e-9)
