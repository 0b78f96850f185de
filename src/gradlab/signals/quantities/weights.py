"""The weights of a layer, and how far one optimizer step moves them."""

from __future__ import annotations

import numpy as np

from gradlab.signals.captured import CapturedLayer
from gradlab.signals.quantities.record import QUANTITIES, Quantity, by_layer
from gradlab.signals.quantities.statistics import PerReplica, mean, std


def weight_mean(layer: CapturedLayer) -> PerReplica:
    """Mean of the weights."""
    return mean(layer.weights)


def weight_std(layer: CapturedLayer) -> PerReplica:
    """Spread of the weights."""
    return std(layer.weights)


@np.errstate(divide="ignore", invalid="ignore")
def update_to_data(layer: CapturedLayer) -> PerReplica | None:
    """Decades by which a step is larger than the weights, as standard deviations."""
    return None if layer.updates is None else np.log10(std(layer.updates) / std(layer.weights))


QUANTITIES.add(
    Quantity(
        name="weight_mean",
        symbol="mean(W)",
        unit="",
        meaning="mean weight; initializers draw around 0",
        formula="mean of W",
        source="Glorot and Bengio 2010, section 4",
        needs="forward",
        measure=by_layer(weight_mean),
    )
)
QUANTITIES.add(
    Quantity(
        name="weight_std",
        symbol="std(W)",
        unit="",
        domain="positive",
        meaning="spread of weights; times the root of the units below it is the gain of the layer",
        formula="std of W",
        source="Glorot and Bengio 2010, section 4",
        needs="forward",
        scale="log",
        measure=by_layer(weight_std),
    )
)
QUANTITIES.add(
    Quantity(
        name="update_to_data",
        symbol="update:data",
        unit="decades",
        meaning="how far one optimizer step moves the weights; about -3 is usual, -Inf is a layer that does not move",
        formula="log10(std of the update of W / std of W)",
        source="Karpathy 2022, Building makemore part 3: activations, gradients, BatchNorm",
        needs="updates",
        measure=by_layer(update_to_data),
    )
)
