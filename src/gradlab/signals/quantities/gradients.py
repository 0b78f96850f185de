"""The size of gradients, by weight and by pre-activation.

A live network's gradients may be as small as 1e-38 and are not 0; so all of these are for a logarithmic axis, and for
comparing layers with one another rather than with a fixed threshold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.signals.captured import Captured, CapturedLayer
from gradlab.signals.quantities.record import QUANTITIES, Quantity, by_layer
from gradlab.signals.quantities.statistics import Entries, PerReplica, max_abs, mean_abs, norm, rms, std


def by_weight(statistic: Callable[[Entries], PerReplica]) -> Callable[[CapturedLayer], PerReplica | None]:
    """A statistic of dL/dW, as a function of the layer."""
    return lambda layer: None if layer.weight_grads is None else statistic(layer.weight_grads)


def pre_activation_gradient_rms(layer: CapturedLayer) -> PerReplica | None:
    """Root mean square of dL/dz over inputs and units."""
    return None if layer.pre_grads is None else rms(layer.pre_grads)


@np.errstate(divide="ignore", invalid="ignore")
def relative_gradient_rms(captured: Captured) -> Float[ndarray, "R L"]:
    """Root mean square of dL/dz over that of the last layer."""
    sizes = by_layer(pre_activation_gradient_rms)(captured)
    return np.asarray(sizes / sizes[:, -1:])


@np.errstate(divide="ignore", invalid="ignore")
def grad_to_data(layer: CapturedLayer) -> PerReplica | None:
    """Spread of the gradient in that of the weights."""
    return None if layer.weight_grads is None else std(layer.weight_grads) / std(layer.weights)


QUANTITIES.add(
    Quantity(
        name="gradient_max",
        symbol="max |dL/dW|",
        unit="loss / weight",
        domain="positive",
        meaning="largest gradient of the layer: where this vanishes, all do",
        formula="max of |dL/dW|",
        source="as in S3 1.C",
        needs="backward",
        scale="log",
        measure=by_layer(by_weight(max_abs)),
    )
)
QUANTITIES.add(
    Quantity(
        name="gradient_mean_abs",
        symbol="mean |dL/dW|",
        unit="loss / weight",
        domain="positive",
        meaning="mean size of the gradient of a weight",
        formula="mean of |dL/dW|",
        source="Amazon SageMaker Debugger, rule VanishingGradient",
        needs="backward",
        scale="log",
        measure=by_layer(by_weight(mean_abs)),
    )
)
QUANTITIES.add(
    Quantity(
        name="gradient_rms",
        symbol="rms(dL/dW)",
        unit="loss / weight",
        domain="positive",
        meaning="typical gradient of a weight, the size that mean-field theory predicts",
        formula="sqrt(mean of (dL/dW)^2)",
        source="Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017",
        needs="backward",
        scale="log",
        measure=by_layer(by_weight(rms)),
    )
)
QUANTITIES.add(
    Quantity(
        name="gradient_norm",
        symbol="||dL/dW||",
        unit="loss / weight",
        domain="positive",
        meaning="length of the layer's gradient, what clipping by norm looks at",
        formula="sqrt(sum of (dL/dW)^2)",
        source="Pascanu, Mikolov and Bengio 2013",
        needs="backward",
        scale="log",
        measure=by_layer(by_weight(norm)),
    )
)
QUANTITIES.add(
    Quantity(
        name="pre_activation_gradient_rms",
        symbol="rms(dL/dz)",
        unit="loss / pre-activation",
        domain="positive",
        meaning="error signal that reaches the layer; its square grows by chi1 a layer going back",
        formula="sqrt(mean of (dL/dz)^2 over inputs and units)",
        source="Glorot and Bengio 2010, section 4; Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017",
        needs="backward",
        scale="log",
        measure=by_layer(pre_activation_gradient_rms),
    )
)
QUANTITIES.add(
    Quantity(
        name="relative_gradient_rms",
        symbol="rms(dL/dz) : output",
        unit="",
        domain="positive",
        meaning="error signal that reaches the layer over that of the output: 1 where gradients neither vanish nor explode",
        formula="rms(dL/dz) / rms(dL/dz of the output layer)",
        source="Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017",
        needs="backward",
        scale="log",
        measure=relative_gradient_rms,
    )
)
QUANTITIES.add(
    Quantity(
        name="grad_to_data",
        symbol="grad:data",
        unit="loss / weight^2",
        domain="positive",
        meaning="gradient beside the weights it belongs to; a layer far above the others learns first and fastest",
        formula="std of dL/dW / std of W",
        source="Karpathy 2022, Building makemore part 3: activations, gradients, BatchNorm",
        needs="backward",
        scale="log",
        measure=by_layer(grad_to_data),
    )
)
