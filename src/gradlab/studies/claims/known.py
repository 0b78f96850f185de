"""What a claim may name: the outcomes, numbers, factors, cells and computations of a study."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from gradlab.studies.levels import HasLevels, LevelValue
from gradlab.studies.measured import Metric


@dataclass(frozen=True, slots=True)
class Known:
    """What a study has.

    Attributes:
        kind: "trained" or "exact".
        outcomes: Names of outcomes at the end.
        birth_outcomes: Names of those that exist at birth too.
        metrics: By name.
        quantities: Names of what is measured by layer.
        factors: Names.
        cells: All of them.
        last_look: Number of the last look that all cells of some levels have; 0 is birth.
        computations: Names of the results of each computation, by its name.
    """

    kind: str
    outcomes: Sequence[str]
    birth_outcomes: Sequence[str]
    metrics: Mapping[str, Metric]
    quantities: Sequence[str]
    factors: Sequence[str]
    cells: Sequence[HasLevels]
    last_look: Callable[[Mapping[str, LevelValue]], int]
    computations: Mapping[str, Collection[str]]
