"""Source of what is done to every unit alike: activation, slope, and whether a unit is live.

An activation that is a few instructions stands in the loops of its layer. One with an exponential is long when compiled,
and would stand there once a unit; it gets functions of its own, compiled once for all layers.
"""

from __future__ import annotations

import re

from gradlab.parts import ACTIVATIONS, Activation
from gradlab.training.narrow.blocks import TILE
from gradlab.training.narrow.formula import compiled_name, scalar_source

_LONG = {"cos", "erf", "exp", "expm1", "log", "log1p", "tanh"}

_APART = """
@njit(**INNER)
def activate_{name}(buf, base, units{params}):
    kept_apart()
    widest_vectors()
    size = units * U{tile}
    for t in range(size):
        buf[base + t] = {function}(buf[base + size + t]{params})


@njit(**INNER)
def slope_{name}(buf, base, units{params}):
    kept_apart()
    widest_vectors()
    size = units * U{tile}
    upstream = base + size + size
    for t in range(size):
        buf[upstream + t] = buf[upstream + t] * {derivative}(buf[base + size + t], buf[base + t]{params})
"""

_LIVE = """
@njit(**INNER)
def is_live_{name}(buf, row, units{params}):
    widest_vectors()
    hits = F(0.0)  # a sum, because a loop over "or" does not vectorise
    for t in range(U{tile}):
        slope = {derivative}(buf[row + t], buf[row - units * U{tile} + t]{params})
        hits += real.where(slope != F(0.0), F(1.0), F(0.0))
    return hits > F(0.0)
"""


def parameter_names(activation: str) -> list[str]:
    """Local names of the activation's parameters."""
    return [f"p_{param.name}" for param in ACTIVATIONS[activation].params]


def is_long(activation: str) -> bool:
    """Whether the activation has functions of its own."""
    record = ACTIVATIONS[activation]
    sources = {**scalar_source(record.function), **scalar_source(record.derivative)}
    return bool(_LONG & set(re.findall(r"\breal\.(\w+)\(", "".join(sources.values()))))


def pointwise_functions(activation: str) -> str:
    """Functions over whole layers for one activation; its formulas stand before them."""
    record: Activation = ACTIVATIONS[activation]
    text = _LIVE + (_APART if is_long(activation) else "")
    return text.format(
        name=activation,
        params="".join(f", {name}" for name in parameter_names(activation)),
        function=compiled_name(record.function),
        derivative=compiled_name(record.derivative),
        tile=TILE,
    )
