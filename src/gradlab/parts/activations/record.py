"""The record of an activation and the catalog that holds them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradlab.catalog import Catalog
from gradlab.parts.param import Param


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An activation function.

    Attributes:
        name: Torch's spelling where torch has it.
        formula: phi in plain text.
        source: Where it was published.
        function: `function(xp, z, *params)` -> phi(z), same shape as z.
        derivative: `derivative(xp, z, a, *params)` -> phi'(z), where a = phi(z) spares a second exp.
        params: Parameters in the order in which the functions take them.
        kinks: Points where phi or phi' is not smooth; a string names the parameter that holds the point.
        second_moment: `second_moment(q, *params)` -> E[phi(sqrt(q) u)^2], u ~ N(0, 1), in closed form.
        slope_moment: `slope_moment(q, *params)` -> E[phi'(sqrt(q) u)^2], in closed form.
        mistake: What is wrong with `derivative`, where it is a source's mistake and not phi'; "" otherwise.
        overwritten: Whether, as part of that mistake, the backward pass puts ones in the place of the activations before
            the layer above multiplies them into the gradient by its weights.
    """

    name: str
    formula: str
    source: str
    function: Callable[..., Any]
    derivative: Callable[..., Any]
    params: tuple[Param, ...] = ()
    kinks: tuple[float | str, ...] = ()
    second_moment: Callable[..., float] | None = None
    slope_moment: Callable[..., float] | None = None
    mistake: str = ""
    overwritten: bool = False


ACTIVATIONS: Catalog[Activation] = Catalog("activation", "activations")
