"""Activations as sources differentiated them by mistake: what such a mistake does is part of the experiment.

Their `derivative` is what the source's backward pass multiplies by, not the function's slope; `mistake` says what is
wrong. They are for comparison with the right ones, never for use.
"""

from __future__ import annotations

from typing import Any

from gradlab.parts.activations.record import ACTIVATIONS, Activation
from gradlab.parts.activations.sigmoidal import identity_derivative, tanh
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param


def tanh_times_output_derivative(xp: Namespace, z: Any, a: Any, k: Any) -> Any:
    return k * a * (1.0 - a * a)


ACTIVATIONS.add(
    Activation(
        name="mistaken_tanh",
        formula="tanh(k z)",
        source="S2, section 3.2",
        function=tanh,
        derivative=tanh_times_output_derivative,
        mistake="the derivative is multiplied by the output, so that its sign is wrong where the output is negative",
        params=(Param("k", 1.0, "slope factor", low=0.0, excludes_low=True),),
    )
)


def clipped_relu(xp: Namespace, z: Any, clip: Any) -> Any:
    return xp.maximum(z, clip)


def output_as_derivative(xp: Namespace, z: Any, a: Any, clip: Any) -> Any:
    return a


CLIP = Param("clip", 0.01, "least output", low=0.0, excludes_low=True)

ACTIVATIONS.add(
    Activation(
        name="mistaken_relu",
        formula="max(z, clip)",
        source="S2, section 3.4",
        function=clipped_relu,
        derivative=output_as_derivative,
        mistake="the derivative is the output itself",
        kinks=("clip",),
        params=(CLIP,),
    )
)


def clipped_relu6(xp: Namespace, z: Any, clip: Any) -> Any:
    return xp.minimum(xp.maximum(z, clip), 6.0)


def one(xp: Namespace, z: Any, a: Any, clip: Any) -> Any:
    return identity_derivative(xp, z, a)


ACTIVATIONS.add(
    Activation(
        name="mistaken_relu6",
        formula="min(max(z, clip), 6)",
        source="S2, section 3.4",
        function=clipped_relu6,
        derivative=one,
        mistake="the derivative is 1 everywhere, and is written over the output before the layer above takes its gradient",
        overwritten=True,
        kinks=("clip", 6.0),
        params=(CLIP,),
    )
)
