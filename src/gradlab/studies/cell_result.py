"""What a run found of one cell, or of one computation of an exact study. Plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.signals import History, Snapshot
from gradlab.spec import Setup
from gradlab.stats import Mean, Proportion
from gradlab.studies.exact import Value
from gradlab.studies.levels import LevelValue
from gradlab.studies.measured import Metric


@dataclass(frozen=True, slots=True)
class CellResult:
    """One cell.

    Attributes:
        id: Hash of all that its trials depend on.
        levels: Row and factor levels.
        setup: The whole Setup.
        replicas: Trials recorded.
        wanted: Trials planned.
        outcomes: At the end, by name: collapsed, dead and constant (its two causes), diverged, trained, stalled, and the
            study's other outcomes; each a Proportion (count, n, rate, low, high).
        at_birth: The same for the look at step 0, where it makes sense (collapse and its causes).
        steps: Steps of the looks [S].
        by_look: Number of replicas in each collapse outcome at each look, by name [S].
        loss_curves: Loss of the first few replicas at each look [<=50, S].
        theory: Closed forms that apply to the cell, by name.
        metrics: The study's metrics of every replica at each look, by name [R, S].
        signals: What was measured inside the first replicas; None where nothing was.
        snapshots: Arrays for pictures of the first replicas, by step; empty where none were kept. Names as in
            `studies.snapshots.snapshot`.
        seconds: Of training one of its networks: its stack's, divided by the stack's networks; NaN before there are any.
    """

    id: str
    levels: Mapping[str, LevelValue]
    setup: Setup
    replicas: int
    wanted: int
    outcomes: Mapping[str, Proportion]
    at_birth: Mapping[str, Proportion]
    steps: Sequence[int]
    by_look: Mapping[str, Int[ndarray, " S"]]
    loss_curves: Float[ndarray, "K S"]
    theory: Mapping[str, float]
    metrics: Mapping[str, Float[ndarray, "R S"]] = field(default_factory=dict)
    signals: History | None = None
    snapshots: tuple[Snapshot, ...] = ()
    seconds: float = math.nan

    def to_dict(self, metrics: Mapping[str, Metric]) -> dict[str, Any]:
        """JSON form; rates by outcome, means by metric.

        Args:
            metrics: The study's.
        """
        return {
            "id": self.id,
            "levels": dict(self.levels),
            "replicas": self.replicas,
            "outcomes": {name: proportion_dict(p) for name, p in self.outcomes.items()},
            "at_birth": {name: proportion_dict(p) for name, p in self.at_birth.items()},
            "by_look": {"steps": list(self.steps), **{name: [int(c) for c in v] for name, v in self.by_look.items()}},
            "theory": dict(self.theory),
            "seconds": self.seconds,
            "metrics": {
                name: _mean_dict(metrics[name].mean(values[:, -1]))
                for name, values in self.metrics.items()
                if len(values)
            },
        }


@dataclass(frozen=True, slots=True)
class ComputedResult:
    """A computation of an exact study.

    Attributes:
        name: What the study calls it.
        compute: Which of the catalog.
        given: Its arguments.
        found: Its results, by name.
    """

    name: str
    compute: str
    given: Mapping[str, Any]
    found: Mapping[str, Value]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"name": self.name, "compute": self.compute, "given": dict(self.given), "found": dict(self.found)}


def proportion_dict(p: Proportion) -> dict[str, Any]:
    """JSON form of a proportion."""
    return {"count": p.count, "rate": p.rate, "low": p.low, "high": p.high}


def _mean_dict(mean: Mean | None) -> dict[str, float | int]:
    """JSON form of a mean over replicas; those that are no number are left out and counted by n."""
    if mean is None:
        return {"n": 0}
    return {"mean": mean.mean, "low": mean.low, "high": mean.high, "std": mean.std, "n": mean.n}
