"""A difference of two rates, replicas paired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from gradlab.stats import paired_rates_difference
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Unit
from gradlab.studies.levels import Levels


class Difference(Measure):
    """The rate of an outcome in one cell less that in another, at the end, replicas paired.

    Attributes:
        difference: Name of the outcome.
        where: Levels that pick the cell.
        minus: Levels that pick the other one.
    """

    key: ClassVar[str] = "difference"
    judged_by: ClassVar[frozenset[str]] = BOUNDS
    unit: ClassVar[Unit] = "points"
    difference: str
    where: Levels = Field(default_factory=dict)
    minus: Levels

    def names(self, known: Known) -> Sequence[str]:
        """Outcomes at the end."""
        return known.outcomes

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The difference, with an interval that uses the pairing."""
        (cell,), (other,) = found.matching(self.where), found.matching(self.minus)
        only_cell, only_other, n = (
            found.pairs(cell, other, self.difference) if cell.replicas and other.replicas else (0, 0, 0)
        )
        if n == 0:
            return "no trials yet"
        gap = paired_rates_difference(only_cell, only_other, n)
        said = f"{n:,} pairs of replicas"
        return [Estimate(value=gap.difference, low=gap.low, high=gap.high, n=n, networks=n, of="difference", said=said)]
