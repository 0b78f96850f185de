"""What is assumed of a network, what of that fails, and which numbers a failure leaves in doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradlab.theory.predict.depth import typical_block
from gradlab.theory.predict.flow import Step
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import Assumption, Spread

SIZES = ("pre_activation_second_moment", "activation_mean", "activation_std", "relative_gradient_rms", "saturation")
MOST_SPREAD = 0.5  # of a logarithm: the typical network is an eighth below the mean
MOST_KURTOSIS = 0.5
MOST_INPUT_SPREAD = 0.5  # deviation of the inputs' lengths over their mean


def assumptions_of(
    rows: Sequence[Row], steps: Sequence[Step], spread: Spread | None, *, is_plain: bool, input_spread: float | None
) -> tuple[Assumption, ...]:
    """All assumptions behind a prediction.

    Args:
        rows: Layers with weights.
        steps: All steps, which bring assumptions of their own.
        spread: Over seeds, where it is known.
        is_plain: Whether the network is a stack of weights, activations and dropout only.
        input_spread: Deviation of |x|^2 over the inputs, relative to its mean; None where inputs are not known.
    """
    found = [_wide(rows, spread), _normal(rows, spread), _independent(rows), _alike(rows, is_plain)]
    found += [_equal_inputs(input_spread), _unbiased(rows)]
    found.append(Assumption("weights of the backward pass independent of the forward pass", True))
    if any(row.keep < 1.0 for row in rows):
        found.append(Assumption("dropout masks independent between two inputs", True))
    phrases = dict.fromkeys(phrase for step in _all(steps) for phrase in step.assumptions)
    return (*found, *(Assumption(phrase, True) for phrase in phrases))


def kurtoses(rows: Sequence[Row], spread: Spread | None) -> list[float]:
    """Excess kurtosis of each layer's pre-activations over seeds, to first order in 1 / fan_in.

    3 Var(v) / E[v]^2 from the mixture of normals whose variance v differs from seed to seed, and that of the weights times
    E[a^4] / (fan_in E[a^2]^2), at its least, 1, for the activations below.
    """
    found = []
    for k, row in enumerate(rows):
        mixture = 0.0 if spread is None else 3.0 * math.expm1(min(50.0, float(spread.log_q[k]) ** 2))
        found.append(mixture + row.weights.kurtosis / row.weights.fan_in)
    return found


def _wide(rows: Sequence[Row], spread: Spread | None) -> Assumption:
    text = "layers so wide that seeds agree"
    if spread is None:
        return Assumption(text, True)
    largest = max(float(np.max(spread.log_q)), float(np.max(spread.log_gradient)))
    if largest <= MOST_SPREAD:
        return Assumption(text, True)
    least = min(row.units for row in rows[:-1])
    why = f"with {least} units and this depth, logarithms differ by {largest:.2g} between seeds: means are of few, large ones"
    return Assumption(text, False, why, SIZES)


def _normal(rows: Sequence[Row], spread: Spread | None) -> Assumption:
    text = "normal pre-activations"
    found = kurtoses(rows, spread)
    worst = max(range(len(rows)), key=lambda k: abs(found[k]))
    if abs(found[worst]) <= MOST_KURTOSIS:
        return Assumption(text, True)
    why = f"excess kurtosis about {found[worst]:.2g} at layer {rows[worst].name}"
    return Assumption(text, False, why, SIZES)


def _independent(rows: Sequence[Row]) -> Assumption:
    text = "weights independent of one another"
    places = [row.name for row in rows if not row.weights.is_independent]
    if not places:
        return Assumption(text, True)
    why = f"orthogonal in {_places(places, len(rows))}: means hold, but seeds differ less, and bounds of death are others'"
    return Assumption(text, False, why, ("spread", "born_dead"))


def _alike(rows: Sequence[Row], is_plain: bool) -> Assumption:
    text = "hidden layers alike"
    found = typical_block(rows)
    if not is_plain:
        why = "with norms or branches the phase is that of the gradient's growth over this depth"
        return Assumption(text, False, why, ("phase", "scales"))
    if found is None or found[1] == found[2]:
        return Assumption(text, True)
    why = f"{found[2] - found[1]} of {found[2]} steps from layer to layer differ from the typical one"
    return Assumption(text, False, why, ("phase", "scales"))


def _equal_inputs(input_spread: float | None) -> Assumption:
    if input_spread is None:
        return Assumption("inputs of one length", True)
    if input_spread <= MOST_INPUT_SPREAD:
        return Assumption("inputs of about one length", True)
    why = f"their squares deviate by {100 * input_spread:.0f} % from the mean"
    return Assumption("inputs of about one length", False, why, SIZES[:3])


def _unbiased(rows: Sequence[Row]) -> Assumption:
    text = "biases of mean 0"
    places = [row.name for row in rows if row.weights.bias_mean != 0.0]
    if not places:
        return Assumption(text, True)
    why = f"not in {_places(places, len(rows))}: lengths follow, spread and bounds of death do not"
    return Assumption(text, False, why, ("spread", "born_dead"))


def _places(names: Sequence[str], layers: int) -> str:
    if len(names) == layers:
        return "every layer"
    return f"{len(names)} of {layers} layers" if len(names) > 3 else f"layer{'s' * (len(names) > 1)} {', '.join(names)}"


def _all(steps: Sequence[Step]) -> list[Step]:
    return [inner for step in steps for inner in (*_all(step.branch), step)]
