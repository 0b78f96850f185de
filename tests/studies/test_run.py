"""Runs: resume, grouping, executors, two writers. What is recorded does not depend on how it was run."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gradlab.studies.run as run_module
from gradlab.errors import StoreError
from gradlab.studies.chunk import ChunkResult, ChunkTask, run_chunk
from gradlab.studies.export import export_rows, rows
from gradlab.studies.plan import Plan
from gradlab.studies.run import gaps, run_study
from gradlab.studies.store import Store
from gradlab.studies.study import Looks
from tests.studies.small import run, small_plan


def exported(folder: Path, plan: Plan, format: str = "csv") -> str:
    """What `study export` would print."""
    out = io.StringIO()
    with Store.open(folder, write=False) as store:
        export_rows(store, plan, format, out)  # type: ignore[arg-type]
    return out.getvalue()


def test_every_trial_is_recorded_once(tmp_path: Path) -> None:
    plan = small_plan(chunk=5)
    analysis = run(plan, tmp_path)
    assert analysis.networks == analysis.wanted == 24
    assert [cell.replicas for cell in analysis.cells] == [12, 12]
    with Store.open(tmp_path, write=False) as store:
        found = [(row["row"], row["replica"]) for row in rows(store, plan)]
    assert found == [(row, replica) for row in ("A", "B") for replica in range(12)]


def test_a_study_whose_rows_share_networks_is_complete_with_the_most_of_them(tmp_path: Path) -> None:
    plan = small_plan(rows=[{"id": "A"}, {"id": "A fewer", "replicas": 2}], replicas=4)
    analysis = run(plan, tmp_path)
    assert (analysis.networks, analysis.wanted, analysis.is_complete) == (4, 4, True)
    assert [cell.replicas for cell in analysis.cells] == [4, 2] and analysis.answer


def test_metrics_are_exported_network_by_network(tmp_path: Path) -> None:
    plan = small_plan(metrics={"train_loss": {"kind": "loss"}}, replicas=3)
    analysis = run(plan, tmp_path)
    with Store.open(tmp_path, write=False) as store:
        found = list(rows(store, plan))
    measured = np.concatenate([cell.metrics["train_loss"] for cell in analysis.cells])
    assert len(found) == len(measured) == 6
    for row, (birth, *_, end) in zip(found, measured, strict=True):
        assert (row["train_loss at birth"], row["train_loss at end"]) == (birth, end)


@pytest.mark.parametrize("chunk", [1, 5, 7, 1000])
def test_a_chunk_is_never_larger_than_asked_for_and_only_the_last_is_smaller(chunk: int) -> None:
    rows_alike = [{"id": "A"}, {"id": "B", "recipe": {"optimizer": {"name": "sgd", "lr": 0.01}}}]
    sizes = [one.networks for one in small_plan(chunk=chunk, rows=rows_alike).chunks]
    assert sum(sizes) == 24 and max(sizes) <= chunk and set(sizes[:-1]) <= {chunk}


@pytest.mark.parametrize(
    ("looks", "steps"),
    [
        (Looks(every_epoch=True), [0, 4, 8, 10]),
        (Looks(log_spaced=2), [0, 1, 10]),
        (Looks(at=(3, 99)), [0, 3, 10]),
        (Looks(), [0, 10]),
    ],
    ids=str,
)
def test_looks_come_at_birth_at_the_end_and_when_asked_for(looks: Looks, steps: list[int]) -> None:
    assert looks.steps(10, 4) == steps


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_rows_do_not_depend_on_chunks(tmp_path: Path, chunk: int) -> None:
    whole, parts = small_plan(), small_plan(chunk=chunk)
    run(whole, tmp_path / "whole")
    run(parts, tmp_path / "parts")
    with Store.open(tmp_path / "whole", write=False) as a, Store.open(tmp_path / "parts", write=False) as b:
        for one, other in zip(rows(a, whole), rows(b, parts), strict=True):
            assert one.pop("loss") == pytest.approx(other.pop("loss"), rel=1e-4, abs=1e-6)
            assert one == other


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(chunk=5)
    run(plan, tmp_path / "whole")
    real, calls = run_chunk, 0

    def fails_at_third(task: ChunkTask) -> ChunkResult:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr(run_module, "run_chunk", fails_at_third)
    with Store.open(tmp_path / "parts", write=True) as store, pytest.raises(KeyboardInterrupt):
        run_study(plan, store)
    with Store.open(tmp_path / "parts", write=False) as store:
        assert len(list(rows(store, plan))) == 10
        assert store.query("SELECT networks FROM chunk WHERE seconds > 0") == [
            (5,),
            (5,),
        ]  # a killed run keeps its time
    run(plan, tmp_path / "parts")
    assert calls == 7  # six chunks, one of them tried twice
    assert exported(tmp_path / "parts", plan) == exported(tmp_path / "whole", plan)


def test_more_replicas_run_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(small_plan(replicas=7, chunk=5), tmp_path)
    real = run_chunk
    seen: list[tuple[int, int]] = []

    def noted(task: ChunkTask) -> ChunkResult:
        seen.extend((part.start, part.stop) for _, part in task.slices)
        return real(task)

    monkeypatch.setattr(run_module, "run_chunk", noted)
    analysis = run(small_plan(replicas=12, chunk=5), tmp_path)
    assert seen == [(7, 10), (10, 12)] * 2
    assert [cell.replicas for cell in analysis.cells] == [12, 12]


def test_fresh_forgets_and_runs_again(tmp_path: Path) -> None:
    plan = small_plan()
    run(plan, tmp_path)
    before = exported(tmp_path, plan)
    analysis = run(plan, tmp_path, fresh=True)
    assert analysis.networks == 24
    assert exported(tmp_path, plan) == before


def test_any_executor_gives_the_same_rows(tmp_path: Path) -> None:
    plan = small_plan(chunk=5)
    run(plan, tmp_path / "here")
    with ThreadPoolExecutor(2) as pool:
        run(plan, tmp_path / "pool", executor=pool)
    run(plan, tmp_path / "processes", jobs=2)
    for other in ("pool", "processes"):
        assert exported(tmp_path / other, plan, "json") == exported(tmp_path / "here", plan, "json")


def test_one_chunk_keeps_all_threads_whatever_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradlab.studies.run.ProcessPoolExecutor", None)  # which would start processes
    assert run(small_plan(rows=[], claims=[], answer=""), tmp_path, jobs=4).networks == 12


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    plan = small_plan()
    run(plan, tmp_path)
    before = exported(tmp_path, plan)
    code = (
        "import sys; from pathlib import Path; from gradlab.studies.store import Store\n"
        "with Store.open(Path(sys.argv[1]), write=True): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"written by process {holder.pid}"):
            Store.open(tmp_path, write=True)
        assert exported(tmp_path, plan) == before
        holder.kill()  # the lock dies with its holder
        holder.wait()
    run(plan, tmp_path)
    assert exported(tmp_path, plan) == before


def test_results_are_committed_while_later_chunks_run(tmp_path: Path) -> None:
    plan = small_plan(chunk=6)
    seen: list[int] = []
    with Store.open(tmp_path, write=True) as store:
        reader = threading.Lock()

        def look(networks: int, what: str, share: float) -> None:
            with reader, Store.open(tmp_path, write=False) as other:
                seen.append(other.query("SELECT COUNT(*) FROM trial")[0][0])

        run_study(plan, store, progress=look)
    assert seen == [6, 12, 18, 24]


def test_gaps() -> None:
    assert gaps(0, 10, []) == [(0, 10)]
    assert gaps(5, 10, [(0, 7), (8, 9)]) == [(7, 8), (9, 10)]
    assert gaps(5, 10, [(0, 20)]) == []
