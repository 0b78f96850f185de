"""How many cells reach a number: of a rule, for how many activations networks train; of two rules, for how many more.

A cell reaches a threshold where the mean of a metric over its replicas, at the end, is not below it; a network whose number
is no number has not reached it. The interval is one over cells (Wilson; of a difference that over pairs of cells that agree
in all other levels), as if they were drawn from more such cells: replicas of one cell say nothing of another activation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from gradlab.stats import paired_rates_difference, wilson
from gradlab.studies.claim import LevelValue, Measure
from gradlab.studies.results import CellResult

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Reached:
    """How many cells reach the threshold.

    Attributes:
        share: Their share; of a difference, the share of pairs in which only the first does less that of the second.
        low: Lower end of its 95 % interval.
        high: Upper end.
        networks: In all of these cells.
        why: Counts, and which cells do not, in words.
    """

    share: float
    low: float
    high: float
    networks: int
    why: str


def reached(measure: Measure, cells: Sequence[CellResult], others: Sequence[CellResult]) -> Reached | str:
    """How many cells do, or why nothing can be said.

    Args:
        measure: What a claim of the kind `reaching` measures.
        cells: Those of `where`.
        others: Those of `minus`; nothing where the measure has none.
    """
    assert measure.reaching is not None and measure.threshold is not None
    name, threshold = measure.reaching, measure.threshold
    if any(name not in cell.metrics or not len(cell.metrics[name]) for cell in (*cells, *others)):
        return "no networks measured yet"
    if measure.minus is not None:
        return _difference(measure, pairs(measure, cells, others), name, threshold)
    does = [_reaches(cell, name, threshold) for cell in cells]
    share = wilson(sum(does), len(does))
    failing = [cell for cell, reaches in zip(cells, does, strict=True) if not reaches]
    why = f"{sum(does)} of {len(does)} cells reach {threshold:g}" + (f"; not {_named(failing, cells)}" * bool(failing))
    return Reached(share.rate, share.low, share.high, _networks(cells, name), why)


def pairs(
    measure: Measure, cells: Sequence[CellResult], others: Sequence[CellResult]
) -> list[tuple[CellResult, CellResult]]:
    """Cells of `where` and of `minus` that agree in all levels which neither names; others are left out."""
    by_rest = {rest(cell.levels, measure): cell for cell in others}
    return [(cell, by_rest[key]) for cell in cells if (key := rest(cell.levels, measure)) in by_rest]


def rest(levels: Mapping[str, LevelValue], measure: Measure) -> tuple[tuple[str, LevelValue], ...]:
    """A cell's levels that the measure does not choose, by which cells are paired."""
    return tuple((name, level) for name, level in levels.items() if name not in measure.where)


def _difference(
    measure: Measure, both: Sequence[tuple[CellResult, CellResult]], name: str, threshold: float
) -> Reached:
    does = [(_reaches(cell, name, threshold), _reaches(other, name, threshold)) for cell, other in both]
    first = [cell for (cell, _), (one, two) in zip(both, does, strict=True) if one and not two]
    second = [cell for (cell, _), (one, two) in zip(both, does, strict=True) if two and not one]
    gap = paired_rates_difference(len(first), len(second), len(both))
    cells = [cell for cell, _ in both]
    texts = [
        f"{len(found)} reach {threshold:g} at {_levels(levels)} alone" + (f" ({_named(found, cells)})" * bool(found))
        for found, levels in ((first, measure.where), (second, measure.minus or {}))
    ]
    networks = _networks(cells, name) + _networks([other for _, other in both], name)
    return Reached(gap.difference, gap.low, gap.high, networks, f"of {len(both)} pairs of cells {', '.join(texts)}")


def _reaches(cell: CellResult, name: str, threshold: float) -> bool:
    return float(np.nan_to_num(cell.metrics[name][:, -1], nan=-inf).mean()) >= threshold


def _networks(cells: Sequence[CellResult], name: str) -> int:
    return sum(len(cell.metrics[name]) for cell in cells)


def _named(cells: Sequence[CellResult], among: Sequence[CellResult]) -> str:
    """Cells by the levels in which they differ."""
    varied = [name for name in among[0].levels if len({cell.levels.get(name) for cell in among}) > 1]
    texts = [" and ".join(str(cell.levels.get(name)) for name in varied) for cell in cells]
    return ", ".join(texts[:MOST_NAMED]) + f" and {len(texts) - MOST_NAMED} more" * (len(texts) > MOST_NAMED)


def _levels(levels: Mapping[str, LevelValue]) -> str:
    return " and ".join(f"{name} {level}" for name, level in levels.items())
