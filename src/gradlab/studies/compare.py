"""Theory beside measurement: probabilities and depths that apply to a cell, by name, as functions of its Setup.

A form returns None where its assumptions do not hold; a claim on such a cell is an error of the study, not a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from gradlab.catalog import Catalog
from gradlab.parts import INITIALIZERS
from gradlab.spec import Dense, NetworkSpec, Setup
from gradlab.theory.finite import born_dead, born_dead_lower_bound, born_dead_one_input
from gradlab.theory.predict import predict_network

LU = "Lu, Shin, Su and Karniadakis 2019"


@dataclass(frozen=True, slots=True)
class Theory:
    """A closed form beside which a measured rate is set.

    Attributes:
        name: How claims call it.
        meaning: What it predicts, in words.
        kind: "exact" or "lower bound".
        source: Where it comes from.
        value: Setup -> probability, or None where the assumptions do not hold.
    """

    name: str
    meaning: str
    kind: Literal["exact", "lower bound"]
    source: str
    value: Callable[[Setup], float | None]

    @property
    def formula(self) -> str:
        """What lists show of it."""
        return f"{self.meaning} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Depth:
    """A depth beside which a measured boundary is set.

    Attributes:
        name: How claims call it.
        meaning: What it predicts, in words.
        source: Where it comes from.
        value: Setup -> number of hidden layers, or None where the assumptions do not hold.
    """

    name: str
    meaning: str
    source: str
    value: Callable[[Setup], float | None]

    @property
    def formula(self) -> str:
        """What lists show of it."""
        return self.meaning


THEORIES: Catalog[Theory] = Catalog("theory", "theories")
DEPTHS: Catalog[Depth] = Catalog("theory of a depth", "depths")


def _symmetric_relu(setup: Setup) -> list[int] | None:
    """Widths of the hidden relu layers if all of them fit the assumptions of `theory.finite`."""

    def fits(layer: Dense) -> bool:
        law = INITIALIZERS[layer.weights.name]
        symmetric = law.std is not None and layer.weights.name != "zeros"
        if layer.weights.name == "uniform":
            symmetric = layer.weights["low"] == -layer.weights["high"]
        zero = layer.bias == "none" or (not isinstance(layer.bias, str) and layer.bias.name == "zeros")
        return symmetric and zero and layer.draws == "own"

    hidden = setup.network.dense[:-1] if setup.network.is_plain else ()
    if not hidden or any(layer.activation.name not in ("relu", "identity") or not fits(layer) for layer in hidden):
        return None
    return [layer.units for layer in hidden if layer.activation.name == "relu"] or None


def _one_input(setup: Setup) -> float | None:
    widths = _symmetric_relu(setup)
    return None if widths is None else born_dead_one_input(widths)


def _both_rays(setup: Setup) -> float | None:
    widths = _symmetric_relu(setup)
    plain = widths is not None and len(widths) == setup.network.depth and len(set(widths)) == 1
    return born_dead_lower_bound(widths[0], len(widths)) if widths and plain and setup.network.inputs == 1 else None


def _both_rays_exact(setup: Setup) -> float | None:
    widths = _symmetric_relu(setup)
    if widths is None or setup.network.inputs != 1 or len(widths) != setup.network.depth:
        return None
    laws = [(INITIALIZERS[layer.weights.name].kurtosis, layer.weights.values) for layer in setup.network.dense]
    is_normal = all(kurtosis is None or kurtosis(*values) == 0.0 for kurtosis, values in laws)
    return born_dead(widths).p_exact if is_normal or set(widths) != {2} else None


THEORIES.add(
    Theory(
        "born_dead_one_input", "collapsed at birth on inputs of one ray: 1 - prod (1 - 2^-N)", "exact", LU, _one_input
    )
)
THEORIES.add(
    Theory("born_dead_lower_bound", "collapsed at birth on inputs of both signs", "lower bound", LU, _both_rays)
)
THEORIES.add(
    Theory(
        "born_dead_exact",
        "collapsed at birth on inputs of both signs, for two hidden layers at most, or layers of two units with normal weights",
        "exact",
        f"{LU}, worked out further in theory.finite",
        _both_rays_exact,
    )
)


@lru_cache(maxsize=1000)  # claims and figures ask again of the same networks
def _depth_of(network: NetworkSpec) -> float | None:
    scales = predict_network(network).scales
    return None if scales is None else scales.six_scales


def _trainable_depth(setup: Setup) -> float | None:
    return _depth_of(setup.network)


DEPTHS.add(
    Depth(
        "trainable_depth",
        "six depth scales of the fixed point, in hidden layers",
        "Schoenholz, Gilmer, Ganguli and Sohl-Dickstein 2017",
        _trainable_depth,
    )
)


def theories_of(setup: Setup) -> dict[str, float]:
    """Every probability in closed form that applies, by name."""
    values = {name: theory.value(setup) for name, theory in THEORIES.items()}
    return {name: value for name, value in values.items() if value is not None}
