"""What the whole network says, one number a replica: it stands in the output's column."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.signals.captured import Captured
from gradlab.signals.quantities.record import QUANTITIES, Quantity, of_output
from gradlab.signals.quantities.statistics import PerReplica, variance_over_inputs


def output_variance(captured: Captured) -> PerReplica:
    """Variance over the inputs, averaged over the outputs."""
    return variance_over_inputs(captured.outputs)


def predicted_classes(outputs: Float[ndarray, "R B C"]) -> Int[ndarray, "R B"]:
    """The class of the greatest score, the first of equals; -1 where a score is NaN."""
    return np.where(np.isnan(outputs).any(axis=2), -1, outputs.argmax(axis=2))


def top_class_share(captured: Captured) -> PerReplica:
    """Share of inputs that get the class predicted most."""
    predicted = predicted_classes(captured.outputs)
    counts = np.stack([(predicted == c).sum(axis=1) for c in range(captured.outputs.shape[2])])
    return np.where((predicted < 0).any(axis=1), np.nan, counts.max(axis=0) / predicted.shape[1])


QUANTITIES.add(
    Quantity(
        name="output_variance",
        symbol="var(y)",
        unit="",
        domain="positive",
        meaning="how far the output depends on the input; 0 is a dead (collapsed) network",
        formula="mean over outputs of (variance of y over inputs)",
        source="Lu, Shin, Su and Karniadakis 2019",
        needs="forward",
        scale="log",
        measure=of_output(output_variance),
    )
)
QUANTITIES.add(
    Quantity(
        name="top_class_share",
        symbol="top class",
        unit="share of inputs",
        domain="share",
        meaning="inputs that get the class predicted most; 1 is a network that predicts one class",
        formula="max over classes of (share of inputs whose greatest score is that class)",
        source="as in S2 2.1",
        needs="classes",
        measure=of_output(top_class_share),
    )
)
