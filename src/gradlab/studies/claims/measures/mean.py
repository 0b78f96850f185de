"""The mean of a number over networks, or how much larger it is than another cell's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.stats import IDENTITY
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.measures.numbers import LayerName, MayBorrow, mean_of, numbers
from gradlab.studies.levels import Levels


class Mean(MayBorrow):
    """The mean of a metric or a quantity over the networks of a cell, less that of another where given.

    Attributes:
        mean: Name of the metric or quantity.
        minus: Levels that pick the other cell of a difference; replicas are paired.
    """

    key: ClassVar[str] = "mean"
    mean: str
    minus: Levels | None = None

    def estimate(
        self, found: Found, cells: Mapping[str, CellResult], layer: LayerName | None, place: str
    ) -> Estimate | str:
        """Mean, Student's interval of it, and that of one more network."""

        def values(of: str) -> Float[ndarray, " R"]:
            mine = numbers(cells[f"{of}where"], self.mean, layer, self.look)
            if self.minus is None:
                return mine
            others = numbers(cells[f"{of}minus"], self.mean, layer, self.look)
            pairs = min(len(mine), len(others))
            return np.asarray(mine[:pairs] - others[:pairs])

        sample = self.sample(cells, values)
        if isinstance(sample, str):
            return sample
        mine, lent, borrowed = sample
        scale = IDENTITY if self.minus is not None else found.scale(self.mean, cells["where"])
        of, levels = "mean" if self.minus is None else "difference", cells["where"].levels
        return mean_of(mine, scale, lent, of=of, place=place, borrowed=borrowed, levels=levels)
