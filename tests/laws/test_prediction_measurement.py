"""Theory = measurement as width grows: every activation, normal and uniform weights, against networks drawn in numpy.

An error may be C / width and 4 standard errors, C being what is measured at width 64; where the error there is clear (10
standard errors), its fall with the width is fitted. Networks of all activations share their weights, so that this is quick.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from numpy import ndarray

from gradlab.parts import ACTIVATIONS
from gradlab.spec import NetworkSpec
from gradlab.theory.finite import born_dead, log_norm
from gradlab.theory.gauss import as_phi
from gradlab.theory.meanfield import gains
from gradlab.theory.predict import predict_network

WIDTHS = {64: 200, 128: 100, 256: 50, 512: 25, 1024: 12}  # networks of each
DEPTH = 5
SIGMA_B = 0.2
NAMES = tuple(name for name, record in ACTIVATIONS.items() if not record.mistake)
MEASURED = ("q", "gradient", "mean", "std")


@cache
def drawn(law: str, width: int, names: tuple[str, ...] = NAMES, sigma_b: float = SIGMA_B) -> dict[str, ndarray]:
    """By quantity, [networks, activations]: q, mean and std of layer 5's activations, squared gradient of layer 1."""
    random = np.random.default_rng([7, width])
    phis = [as_phi(name) for name in names]
    scale = np.array([gains(name).forward for name in names]) / math.sqrt(width)
    found = {name: np.empty((WIDTHS[width], len(names))) for name in MEASURED}
    for r in range(WIDTHS[width]):
        x = random.standard_normal(width)
        a = np.repeat((x * math.sqrt(width) / np.linalg.norm(x))[:, None], len(names), axis=1)
        passed = []
        for _ in range(DEPTH):
            if law == "normal":
                w = random.standard_normal((width, width))
            else:
                w = random.uniform(-math.sqrt(3.0), math.sqrt(3.0), (width, width))
            h = (w @ a) * scale + sigma_b * random.standard_normal((width, 1))
            a = np.stack([phi.function(h[:, k]) for k, phi in enumerate(phis)], axis=1)
            passed.append((w, h))
        found["q"][r] = (h**2).mean(axis=0)
        found["mean"][r], found["std"][r] = a.mean(axis=0), a.std(axis=0)
        delta = np.repeat(random.standard_normal((width, 1)), len(names), axis=1)
        last = (delta**2).mean(axis=0)
        for k in reversed(range(1, DEPTH)):
            back = (passed[k][0].T @ delta) * scale
            slopes = [phi.values(passed[k - 1][1][:, j])[1] for j, phi in enumerate(phis)]
            delta = back * np.stack(slopes, axis=1)
        found["gradient"][r] = (delta**2).mean(axis=0) / last
    return found


def predicted(name: str, law: str, width: int, bias: str = f"normal({SIGMA_B})") -> dict[str, float]:
    """The same numbers by theory, of a network whose output is layer 5, without its activation."""
    weights = {"name": f"lecun_{law}", "gain": gains(name).forward}
    spec = NetworkSpec.model_validate(
        {"inputs": width, "outputs": width, "hidden": [width] * (DEPTH - 1), "activation": name, "weights": weights,
         "bias": bias, "output": {"activation": name}}
    )  # fmt: skip
    profile = predict_network(spec).profile
    return {
        "q": float(profile["pre_activation_second_moment"][0, -1]),
        "gradient": float(profile["relative_gradient_rms"][0, 0]) ** 2,
        "mean": float(profile["activation_mean"][0, -1]),
        "std": float(profile["activation_std"][0, -1]),
    }


@pytest.mark.parametrize("law", ["normal", "uniform"])
@pytest.mark.parametrize("name", NAMES)
def test_errors_fall_like_one_over_the_width(name: str, law: str) -> None:
    for quantity in MEASURED:
        errors, doubts = [], []
        for width in WIDTHS:
            column = drawn(law, width)[quantity][:, NAMES.index(name)]
            errors.append(abs(float(column.mean()) - predicted(name, law, width)[quantity]))
            doubts.append(float(column.std(ddof=1)) / math.sqrt(len(column)))
        c = 64 * (errors[0] + 4 * doubts[0])
        for width, error, doubt in zip(WIDTHS, errors, doubts, strict=True):
            assert error <= c / width + 4 * doubt, (quantity, width, error, doubt)
        if errors[0] > 10 * doubts[0]:
            clear = [k for k in range(len(errors)) if errors[k] > 4 * doubts[k]]
            x, y = np.log(list(WIDTHS))[clear], np.log(errors)[clear]
            weight = np.array([errors[k] / doubts[k] for k in clear])
            if len(clear) > 2:
                slope, cov = np.polyfit(x, y, 1, w=weight, cov="unscaled")
                assert abs(slope[0] + 1.0) <= 4 * math.sqrt(cov[0, 0]) + 0.1, (quantity, slope)


