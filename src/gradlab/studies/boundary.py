"""Boundaries: up to which level of a factor, most often depth, networks reach a number, beside what theory says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from gradlab.spec import Setup
from gradlab.studies.claim import LevelValue
from gradlab.studies.results import CellResult


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a number falls below a threshold along one factor, all other levels fixed.

    Attributes:
        levels: The other factors' levels.
        passes: Greatest level up to which the mean over replicas is nowhere below the threshold; 0 where already the
            least one is.
        fails: The next level; infinity where there is none.
        theory: Where theory expects the boundary; infinity for nowhere.
        n: Networks of the cell with fewest.
        networks: Networks of all its cells.
    """

    levels: dict[str, LevelValue]
    passes: float
    fails: float
    theory: float
    n: int
    networks: int

    def agrees(self, factor: float) -> bool:
        """Whether theory's boundary lies between the two levels, give or take a factor."""
        return self.passes / factor <= self.theory <= self.fails * factor


def boundaries(
    cells: Sequence[CellResult],
    metric: str,
    along: str,
    threshold: float,
    theory: Callable[[Setup], float | None],
) -> list[Boundary] | str:
    """The boundary for every combination of the other levels, or why nothing can be said.

    Args:
        cells: Results, each with a level of `along`.
        metric: Name of the number; its value at the end counts.
        along: Name of the factor, whose levels are numbers.
        threshold: What the mean over replicas has to reach.
        theory: Where the boundary is expected, for the Setup with the greatest level.
    """
    groups: dict[tuple[tuple[str, LevelValue], ...], list[CellResult]] = {}
    for cell in cells:
        others = tuple((name, level) for name, level in cell.levels.items() if name != along)
        groups.setdefault(others, []).append(cell)
    found = []
    for others, members in groups.items():
        members.sort(key=lambda cell: float(cell.levels[along]))
        if any(metric not in cell.metrics or not len(cell.metrics[metric]) for cell in members):
            return "no networks measured yet"
        levels = [float(cell.levels[along]) for cell in members]
        # a network whose number is no number has not reached it
        means = [float(np.nan_to_num(cell.metrics[metric][:, -1], nan=-inf).mean()) for cell in members]
        below = next((k for k, mean in enumerate(means) if not mean >= threshold), len(means))
        expected = theory(members[-1].setup)
        if expected is None:
            return "the theory does not apply to every cell"
        ends = (levels[below - 1] if below else 0.0, levels[below] if below < len(levels) else inf)
        counts = [len(cell.metrics[metric]) for cell in members]
        found.append(Boundary(dict(others), *ends, expected, min(counts), sum(counts)))
    return found


def best_constant(found: Sequence[Boundary], factor: float) -> int:
    """With how many boundaries one and the same level for all agrees at best: what a theory has to surpass."""
    ends = [boundary.passes / factor for boundary in found]
    return max(sum(replace(one, theory=end).agrees(factor) for one in found) for end in ends)
