"""Saturating units: identity, sigmoid, tanh and its relatives."""

from __future__ import annotations

from typing import Any

from gradlab.parts.activations.record import ACTIVATIONS, Activation
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param


def identity(xp: Namespace, z: Any) -> Any:
    return z


def identity_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return xp.where(z == z, 1.0, z)  # 1, and NaN where z is NaN


ACTIVATIONS.add(
    Activation(
        name="identity",
        formula="z",
        source="linear unit",
        function=identity,
        derivative=identity_derivative,
        second_moment=lambda q: q,
        slope_moment=lambda q: 1.0,
    )
)


def unit_sigmoid(xp: Namespace, z: Any) -> Any:
    return xp.where(z >= 0.0, 1.0, xp.exp(-xp.abs(z))) / (1.0 + xp.exp(-xp.abs(z)))


def sigmoid(xp: Namespace, z: Any, k: Any) -> Any:
    return unit_sigmoid(xp, k * z)


def sigmoid_derivative(xp: Namespace, z: Any, a: Any, k: Any) -> Any:
    return k * a * (1.0 - a)


ACTIVATIONS.add(
    Activation(
        name="sigmoid",
        formula="1 / (1 + exp(-k z))",
        source="logistic function (Verhulst 1845); the slope k as in S2 2.2",
        function=sigmoid,
        derivative=sigmoid_derivative,
        params=(Param("k", 1.0, "slope factor; phi'(0) = k/4", low=0.0, excludes_low=True),),
    )
)


def tanh(xp: Namespace, z: Any, k: Any) -> Any:
    return xp.tanh(k * z)


def tanh_derivative(xp: Namespace, z: Any, a: Any, k: Any) -> Any:
    return k * (1.0 - a * a)


ACTIVATIONS.add(
    Activation(
        name="tanh",
        formula="tanh(k z)",
        source="LeCun, Bottou, Orr and Mueller 1998, Efficient BackProp",
        function=tanh,
        derivative=tanh_derivative,
        params=(Param("k", 1.0, "slope factor; phi'(0) = k", low=0.0, excludes_low=True),),
    )
)


def lecun_tanh(xp: Namespace, z: Any, linear: Any) -> Any:
    return 1.7159 * xp.tanh(0.6666666666666666 * z) + linear * z


def lecun_tanh_derivative(xp: Namespace, z: Any, a: Any, linear: Any) -> Any:
    # tanh(2z/3) = (a - linear z) / 1.7159, so that no second tanh is needed
    return 0.6666666666666666 * (1.7159 - (a - linear * z) * (a - linear * z) / 1.7159) + linear


ACTIVATIONS.add(
    Activation(
        name="lecun_tanh",
        formula="1.7159 tanh(2 z / 3) + linear z",
        source="LeCun, Bottou, Orr and Mueller 1998, Efficient BackProp, section 4.4; the linear term as in S3",
        function=lecun_tanh,
        derivative=lecun_tanh_derivative,
        params=(Param("linear", 0.01, "coefficient of the linear term", low=0.0),),
    )
)
