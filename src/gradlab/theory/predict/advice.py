"""What to change in a network, and what that would give: every change is predicted again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gradlab.parts import INITIALIZERS
from gradlab.spec import Choice, Dense, NetworkSpec
from gradlab.spec.choice import choose
from gradlab.stats.text import counted_text
from gradlab.theory.finite import born_dead_one_input
from gradlab.theory.predict.inputs import UNKNOWN, Inputs
from gradlab.theory.predict.predict import grown, predict_network
from gradlab.theory.predict.prediction import Prediction

ACCEPTED = 0.01  # probability of being born dead that a recommended width comes down to
_HOW = {"forward": "keeps lengths", "backward": "keeps gradients", "compromise": "between the two"}
_FAR = 1e4  # an infinite logarithm
_BETTER = 0.9  # a change is worth its mention where it brings the distance from health below this share


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the network.

    Attributes:
        text: What to write, in the words of a study file.
        reason: What it does.
        spec: The changed network.
        prediction: Its prediction.
    """

    text: str
    reason: str
    spec: NetworkSpec
    prediction: Prediction


def advise(spec: NetworkSpec, prediction: Prediction, inputs: Inputs = UNKNOWN) -> tuple[Change, ...]:
    """The changes worth making, the best gain first; empty where there is nothing to mend that gains or widths mend.

    Args:
        spec: The network.
        prediction: What is predicted of it.
        inputs: As it was predicted with.

    Raises:
        UserError: As of `predict_network`.
    """
    found: list[Change] = []
    best = min(_gain_changes(spec, prediction), key=lambda made: distance(made[2], inputs), default=None)
    if best is not None and distance(best[2], inputs) < _BETTER * distance(spec, inputs):
        found.append(Change(*best, predict_network(best[2], inputs)))
    wider = _wider(found[0].spec, found[0].prediction) if found else _wider(spec, prediction)
    if wider is not None:
        change = Change(*wider, predict_network(wider[2], inputs))
        dead = change.prediction.born_dead
        if dead is None or dead.p_single_input <= ACCEPTED:  # biases of one sign may keep units silent at any width
            found.append(change)
    return tuple(found)


def distance(spec: NetworkSpec, inputs: Inputs = UNKNOWN) -> float:
    """How far from keeping lengths and gradients: |ln| of the factor of each over the network's depth, added."""
    rows, relative = grown(spec, inputs)
    lengths = [row.pre.second for row in rows[:-1] or rows]
    gradients = 0.5 * (relative[0] + math.log(rows[0].units / rows[-1].units))
    return min(_FAR, abs(gradients)) + 0.5 * abs(_log(lengths[-1]) - _log(lengths[0]))


def _gain_changes(spec: NetworkSpec, prediction: Prediction) -> Iterator[tuple[str, str, NetworkSpec]]:
    gains = prediction.gains
    if gains is None or not spec.is_plain:
        return
    for name, reason in (*_HOW.items(), ("critical", "is on the edge of chaos")):
        gain = getattr(gains, name)
        if gain is None:
            continue
        laws = [_law(layer, gain) for layer in spec.dense]
        layers = tuple(layer.model_copy(update={"weights": law}) for layer, law in zip(spec.dense, laws, strict=True))
        named = " and ".join(dict.fromkeys(_short(law) for law in laws))
        yield (
            f'weights = "{named}"',
            f"{'' if name == 'critical' else name + ' gain, '}{reason}",
            spec.model_copy(update={"layers": layers}),
        )


def _law(layer: Dense, gain: float) -> Choice:
    """A law of the layer's own family with this gain."""
    record = INITIALIZERS[layer.weights.name]
    if not record.is_independent:
        return choose(INITIALIZERS, "initializer", {"name": "orthogonal", "gain": gain})
    family = (
        "uniform" if record.kurtosis is not None and layer.weights.name.endswith(("uniform", "default")) else "normal"
    )
    if abs(gain - math.sqrt(2.0)) < 1e-12:
        return choose(INITIALIZERS, "initializer", f"he_{family}")
    return choose(INITIALIZERS, "initializer", {"name": f"lecun_{family}", "gain": gain})


def _short(law: Choice) -> str:
    """A law as it is written, gains with four digits."""
    given = [f"{key}={value:.5g}" for key, value in law.params if key == "gain"]
    return f"{law.name}({', '.join(given)})" if given else law.name


def _wider(spec: NetworkSpec, prediction: Prediction) -> tuple[str, str, NetworkSpec] | None:
    """Widths at which hardly a seed is born dead; None where that is so already."""
    dead = prediction.born_dead
    if dead is None or dead.p_single_input <= ACCEPTED:
        return None
    hidden = spec.dense[:-1]
    width = min(layer.units for layer in hidden)
    while born_dead_one_input([max(width, layer.units) for layer in hidden]) > ACCEPTED:
        width += 1
    if width == min(layer.units for layer in hidden):
        return None
    layers = tuple(layer.model_copy(update={"units": max(width, layer.units)}) for layer in hidden)
    text = f"hidden layers of at least {counted_text(width, 'unit')}"
    reason = f"at most {100 * ACCEPTED:g} % of seeds born dead on an input"
    return text, reason, spec.model_copy(update={"layers": (*layers, spec.layers[-1])})


def _log(length: float) -> float:
    """ln of a length, as far as a comparison needs it."""
    if not length > 0.0:
        return -_FAR
    return math.log(length) if math.isfinite(length) else _FAR
