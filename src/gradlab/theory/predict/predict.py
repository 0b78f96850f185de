"""`predict_network`: the prediction for one description."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradlab.errors import UserError
from gradlab.signals import Profile
from gradlab.spec import Dense, NetworkSpec
from gradlab.spec.layers import Flatten, Standardize
from gradlab.theory.gauss import at_least_zero
from gradlab.theory.meanfield import edge_points, gains
from gradlab.theory.predict.assumptions import assumptions_of
from gradlab.theory.predict.death import death_of
from gradlab.theory.predict.depth import grown_scales, plain_scales, typical_block
from gradlab.theory.predict.flat import flat_share
from gradlab.theory.predict.flow import Signal, Step, backward, flattened
from gradlab.theory.predict.inputs import UNKNOWN, Inputs
from gradlab.theory.predict.layers import Row, compares_inputs, rows_of, steps_of
from gradlab.theory.predict.prediction import DepthScales, Prediction, RecommendedGains
from gradlab.theory.predict.spread import spread_of
from gradlab.theory.predict.verdict import described, stuck, verdict_of


def predict_network(spec: NetworkSpec, inputs: Inputs = UNKNOWN, doubts: Sequence[tuple[str, str]] = ()) -> Prediction:
    """What theory says of a network before anything is drawn.

    Args:
        spec: The network.
        inputs: What is known of the examples; by default uncorrelated ones of mean square 1.
        doubts: What its weights, where they were measured, are known not to be, and why; marks all numbers.

    Raises:
        UserError: A law of weights that is not around 0, an activation that is a source's mistake, or inputs whose
            square is out of range.

    Assumes:
        What `Prediction.assumptions` lists.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017; Hanin and Rolnick 2018; Lu et al. 2019.

    Example:
        >>> spec = NetworkSpec(inputs=100, outputs=10, hidden="100 x 40", activation="relu", weights="he_normal")
        >>> found = predict_network(spec)
        >>> found.scales.phase, found.profile["pre_activation_second_moment"][0, :3].tolist()
        ('critical', [2.0, 2.0, 2.0])
    """
    steps = _steps(spec, inputs)
    rows, relative = rows_of(steps), _relative(steps)
    is_plain = _is_plain(spec)
    spread = spread_of(rows) if is_plain else None
    scales = _scales(rows, relative, is_plain=is_plain)
    assumptions = assumptions_of(rows, steps, spread, is_plain=is_plain, inputs=inputs, doubts=doubts)
    profile = Profile(
        values={name: np.array([column]) for name, column in _columns(rows, relative).items()},
        layers=tuple(row.name for row in rows),
        source="theory",
        assumptions=tuple(one.text for one in assumptions),
    )
    dead = death_of(rows, spec.inputs, is_plain=is_plain)
    verdict, can_train = verdict_of(
        rows,
        relative,
        scales,
        dead,
        spread,
        why_stuck=stuck(rows, is_plain=is_plain, has_inputs=steps[0].kind == "standardize" or inputs.square > 0.0),
        in_doubt=any("relative_gradient_rms" in one.marks for one in assumptions if not one.holds),
    )
    return Prediction(
        network=described(rows, steps),
        depth=len(rows) - 1,
        units=tuple(row.units * row.places for row in rows),
        verdict=verdict,
        can_train=can_train,
        profile=profile,
        scales=scales,
        born_dead=dead,
        spread=spread,
        gains=_gains(rows, has_norm=any(step.kind == "norm" for step in flattened(steps))),
        assumptions=assumptions,
    )


def _is_plain(spec: NetworkSpec) -> bool:
    """Whether it is dense layers without norms, whatever its inputs go through before."""
    return all(
        isinstance(layer, Standardize | Flatten) or (isinstance(layer, Dense) and layer.norm is None)
        for layer in spec.layers
    )


def grown(spec: NetworkSpec, inputs: Inputs = UNKNOWN) -> tuple[list[Row], list[float]]:
    """Layers with weights, and ln of their mean squared gradients over the last one's: what is quick to have.

    Raises:
        UserError: As of `predict_network`.
    """
    steps = _steps(spec, inputs)
    return rows_of(steps), _relative(steps)


def _steps(spec: NetworkSpec, inputs: Inputs) -> tuple[Step, ...]:
    square = at_least_zero("input_square", inputs.square)
    return steps_of(spec, Signal(square, shared=inputs.shared if compares_inputs(spec) else None))


def _relative(steps: Sequence[Step]) -> list[float]:
    _, logs = backward(steps)
    return [_less(log, logs[-1]) for log in logs]


def _columns(rows: Sequence[Row], relative: Sequence[float]) -> dict[str, list[float]]:
    """Quantities by layer, under the names of `signals`."""
    return {
        "weight_std": [row.weights.std for row in rows],
        "pre_activation_second_moment": [row.into.second for row in rows],
        "activation_mean": [row.post.mean for row in rows],
        "activation_std": [math.sqrt(row.post.variance) for row in rows],
        "saturation": [flat_share(row.phi, row.into.mean, row.into.variance) for row in rows],
        "relative_gradient_rms": [math.exp(min(709.0, 0.5 * log)) for log in relative],
    }


def _scales(rows: Sequence[Row], relative: Sequence[float], *, is_plain: bool) -> DepthScales | None:
    found = typical_block(rows)
    if found is None:
        return None
    if is_plain:
        return plain_scales(found[0], rows[0].pre.variance)
    hidden = [k for k in range(len(rows) - 1)] or [0]
    return grown_scales([relative[k] + math.log(rows[k].units * rows[k].places) for k in hidden])


def _gains(rows: Sequence[Row], *, has_norm: bool) -> RecommendedGains | None:
    """Of the typical hidden activation; None where gains have no effect, or there are none."""
    found = typical_block(rows)
    if found is None or has_norm:
        return None
    block = found[0]
    try:
        both = gains(block.phi)
    except UserError:  # a constant activation: no gain makes a signal of it
        return None
    points = edge_points(block.phi, math.sqrt(block.bias_variance)) if block.bias_mean == 0.0 else ()
    stable = [point for point in points if point.status != "unstable"]
    return RecommendedGains(
        activation=block.phi.name,
        forward=both.forward,
        backward=both.backward,
        compromise=both.compromise,
        critical=math.sqrt(stable[0].sigma_w2) if stable else None,
    )


def _less(log: float, reference: float) -> float:
    """A difference of logarithms of which the first may be -Inf."""
    return log - reference if math.isfinite(log) else log
