"""The verdict: one line in words, and whether a network can train as it is.

Where layers are plain the depth decides, against 6 depth scales (Schoenholz et al. 2017). With norms or branches nobody has
shown such a limit: there a gradient norm at the first layer that differs from the output's by `DECADES` decades counts as
hard to train, by `FEW_DECADES` as doubtful. A network that is probably born dead, or whose
lengths leave the range of single precision, cannot train at any depth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from gradlab.stats.text import number_text
from gradlab.theory.finite import BornDead
from gradlab.theory.predict.flow import Step, flattened
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import DepthScales, Spread

FEW_DECADES, DECADES = 1.0, 3.0
LARGEST, LEAST = 1e38, 1e-38  # of lengths that single precision holds
_LN10 = math.log(10.0)


def verdict_of(
    rows: Sequence[Row],
    relative: Sequence[float],
    scales: DepthScales | None,
    dead: BornDead | None,
    spread: Spread | None,
) -> tuple[str, bool | None]:
    """The line, and yes, no or (where theory does not decide) None.

    Args:
        rows: Layers with weights.
        relative: ln of mean squared gradients over that of the output, by layer.
        scales: Depth scales.
        dead: Probabilities of death at birth.
        spread: Over seeds.
    """
    depth = len(rows) - 1
    largest, least = max(row.pre.second for row in rows), min(row.pre.second for row in rows)
    first, last = (row.units * row.places for row in (rows[0], rows[-1]))
    decades = 0.5 * (relative[0] + math.log(first / last)) / _LN10  # of norms: widths drop out
    if dead is not None and dead.p_single_input >= 0.5:
        return f"Most likely dead at birth: {_percent(dead.p_single_input)} of seeds have a silent layer", False
    if least == 0.0:
        return "Cannot train: nothing gets through, pre-activations are all 0", False
    if largest > LARGEST or least < LEAST:
        way = "grow beyond" if largest > LARGEST else "shrink below"
        return f"Cannot train: pre-activations {way} single precision within {depth} hidden layers", False
    if scales is None:
        return "A linear model: nothing vanishes or explodes between layers", True
    gradients = gradient_words(decades)
    seeds = ""
    if spread is not None and float(spread.log_gradient[0]) > 1.0:
        seeds = f"; seeds differ by a factor of {number_text(math.exp(float(spread.log_gradient[0]) / 2))} in gradients"
    if scales.trainable_depth is None:
        if abs(decades) > DECADES:
            return f"Hard to train as it is: {gradients}{seeds}", False
        may = abs(decades) > FEW_DECADES
        return f"{'May' if may else 'Can'} train: {gradients}{seeds}", None if may else True
    if depth > scales.trainable_depth:
        limit = max(1, math.floor(scales.trainable_depth))
        could = f"about {limit:,} layer{'s' * (limit > 1)} could train"
        return f"Too deep to train as it is: {_lost(scales)}, {gradients}; {could}", False
    if dead is not None and dead.p_single_input >= 0.1:
        return f"Can train where it is alive: {_percent(dead.p_single_input)} of seeds are born dead for an input", None
    return f"Can train: {gradients}{seeds}", True


def gradient_words(decades: float) -> str:
    """What becomes of gradients on the way to the first layer.

    Example:
        >>> gradient_words(-3.0), gradient_words(0.02)
        ("gradients vanish, to 0.001 of the output's", 'gradients keep their size')
    """
    if math.isinf(decades):
        return "gradients are 0"
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


def _lost(scales: DepthScales) -> str:
    """What an input loses on its way."""
    if scales.q_star == 0.0:
        return "signals die out"
    if scales.phase == "chaotic":
        return "alike inputs become unlike (chaotic)"
    return "all inputs become alike (ordered)"


def _percent(p: float) -> str:
    return f"{100 * p:.3g} %" if p < 0.9995 else f"{100 * p:.6g} %"
