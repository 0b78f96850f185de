"""What became of a replica. Every outcome's value is its explanation.

`diverged` comes first, then `collapsed` (told apart by cause), then `trained` or `stalled` by whether the loss beats the
best constant output.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from gradlab.parts.namespace import NUMPY

if TYPE_CHECKING:
    from gradlab.parts import Loss
    from gradlab.training.train import SetLook

BEATS_CONSTANT_BY = 0.05  # share of the best constant output's loss that training must remove to count


class Outcome(StrEnum):
    """What became of one replica at the end of training."""

    TRAINED = "the loss fell at least 5 % below that of the best constant output"
    STALLED = "alive, but no better than the best constant output"
    DIVERGED = "the loss became infinite or not a number"
    DEAD = "collapsed: some layer has no live unit for any input, so the output is constant"
    CONSTANT = "collapsed: units are alive, but the output is constant to the precision of the arithmetic"


def is_constant(seen: SetLook) -> Bool[ndarray, " R"]:
    """Whether all inputs of the set give one and the same output, bit for bit; NaN is not constant."""
    outputs = seen.outputs
    return np.asarray((outputs == outputs[:, :1]).all(axis=(1, 2)))


def has_dead_layer(seen: SetLook) -> Bool[ndarray, " R"]:
    """Whether some hidden layer has no live unit: nothing below it can learn from these inputs."""
    return np.asarray((seen.live_units == 0).any(axis=1))


def outcomes(
    constant: Bool[ndarray, " R"],
    dead: Bool[ndarray, " R"],
    first_bad_step: Int[ndarray, " R"],
    loss: Float[ndarray, " R"],
    constant_loss: Float[ndarray, "#R"],
) -> list[Outcome]:
    """Outcome of each replica; see `outcome_codes`."""
    every = tuple(Outcome)
    return [every[code] for code in outcome_codes(constant, dead, first_bad_step, loss, constant_loss)]


def outcome_codes(
    constant: Bool[ndarray, " R"],
    dead: Bool[ndarray, " R"],
    first_bad_step: Int[ndarray, " R"],
    loss: Float[ndarray, " R"],
    constant_loss: Float[ndarray, "#R"],
) -> Int[ndarray, " R"]:
    """Outcome of each replica, as its place in the enum: what is stored of a million networks.

    Args:
        constant: Output constant on the inputs that decide.
        dead: Some layer dead on the same inputs.
        first_bad_step: Step of divergence, 0 for none.
        loss: Final loss.
        constant_loss: Loss of the best constant output on the same examples.
    """
    code = {outcome: np.int64(k) for k, outcome in enumerate(Outcome)}
    diverged = (first_bad_step > 0) | ~np.isfinite(loss)
    with np.errstate(invalid="ignore"):
        beaten = loss < (1.0 - BEATS_CONSTANT_BY) * constant_loss
    alive = np.where(beaten, code[Outcome.TRAINED], code[Outcome.STALLED])
    collapsed = np.where(dead, code[Outcome.DEAD], code[Outcome.CONSTANT])
    return np.asarray(np.where(diverged, code[Outcome.DIVERGED], np.where(constant, collapsed, alive)))


def best_constant_loss(
    loss: Loss, params: tuple[Float[ndarray, " R"], ...], targets: Float[ndarray, "#R P N"]
) -> Float[ndarray, "#R"]:
    """Loss of the best constant output on given targets, per replica (of length one when all replicas share it).

    The best constant minimises a convex function of one number per unit: the mean for squares, the log of the class shares
    for one-hot targets; for other losses it is found by ternary search on the record's own value formula.
    """
    t = targets.astype(np.float64)
    broadcast = [p[:, None, None] for p in params]
    units = t.shape[2]
    factor = 1.0 / loss.divisor(t.shape[1], units)
    if loss.normaliser == "logsumexp":
        with np.errstate(divide="ignore", invalid="ignore"):
            share = t.mean(axis=1)
            entropy = -np.where(share > 0, share * np.log(share), 0.0).sum(axis=1)
        return np.asarray(entropy)

    if loss.name in ("mse", "half_mse", "sum_of_squares"):
        scale = params[0][:, None] if params else {"mse": 1.0, "half_mse": 0.5}[loss.name]
        return np.asarray((scale * t.var(axis=1) * t.shape[1]).sum(axis=1) * factor)

    def cost(y: ndarray) -> ndarray:
        return np.asarray(loss.value(NUMPY, y[:, None], t, 0.0, *broadcast).sum(axis=1))

    reach = np.abs(t).max(axis=1) + 1.0
    if loss.targets == "binary":
        reach = reach + 20.0  # logits
    if loss.targets == "sign":
        reach = reach + sum(p[:, None] for p in params)  # the margin
    rows = max(len(t), *(len(p) for p in params)) if params else len(t)
    reach = np.broadcast_to(reach, (rows, units))
    low, high = -reach, reach.copy()
    for _ in range(100):
        a, b = low + (high - low) / 3.0, high - (high - low) / 3.0
        left = cost(a) <= cost(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    return np.asarray(cost(0.5 * (low + high)).sum(axis=1) * factor)
