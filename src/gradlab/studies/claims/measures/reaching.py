"""How many cells reach a number: of a rule, for how many activations networks train; of two rules, for how many more.

A cell reaches a threshold where the mean of a metric over its replicas, at the end, is not below it; a network whose number
is NaN has not reached it. The interval is one over cells (Wilson's; of a difference that over pairs of cells that agree in all
other levels), as if they were drawn from more such cells: replicas of one cell say nothing of another activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from gradlab.errors import SpecError
from gradlab.stats import paired_rates_difference, wilson
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measures.numbers import UNMEASURED
from gradlab.studies.claims.measures.over_cells import OverCells
from gradlab.studies.claims.result import Unit
from gradlab.studies.levels import Levels, levels_said, matching, others

MOST_NAMED = 5


class Reaching(OverCells):
    """The share of cells in which the mean of a metric reaches a threshold, less that of other cells where given.

    Attributes:
        reaching: Name of the metric; its value at the end counts.
        threshold: What the mean over replicas has to reach.
        where: Levels that pick the cells.
        minus: Levels that pick the other cells, each paired with the one that agrees in all levels that neither names.
    """

    key: ClassVar[str] = "reaching"
    judged_by: ClassVar[frozenset[str]] = BOUNDS
    reaching: str
    threshold: float
    where: Levels = Field(default_factory=dict)
    minus: Levels | None = None

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if self.minus is not None and self.minus.keys() != self.where.keys():
            expected = f"levels of {', '.join(self.where) or 'nothing'}, as in where: cells are paired by all others"
            raise SpecError("measure.minus", got=self.minus, expected=expected)
        return self

    @property
    def told_in(self) -> Unit:
        """Points, of a difference."""
        return "share" if self.minus is None else "points"

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """Some cells are pairs."""
        super().check(known, where, several=several)
        if self.minus is not None:
            first, second = (
                {others(cell.levels, self.where) for cell in matching(known.cells, levels)}
                for levels in (self.where, self.minus)
            )
            if not first & second:
                expected = "some cell that agrees with one of where in all other levels"
                raise SpecError(f"{where}.measure.minus", got=self.minus, expected=expected)

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The share of cells, or the difference of two."""
        cells = found.matching(self.where)
        beside = [] if self.minus is None else found.matching(self.minus)
        if not all(map(self.is_measured, (*cells, *beside))):
            return UNMEASURED
        return [self._share(cells) if self.minus is None else self._difference(cells, beside, self.minus)]

    def _share(self, cells: Sequence[CellResult]) -> Estimate:
        failing = [cell for cell in cells if not self._reaches(cell)]
        count = len(cells) - len(failing)
        share = wilson(count, len(cells))
        said = f"{count} of {len(cells)} cells reach {self.threshold:g}"
        said += f"; not {_named(failing, cells)}" * bool(failing)
        return Estimate(
            value=share.rate, low=share.low, high=share.high, n=min(map(self.networks, cells)),
            networks=sum(map(self.networks, cells)), of="share of cells", said=said, counted=(count, len(cells)),
        )  # fmt: skip

    def _difference(self, cells: Sequence[CellResult], beside: Sequence[CellResult], minus: Levels) -> Estimate:
        partners = {others(cell.levels, self.where): cell for cell in beside}
        both = [(cell, partners[key]) for cell in cells if (key := others(cell.levels, self.where)) in partners]
        first = [cell for cell, other in both if self._reaches(cell) and not self._reaches(other)]
        second = [cell for cell, other in both if self._reaches(other) and not self._reaches(cell)]
        gap = paired_rates_difference(len(first), len(second), len(both))
        mine = [cell for cell, _ in both]
        paired = [*mine, *(other for _, other in both)]
        texts = [
            f"{len(named)} reach {self.threshold:g} at {levels_said(levels)} alone"
            + (f" ({_named(named, mine)})" * bool(named))
            for named, levels in ((first, self.where), (second, minus))
        ]
        return Estimate(
            value=gap.difference, low=gap.low, high=gap.high, n=min(map(self.networks, paired)),
            networks=sum(map(self.networks, paired)), of="difference over cells",
            said=f"of {len(both)} pairs of cells {', '.join(texts)}",
        )  # fmt: skip

    def _reaches(self, cell: CellResult) -> bool:
        return self.mean_at_end(cell) >= self.threshold


def _named(cells: Sequence[CellResult], among: Sequence[CellResult]) -> str:
    """Cells by the levels in which they differ."""
    varied = [name for name in among[0].levels if len({cell.levels.get(name) for cell in among}) > 1]
    texts = [" and ".join(str(cell.levels.get(name)) for name in varied) for cell in cells]
    return ", ".join(texts[:MOST_NAMED]) + f" and {len(texts) - MOST_NAMED} more" * (len(texts) > MOST_NAMED)
