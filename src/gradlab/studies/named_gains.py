"""Gains by name: `network.weights.gain = "forward"` in a study file is the number of the cell's own activation.

So that one factor varies the rule while another varies the activation, and no number in a file goes stale. What a cell's
Setup holds, and is hashed by, is the number, of 9 significant digits: the same on every machine, and the same for two rules
that agree. Only `network.weights` is looked at, beside `network.activation`; layers that state their own weights give numbers.

- forward: keeps lengths (`theory.meanfield.gains`).
- backward: keeps gradients.
- compromise: their geometric mean, which `gradlab predict` recommends beside them.
- torch: the table of `torch.nn.init.calculate_gain`, which knows few activations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from gradlab.errors import SpecError, UnknownName
from gradlab.parts import ACTIVATIONS
from gradlab.spec.choice import Choice, choose
from gradlab.theory.meanfield import gains

OF_THEORY = ("forward", "backward", "compromise")
NAMES = (*OF_THEORY, "torch")
DIGITS = 9
# torch.nn.init.calculate_gain, of activations with the parameters that torch gives them; leaky_relu's has a formula
TORCH = {"identity": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75}


@cache
def named_gain(name: str, activation: Choice) -> float:
    """The gain that a rule gives an activation, to 9 significant digits.

    Raises:
        UnknownName: No such rule.
        SpecError: Torch's table has no such activation.
        UserError: Theory has no gains for it.

    Example:
        >>> named_gain("forward", choose(ACTIVATIONS, "activation", "tanh"))
        1.59253742
    """
    if name not in NAMES:
        raise UnknownName("gain", name, NAMES, do="network.weights.gain is one of these, or a number")
    gain = _torch(activation) if name == "torch" else getattr(gains(activation), name)
    return float(f"{gain:.{DIGITS}g}")


def _torch(activation: Choice) -> float:
    if activation.name == "leaky_relu":
        return math.sqrt(2.0 / (1.0 + activation["negative_slope"] ** 2))
    if activation.name not in TORCH or activation != choose(ACTIVATIONS, "activation", activation.name):
        raise SpecError(
            "network.weights.gain",
            got=f'"torch" for {activation}',
            expected=f"one of the activations that torch has a gain for: {', '.join([*TORCH, 'leaky_relu'])}",
            do="Leave such cells out: leave_out in the [study] table",
        )
    return TORCH[activation.name]


def with_numbers(network: Any) -> Any:
    """A cell's network table with a number in the place of a gain's name; any other as it is.

    Raises:
        SpecError: No activation whose gain it could be, or as of `named_gain`.
        UnknownName: No such gain, or no such activation.
    """
    weights = network.get("weights") if isinstance(network, Mapping) else None
    if not isinstance(weights, Mapping) or not isinstance(weights.get("gain"), str):
        return network
    if "activation" not in network:
        do = "Add network.activation, whose gain it is"
        raise SpecError("network.weights.gain", got=f'"{weights["gain"]}" and no activation', expected="both", do=do)
    activation = choose(ACTIVATIONS, "activation", network["activation"])
    return {**network, "weights": {**weights, "gain": named_gain(weights["gain"], activation)}}
