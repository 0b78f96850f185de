"""Theory = measurement: random networks in numpy, a few layers deep, against the maps, within 4 standard errors.

Few and small: what is measured on stacks, and how the error falls with width, is for `predict` to show.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy import ndarray

from gradlab.theory.gauss import as_phi
from gradlab.theory.meanfield import correlation_map
from tests.oracles.trajectory import trajectory

WIDTH, NETWORKS, DEPTH = 400, 24, 4


def propagated(name: str, sigma_w2: float, sigma_b2: float) -> tuple[ndarray, ndarray, ndarray]:
    """Lengths [networks, depth], squared gradient of every layer over the last [networks, depth], correlations likewise."""
    random, phi = np.random.default_rng(11), as_phi(name)
    assert phi.derivative is not None
    q, gradient, c = (np.empty((NETWORKS, DEPTH)) for _ in range(3))
    for k in range(NETWORKS):
        first = random.standard_normal(WIDTH)
        x = np.stack([first, 0.6 * first + 0.8 * random.standard_normal(WIDTH)], axis=1)
        x *= math.sqrt(WIDTH) / np.linalg.norm(x, axis=0)  # |x|^2 / n = 1
        layers, h, a = [], x, x
        for l in range(DEPTH):  # noqa: E741
            w = math.sqrt(sigma_w2 / WIDTH) * random.standard_normal((WIDTH, WIDTH))
            h = w @ a + math.sqrt(sigma_b2) * random.standard_normal((WIDTH, 1))
            layers.append((w, h[:, 0]))
            q[k, l] = (h[:, 0] ** 2).mean()
            c[k, l] = h[:, 0] @ h[:, 1] / (np.linalg.norm(h[:, 0]) * np.linalg.norm(h[:, 1]))
            a = phi.function(h)
        delta = random.standard_normal(WIDTH)
        last = (delta**2).mean()
        for l in reversed(range(DEPTH)):  # noqa: E741
            gradient[k, l] = (delta**2).mean() / last
            if l:
                delta = phi.derivative(layers[l - 1][1]) * (layers[l][0].T @ delta)
    return q, gradient, c


@pytest.mark.parametrize(("name", "sigma_w2", "sigma_b2"), [("tanh", 1.8, 0.1), ("relu", 2.0, 0.0), ("gelu", 2.0, 0.2)])
def test_random_networks_follow_the_maps(name: str, sigma_w2: float, sigma_b2: float) -> None:
    q, gradient, c = propagated(name, sigma_w2, sigma_b2)
    expected = trajectory(name, sigma_w2, sigma_b2, depth=DEPTH)
    # finite width biases a layer by about 1/width, relative
    bias = 3.0 * DEPTH / WIDTH
    for measured, theory in ((q, expected.q), (gradient, expected.gradient)):
        error = 4 * measured.std(axis=0, ddof=1) / math.sqrt(NETWORKS)
        assert (np.abs(measured.mean(axis=0) - theory) <= error + bias * theory).all()
    correlation = 0.6 * sigma_w2 + sigma_b2
    correlation /= sigma_w2 + sigma_b2
    for l in range(DEPTH):  # noqa: E741
        error = 4 * c[:, l].std(ddof=1) / math.sqrt(NETWORKS)
        assert abs(c[:, l].mean() - correlation) <= error + bias
        correlation = correlation_map(name, correlation, float(expected.q[l]), sigma_w2, sigma_b2)
