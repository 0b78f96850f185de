"""What a run hands to the measures of claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradlab.data.inputs import InputSet
from gradlab.studies.cell_result import CellResult, ComputedResult
from gradlab.studies.levels import LevelValue, matching
from gradlab.studies.measured import Metric

Pairs = Callable[[CellResult, CellResult, str], tuple[int, int, int]]


def no_pairs(cell: CellResult, other: CellResult, outcome: str) -> tuple[int, int, int]:
    """Of no replica."""
    return (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found.

    Attributes:
        cells: Results in the plan's order.
        metrics: The study's.
        inputs: The study's input sets.
        pairs: How many replicas have an outcome in the first of two cells only, in the second only, and are in both.
        computed: What an exact study computed, by name.
    """

    cells: Sequence[CellResult] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    inputs: Mapping[str, InputSet] = field(default_factory=dict)
    pairs: Pairs = no_pairs
    computed: Mapping[str, ComputedResult] = field(default_factory=dict)

    def matching(self, where: Mapping[str, LevelValue]) -> list[CellResult]:
        """The cells that have all of these levels."""
        return matching(self.cells, where)
