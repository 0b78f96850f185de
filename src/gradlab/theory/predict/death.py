"""The probability that a network of this description has a silent layer at birth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradlab.theory.finite import BornDead, born_dead
from gradlab.theory.predict.flat import is_silent_below_zero
from gradlab.theory.predict.layers import Row


def death_of(rows: Sequence[Row], inputs: int, *, is_plain: bool) -> BornDead | None:
    """Bounds for the hidden layers whose activation is 0 below 0.

    On one given input a layer of N such units is silent with probability 2^-N, whatever the lengths, as long as weights and
    biases are symmetric around 0; with biases of another mean, with the N-th power of a normal probability. That is exact
    for one input and an upper bound for all; a lower bound is known for one input, relu in every layer and no biases.

    Args:
        rows: Layers with weights.
        inputs: Numbers in one example.
        is_plain: Whether the network is a plain stack; otherwise a silent layer may be bypassed, or norms wake it.

    Returns:
        None where no layer can be silent.
    """
    hidden = rows[:-1]
    silent = [row for row in hidden if is_silent_below_zero(row.phi)]
    if not silent or not is_plain:
        return None
    widths = [row.units for row in silent]
    if any(row.pre.second == 0.0 for row in silent):
        return BornDead(tuple(widths), 1.0, 1.0, 1.0, 1.0)
    if any(row.weights.bias_mean != 0.0 for row in rows):
        alive = math.fsum(math.log1p(-min(_off(row) ** row.units, 1.0 - 1e-16)) for row in silent)
        single = abs(math.expm1(alive))  # 0, not -0, where no layer can die
        return BornDead(tuple(widths), single, 0.0, single, None)
    found = born_dead(widths)
    if inputs == 1 and len(silent) == len(hidden) and not any(row.weights.has_biases for row in hidden):
        is_normal = all(row.weights.kurtosis == 0.0 and row.weights.is_independent for row in hidden)
        exact = found.p_exact if is_normal or set(widths) != {2} else None
        return BornDead(found.widths, found.p_single_input, found.p_low, found.p_up, exact)
    return BornDead(found.widths, found.p_single_input, 0.0, found.p_up, None)


def _off(row: Row) -> float:
    """Probability that a pre-activation is below 0."""
    std = math.sqrt(row.pre.variance)
    if std == 0.0:
        return float(row.pre.mean < 0.0)
    return 0.5 * math.erfc(row.pre.mean / std / math.sqrt(2.0))
