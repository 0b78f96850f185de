"""How far one seed is from the next in a plain stack: logarithms of lengths and gradients, to first order in 1 / width.

A layer of n units is n draws of its pre-activation: ln of their mean square, and of the mean square of what they send back,
varies by terms over n, and hands its deviation on to the layers above (lengths) and below (gradients). With relu and He
weights this is the law of Hanin and Rolnick 2018, 5 / n a layer; derived here for any activation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import Spread

_Z = (np.arange(8_000) - 3_999.5) / 400.0  # midpoints, so that 0 is none: more digits than a first order in 1/n
_DENSITY = np.exp(-0.5 * _Z**2) / 400.0 / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class _Noise:
    """One layer's own deviations and how it passes others on, all relative.

    Attributes:
        length: Variance of the mean square of its activations.
        gradient: Variance of the mean square that it sends back.
        both: Covariance of the two.
        passes: d ln E[phi^2] / d ln v, v the variance of pre-activations.
        bends: d ln E[phi'^2] / d ln v.
    """

    length: float
    gradient: float
    both: float
    passes: float
    bends: float


def spread_of(rows: Sequence[Row]) -> Spread | None:
    """Deviations over seeds of a plain stack, for one input.

    Args:
        rows: Its layers, each fed by the one before.

    Returns:
        None where a length is 0 or infinite, so that it has no logarithm.

    Assumes:
        Independent weights; deviations small enough to add up.
    """
    if any(not 0.0 < row.pre.variance < math.inf for row in rows):
        return None
    count = len(rows)
    noise = [_noise(row) for row in rows[:-1]]
    # share of a layer's variance that comes from the activations below, not from its biases
    share = [1.0 - row.weights.bias_variance / row.pre.variance for row in rows[1:]]
    lengths, gradients, kurtosis = np.zeros(count), np.zeros(count), np.zeros(count)
    for k in range(count - 1):
        kurtosis[k + 1] = 3.0 * share[k] ** 2 * noise[k].length
        lengths[k + 1] = share[k] ** 2 * (noise[k].passes ** 2 * lengths[k] + noise[k].length)
    above, response = 0.0, 0.0  # of the layers from k + 1 up: their own variance, and their answer to a deviation of v
    for k in reversed(range(count - 1)):
        own, w = noise[k], share[k]
        above += own.gradient + (response * w) ** 2 * own.length + 2.0 * response * w * own.both
        response = own.bends + w * own.passes * response
        gradients[k] = above + response**2 * lengths[k]
    if not (np.isfinite(lengths).all() and np.isfinite(gradients).all()):
        return None
    units = tuple(row.units for row in rows)
    return Spread(np.sqrt(lengths), np.sqrt(np.maximum(gradients, 0.0)), kurtosis, units)


def added_up(rows: Sequence[Row]) -> float:
    """About the deviation over seeds of ln of lengths or gradients where layers are not plain: each layer's own, added.

    Channels count as units, so that it is more than convolutions show, which take means over places too.
    """
    normal = [replace(row, pre=row.into) for row in rows[:-1] if 0.0 < row.into.variance < math.inf]
    noise = [max(one.length, one.gradient) for one in map(_noise, normal)]
    return math.sqrt(math.fsum(one for one in noise if math.isfinite(one)))


def _noise(row: Row) -> _Noise:
    phi, keep, n = row.phi, row.keep, row.units
    with np.errstate(all="ignore"):
        a, d, _ = phi.values(row.pre.mean + math.sqrt(row.pre.variance) * _Z)
        a, d = a / math.sqrt(float(_DENSITY @ a**2)), d / math.sqrt(float(_DENSITY @ d**2))
    return _Noise(
        length=(float(_DENSITY @ a**4) / keep - 1.0) / n,
        gradient=(3.0 * float(_DENSITY @ d**4) / keep - 1.0) / n,
        both=(float(_DENSITY @ (a**2 * d**2)) / keep - 1.0) / n,
        # d/d ln v of E[f(m + sqrt(v) z)] = E[f (z^2 - 1)] / 2, by parts twice
        passes=0.5 * float((_DENSITY * (_Z**2 - 1.0)) @ a**2),
        bends=0.5 * float((_DENSITY * (_Z**2 - 1.0)) @ d**2),
    )
