"""What is assumed of a network, what of that fails, and which numbers a failure leaves in doubt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradlab.stats.text import counted_text
from gradlab.theory.predict.depth import typical_block
from gradlab.theory.predict.flow import Step, flattened
from gradlab.theory.predict.inputs import Inputs
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import Assumption, Spread
from gradlab.theory.predict.spread import added_up

EQUAL_PLACES = "equal length q at every place of the receptive field"  # as `meanfield.convolution` has it
SIZES = ("pre_activation_second_moment", "activation_mean", "activation_std", "relative_gradient_rms", "saturation")
EVERYTHING = (*SIZES, "phase", "scales", "spread", "born_dead")
MOST_SPREAD = 0.5  # of a logarithm: the typical network is an eighth below the mean
SKIPS = 2.0  # residual branches deviate together with what skips them: seen in drawn networks to be at most twice
FEW_INPUTS = 100  # of a convolution: drawn networks show that their mean squares differ from place to place
MOST_KURTOSIS = 0.5
FEW_WEIGHTS = 0.1  # excess kurtosis by the weights' own law: of uniform ones where a unit has fewer than 12
MOST_CORRELATION = 0.5
MOST_PLACES = 3  # that refute one assumption and are told
MOST_INPUT_SPREAD = 0.5  # deviation of the inputs' lengths over their mean


def assumptions_of(
    rows: Sequence[Row],
    steps: Sequence[Step],
    spread: Spread | None,
    *,
    is_plain: bool,
    inputs: Inputs,
    doubts: Sequence[tuple[str, str]] = (),
) -> tuple[Assumption, ...]:
    """All assumptions behind a prediction.

    Args:
        rows: Layers with weights.
        steps: All steps, which bring assumptions of their own.
        spread: Over seeds, where it is known.
        is_plain: Whether the network is a stack of weights, activations and dropout only.
        inputs: What is known of the examples.
        doubts: What else is known not to hold, and why: of weights that were measured.
    """
    found = [_wide(rows, steps, spread), _normal(rows, spread), _independent(rows), _alike(rows, steps, is_plain)]
    found += [*_of_inputs(inputs, steps), *_places_alike(rows, inputs), _unbiased(rows)]
    found.append(Assumption("weights of the backward pass independent of the forward pass", True))
    if any(row.keep < 1.0 for row in rows):
        found.append(Assumption("dropout masks independent between two inputs", True))
    phrases = dict.fromkeys(phrase for step in flattened(steps) for phrase in step.assumptions)
    found += _together(doubts, EVERYTHING)
    found += _together([doubt for step in flattened(steps) for doubt in step.doubts], SIZES)
    refuted = {one.text for one in found if not one.holds}
    kept = [one for one in found if not (one.holds and one.text in refuted)]
    return (*kept, *(Assumption(phrase, True) for phrase in phrases if phrase not in refuted))


def _together(doubts: Sequence[tuple[str, str]], marks: tuple[str, ...]) -> list[Assumption]:
    """Each assumption that fails once, with what refutes it in the first few places."""
    reasons: dict[str, list[str]] = {}
    for text, why in dict.fromkeys(doubts):
        reasons.setdefault(text, []).append(why)
    found = []
    for text, whys in reasons.items():
        more = f"; and so in {len(whys) - MOST_PLACES} more" if len(whys) > MOST_PLACES else ""
        found.append(Assumption(text, False, "; ".join(whys[:MOST_PLACES]) + more, marks))
    return found


def _wide(rows: Sequence[Row], steps: Sequence[Step], spread: Spread | None) -> Assumption:
    text = "layers so wide that seeds agree"
    if spread is not None:
        largest, about = max(float(np.max(spread.log_q)), float(np.max(spread.log_gradient))), ""
    else:
        largest, about = added_up(rows), "about "
        if any(step.kind == "residual" for step in steps):
            largest *= SKIPS
    if largest <= MOST_SPREAD or len(rows) < 2:
        return Assumption(text, True)
    least = min(row.units for row in rows[:-1])
    kind = "channel" if any(row.places > 1 for row in rows) else "unit"
    why = (
        f"with {counted_text(least, kind)} and this depth, logarithms differ by {about}{largest:.2g} between seeds: "
        "means are of few, large ones"
    )
    return Assumption(text, False, why, SIZES)


def _normal(rows: Sequence[Row], spread: Spread | None) -> Assumption:
    text = "normal pre-activations"
    # of weights that are not normal, times E[a^4] / E[a^2]^2 at its least, 1
    found = [row.weights.kurtosis / row.weights.fan_in for row in rows]
    if spread is not None:
        found = [one + float(mixture) for one, mixture in zip(found, spread.kurtosis, strict=True)]
    worst = max(range(len(rows)), key=lambda k: abs(found[k]))
    few = max(rows, key=lambda row: abs(row.weights.kurtosis) / row.weights.fan_in)
    if abs(few.weights.kurtosis) / few.weights.fan_in > FEW_WEIGHTS:
        why = f"a unit of layer {few.name} adds {few.weights.fan_in} weights that are not normal"
        return Assumption(text, False, why, SIZES)
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


def _alike(rows: Sequence[Row], steps: Sequence[Step], is_plain: bool) -> Assumption:
    text = "hidden layers alike"
    found = typical_block(rows)
    if not is_plain:
        kinds = {step.kind for step in (*steps, *flattened(steps))}
        words = {"norm": "norms", "residual": "branches", "pool": "pools"}
        there = [word for kind, word in words.items() if kind in kinds]
        there += ["convolutions"] * any(row.places > 1 for row in rows)
        with_them = " and ".join(there) or "activations by themselves"
        why = f"with {with_them} the phase is that of the gradient's growth over this depth"
        return Assumption(text, False, why, ("phase", "scales"))
    if found is None or found[1] == found[2]:
        return Assumption(text, True)
    why = f"{found[2] - found[1]} of {found[2]} steps from layer to layer differ from the typical one"
    return Assumption(text, False, why, ("phase", "scales"))


def _of_inputs(inputs: Inputs, steps: Sequence[Step]) -> list[Assumption]:
    found = [Assumption("inputs of about one length", True)]
    if inputs.spread is None:
        found = [Assumption(f"inputs of one length, of mean square {inputs.square:g}", True)]
    elif inputs.spread > MOST_INPUT_SPREAD:
        why = f"their squares deviate by {100 * inputs.spread:.0f} % from the mean"
        found = [Assumption("inputs of about one length", False, why, SIZES[:3])]
    if inputs.shared > MOST_CORRELATION * inputs.square:
        why = f"two of them correlate by {inputs.shared / inputs.square:.2f}"
        marks = SIZES if any(step.kind == "norm" for step in flattened(steps)) else ("scales",)
        found.append(Assumption("uncorrelated inputs", False, why, marks))
    else:
        found.append(Assumption("uncorrelated inputs", True))
    return found


def _places_alike(rows: Sequence[Row], inputs: Inputs) -> list[Assumption]:
    first = rows[0]
    if first.places == 1:
        return []
    if inputs.spread is not None:
        why = f"images of a task do not, and layer {first.name} sees them"
    elif first.weights.fan_in < FEW_INPUTS:
        why = f"a place of layer {first.name} sees {first.weights.fan_in} numbers of the image, which vary"
    else:
        return []
    return [Assumption(EQUAL_PLACES, False, why, SIZES)]


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
