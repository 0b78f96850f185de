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
        # cells differ in their draws and in their rates, so that a difference has a sign
        is_first, count = part.setup.network.dense[0].activation.name == "relu", len(part)
        random = np.random.default_rng([part.start, int(is_first)])
        flags = random.random((len(task.steps), 2 * len(task.rules), count)) < (0.6 if is_first else 0.45)
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
            assert 0 < expected[0] != expected[1] > 0, "a query that swaps the cells would go unseen"
            assert paired_counts(store, plan, numbers, cell, other, name) == expected
            assert cell.outcomes[name].count == first.sum()
            if name == "dead":
                gap = paired_difference(first, second)
                found = analysis.claims[0]
                assert (found.measured, found.low, found.high) == (gap.difference, gap.low, gap.high)
                assert (
                    found.measured == pytest.approx(first.mean() - second.mean())
                    and found.low is not None
                    and found.low > 0
                )
                assert found.verdict == "not held", "the first cell has more, and the claim says fewer"


@pytest.mark.parametrize(
    ("bound", "offset", "verdict"),
    [
        ("at_most", 0.2, "held"),
        ("at_most", 0.002, "undecided"),
        ("at_most", -0.002, "undecided"),
        ("at_most", -0.2, "not held"),
        ("at_least", 0.2, "not held"),
        ("at_least", 0.002, "undecided"),
        ("at_least", -0.002, "undecided"),
        ("at_least", -0.2, "held"),
    ],
)
def test_a_bound_is_judged_by_the_whole_interval(
    bound: str, offset: float, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "run_chunk", made_up)
    asked = {"id": "A", "statement": "s", "measure": {"rate": "dead", "where": {"row": "A"}}}
    plan = small_plan(replicas=500, chunk=500, claims=[{**asked, "expected": {bound: 0.3}}])
    rate = run(plan, tmp_path / "rate").cells[0].outcomes["dead"]
    # so near that both ends of the interval lie beyond, or so far that neither does
    assert rate.low < rate.rate - 0.002 and rate.rate + 0.002 < rate.high and 0.25 < rate.rate < 0.45
    plan = small_plan(replicas=500, chunk=500, claims=[{**asked, "expected": {bound: rate.rate + offset}}])
    assert run(plan, tmp_path).claims[0].verdict == verdict


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
