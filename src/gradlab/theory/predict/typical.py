"""What a sample of networks of finite width shows: the prediction averaged over the lengths that seeds have.

The variance v of a layer's pre-activations differs from seed to seed, its logarithm being about normal (`Spread`). So sizes
that span decades have a geometric mean below their mean, and other quantities are means of what they are at each v.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gradlab.signals import Profile
from gradlab.spec import NetworkSpec
from gradlab.theory.gauss import moments, shifted
from gradlab.theory.predict.flat import flat_share
from gradlab.theory.predict.inputs import UNKNOWN, Inputs
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.predict import grown
from gradlab.theory.predict.prediction import Prediction

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # of a normal logarithm


def typical_profile(
    spec: NetworkSpec, prediction: Prediction, inputs: Inputs = UNKNOWN, *, one_input: bool = True
) -> Profile:
    """The profile that networks of this width show.

    Args:
        spec: A network without dropout.
        prediction: What is predicted of it.
        inputs: As it was predicted with.
        one_input: Whether each network sees a single input, so that a layer's deviation is over its few units alone.

    Returns:
        q and gradients as geometric means over seeds, the rest as means; the prediction's own profile where its spread is
        not known, or in doubt.
    """
    spread = prediction.spread
    if spread is None or "spread" in prediction.marked:
        return prediction.profile
    rows, _ = grown(spec, inputs)
    values = {name: array.copy() for name, array in prediction.profile.values.items()}
    of_units = 2.0 / np.array(spread.units)  # relative variance of the mean square of n normal numbers
    values["pre_activation_second_moment"] *= np.exp(-0.5 * (spread.log_q**2 + of_units))
    values["relative_gradient_rms"] *= np.exp(-0.25 * spread.log_gradient**2)
    for k, row in enumerate(rows):
        means = _averaged(row, float(spread.log_q[k]))
        if one_input:  # a deviation has the divisor n
            means = means[0], means[1] * math.sqrt(1.0 - 1.0 / row.units), means[2]
        for name, value in zip(("activation_mean", "activation_std", "saturation"), means, strict=True):
            values[name][0, k] = value
    return replace(prediction.profile, values=values)


def _averaged(row: Row, log_std: float) -> tuple[float, float, float]:
    """Mean, deviation and flat share of the activations, over seeds whose ln v deviates so much."""
    phi, sums = shifted(row.phi, row.pre.mean), np.zeros(3)
    for node, weight in zip(_NODES, _WEIGHTS / _WEIGHTS.sum(), strict=True):
        v = row.pre.variance * math.exp(log_std * float(node) - 0.5 * log_std**2)
        found = moments(phi, v)
        sums += weight * np.array([found.E_phi.value, math.sqrt(found.variance), flat_share(row.phi, row.pre.mean, v)])
    return float(sums[0]), float(sums[1]), float(sums[2])
