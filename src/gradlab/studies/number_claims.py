"""Judging claims about numbers: metrics of whole networks and quantities of their layers.

A published number is one run's: held when it lies inside the 95 % prediction interval for one more network, given those
measured. A bound on a mean or a ratio is held when that whole interval respects it; a bound on a difference when the 95 %
interval of the paired mean does. Ratios are taken per replica, and averaged and judged on their logarithms; a ratio of
variances is judged by its own interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.stats import Share, next_value, paired_variance_ratio, t_mean
from gradlab.studies.claim import SPREAD, SPREAD_OF, Claim, LayerName
from gradlab.studies.claim_result import Reading
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
        borrowed: Where the spread over replicas was taken from, if not from the cell itself; "" otherwise.
    """

    value: float
    low: float
    high: float
    prediction: tuple[float, float]
    n: int
    place: str = ""
    borrowed: str = ""


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
    if cell.signals is None or name not in cell.signals.values:
        return np.zeros(0)
    values = cell.signals[name][at]
    name = str(layer or 1)
    layers = cell.signals.layers
    return np.asarray(values[:, layers.index(name)]) if name in layers else np.zeros(0)


def reading(claim: Claim, cell: CellResult, spread: CellResult | None) -> Reading | None:
    """Whether one reading of a source's missing parameters gives a published accuracy; None before it has run.

    Args:
        claim: A claim about readings of a metric.
        cell: The reading.
        spread: The cell that lends its spread, if the claim names one.
    """
    values = numbers(cell, claim.measure.name, None, claim.measure.look)
    others = values if spread is None else numbers(spread, claim.measure.name, None, claim.measure.look)
    if len(values) >= len(others):  # nothing to borrow
        others = values
    if not len(values) or len(others) < 2:
        return None
    mean, prediction = t_mean(values, spread=others), next_value(values, spread=others)
    low, high, *ends = np.clip([mean.low, mean.high, *prediction], 0.0, 1.0).tolist()
    compatible = None if allows_any_share(*ends) else claim.allows(*ends)
    return Reading(cell.levels, Share(mean.mean, low, high, mean.n), (ends[0], ends[1]), compatible)


def allows_any_share(low: float, high: float) -> bool:
    """Whether an interval of shares leaves none out, so that it decides nothing: two networks far apart."""
    return low <= 0.0 and high >= 1.0


def measured(claim: Claim, cells: Mapping[str, CellResult]) -> Measured | str:
    """What a claim about numbers finds, or why nothing can be said.

    Args:
        claim: The claim.
        cells: The cells it names, under the keys of `Measure.cells`.
    """
    layer = claim.measure.layer
    if layer != "every":
        return _one(claim, cells, layer)
    depth = cells["where"].setup.network.depth
    every = [_one(claim, cells, index + 1, f"layer {index + 1}") for index in range(depth)]
    found = [each for each in every if isinstance(each, Measured)]
    if len(found) < len(every):
        return next(each for each in every if isinstance(each, str))
    assert claim.expected is not None
    if claim.expected.is_upper:
        return max(found, key=lambda each: each.prediction[1])
    return min(found, key=lambda each: each.prediction[0])


def within(found: Measured, low: float, high: float) -> Measured:
    """The same with its intervals cut at the ends of what the number can be."""
    ends = np.clip([found.low, found.high, *found.prediction], low, high).tolist()
    return replace(found, low=ends[0], high=ends[1], prediction=(ends[2], ends[3]))


def _one(claim: Claim, cells: Mapping[str, CellResult], layer: LayerName | None, place: str = "") -> Measured | str:
    measure, spread, borrowed = claim.measure, None, ""
    if measure.variance_ratio is not None:
        return _spreads(claim, cells, layer, place)
    values = _values(claim, cells["where"], cells.get("to") or cells.get("minus"), layer)
    if measure.spread is not None:
        other = cells.get(SPREAD_OF + "to") or cells.get(SPREAD_OF + "minus")
        spread = _values(claim, cells[SPREAD], other, layer)
        named = ", ".join(f"{name} {level}" for name, level in measure.spread.items())
        borrowed = f"; spread of {len(spread)} with {named}"
        if len(spread) <= len(values) > 1:
            spread, borrowed = None, ""  # as many networks of its own as it could borrow
    for each in (values, spread):
        if each is not None and not len(each):
            return "no networks measured yet"
        if each is not None and not np.isfinite(each).all():
            return f"{int((~np.isfinite(each)).sum())} of {len(each)} networks give no finite number"
    if spread is not None and len(spread) < 2:
        return f"{len(spread)} network to take the spread from, 2 needed"
    mean, (low, high) = t_mean(values, spread=spread), next_value(values, spread=spread)
    if measure.minus is not None:
        low, high = mean.low, mean.high
    found: Sequence[float] = (mean.mean, mean.low, mean.high, low, high)
    if measure.ratio is not None:
        found = [math.exp(min(number, 700.0)) for number in found]
    return Measured(found[0], found[1], found[2], (found[3], found[4]), len(values), place, borrowed)


def _spreads(claim: Claim, cells: Mapping[str, CellResult], layer: LayerName | None, place: str) -> Measured | str:
    """By how much one cell's numbers spread more than the other's."""
    pair = [numbers(cells[key], claim.measure.name, layer, claim.measure.look) for key in ("where", "to")]
    n = min(map(len, pair))
    if n < 2 or not all(np.isfinite(values[:n]).all() for values in pair):
        return "no networks measured yet" if n < 2 else "some networks give no finite number"
    found = paired_variance_ratio(pair[0][:n], pair[1][:n])
    return Measured(found.ratio, found.low, found.high, (found.low, found.high), n, place)


def _values(claim: Claim, cell: CellResult, other: CellResult | None, layer: LayerName | None) -> Float[ndarray, " R"]:
    """The claim's number of every replica: a value, a difference, or the logarithm of a ratio."""
    measure = claim.measure
    values = numbers(cell, measure.name, layer, measure.look)
    if measure.ratio is None and other is None:
        return values
    look = measure.look if measure.to_look is None else measure.to_look
    below = numbers(other or cell, measure.name, measure.to_layer or layer, look)
    pairs = min(len(values), len(below))
    values, below = values[:pairs], below[:pairs]
    if measure.ratio is None:
        return np.asarray(values - below)
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.maximum(values, SMALLEST)) - np.log(below))
