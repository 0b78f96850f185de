"""Published numbers that theory must give: one table (quantity, value, tolerance, source), one test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from gradlab.spec import NetworkSpec
from gradlab.theory.finite import born_dead, born_dead_width_2, singular_spread
from gradlab.theory.gauss import moments
from gradlab.theory.meanfield import edge_at, edge_point, fixed_point, gains
from gradlab.theory.predict import predict_network


@dataclass(frozen=True)
class Published:
    """A number somebody else has printed."""

    quantity: str
    ours: Callable[[], float]
    value: float
    tolerance: float
    source: str


def sigma_b2_of_tanh(sigma_w2: float) -> float:
    """The edge's sigma_b2 at a sigma_w2, by bisection on its length."""
    low, high, sigma_b2 = 1e-6, 1.0, math.nan
    for _ in range(60):
        q = math.sqrt(low * high)
        point = edge_point("tanh", q)
        assert point is not None
        low, high = (q, high) if point.sigma_w2 < sigma_w2 else (low, q)
        sigma_b2 = point.sigma_b2
    return sigma_b2


def lu(width: int) -> tuple[float, float]:
    """Bounds at Lu et al.'s ten layers: nine hidden ones and the output."""
    found = born_dead([width] * 9)
    return found.p_low, found.p_up


def torch_default_of_depth_50() -> float:
    """Of layer 1 beside the output, of 49 hidden layers and a linear one."""
    spec = NetworkSpec.model_validate(
        {"inputs": 100, "outputs": 100, "hidden": [100] * 49, "activation": "relu", "weights": "torch_default"}
    )
    return 2.0 * math.log10(predict_network(spec).gradient_ratio)


def batch_norm_by_predict() -> float:
    """Squared gradients of layer 5 over those of layer 6."""
    spec = NetworkSpec.model_validate(
        {
            "inputs": 9,
            "outputs": 9,
            "hidden": [9] * 9,
            "activation": "relu",
            "weights": "he_normal",
            "norm": "batch_norm",
        }
    )
    gradient = predict_network(spec).profile["relative_gradient_rms"][0] ** 2
    return float(gradient[4] / gradient[5])


LU = "Lu, Shin, Su and Karniadakis 2019, figure 4 and text, L = 10 layers, 1000 networks after training"
HE = "He et al. 2015, equation 14: a factor sigma_w2 / 2 a layer, here (1/3) / 2, for 49 layers below the output"
TABLE = [
    Published("tanh, sigma_b2 = 0.05: critical sigma_w2", lambda: edge_at("tanh", 0.05**0.5).sigma_w2, 1.76, 0.005,
              "Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017, figure 5"),
    Published("tanh, sigma_w2 = 1.05: critical sigma_b2", lambda: sigma_b2_of_tanh(1.05), 2.01e-5, 0.005e-5,
              "Pennington, Schoenholz and Ganguli 2017; Xiao et al. 2018"),
    Published("relu: critical sigma_w2", lambda: edge_at("relu", 0.0).sigma_w2, 2.0, 1e-12, "He et al. 2015"),
    Published("leaky relu, slope 0.25: critical sigma_w2", lambda: edge_at("leaky_relu(0.25)", 0.0).sigma_w2,
              2 / (1 + 0.0625), 1e-12, "He et al. 2015, equation 15"),
    Published("selu: mean of the activation at its fixed point", lambda: moments("selu", 1.0).E_phi.value, 0.0, 1e-12,
              "Klambauer, Unterthiner, Mayr and Hochreiter 2017: fixed point (0, 1) of (mean, variance)"),
    Published("selu: variance of the activation at its fixed point", lambda: moments("selu", 1.0).variance, 1.0, 1e-12,
              "the same"),
    Published("selu: q* of sigma_w2 = 1", lambda: fixed_point("selu", 1.0).q_star, 1.0, 1e-9, "the same"),
    Published("relu: gain", lambda: gains("relu").forward, math.sqrt(2.0), 1e-12, "torch.nn.init.calculate_gain"),
    Published("50 relu layers at torch's default, by predict: log10 of the squared gradient norm", torch_default_of_depth_50,
              49 * math.log10(1 / 6), 1e-9, HE),
    Published("relu with batch norm by predict: gradient factor from layer to layer", batch_norm_by_predict,
              math.pi / (math.pi - 1), 1e-4,
              "Yang et al. 2019, mean field theory of batch norm; torch's eps of 1e-5 takes off a little"),
    Published("relu, Gaussian: variance of squared singular values a layer",
              lambda: singular_spread("relu", 1.0, 1, weights="gaussian").variance, 2.0, 1e-12,
              "Pennington, Schoenholz and Ganguli 2018: mu2 / mu1^2 - 1 - s1 = 2 - 1 + 1"),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.quantity)
def test_published_numbers(row: Published) -> None:
    assert row.source
    assert abs(row.ours() - row.value) <= row.tolerance


def test_born_dead_at_width_2_is_what_simulation_finds() -> None:
    # two inputs of opposite sign through three layers without biases: dead where both have come to 0
    networks, random = 200_000, np.random.default_rng(3)
    x = np.stack([np.ones(networks), -np.ones(networks)])[:, :, None]
    for fan_in in (1, 2, 2):
        x = np.maximum(np.einsum("rnm,srm->srn", random.standard_normal((networks, 2, fan_in)), x), 0.0)
    dead, p = float((x == 0.0).all(axis=(0, 2)).mean()), born_dead_width_2(3)
    assert abs(dead - p) <= 4 * math.sqrt(p * (1 - p) / networks)


# Lu et al. print rates of collapse after training of 1000 networks; most collapsed ones were born dead, on one ray or on
# both, so a rate lies between "dead for all inputs" at least and "dead for inputs of one sign" at most.
@pytest.mark.parametrize(
    ("said", "fits", "widths"),
    [
        ("over 90 %", lambda low, high: high > 0.9, {2}),
        ("about 60 %", lambda low, high: low <= 0.6 <= high, {3}),
        ("over 10 %", lambda low, high: high > 0.1, {2, 3, 5}),
        ("under 1 %", lambda low, high: low < 0.01, {10}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_of_lus_rates_fits_the_widths_it_was_found_at_alone(
    said: str, fits: Callable[[float, float], bool], widths: set[int]
) -> None:
    found = set()
    for width in (2, 3, 5, 10):
        low, high = (p + sign * 4 * math.sqrt(p * (1 - p) / 1000) for p, sign in zip(lu(width), (-1, 1), strict=True))
        found |= {width} if fits(low, high) else set()
    assert found == widths, LU
