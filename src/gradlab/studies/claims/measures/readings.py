"""Readings of what a source leaves out: which of several cells reproduce its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from gradlab.errors import SpecError
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Borrowed, Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.measures.numbers import SPREAD_OF, mean_of, numbers, with_lenders
from gradlab.studies.claims.measures.rate import rate_of
from gradlab.studies.levels import Levels, levels_said


class Readings(Measure):
    """Readings of what a source leaves out, each of them a cell: held where at least one reproduces the published number.

    Attributes:
        readings: Name of an outcome, or of a metric that is a share, such as an accuracy.
        where: Levels that all readings have.
        look: 0 for at birth; left out, at the end.
        spread: Of a metric: levels of the cell whose spread stands for that of readings that were run once; others are judged
            by their own.
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
        """One: every reading is judged by itself, with the networks it has."""
        return 1

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
            one = self._number(found, cell, lender) if is_metric else rate_of(cell, self.readings, self.look, again)
            if not isinstance(one, Estimate):
                return one or "no trials yet"
            estimates.append(replace(one, levels=cell.levels))
        return estimates

    def _number(self, found: Found, cell: CellResult, lender: CellResult | None) -> Estimate | str:
        """A reading of a metric, by its own spread wherever it has one."""
        values = numbers(cell, self.readings, None, self.look)
        lent = None if lender is None or len(values) > 1 else numbers(lender, self.readings, None, self.look)
        if not len(values) or len(values if lent is None else lent) < 2:
            return ""
        if not np.isfinite(values).all():
            return f"{int((~np.isfinite(values)).sum())} of {len(values)} networks give no finite number"
        borrowed = None if lent is None else Borrowed(len(values), len(lent), levels_said(self.spread or {}))
        return mean_of(values, found.scale(self.readings, cell), lent, of="mean", borrowed=borrowed)
