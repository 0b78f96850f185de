"""Large studies: memory does not grow with the number of networks, and what the database counts is what rows say."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import gradlab.studies.run as run_module
from gradlab.cli.main import main
from gradlab.stats import paired_difference
from gradlab.studies.analyze import paired_counts
from gradlab.studies.chunk import ChunkResult, ChunkTask, Trials
from gradlab.studies.environment import Environment
from gradlab.studies.export import rows
from gradlab.studies.look_arrays import LookArrays
from gradlab.studies.outcome_names import outcome_names
from gradlab.studies.plan import Plan
from gradlab.studies.store import Store
from tests.studies.small import run, small_plan

EXAMPLE = Path(__file__).parents[2] / "examples" / "million-networks.toml"


def made_up(task: ChunkTask) -> ChunkResult:
    """A chunk without the training: what is stored of it, at random."""
    trials = []
    for cell, part in task.slices:
        random, count = np.random.default_rng(part.start), len(part)
        flags = random.random((len(task.steps), 2 * len(task.rules), count)) < 0.3
        flags[:, 1::2] &= flags[:, ::2]  # dead is one way to be collapsed
        looks = LookArrays(flags, np.zeros((0, len(task.steps))), np.zeros((len(task.steps), 0, count)), None)
        codes, zeros = random.integers(0, 5, count), np.zeros(count, np.int64)
        trials.append(Trials(cell, part.start, codes, random.random(count), zeros, looks))
    return ChunkResult(tuple(trials), task.engine, 0.0, 0.0, Environment.here())


def many(replicas: int) -> Plan:
    difference = {"difference": "dead", "where": {"row": "A"}, "minus": {"row": "B"}}
    claim = {"id": "gap", "statement": "s", "measure": difference, "expected": {"below": 0.0}}
    return small_plan(replicas=replicas, claims=[claim], chunk=1000)


def test_memory_does_not_grow_with_replicas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "run_chunk", made_up)
    run(many(2_000), tmp_path / "first")  # imports and caches
    peaks = []
    for replicas in (10_000, 100_000):
        tracemalloc.start()
        analysis = run(many(replicas), tmp_path / str(replicas))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert analysis.networks == 2 * replicas
        assert analysis.claims[0].replicas == replicas
    # a description and a range is what is kept of a chunk of a thousand networks
    assert peaks[1] < peaks[0] + 1000 * 180, f"{peaks[0]:,} bytes, then {peaks[1]:,} with 180 chunks more"


def test_the_database_counts_pairs_as_rows_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "run_chunk", made_up)
    plan = many(1_500)
    analysis = run(plan, tmp_path)
    with Store.open(tmp_path, write=False) as store:
        numbers, (cell, other) = store.cell_numbers(plan), analysis.cells
        recorded = list(rows(store, plan))
        for name in outcome_names(plan.study):
            held = {row: [_held(trial, name) for trial in recorded if trial["row"] == row] for row in ("A", "B")}
            first, second = np.array(held["A"]), np.array(held["B"])
            expected = (int((first > second).sum()), int((first < second).sum()), 1_500)
            assert paired_counts(store, plan, numbers, cell, other, name) == expected
            assert cell.outcomes[name].count == first.sum()
            if name == "dead":
                gap = paired_difference(first, second)
                assert (analysis.claims[0].low, analysis.claims[0].high) == (gap.low, gap.high)


def _held(trial: dict[str, object], name: str) -> int:
    """Whether a row of the export says that an outcome held at the end."""
    if f"{name} at end" in trial:
        return int(str(trial[f"{name} at end"]))
    if name == "constant":
        return int(str(trial["collapsed at end"])) - int(str(trial["dead at end"]))
    return int(trial["outcome"] == name)


def test_the_example_of_a_million_runs_smaller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["study", "run", str(EXAMPLE), "--set", "replicas=100", "--store", str(tmp_path), "--no-report", "-q"]
    assert main(command) == 0
    assert "100 of 100 networks" in capsys.readouterr().out


def test_untrained_narrow_networks_need_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from gradlab.cli.main import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "assert 'torch' not in sys.modules, 'it takes a second to import'\n"
    )
    command = ["study", "run", "dying-relu", "--set", "row=born", "--set", "replicas=20", "--device", "cpu"]
    subprocess.run(
        [sys.executable, "-c", code, *command, "--store", str(tmp_path), "-q"], check=True, stdout=subprocess.DEVNULL
    )
