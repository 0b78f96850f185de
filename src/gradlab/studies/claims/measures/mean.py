"""The mean of a number over networks, or how much larger it is than another cell's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.signals import QUANTITIES
from gradlab.stats import next_value, t_mean
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.measures.numbers import LayerName, MayBorrow, numbers
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
        mean, n = t_mean(mine, spread=lent), len(mine)
        is_share = self.minus is None and is_of_shares(found, self.mean)
        one = Estimate(
            value=mean.mean, low=mean.low, high=mean.high, n=n, networks=n, is_share=is_share,
            of="mean" if self.minus is None else "difference", place=place, borrowed=borrowed,
            prediction=None if self.minus is not None else next_value(mine, spread=lent), levels=cells["where"].levels,
        )  # fmt: skip
        return within_shares(one) if is_share else one


def is_of_shares(found: Found, name: str) -> bool:
    """Whether a metric or quantity lies between 0 and 1."""
    metric = found.metrics.get(name)
    return metric.is_share if metric else QUANTITIES[name].unit.startswith("share")


def within_shares(one: Estimate) -> Estimate:
    """The same with its intervals cut at 0 and 1."""
    assert one.prediction is not None
    low, high, least, most = np.clip([one.low, one.high, *one.prediction], 0.0, 1.0).tolist()
    return replace(one, low=low, high=high, prediction=(least, most))
