"""Boundaries: up to which level of a factor, most often depth, networks reach a number."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import ClassVar

from pydantic import Field

from gradlab.errors import SpecError, UnknownName
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measures.numbers import UNMEASURED
from gradlab.studies.claims.measures.over_cells import OverCells
from gradlab.studies.levels import Levels, LevelValue, matching, others


class Boundary(OverCells):
    """Up to which level of a factor the mean of a metric reaches a threshold, for every combination of the other levels.

    Attributes:
        boundary: Name of the metric; its value at the end counts.
        along: Name of the factor, whose levels are numbers, such as depth.
        threshold: What the mean over replicas has to reach.
        where: Levels that pick the cells.
    """

    key: ClassVar[str] = "boundary"
    judged_by: ClassVar[frozenset[str]] = frozenset({"within"})
    noun: ClassVar[str] = "boundaries"
    boundary: str
    along: str
    threshold: float
    where: Levels = Field(default_factory=dict)

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """The factor exists, and its levels are numbers."""
        if known.kind != "exact":
            if self.along not in known.factors:
                raise UnknownName("factor", self.along, known.factors, do=f"{where[:1].upper()}{where[1:]} names it")
            levels = [cell.levels.get(self.along) for cell in matching(known.cells, self.where)]
            if any(isinstance(level, str | bool | None) for level in levels):
                raise SpecError(f"{where}.measure.along", got=self.along, expected="a factor of numbers")
        super().check(known, where, several=several)

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The boundary for every combination of the other levels.

        Its value is the greatest level up to which the mean is nowhere below the threshold, 0 where already the least one is;
        its ends are that level and the next, infinity where there is none.
        """
        groups: dict[tuple[tuple[str, LevelValue], ...], list[CellResult]] = {}
        for cell in found.matching(self.where):
            groups.setdefault(others(cell.levels, [self.along]), []).append(cell)
        estimates = []
        for rest, members in groups.items():
            if not all(map(self.is_measured, members)):
                return UNMEASURED
            members.sort(key=lambda cell: float(cell.levels[self.along]))
            levels = [float(cell.levels[self.along]) for cell in members]
            below = next(
                (k for k, cell in enumerate(members) if not self.mean_at_end(cell) >= self.threshold), len(members)
            )
            passes, fails = levels[below - 1] if below else 0.0, levels[below] if below < len(levels) else inf
            counts = list(map(self.networks, members))
            estimates.append(
                Estimate(
                    value=passes, low=passes, high=fails, n=min(counts), networks=sum(counts), of=self.along,
                    levels=dict(rest), setup=members[-1].setup,
                )
            )  # fmt: skip
        return estimates
