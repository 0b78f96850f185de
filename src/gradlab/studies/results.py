"""What a study found: cells with rates and intervals, claims with verdicts, and how it was run. Plain data.

`Analysis.to_dict()` is the document that `--json` prints; the terminal table and the page show the same object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jaxtyping import Float, Int
from numpy import ndarray

from gradlab import __version__
from gradlab.signals import History, Snapshot
from gradlab.stats import Mean, Proportion
from gradlab.stats.text import json_safe
from gradlab.studies.claim import LevelValue
from gradlab.studies.claim_result import ClaimResult
from gradlab.studies.environment import Trained
from gradlab.studies.measured import Metric

if TYPE_CHECKING:
    from gradlab.spec import Setup
    from gradlab.studies.exact import Value
    from gradlab.studies.study import Study

SCHEMA = "gradlab/study-result/2"  # another number where a key comes, goes or changes its meaning


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


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one factor moves an outcome, all else fixed.

    Attributes:
        factor: Its name.
        outcome: The outcome whose rate moves.
        largest: Mean over the other factors' cells of (largest - smallest rate over this factor's levels).
        by_level: Level -> mean rate over all cells with it.
        cells: Number of cells behind it.
    """

    factor: str
    outcome: str
    largest: float
    by_level: Mapping[LevelValue, float]
    cells: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything a run of a study found. The object behind `--json`, the terminal table and the page.

    Attributes:
        study: The study as resolved (after `--set`).
        study_toml: The resolved study file.
        cells: In the plan's order.
        claims: In the study's order.
        effects: Factors by how much they move "collapsed", largest first (empty without factors).
        answer: The study's answer with its numbers filled in; "" while incomplete.
        seed: Root seed.
        device: "cpu", "cuda", ...: where the trials ran, or will.
        engine: Engine(s) that ran the trials, or will.
        networks: Trials recorded in all.
        wanted: Trials planned in all.
        trained: What trained the trials, in which time, whichever study ran them; the most networks first. Of an exact
            study, what computed.
        command: What repeats it.
        computed: Of an exact study, its computations.
    """

    study: Study
    study_toml: str
    cells: Sequence[CellResult]
    claims: Sequence[ClaimResult]
    effects: Sequence[Effect]
    answer: str
    seed: int
    device: str
    engine: str
    networks: int
    wanted: int
    trained: Sequence[Trained]
    command: str
    report_seconds: float = field(default=0.0)
    computed: Sequence[ComputedResult] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every planned trial is recorded."""
        return self.networks >= self.wanted

    @property
    def seconds(self) -> float:
        """Of training all trials and looking at them, added where several processes ran side by side."""
        return float(sum(part.seconds for part in self.trained))

    @property
    def compile_seconds(self) -> float:
        """Spent compiling."""
        return float(sum(part.compile_seconds for part in self.trained))

    def to_dict(self) -> dict[str, Any]:
        """The document of `--json`; NaN and Inf as strings."""
        document = {
            "schema": SCHEMA,
            "gradlab": __version__,
            "study": self.study.name,
            "question": self.study.question,
            "answer": self.answer,
            "seed": self.seed,
            "device": self.device,
            "engine": self.engine,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "report_seconds": self.report_seconds,
            "networks": self.networks,
            "complete": self.is_complete,
            "cells": [cell.to_dict(self.study.metrics) for cell in self.cells],
            "claims": [claim.to_dict() for claim in self.claims],
            "effects": [
                {"factor": e.factor, "outcome": e.outcome, "largest": e.largest, "cells": e.cells,
                 "by_level": {str(k): v for k, v in e.by_level.items()}}
                for e in self.effects
            ],
            **({"computed": [each.to_dict() for each in self.computed]} if self.computed else {}),
            "trained": [part.to_dict() for part in self.trained],
            "command": self.command,
        }  # fmt: skip
        encoded = json_safe(document)
        assert isinstance(encoded, dict)
        return encoded


def proportion_dict(p: Proportion) -> dict[str, Any]:
    """JSON form of a proportion."""
    return {"count": p.count, "rate": p.rate, "low": p.low, "high": p.high}


def _mean_dict(mean: Mean | None) -> dict[str, float | int]:
    """JSON form of a mean over replicas; those that are no number are left out and counted by n."""
    if mean is None:
        return {"n": 0}
    return {"mean": mean.mean, "low": mean.low, "high": mean.high, "std": mean.std, "n": mean.n}
