"""Piecewise linear units; their Gaussian moments are closed forms in the normal distribution function."""

from __future__ import annotations

import math
from typing import Any

from gradlab.parts.activations.record import ACTIVATIONS, Activation
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param

SQRT_HALF = 0.7071067811865476
INV_SQRT_2_PI = 0.3989422804014327


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x * SQRT_HALF)


def _normal_density(x: float) -> float:
    return INV_SQRT_2_PI * math.exp(-0.5 * x * x)


def relu(xp: Namespace, z: Any) -> Any:
    return xp.maximum(z, 0.0)


def relu_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return xp.where(z > 0.0, 1.0, 0.0)


ACTIVATIONS.add(
    Activation(
        name="relu",
        formula="max(z, 0)",
        source="Nair and Hinton 2010; phi'(0) = 0 as in torch",
        function=relu,
        derivative=relu_derivative,
        kinks=(0.0,),
        second_moment=lambda q: 0.5 * q,
        slope_moment=lambda q: 0.5,
    )
)


def leaky_relu(xp: Namespace, z: Any, negative_slope: Any) -> Any:
    return xp.where(z > 0.0, z, negative_slope * z)


def leaky_relu_derivative(xp: Namespace, z: Any, a: Any, negative_slope: Any) -> Any:
    return xp.where(z > 0.0, 1.0, negative_slope)


ACTIVATIONS.add(
    Activation(
        name="leaky_relu",
        formula="z if z > 0 else negative_slope z",
        source="Maas, Hannun and Ng 2013",
        function=leaky_relu,
        derivative=leaky_relu_derivative,
        params=(Param("negative_slope", 0.01, "slope below zero", low=0.0, high=1.0),),
        kinks=(0.0,),
        second_moment=lambda q, negative_slope: 0.5 * q * (1.0 + negative_slope**2),
        slope_moment=lambda q, negative_slope: 0.5 * (1.0 + negative_slope**2),
    )
)


def relu6(xp: Namespace, z: Any) -> Any:
    return xp.minimum(xp.maximum(z, 0.0), 6.0)


def relu6_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return xp.where(z > 0.0, xp.where(z < 6.0, 1.0, 0.0), 0.0)


def _relu6_second_moment(q: float) -> float:
    s = math.sqrt(q)
    t = 6.0 / s
    inner = q * (_normal_cdf(t) - 0.5 - t * _normal_density(t))
    return inner + 36.0 * _normal_cdf(-t)


ACTIVATIONS.add(
    Activation(
        name="relu6",
        formula="min(max(z, 0), 6)",
        source="Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10",
        function=relu6,
        derivative=relu6_derivative,
        kinks=(0.0, 6.0),
        second_moment=_relu6_second_moment,
        slope_moment=lambda q: _normal_cdf(6.0 / math.sqrt(q)) - 0.5,
    )
)


def hardtanh(xp: Namespace, z: Any, min_val: Any, max_val: Any) -> Any:
    return xp.minimum(xp.maximum(z, min_val), max_val)


def hardtanh_derivative(xp: Namespace, z: Any, a: Any, min_val: Any, max_val: Any) -> Any:
    return xp.where(z > min_val, xp.where(z < max_val, 1.0, 0.0), 0.0)


def _hardtanh_second_moment(q: float, min_val: float, max_val: float) -> float:
    low, high = min_val / math.sqrt(q), max_val / math.sqrt(q)
    inner = _normal_cdf(high) - _normal_cdf(low) - high * _normal_density(high) + low * _normal_density(low)
    return q * inner + min_val**2 * _normal_cdf(low) + max_val**2 * _normal_cdf(-high)


ACTIVATIONS.add(
    Activation(
        name="hardtanh",
        formula="min(max(z, min_val), max_val)",
        source="Collobert 2004",
        function=hardtanh,
        derivative=hardtanh_derivative,
        params=(
            Param("min_val", -1.0, "lower bound of the output", high=0.0),
            Param("max_val", 1.0, "upper bound of the output", low=0.0, excludes_low=True),
        ),
        kinks=("min_val", "max_val"),
        second_moment=_hardtanh_second_moment,
        slope_moment=lambda q, low, high: _normal_cdf(high / math.sqrt(q)) - _normal_cdf(low / math.sqrt(q)),
    )
)
