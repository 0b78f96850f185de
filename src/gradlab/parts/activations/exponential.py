"""Units with an exponential branch below zero."""

from __future__ import annotations

import math
from typing import Any

from gradlab.parts.activations.record import ACTIVATIONS, Activation
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def elu(xp: Namespace, z: Any, alpha: Any) -> Any:
    return xp.where(z > 0.0, z, alpha * xp.expm1(xp.minimum(z, 0.0)))


def elu_derivative(xp: Namespace, z: Any, a: Any, alpha: Any) -> Any:
    return xp.where(z > 0.0, 1.0, a + alpha)


def _elu_second_moment(q: float, alpha: float) -> float:
    from scipy.special import erfcx

    # E[(e^x - 1)^2; x < 0] for x ~ N(0, q); erfcx keeps e^(2q) from overflowing
    tail = 0.5 * erfcx(math.sqrt(2.0 * q)) - erfcx(math.sqrt(0.5 * q)) + 0.5
    return float(0.5 * q + alpha**2 * tail)


def _elu_slope_moment(q: float, alpha: float) -> float:
    from scipy.special import erfcx

    return float(0.5 + alpha**2 * 0.5 * erfcx(math.sqrt(2.0 * q)))


ACTIVATIONS.add(
    Activation(
        name="elu",
        formula="z if z > 0 else alpha (exp(z) - 1)",
        source="Clevert, Unterthiner and Hochreiter 2016",
        function=elu,
        derivative=elu_derivative,
        params=(Param("alpha", 1.0, "minus the limit at minus infinity", low=0.0, excludes_low=True),),
        kinks=(0.0,),
        second_moment=_elu_second_moment,
        slope_moment=_elu_slope_moment,
    )
)


def selu(xp: Namespace, z: Any) -> Any:
    return SELU_SCALE * xp.where(z > 0.0, z, SELU_ALPHA * xp.expm1(xp.minimum(z, 0.0)))


def selu_derivative(xp: Namespace, z: Any, a: Any) -> Any:
    return xp.where(z > 0.0, SELU_SCALE, a + SELU_SCALE * SELU_ALPHA)


ACTIVATIONS.add(
    Activation(
        name="selu",
        formula="1.0507 elu(z, alpha = 1.6733)",
        source="Klambauer, Unterthiner, Mayr and Hochreiter 2017",
        function=selu,
        derivative=selu_derivative,
        kinks=(0.0,),
        second_moment=lambda q: SELU_SCALE**2 * _elu_second_moment(q, SELU_ALPHA),
        slope_moment=lambda q: SELU_SCALE**2 * _elu_slope_moment(q, SELU_ALPHA),
    )
)
