"""Integrals over a normal by brute force: Gauss and Legendre of high order on many equal panels split at the kinks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy import ndarray

from gradlab.parts import ACTIVATIONS
from gradlab.spec import Choice
from gradlab.spec.choice import choose
from gradlab.theory.gauss import Phi, as_phi

REACH = 13.0
NAMES = [name for name, record in ACTIVATIONS.items() if not record.mistake]
CASES = [*NAMES, "tanh(10)", "sigmoid(0.3)", "leaky_relu(0.3)", "hardtanh(-0.5, 2.0)", "hardtanh(0, 6)", "elu(1.7)"]
QS = (1e-3, 0.1, 1.0, 10.0, 1e2)


def nodes(phi: Phi, q: float, panel: float = 0.02, order: int = 24) -> tuple[ndarray, ndarray]:
    """Points z and weights of the normal measure."""
    cuts = np.concatenate([np.arange(-REACH, REACH + panel / 2, panel), np.array(phi.kinks) / math.sqrt(q), [0.0]])
    cuts = np.unique(cuts[np.abs(cuts) <= REACH])
    x, w = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(cuts)
    z = (0.5 * (cuts[1:] + cuts[:-1])[:, None] + half[:, None] * x).ravel()
    weight = (half[:, None] * w).ravel() * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return z, weight


def expectations(phi: Phi, q: float) -> dict[str, float]:
    z, weight = nodes(phi, q)
    assert phi.derivative is not None
    a, d = phi.function(math.sqrt(q) * z), phi.derivative(math.sqrt(q) * z)
    forms = {
        "E_phi": a,
        "E_phi2": a * a,
        "E_dphi": d,
        "E_dphi2": d * d,
        "E_dphi4": d**4,
        "E_z_phi_dphi": z * a * d,
    }
    return {name: math.fsum(weight * f) for name, f in forms.items()}


def size_of(phi: Phi, q: float, name: str) -> float:
    """The expectation of the absolute value, for those that cancel."""
    z, weight = nodes(phi, q)
    a = phi.function(math.sqrt(q) * z)
    assert phi.derivative is not None
    return math.fsum(weight * np.abs(a if name == "E_phi" else z * a * phi.derivative(math.sqrt(q) * z)))


def choice(text: str) -> Choice:
    return choose(ACTIVATIONS, "activation", text)


def without_closed_forms(text: str) -> Phi:
    phi = as_phi(text)
    return Phi(phi.name, phi.function, phi.derivative, phi.kinks, is_known=True)


def simple(text: str) -> Callable[[ndarray], ndarray]:
    """The function alone, as a user would pass it."""
    return as_phi(text).function
