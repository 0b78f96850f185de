"""What each kind of layer is made of: one function a kind, from the signal it gets to the steps it takes.

To add a kind: write its function, and name it in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradlab.spec import Layer, NetworkSpec
from gradlab.theory.gauss import Phi, as_phi
from gradlab.theory.predict.flow import Signal, Step, activated, dropped, weighted
from gradlab.theory.predict.weights import Weights, weights_of


@dataclass(frozen=True, slots=True)
class Row:
    """One layer with weights, as the profile has it.

    Attributes:
        name: "1", "2", ..., "output".
        units: Its units (or channels).
        weights: Their laws.
        pre: Its pre-activations.
        post: Its activations, before dropout.
        phi: What turns the one into the other.
        keep: Probability that dropout keeps an activation.
    """

    name: str
    units: int
    weights: Weights
    pre: Signal
    post: Signal
    phi: Phi
    keep: float


def steps_of(spec: NetworkSpec, signal: Signal) -> tuple[Step, ...]:
    """All steps of a network whose inputs are that signal.

    Raises:
        UserError: An activation or a law of weights that theory says nothing of.
    """
    steps: list[Step] = []
    below = spec.inputs
    for index, layer in enumerate(spec.layers):
        place = "output" if index == len(spec.layers) - 1 else str(index + 1)
        steps += dense(place, layer, below, steps[-1].signal if steps else signal)
        below = layer.units
    return tuple(steps)


def dense(place: str, layer: Layer, below: int, signal: Signal) -> list[Step]:
    """Weights, activation, dropout."""
    weights = weights_of(place, layer.weights, layer.bias, below, layer.units)
    steps = [weighted(place, signal, weights, layer.units)]
    steps.append(activated(place, steps[-1].signal, as_phi(layer.activation)))
    if layer.dropout:
        steps.append(dropped(place, steps[-1].signal, 1.0 - layer.dropout))
    return steps


def rows_of(steps: Sequence[Step]) -> list[Row]:
    """The layers with weights, those of branches too, in order."""
    flat = list(_flattened(steps))
    starts = [k for k, step in enumerate(flat) if step.kind == "weights"]
    rows = []
    for start, stop in zip(starts, [*starts[1:], len(flat)], strict=True):
        first, rest = flat[start], flat[start + 1 : stop]
        activation = next((step for step in rest if step.phi is not None), None)
        assert first.weights is not None
        rows.append(
            Row(
                name=first.place,
                units=first.units,
                weights=first.weights,
                pre=first.signal,
                post=first.signal if activation is None else activation.signal,
                phi=as_phi("identity") if activation is None or activation.phi is None else activation.phi,
                keep=next((step.keep for step in rest if step.kind == "dropout"), 1.0),
            )
        )
    return rows


def _flattened(steps: Sequence[Step]) -> list[Step]:
    return [inner for step in steps for inner in (*_flattened(step.branch), step)]
