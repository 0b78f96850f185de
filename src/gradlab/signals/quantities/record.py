"""The record of a quantity and the catalog that holds them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.catalog import Catalog
from gradlab.signals.captured import Captured, CapturedLayer, Needs

Measure = Callable[[Captured], Float[ndarray, "R L"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One number for each layer of each replica.

    Attributes:
        name: Its name.
        symbol: How papers and lectures write it.
        unit: What it counts in; "" for a pure number.
        meaning: One line: what it tells.
        formula: In plain text; a activations, z pre-activations, W weights, L loss, phi the activation, all entries of
            one layer of one replica; a std has the divisor n.
        source: Where it is defined or was used.
        needs: What must have been captured.
        scale: "log" for a size that spans decades (drawn on a log axis, averaged geometrically), else "linear".
        domain: What it can be: any number, one from 0 on, or a share between 0 and 1; it decides on which scale the numbers of
            several networks are judged.
        measure: `measure(captured)` -> [R, L] float64; NaN where a layer has no such number. It never raises, and gives
            NaN where the data hold NaN or the formula has no value (0 / 0, the mean of Inf and -Inf).
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    formula: str
    source: str
    needs: Needs
    scale: Literal["linear", "log"] = "linear"
    domain: Literal["real", "positive", "share"] = "real"
    measure: Measure


QUANTITIES: Catalog[Quantity] = Catalog("quantity", "quantities")


def by_layer(number: Callable[[CapturedLayer], Float[ndarray, " R"] | None]) -> Measure:
    """A measure that asks every layer for its number, one a replica, or None where the layer has none."""

    def measure(captured: Captured) -> Float[ndarray, "R L"]:
        values = np.full((captured.replicas, len(captured.layers)), np.nan)
        for place, layer in enumerate(captured.layers):
            found = number(layer)
            if found is not None:
                values[:, place] = found
        return values

    return measure


def of_output(number: Callable[[Captured], Float[ndarray, " R"]]) -> Measure:
    """A measure of the whole network, one number a replica: it stands in the output's column, NaN in the others."""

    def measure(captured: Captured) -> Float[ndarray, "R L"]:
        values = np.full((captured.replicas, len(captured.layers)), np.nan)
        values[:, -1] = number(captured)
        return values

    return measure
