"""`compare`: theory beside networks that were drawn and never trained, one forward and one backward pass each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab import seeds
from gradlab.data import TASKS, Examples
from gradlab.errors import UserError
from gradlab.nets import Stack
from gradlab.nets.stack import drawn_stack
from gradlab.nets.standards import fitted_standards
from gradlab.nets.steps import all_steps
from gradlab.parts import LOSSES
from gradlab.probes import capture
from gradlab.seeds import Purpose
from gradlab.signals import QUANTITIES, Profile, measure
from gradlab.spec import Choice, Conv2d, Dense, Layer, NetworkSpec, Setup
from gradlab.spec.choice import choose
from gradlab.spec.layers import Dropout, Residual
from gradlab.stats import Mean
from gradlab.studies.predict import described
from gradlab.theory.predict import Inputs, compares_inputs, inputs_of, predict_network, typical_profile

NETWORKS = 100
EXAMPLES = 64  # of a setup's task, at most
MOST_OUTPUTS = 2_000_000  # numbers that the layers of one network may hand on in a pass
LEAST_BATCH = 16  # theory's is infinite
CHUNK_BYTES = 50_000_000  # of weights, and of what convolutions hand on, that exist at a time
_CONSTANT = 1e-5  # standard error, relative, of a number that seeds move by a norm's eps alone
_FAR = 10.0  # size of targets, in standard deviations of the output: so gradients there hardly depend on the network


@dataclass(frozen=True, slots=True)
class Comparison:
    """Theory beside measurement.

    Attributes:
        networks: How many were drawn.
        examples: Inputs that each saw.
        is_finite: Whether theory is that for this width, not for infinitely wide layers (and batches).
        theory: What a sample of this width is to show (`typical_profile`), R = 1; dropout left out, as in the measurement.
        measured: [R, L].
        means: Of the measured, by quantity and layer: geometric on a log scale.
        z: (mean - theory) / standard error [L] by quantity, of logarithms on a log scale; NaN where it has no meaning.
    """

    networks: int
    examples: int
    is_finite: bool
    theory: Profile
    measured: Profile
    means: Mapping[str, tuple[Mean, ...]]
    z: Mapping[str, Float[ndarray, " L"]]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and text, without the single networks."""
        return {
            "networks": self.networks,
            "examples": self.examples,
            "layers": list(self.theory.layers),
            "quantities": {
                name: {
                    "theory": self.theory[name][0].tolist(),
                    "measured": [mean.mean for mean in means],
                    "low": [mean.low for mean in means],
                    "high": [mean.high for mean in means],
                    "n": [mean.n for mean in means],
                    "z": self.z[name].tolist(),
                }
                for name, means in self.means.items()
            },
        }


