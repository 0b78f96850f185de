"""What a study found: cells with rates and intervals, claims with verdicts, and how it was run. Plain data.

`Analysis.to_dict()` is the document that `--json` prints; the terminal table and the page show the same object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradlab import __version__
from gradlab.stats.text import json_safe
from gradlab.studies.cell_result import CellResult, ComputedResult
from gradlab.studies.claims import ClaimResult
from gradlab.studies.environment import Trained
from gradlab.studies.levels import LevelValue
from gradlab.studies.study import Study

SCHEMA = "gradlab/study-result/2"  # another number where a key comes, goes or changes its meaning


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


__all__ = ["SCHEMA", "Analysis", "CellResult", "ComputedResult", "Effect"]
