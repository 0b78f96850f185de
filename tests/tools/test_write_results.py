"""What docs/seeds.md says of how results were made."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradlab.studies.run as run_module
from gradlab import __version__
from gradlab.studies.analyze import analyze_exact
from gradlab.studies.chunk import ChunkResult, ChunkTask, run_chunk
from gradlab.studies.environment import Environment
from gradlab.studies.load import load_study
from gradlab.studies.plan import Plan, make_plan
from tests.studies.small import run, small_plan
from tools.write_results import how, older

OLD = Environment({"gradlab": "0.0.1", "torch": "2.0.0"}, {"processor": "abacus", "cores": 3, "threads": 3})
NEW = Environment({"gradlab": "0.0.2"}, {"processor": "difference engine"})


def said_of(monkeypatch: pytest.MonkeyPatch, folder: Path, plan: Plan, seconds: float, where: Environment) -> str:
    """The sentence about a study that was run in an environment, each chunk in so many seconds."""

    def timed(task: ChunkTask) -> ChunkResult:
        return ChunkResult(run_chunk(task).trials, task.engine, seconds, 0.0, where)

    monkeypatch.setattr(run_module, "run_chunk", timed)
    return how(run(plan, folder).to_dict())


def test_networks_are_credited_to_what_trained_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = "(torch engine on cpu, 3 of 3 cores, abacus; gradlab 0.0.1, torch 2.0.0)"
    first = said_of(monkeypatch, tmp_path, small_plan(replicas=4), 30.0, OLD)
    assert first == f"8 networks in 60 s {old}"  # a chunk a cell
    other = said_of(monkeypatch, tmp_path, small_plan(name="other", replicas=4), 1.0, NEW)
    assert other == first  # nothing was left to train
    more = said_of(monkeypatch, tmp_path, small_plan(replicas=9), 5.0, NEW)
    new = "(torch engine on cpu, difference engine; gradlab 0.0.2)"
    assert more == f"18 networks: 10 networks in 10 s {new}; 8 networks in 60 s {old}"


def test_results_of_an_older_format_are_named(tmp_path: Path) -> None:
    new = run(small_plan(replicas=1), tmp_path).to_dict()
    old = {**new, "schema": "gradlab/study-result/1", "versions": {}, "hardware": {}}
    assert older({"a": new, "b": old}) == ["b"]
    assert "does not say" in how(old) and "does not say" not in how(new)


def test_computations_are_credited_to_what_computed_them() -> None:
    analysis = analyze_exact(make_plan(load_study("pooling-and-padding")), "")
    assert f"computations, nothing drawn (gradlab {__version__}, python " in how(analysis.to_dict())
