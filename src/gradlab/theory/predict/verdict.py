"""The verdict: one line in words, and whether a network can train where that is certain.

Certain is little, and theory at birth does not say the rest: what becomes of gradients on their way is told, in numbers. A
network cannot train (`stuck`) where weights of 0 keep one another at 0 for ever, so that outputs never depend on inputs; a
linear model, between whose layers nothing can be lost, can. Six depth scales (Schoenholz et al. 2017) are told as what they
are, a rule for plain gradient descent.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gradlab.stats.text import number_text
from gradlab.theory.finite import BornDead
from gradlab.theory.predict.flow import Step, flattened
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import DepthScales, Spread

FEW_DECADES = 1.0  # of gradient norms, beyond which they are said to vanish or explode
RULE = "a rule for plain gradient descent that no study here confirms for adaptive rates"
LARGEST, LEAST = 1e38, 1e-38  # of numbers that single precision holds, squares of pre-activations among them
LIKELY, SOME = 0.5, 0.1  # seeds that are born dead
_LN10 = math.log(10.0)


def verdict_of(
    rows: Sequence[Row],
    relative: Sequence[float],
    scales: DepthScales | None,
    dead: BornDead | None,
    spread: Spread | None,
    *,
    why_stuck: str,
    in_doubt: bool,
) -> tuple[str, bool | None]:
    """The line, and yes, no or (where it is not certain) None.

    Args:
        rows: Layers with weights.
        relative: ln of mean squared gradients over that of the output, by layer.
        scales: Depth scales.
        dead: Probabilities of death at birth.
        spread: Over seeds.
        why_stuck: What `stuck` says.
        in_doubt: Whether an assumption fails on which the numbers rest.
    """
    if why_stuck:
        return f"Cannot train: {why_stuck}", False
    doubt = " (in doubt)" if in_doubt else ""
    if len(rows) == 1:
        row = rows[0]
        certain = row.phi.name == "identity" and row.pre.second < LARGEST and not in_doubt
        return f"A linear model: nothing vanishes or explodes between layers{doubt}", True if certain else None
    told = [*_death(dead), *_precision(rows), *_symmetry(rows), _gradients(rows, relative), *_seeds(spread)]
    depth = len(rows) - 1
    if scales is not None and scales.six_scales is not None and depth > scales.six_scales:
        six = number_text(scales.six_scales)
        told.append(f"deeper than six depth scales ({six} layers, {scales.phase}), {RULE}")
    line = "; ".join(told)
    return f"{line[0].upper()}{line[1:]}{doubt}", None


def stuck(rows: Sequence[Row], *, is_plain: bool, has_inputs: bool) -> str:
    """Why outputs can never depend on inputs, whatever the optimizer that follows gradients; "" where they may.

    Two layers of weights 0, with nothing but zeros between them, give one another no gradient; nor gets one a layer whose
    units are all 0 and have slope 0 there, as of relu.

    Args:
        rows: Layers with weights.
        is_plain: Whether the network is a plain stack; of others nothing is told.
        has_inputs: Whether inputs are not all 0.
    """
    if not has_inputs:
        return "all inputs are 0"
    if not is_plain:
        return ""
    begun = ""  # the last layer of weights 0 that hands on zeros
    for row in rows:
        if row.weights.std == 0.0:
            if begun:
                return f"weights of layers {begun} and {row.name} are 0, and give one another no gradient"
            begun = row.name
        value, slope = _at_zero(row)
        if row.weights.has_biases or value != 0.0:
            begun = ""
        elif begun and slope == 0.0 and row is not rows[-1]:
            return f"layer {row.name} is silent: its units are 0, and have no slope there"
    return ""


def _at_zero(row: Row) -> tuple[float, float]:
    """An activation and its slope at 0."""
    assert row.phi.derivative is not None, "catalog activations bring their derivative"
    zero = np.zeros(1)
    return float(row.phi.function_values(zero)[0]), float(row.phi.derivative(zero)[0])


def _death(dead: BornDead | None) -> list[str]:
    if dead is None or dead.p_single_input < SOME:
        return []
    told = f"{_percent(dead.p_single_input)} of seeds have a silent layer for an input"
    return [f"most likely dead at birth: {told}" if dead.p_single_input >= LIKELY else told]


def _precision(rows: Sequence[Row]) -> list[str]:
    largest, least = max(row.pre.second for row in rows), min(row.pre.second for row in rows)
    if least == 0.0:
        first = next(row.name for row in rows if row.pre.second == 0.0)
        return [f"pre-activations of layer {first} are 0 at birth"]
    if least >= LEAST and largest <= LARGEST:
        return []
    way = "grow beyond" if largest > LARGEST else "shrink below"
    return [f"squared pre-activations {way} single precision within {len(rows) - 1} hidden layers"]


def _symmetry(rows: Sequence[Row]) -> list[str]:
    """Units without weights, below and above, and with equal biases: one is like the other, and gets the same gradient."""
    for row, above in pairwise(rows):
        if row.weights.std == above.weights.std == row.weights.bias_variance == 0.0 and row.keep == 1.0:
            return [f"units of layer {row.name} are equal and stay so"]
    return []


def _gradients(rows: Sequence[Row], relative: Sequence[float]) -> str:
    first, last = (row.units * row.places for row in (rows[0], rows[-1]))
    decades = 0.5 * (relative[0] + math.log(first / last)) / _LN10  # of norms: widths drop out
    words, steps = gradient_words(decades), len(rows) - 1
    if abs(decades) < 0.5 or math.isinf(decades) or steps < 2:
        return words
    return f"{words}, by a factor of {number_text(10.0 ** (decades / steps))} a layer"


def _seeds(spread: Spread | None) -> list[str]:
    if spread is None or float(spread.log_gradient[0]) <= 1.0:
        return []
    factor = number_text(math.exp(min(700.0, float(spread.log_gradient[0]) / 2)))
    return [f"seeds differ by a factor of {factor} in gradients"]


def gradient_words(decades: float) -> str:
    """What becomes of gradients on the way to the first layer.

    Example:
        >>> gradient_words(-3.0), gradient_words(0.02)
        ("gradients vanish, to 0.001 of the output's", 'gradients keep their size')
    """
    if math.isinf(decades):
        return "gradients are 0 at the first layer"
    if abs(decades) < 0.5:
        return "gradients keep their size"
    ratio = f"1e{decades:.0f}" if abs(decades) > 6 else number_text(10.0**decades)
    mild, strong, of = ("shrink", "vanish", "of") if decades < 0 else ("grow", "explode", "times")
    return f"gradients {mild if abs(decades) <= FEW_DECADES else strong}, to {ratio} {of} the output's"


def described(rows: Sequence[Row], steps: Sequence[Step]) -> str:
    """A network in words.

    Example:
        >>> from gradlab.spec import NetworkSpec
        >>> from gradlab.theory.predict import predict_network
        >>> spec = NetworkSpec(inputs=4, outputs=2, hidden="9 x 3", activation="relu", weights="he_normal")
        >>> predict_network(spec).network
        '3 hidden layers of 9, relu'
    """
    hidden = rows[:-1]
    if not hidden:
        return f"a linear model with {rows[0].units} outputs" if rows else "nothing"
    widths = Counter(row.units for row in hidden)
    least, most = min(widths), max(widths)
    width = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    phis = [step.phi.name for step in flattened(steps) if step.phi is not None and step.place != "output"]
    names = list(dict.fromkeys(name.replace("(k=1.0)", "") for name in phis))
    names = [name for name in names if name != "identity" or len(names) == 1]
    kinds = {step.kind for step in (*steps, *flattened(steps))}
    extra = [
        word
        for word, has in (
            ("norms", "norm" in kinds),
            ("residual branches", "residual" in kinds),
            ("dropout", "dropout" in kinds),
        )
        if has
    ]
    layers = f"{len(hidden)} hidden layer{'s' * (len(hidden) > 1)} of {width}"
    return ", ".join([layers, " and ".join(names), *extra])


def _percent(p: float) -> str:
    return f"{100 * p:.3g} %" if p < 0.9995 else f"{100 * p:.6g} %"
