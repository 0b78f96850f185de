"""Smooth gates and smooth rectifiers."""

from __future__ import annotations

import math
from typing import Any

from gradlab.parts.activations.record import ACTIVATIONS, Activation
from gradlab.parts.activations.sigmoidal import unit_sigmoid
from gradlab.parts.namespace import Namespace

SQRT_HALF = 0.7071067811865476
INV_SQRT_2_PI = 0.3989422804014327
TWO_OVER_SQRT_PI = 1.1283791670955126


def gelu(xp: Namespace, z: Any) -> Any:
    return 0.5 * z * (1.0 + xp.erf(SQRT_HALF * z))


def gelu_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return 0.5 * (1.0 + xp.erf(SQRT_HALF * z)) + INV_SQRT_2_PI * z * xp.exp(-0.5 * z * z)


ACTIVATIONS.add(
    Activation(
        name="gelu",
        formula="z Phi(z), Phi the standard normal distribution function",
        source="Hendrycks and Gimpel 2016 (the exact form, torch's default)",
        function=gelu,
        derivative=gelu_derivative,
    )
)


def silu(xp: Namespace, z: Any) -> Any:
    return z * unit_sigmoid(xp, z)


def silu_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return unit_sigmoid(xp, z) * (1.0 + z - a)


ACTIVATIONS.add(
    Activation(
        name="silu",
        formula="z / (1 + exp(-z))",
        source="Elfwing, Uchibe and Doya 2018; Swish of Ramachandran, Zoph and Le 2017",
        function=silu,
        derivative=silu_derivative,
    )
)


def softplus(xp: Namespace, z: Any) -> Any:
    return xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))


def softplus_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return unit_sigmoid(xp, z)


def mish(xp: Namespace, z: Any) -> Any:
    return z * xp.tanh(softplus(xp, z))


def tanh_slope(xp: Namespace, t: Any) -> Any:
    return 1.0 - t * t


def mish_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return xp.tanh(softplus(xp, z)) + z * unit_sigmoid(xp, z) * tanh_slope(xp, xp.tanh(softplus(xp, z)))


ACTIVATIONS.add(
    Activation(
        name="mish",
        formula="z tanh(log(1 + exp(z)))",
        source="Misra 2020",
        function=mish,
        derivative=mish_derivative,
    )
)
ACTIVATIONS.add(
    Activation(
        name="softplus",
        formula="log(1 + exp(z))",
        source="Dugas, Bengio, Belisle, Nadeau and Garcia 2001",
        function=softplus,
        derivative=softplus_derivative,
    )
)


def softsign(xp: Namespace, z: Any) -> Any:
    return z / (1.0 + xp.abs(z))


def softsign_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return 1.0 / ((1.0 + xp.abs(z)) * (1.0 + xp.abs(z)))


ACTIVATIONS.add(
    Activation(
        name="softsign",
        formula="z / (1 + |z|)",
        source="Bergstra, Desjardins, Lamblin and Bengio 2009",
        function=softsign,
        derivative=softsign_derivative,
        kinks=(0.0,),  # phi'' jumps: Gauss-Hermite would lose digits
    )
)


def erf(xp: Namespace, z: Any) -> Any:
    return xp.erf(z)


def erf_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return TWO_OVER_SQRT_PI * xp.exp(-z * z)


ACTIVATIONS.add(
    Activation(
        name="erf",
        formula="erf(z)",
        source="Williams 1997, Computing with infinite networks",
        function=erf,
        derivative=erf_derivative,
        second_moment=lambda q: 2.0 / math.pi * math.asin(2.0 * q / (1.0 + 2.0 * q)),
        slope_moment=lambda q: 4.0 / math.pi / math.sqrt(1.0 + 4.0 * q),
    )
)
