"""What the units of a layer can still pass on: saturated, dead, or silent for some inputs.

Saturation is by slope, so that it means the same for every activation, with bounds or without. A rectifier's off state
is flat too: about half of the *entries* of a healthy relu layer are saturated, and half are zero, in theory as in
measurement. A *unit* is lost when it is flat over the whole batch: that is what `saturated_units` and `dead_units` count.
"""

from __future__ import annotations

import numpy as np

from gradlab.signals.captured import CapturedLayer
from gradlab.signals.quantities.record import QUANTITIES, Quantity, by_layer
from gradlab.signals.quantities.statistics import PerReplica, max_abs, mean_over_inputs, share

FLAT = 0.05
"""A slope is flat below this fraction of the steepest that the activation can have."""


def steep(layer: CapturedLayer) -> PerReplica:
    """The least slope that is not flat, in double precision: .05 rounded up would call a slope of .05 flat."""
    return FLAT * layer.steepest.astype(np.float64)


def saturation(layer: CapturedLayer) -> PerReplica:
    """Share of entries where the activation is flat."""
    return share(np.abs(layer.slope) < steep(layer)[:, None, None], layer.slope)


def saturated_units(layer: CapturedLayer) -> PerReplica:
    """Share of units that are flat on average over the batch."""
    return share(mean_over_inputs(np.abs(layer.slope)) < steep(layer)[:, None], layer.slope)


def slope_max(layer: CapturedLayer) -> PerReplica:
    """Largest slope met, sign left out."""
    return max_abs(layer.slope)


def slope_min(layer: CapturedLayer) -> PerReplica:
    """Smallest slope met, sign left out; NaN where one is."""
    return np.asarray(np.abs(layer.slope.astype(np.float64)).min(axis=(1, 2)))


def dead_units(layer: CapturedLayer) -> PerReplica:
    """Share of units that pass nothing on for any input of the batch."""
    return share((layer.slope == 0).all(axis=1), layer.slope)


def zero_entries(layer: CapturedLayer) -> PerReplica:
    """Share of activations that are exactly 0."""
    return share(layer.post == 0, layer.post)


QUANTITIES.add(
    Quantity(
        name="saturation",
        symbol="sat",
        unit="share of entries",
        domain="share",
        meaning="entries where the activation is flat; a rectifier's off state is, so about half for a healthy relu",
        formula=f"share over inputs and units of |phi'(z)| < {FLAT} max |phi'|",
        source="Glorot and Bengio 2010, section 3, by slope instead of value",
        needs="forward",
        measure=by_layer(saturation),
    )
)
QUANTITIES.add(
    Quantity(
        name="saturated_units",
        symbol="sat units",
        unit="share of units",
        domain="share",
        meaning="units that are flat for the batch as a whole: hardly any gradient passes them",
        formula=f"share over units of (mean of |phi'(z)| over inputs) < {FLAT} max |phi'|",
        source="Rakitianskaia and Engelbrecht 2015, by slope instead of value",
        needs="forward",
        measure=by_layer(saturated_units),
    )
)
QUANTITIES.add(
    Quantity(
        name="slope_max",
        symbol="max |phi'|",
        unit="",
        domain="positive",
        meaning="the most that an activation of the layer multiplies a gradient by",
        formula="max over inputs and units of |phi'(z)|",
        source="the range of f' in S3 1.D",
        needs="forward",
        measure=by_layer(slope_max),
    )
)
QUANTITIES.add(
    Quantity(
        name="slope_min",
        symbol="min |phi'|",
        unit="",
        domain="positive",
        meaning="the least that an activation of the layer multiplies a gradient by; 0 in a layer of rectifiers",
        formula="min over inputs and units of |phi'(z)|",
        source="the range of f' in S3 1.D",
        needs="forward",
        measure=by_layer(slope_min),
    )
)
QUANTITIES.add(
    Quantity(
        name="dead_units",
        symbol="dead",
        unit="share of units",
        domain="share",
        meaning="units that pass no gradient for any input of the batch; 1 is a dead layer, below which nothing learns",
        formula="share over units of phi'(z) = 0 for every input",
        source="Lu, Shin, Su and Karniadakis 2019",
        needs="forward",
        measure=by_layer(dead_units),
    )
)
QUANTITIES.add(
    Quantity(
        name="zero_entries",
        symbol="zeros",
        unit="share of entries",
        domain="share",
        meaning="activations that are exactly 0: sparsity, about half for a healthy relu",
        formula="share over inputs and units of a = 0",
        source="Glorot, Bordes and Bengio 2011",
        needs="forward",
        measure=by_layer(zero_entries),
    )
)
