"""Judging claims about numbers: metrics of whole networks and quantities of their layers.

A published number is one run's: held when it lies inside the 95 % prediction interval for one more network, given those
measured. A bound on a mean or a ratio is held when that whole interval respects it; a bound on a difference when the 95 %
interval of the paired mean does. Ratios are taken per replica, and averaged and judged on their logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.stats import next_value, t_mean
from gradlab.studies.claim import Claim, LayerName
from gradlab.studies.results import CellResult

SMALLEST = 1e-300  # stands for 0 where a logarithm is taken


@dataclass(frozen=True, slots=True)
class Measured:
    """A number measured over replicas.

    Attributes:
        value: Mean, difference of means, or geometric mean of ratios.
        low: Lower end of the 95 % interval of `value`.
        high: Upper end.
        prediction: 95 % prediction interval for one more network.
        n: Replicas.
        place: Which layer, where a claim is about every layer; "" otherwise.
    """

    value: float
    low: float
    high: float
    prediction: tuple[float, float]
    n: int
    place: str = ""


def numbers(cell: CellResult, name: str, layer: LayerName | None, look: int | None) -> Float[ndarray, " R"]:
    """A metric, or a quantity of one layer, of every measured replica.

    Args:
        cell: Where.
        name: Metric or quantity.
        layer: 1 is the first hidden layer, "output" the last; None for a metric.
        look: 0 for at birth; None for the end.
    """
    at = 0 if look == 0 else -1
    if name in cell.metrics:
        return cell.metrics[name][:, at]
    if cell.signals is None:
        return np.zeros(0)
    values = cell.signals[name][at]
    column = -1 if layer == "output" else int(layer or 1) - 1
    return np.asarray(values[:, column]) if column < values.shape[1] else np.zeros(0)


def measured(claim: Claim, cell: CellResult, other: CellResult | None) -> Measured | str:
    """What a claim about numbers finds, or why nothing can be said.

    Args:
        claim: The claim.
        cell: The cell of `where`.
        other: The cell of `minus` or `to`, if there is one.
    """
    layer = claim.measure.layer
    if layer != "every":
        return _one(claim, cell, other, layer)
    every = [_one(claim, cell, other, index + 1, f"layer {index + 1}") for index in range(cell.setup.network.depth)]
    found = [each for each in every if isinstance(each, Measured)]
    if len(found) < len(every):
        return next(each for each in every if isinstance(each, str))
    assert claim.expected is not None
    if claim.expected.is_upper:
        return max(found, key=lambda each: each.prediction[1])
    return min(found, key=lambda each: each.prediction[0])


def _one(
    claim: Claim, cell: CellResult, other: CellResult | None, layer: LayerName | None, place: str = ""
) -> Measured | str:
    measure = claim.measure
    values = numbers(cell, measure.name, layer, measure.look)
    if measure.ratio is not None or other is not None:
        below = numbers(other or cell, measure.name, measure.to_layer or layer, measure.look)
        pairs = min(len(values), len(below))
        values, below = values[:pairs], below[:pairs]
        if measure.ratio is None:
            values = values - below
        else:
            with np.errstate(all="ignore"):
                values = np.log(np.maximum(values, SMALLEST)) - np.log(below)
    if not len(values):
        return "no networks measured yet"
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        return f"{bad} of {len(values)} networks give no finite number"
    mean, (low, high) = t_mean(values), next_value(values)
    if measure.minus is not None:
        low, high = mean.low, mean.high
    found: Sequence[float] = (mean.mean, mean.low, mean.high, low, high)
    if measure.ratio is not None:
        found = [math.exp(min(number, 700.0)) for number in found]
    return Measured(found[0], found[1], found[2], (found[3], found[4]), len(values), place)