@pytest.mark.parametrize("width", WIDTHS)
def test_relu_with_he_is_exact_at_every_width(width: int) -> None:
    found, theory = drawn("normal", width, ("relu",), 0.0), predicted("relu", "normal", width, "none")
    for quantity in ("q", "gradient"):
        column = found[quantity][:, 0]
        assert theory[quantity] == pytest.approx(2.0 if quantity == "q" else 1.0)
        assert abs(column.mean() - theory[quantity]) <= 4 * column.std(ddof=1) / math.sqrt(len(column))


@pytest.mark.parametrize("widths", [[2] * 5, [3] * 8, [4, 2, 6, 3], [1, 3]])
def test_a_hundred_thousand_networks_die_as_predicted(widths: list[int]) -> None:
    networks, random = 100_000, np.random.default_rng(13)
    rays = np.array([[1.0, -1.0]]) * np.ones((networks, 1, 1))
    for n in widths:
        rays = np.maximum(random.standard_normal((networks, n, rays.shape[1])) @ rays, 0.0)
    dead = np.logical_not(rays.any(axis=1))
    spec = NetworkSpec.model_validate(
        {"inputs": 1, "outputs": 1, "hidden": widths, "activation": "relu", "weights": "he_normal"}
    )
    found = predict_network(spec).born_dead
    assert found is not None and found == born_dead(widths)
    for rate, low, high in (
        (float(dead[:, 0].mean()), found.p_single_input, found.p_single_input),
        (float(dead.all(axis=1).mean()), found.p_low, found.p_up),
        (float(dead.all(axis=1).mean()), found.p_exact, found.p_exact),
    ):
        if low is not None and high is not None:
            assert low - 4 * math.sqrt(low * (1 - low) / networks) <= rate
            assert rate <= high + 4 * math.sqrt(high * (1 - high) / networks)


def test_the_spread_of_relu_is_hanin_s() -> None:
    widths = [50, 20, 80, 30]
    spec = NetworkSpec.model_validate(
        {"inputs": 9, "outputs": 5, "hidden": widths, "activation": "relu", "weights": "he_normal"}
    )
    spread = predict_network(spec).spread
    assert spread is not None
    np.testing.assert_allclose(spread.log_q[1:], [log_norm(widths[: k + 1]).std for k in range(4)], rtol=1e-6)
    backward = [math.sqrt(sum(5 / n for n in widths[k:])) for k in range(4)]
    np.testing.assert_allclose(spread.log_gradient[:-1], backward, rtol=1e-6)


def log_deviations(name: str, width: int, networks: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Deviation over networks of ln v of layer 4 and of ln of the squared gradient of layer 1, each measured and predicted."""
    random, phi, gain = np.random.default_rng([17, width]), as_phi(name), gains(name).forward
    logs = np.empty((networks, 2))
    for start in range(0, networks, 500):
        rows = slice(start, start + 500)
        x = random.standard_normal((500, width, 1))
        a = x * math.sqrt(width) / np.linalg.norm(x, axis=1, keepdims=True)
        passed = []
        for _ in range(4):
            v = gain**2 * (a**2).mean(axis=(1, 2))
            w = gain / math.sqrt(width) * random.standard_normal((500, width, width))
            h = w @ a
            passed.append((w, h))
            a = phi.function(h)
        delta = random.standard_normal((500, width, 1))
        last = (delta**2).mean(axis=(1, 2))
        for k in reversed(range(1, 4)):
            delta = phi.values(passed[k - 1][1])[1] * (passed[k][0].transpose(0, 2, 1) @ delta)
        with np.errstate(divide="ignore"):  # a network of 10,000 may be dead, and has no logarithm
            logs[rows, 0], logs[rows, 1] = np.log(v), np.log((delta**2).mean(axis=(1, 2)) / last)
    spec = NetworkSpec.model_validate(
        {"inputs": width, "outputs": width, "hidden": [width] * 3, "activation": name,
         "weights": {"name": "lecun_normal", "gain": gain}}
    )  # fmt: skip
    spread = predict_network(spec).spread
    assert spread is not None
    measured = logs[np.isfinite(logs).all(axis=1)].std(axis=0, ddof=1)
    return (float(measured[0]), float(spread.log_q[3])), (float(measured[1]), float(spread.log_gradient[0]))


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid"])
def test_the_spread_of_ten_thousand_networks(name: str) -> None:
    narrow, wide = log_deviations(name, 16, 10_000), log_deviations(name, 48, 10_000)
    error = 4 * math.sqrt(0.5 / 10_000)  # of a standard deviation, relative, of logarithms that are near normal
    for (small, small_theory), (large, large_theory) in zip(narrow, wide, strict=True):
        first = abs(small / small_theory - 1.0)
        # the formula is the first order in 1 / width: three times the width leaves a third of its error
        assert abs(large / large_theory - 1.0) <= (first + 2 * error) / 3 + 2 * error
