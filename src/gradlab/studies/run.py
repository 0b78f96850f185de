"""Running a plan: what is not recorded yet goes through an executor, and every finished chunk is committed at once."""

from __future__ import annotations

import multiprocessing
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from typing import Any

from gradlab.nets import Slice
from gradlab.studies.chunk import ChunkResult, ChunkTask, run_chunk
from gradlab.studies.cost import network_seconds
from gradlab.studies.load import to_toml
from gradlab.studies.plan import Cell, Plan
from gradlab.studies.store import Store

Progress = Callable[[int, str, float], None]
Recorded = Mapping[str, Sequence[tuple[int, int]]]  # cell id -> replica ranges, in order


class InProcess(Executor):
    """An executor that runs each call where and when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def run_study(
    plan: Plan,
    store: Store,
    *,
    jobs: int = 1,
    threads: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
    executor: Executor | None = None,
    command: str = "",
) -> None:
    """Run what the store does not hold yet.

    Args:
        plan: What is wanted.
        store: Open for writing.
        jobs: Processes; 1 runs here.
        threads: Threads in all; None is one per core.
        fresh: Forget what is recorded for these cells first.
        progress: Called after each chunk with the number of networks done, what they were, and the part of this
            session's work that is done.
        executor: Any executor, instead of `jobs`.
        command: What the user typed, kept for the report.

    Raises:
        StoreError: The store cannot be written; what was committed is kept.
    """
    toml = to_toml(plan.study)
    if fresh:
        store.forget(plan)
    numbers = store.register(plan, toml, command)
    recorded = {cell: store.recorded(number) for cell, number in numbers.items()}
    works = [_work(task) for task in _missing(plan, recorded, None)]
    if not works:
        return
    total_work, done_work = sum(works), 0.0
    if executor is None:  # a process more than there are chunks would keep a core from the others
        jobs = min(jobs, len(works))
    threads_each = max(1, (threads or os.cpu_count() or 1) // jobs) if threads or jobs > 1 else None
    names = {cell.id: _label(plan, cell) for cell in reversed(plan.cells)}  # of equal cells the first names them

    def record(task: ChunkTask, result: ChunkResult) -> None:
        nonlocal done_work
        store.commit(result, numbers, plan.device)
        done = sum(len(trials.outcome) for trials in result.trials)
        done_work += _work(task)
        if progress is not None:
            progress(
                done,
                ", ".join(dict.fromkeys(names[trials.cell] for trials in result.trials)),
                done_work / total_work,
            )

    own = executor is None
    others = set(multiprocessing.active_children())
    if executor is None:
        spawn = multiprocessing.get_context("spawn")
        executor = InProcess() if jobs == 1 else ProcessPoolExecutor(jobs, mp_context=spawn)
    pending: dict[Future[ChunkResult], ChunkTask] = {}
    waiting = _missing(plan, recorded, threads_each)
    try:
        task = next(waiting, None)
        while task is not None or pending:
            # a few chunks ahead keep every process busy, and results never pile up
            while task is not None and len(pending) < (1 if jobs == 1 and own else 2 * jobs):
                pending[executor.submit(run_chunk, task)] = task
                task = next(waiting, None)
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                record(pending.pop(future), future.result())
    except KeyboardInterrupt:  # a signal to this process alone does not reach those that train
        for child in set(multiprocessing.active_children()) - others if own else ():
            child.terminate()
        raise
    finally:
        for future in pending:
            future.cancel()
        if own:
            executor.shutdown(wait=True, cancel_futures=True)


def _missing(plan: Plan, recorded: Recorded, threads: int | None) -> Iterator[ChunkTask]:
    """A task for every chunk, less the replicas that are recorded; made when it is asked for."""
    pictured = frozenset(cell.id for cell in plan.cells if cell.has_snapshots)
    rules = {name: rule.over for name, rule in plan.study.outcomes.items()}
    for chunk in plan.chunks:
        slices = [
            (cell, Slice(part.setup, start, stop))
            for cell, part in chunk.slices
            for start, stop in gaps(part.start, part.stop, recorded[cell])
        ]
        if slices:
            steps = tuple(plan.steps(slices[0][1].setup))
            yield ChunkTask(
                tuple(slices),
                plan.seed,
                steps,
                plan.study.inputs,
                rules,
                chunk.engine,
                plan.device,
                threads,
                plan.study.metrics,
                plan.study.signals,
                plan.study.snapshots,
                pictured,
            )


def _work(task: ChunkTask) -> float:
    """Rough estimate of a task's seconds."""
    return sum(network_seconds(part.setup, task.engine) * len(part) for _, part in task.slices)


def gaps(start: int, stop: int, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Parts of [start, stop) outside the sorted ranges `taken`.

    Example:
        >>> gaps(0, 10, [(2, 4), (8, 20)])
        [(0, 2), (4, 8)]
    """
    free = []
    # the range before the first that begins at `start` or later may reach beyond it
    for first, last in taken[max(0, bisect_left(taken, (start, 0)) - 1) : bisect_left(taken, (stop, 0))]:
        if last <= start:
            continue
        if first > start:
            free.append((start, first))
        start = last
    return [*free, (start, stop)] if start < stop else free


def _label(plan: Plan, cell: Cell) -> str:
    return " ".join(str(value) for value in cell.levels.values()) or plan.study.name
