"""Readings of what a source leaves out: which of several cells reproduce its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from gradlab.errors import SpecError
from gradlab.stats import next_value, t_mean
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.measures.mean import within_shares
from gradlab.studies.claims.measures.numbers import SPREAD_OF, numbers, with_lenders
from gradlab.studies.claims.measures.rate import rate_of
from gradlab.studies.levels import Levels


class Readings(Measure):
    """Readings of what a source leaves out, each of them a cell: held where at least one reproduces the published number.

    Attributes:
        readings: Name of an outcome, or of a metric that is a share, such as an accuracy.
        where: Levels that all readings have.
        look: 0 for at birth; left out, at the end.
        spread: Of a metric: levels of the cell whose spread stands for that of readings that were run once.
    """

    key: ClassVar[str] = "readings"
    judged_by: ClassVar[frozenset[str]] = frozenset({"published"})
    any_of: ClassVar[bool] = True
    noun: ClassVar[str] = "readings"
    readings: str
    where: Levels = Field(default_factory=dict)
    look: Literal[0] | None = None
    spread: Levels | None = None

    @property
    def needed(self) -> int:
        """As for rates; one where the spread is borrowed."""
        return 1 if self.spread is not None else 100

    @property
    def cells(self) -> dict[str, Levels]:
        """The readings, and the cell that lends its spread."""
        return with_lenders(super().cells, self.spread)

    def takes_several(self, side: str) -> bool:
        """Any number of readings; one cell lends its spread."""
        return side == "where"

    def names(self, known: Known) -> Sequence[str]:
        """Outcomes, and metrics between 0 and 1."""
        outcomes = known.birth_outcomes if self.look == 0 else known.outcomes
        return [*outcomes, *(name for name, metric in known.metrics.items() if metric.is_share)]

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """Only numbers have a spread that can be lent."""
        super().check(known, where, several=several)
        if self.spread is not None and self.readings not in known.metrics:
            raise SpecError(f"{where}.measure.spread", got="a rate", expected="readings of an accuracy")

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """One for each reading."""
        lender = None if self.spread is None else found.matching(self.cells[f"{SPREAD_OF}where"])[0]
        estimates = []
        for cell in found.matching(self.where):
            is_metric = self.readings in cell.metrics
            one = self._number(cell, lender) if is_metric else rate_of(cell, self.readings, self.look, again)
            if one is None:
                return "no trials yet"
            estimates.append(replace(one, levels=cell.levels))
        return estimates

    def _number(self, cell: CellResult, lender: CellResult | None) -> Estimate | None:
        values = numbers(cell, self.readings, None, self.look)
        others = values if lender is None else numbers(lender, self.readings, None, self.look)
        if len(values) >= len(others):  # nothing to borrow
            others = values
        if not len(values) or len(others) < 2:
            return None
        mean, n = t_mean(values, spread=others), len(values)
        return within_shares(
            Estimate(
                value=mean.mean, low=mean.low, high=mean.high, n=n, networks=n, of="mean", is_share=True,
                prediction=next_value(values, spread=others),
            )
        )  # fmt: skip
