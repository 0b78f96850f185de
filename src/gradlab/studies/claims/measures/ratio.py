"""The ratio of two numbers of networks, taken network by network."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pydantic import model_validator

from gradlab.errors import SpecError
from gradlab.stats import Scale, next_value, t_mean
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.measures.numbers import SPREAD_OF, LayerName, LookNumber, MayBorrow, numbers
from gradlab.studies.levels import Levels

SMALLEST = 1e-300  # stands for 0 where a logarithm is taken
LARGEST = 700.0  # the logarithm of about the largest number there is


class Ratio(MayBorrow):
    """The geometric mean over networks of a metric or a quantity divided by another cell's, layer's or look's.

    Attributes:
        ratio: Name of the metric or quantity.
        to: Levels that pick the cell to divide by, replicas paired; left out, the same cell.
        to_layer: Layer to divide by; left out, the same layer.
        to_look: Number of the look to divide by, as of look: 0 is birth; left out, the same look.
    """

    key: ClassVar[str] = "ratio"
    ratio: str
    to: Levels | None = None
    to_layer: LayerName | None = None
    to_look: LookNumber | None = None

    @model_validator(mode="after")
    def _divides(self) -> Self:
        divisors = [value for value in (self.to, self.to_layer, self.to_look) if value is not None]
        if not divisors:
            raise SpecError("measure.ratio", got="nothing to divide by", expected="to (levels), to_layer or to_look")
        if self.to_look is not None and self.look == self.to_look and len(divisors) == 1:
            got = f"{f'look {self.look}' if self.look else 'birth'} divided by itself"
            raise SpecError("measure.to_look", got=got, expected="another look, layer or cell")
        return self

    @property
    def looked_at(self) -> dict[str, tuple[int | None, Collection[Levels]]]:
        """What is divided, and what it is divided by."""
        if self.to_look is None:
            return super().looked_at
        is_below = {side: side.removeprefix(SPREAD_OF) == "to" for side in self.cells}
        above = [levels for side, levels in self.cells.items() if not is_below[side]]
        below = [levels for side, levels in self.cells.items() if is_below[side]]
        return {"look": (self.look, above), "to_look": (self.to_look, below or above)}

    def estimate(
        self, found: Found, cells: Mapping[str, CellResult], layer: LayerName | None, place: str
    ) -> Estimate | str:
        """Geometric mean, its interval, and that of one more network, all by Student's of the logarithm."""
        to_look = self.look if self.to_look is None else self.to_look

        def logarithms(of: str) -> Float[ndarray, " R"]:
            cell = cells[f"{of}where"]
            above = numbers(cell, self.ratio, layer, self.look)
            below = numbers(cells.get(f"{of}to", cell), self.ratio, self.to_layer or layer, to_look)
            pairs = min(len(above), len(below))
            with np.errstate(all="ignore"):
                return np.asarray(np.log(np.maximum(above[:pairs], SMALLEST)) - np.log(below[:pairs]))

        sample = self.sample(cells, logarithms)
        if isinstance(sample, str):
            return sample
        mine, lent, borrowed = sample
        mean, n = t_mean(mine, spread=lent), len(mine)
        ends = (mean.mean, mean.low, mean.high, *next_value(mine, spread=lent))
        value, low, high, least, most = (math.exp(min(number, LARGEST)) for number in ends)
        return Estimate(
            value=value, low=low, high=high, n=n, networks=n, of="ratio", place=place, borrowed=borrowed,
            prediction=(least, most), scale=Scale("log"), levels=cells["where"].levels,
        )  # fmt: skip