def compare(
    network: NetworkSpec | Setup,
    inputs: Inputs | None = None,
    *,
    networks: int = NETWORKS,
    root_seed: int = 0,
) -> Comparison:
    """Draw networks, look at them once, and set theory beside them.

    Args:
        network: What to draw. A setup's networks see the first examples of its task; others one normal input each, or
            with batch norm a batch of them, of the length that theory was given, and targets so far away that gradients
            at the output are those of chance. Norms use the statistics of these examples, as in training.
        inputs: As of `predict`.
        networks: How many to draw.
        root_seed: Key of all random numbers.

    Raises:
        UserError: Inputs were given for a setup that are not its task's; the network standardizes inputs by examples that
            only a setup has; batch norm would see too few examples, or inputs that are alike; or as of `predict`.
    """
    if isinstance(network, Setup) and inputs is not None and inputs != inputs_of(network):
        raise UserError("--compare", got="other inputs than the study's", expected="its own, which its networks see")
    taken = described(network, inputs)
    spec, known = taken.spec, taken.inputs
    if not isinstance(network, Setup) and any(step.standard >= 0 for step in all_steps(spec)):
        raise UserError("--compare", got="a network that standardizes", expected="a study, whose task has examples")
    if not isinstance(network, Setup) and known.shared and compares_inputs(spec):
        raise UserError("--compare", got="inputs that are alike", expected="uncorrelated ones, which are drawn")
    spec = spec.model_copy(update={"layers": tuple(map(_still, spec.layers))})
    prediction = predict_network(spec, known)
    loss = network.recipe.loss if isinstance(network, Setup) else choose(LOSSES, "loss", "mse")
    outputs = sum(math.prod(step.above) for step in all_steps(spec))
    there = network.points if isinstance(network, Setup) else EXAMPLES if compares_inputs(spec) else 1
    seen = max(1, min(EXAMPLES, there, MOST_OUTPUTS // outputs))
    if compares_inputs(spec) and seen < LEAST_BATCH:
        raise UserError("--compare", got="a batch too small for batch norm", expected=f"{LEAST_BATCH} examples or more")
    theory = typical_profile(spec, prediction, known, one_input=seen == 1)
    size = max(1, CHUNK_BYTES // (8 * (spec.parameters + (0 if spec.is_plain else seen * outputs))))
    profiles = []
    far = _FAR * float(np.sqrt(prediction.profile["pre_activation_second_moment"][0, -1]))
    for start in range(0, networks, size):
        replicas = np.arange(start, min(start + size, networks))
        examples, standards = _examples(network, spec, known, far, root_seed, replicas, seen)
        stack = drawn_stack([(spec, replicas)], root_seed, np.dtype(np.float64))
        stack.standard = standards
        profiles.append(_measured(stack, loss, examples, theory))
    measured = Profile(
        {name: np.concatenate([one[name] for one in profiles]) for name in theory.values}, theory.layers, "measured"
    )
    means = {name: measured.means(name, scale=QUANTITIES[name].scale) for name in theory.values}
    z = {name: np.array(list(z_scores(theory[name][0], measured[name], name))) for name in theory.values}
    is_finite = theory is not prediction.profile
    return Comparison(networks, examples.inputs.shape[1], is_finite, theory, measured, means, z)


def z_scores(theory: Float[ndarray, " L"], measured: Float[ndarray, "R L"], quantity: str) -> Iterator[float]:
    """(mean - theory) / standard error of each layer, of logarithms for a quantity on a log scale.

    0 where both are the same constant, as a norm makes them; NaN where fewer than two networks have a number, or theory has
    none.
    """
    is_log = QUANTITIES[quantity].scale == "log"
    for expected, column in zip(theory.tolist(), measured.T, strict=True):
        values = column[np.isfinite(column) & (column > 0.0)] if is_log else column[np.isfinite(column)]
        if len(values) < 2 or not np.isfinite(expected) or (is_log and expected <= 0.0):
            yield float("nan")
            continue
        if is_log:
            values, expected = np.log(values), float(np.log(expected))
        error = float(values.std(ddof=1)) / len(values) ** 0.5
        difference = float(values.mean()) - expected
        size = 1.0 if is_log else abs(expected)
        if error <= _CONSTANT * size:
            yield 0.0 if abs(difference) <= max(10.0 * _CONSTANT * size, 1e-9) else float("nan")
        else:
            yield difference / error


def _examples(
    network: NetworkSpec | Setup,
    spec: NetworkSpec,
    inputs: Inputs,
    far: float,
    root_seed: int,
    replicas: ndarray,
    count: int,
) -> tuple[Examples, list[tuple[ndarray, ndarray]]]:
    """What each network sees, and what it should say; mean and std of all inputs, where it standardizes them."""
    if isinstance(network, Setup):
        task = TASKS[network.task.name]
        drawn = task.draw(root_seed, replicas, Purpose.DATA, network.points, dict(network.task.params))
        targets = None if drawn.targets is None else drawn.targets[:, :count]
        return Examples(drawn.inputs[:, :count], targets), fitted_standards(spec, drawn.inputs)
    x = seeds.normals(root_seed, replicas, Purpose.DATA, 0, count * spec.inputs).reshape(-1, count, spec.inputs)
    x *= np.sqrt(inputs.square / (x**2).mean(axis=2, keepdims=True))
    targets = far * seeds.normals(root_seed, replicas, Purpose.NOISE, 0, count * spec.outputs)
    return Examples(x, targets.reshape(-1, count, spec.outputs)), []


def _measured(stack: Stack, loss: Choice, examples: Examples, theory: Profile) -> Profile:
    """What theory speaks of, from one forward and one backward pass of some networks, in double precision."""
    quantities, layers = tuple(theory.values), theory.layers
    loss_params = [np.full(len(stack), float(value)) for value in loss.values]
    if stack.spec.is_plain:
        params = stack.activation_params
        captured = capture(stack.spec, params, stack.weights, stack.biases, loss, loss_params, examples)
    else:
        from gradlab.probes.capture_layers import capture_layers

        captured = capture_layers(stack, loss, loss_params, examples, trains=True)
    found = measure(captured, quantities=quantities)
    kept = [k for k, name in enumerate(found.layers) if name in layers]  # theory has no row for a norm by itself
    return Profile({name: found[name][:, kept] for name in quantities}, layers, "measured")


def _still(layer: Layer) -> Layer:
    """A layer without dropout."""
    if isinstance(layer, Residual):
        return layer.model_copy(update={"layers": tuple(map(_still, layer.layers))})
    if isinstance(layer, Dropout):
        return layer.model_copy(update={"p": 0.0})
    return layer.model_copy(update={"dropout": 0.0}) if isinstance(layer, Dense | Conv2d) else layer
