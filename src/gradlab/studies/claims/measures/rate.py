"""The rate of an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from gradlab.stats import Proportion, Scale, prediction_interval
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.levels import Levels


class Rate(Measure):
    """The rate of an outcome: the share of a cell's networks in which it happened.

    Attributes:
        rate: Name of the outcome.
        where: Levels that pick the cell, or, beside a closed form, the cells.
        look: 0 for at birth; left out, at the end.
    """

    key: ClassVar[str] = "rate"
    judged_by: ClassVar[frozenset[str]] = frozenset({"published", "theory"}) | BOUNDS
    rate: str
    where: Levels = Field(default_factory=dict)
    look: Literal[0] | None = None

    def names(self, known: Known) -> Sequence[str]:
        """Outcomes that exist at the look."""
        return known.birth_outcomes if self.look == 0 else known.outcomes

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The rate in every cell, with Wilson's interval and that of another run."""
        estimates = [rate_of(cell, self.rate, self.look, again) for cell in found.matching(self.where)]
        known = [each for each in estimates if each is not None]
        return known if len(known) == len(estimates) else "no trials yet"


def rate_of(cell: CellResult, outcome: str, look: int | None, again: int) -> Estimate | None:
    """One cell's rate; None before there are trials."""
    rate: Proportion | None = (cell.at_birth if look == 0 else cell.outcomes).get(outcome)
    if rate is None:
        return None
    return Estimate(
        value=rate.rate, low=rate.low, high=rate.high, n=rate.n, networks=rate.n, of="rate",
        scale=Scale("logit", step=1.0 / again),
        prediction=prediction_interval(rate.count, rate.n, again), levels=cell.levels, setup=cell.setup,
    )  # fmt: skip
