"""Running one chunk: a pure function of its description, so that any executor can run it, here or in another process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import LOSSES
from gradlab.signals import DISTRIBUTIONS, QUANTITIES, Captured, History, Needs, Profile, Snapshot, measure
from gradlab.studies.environment import Environment
from gradlab.studies.look_arrays import LookArrays
from gradlab.studies.measured import COLLAPSED
from gradlab.studies.metrics import Meter
from gradlab.studies.seen import seen
from gradlab.studies.snapshots import snapshot
from gradlab.studies.study import Metric, Signals, Snapshots
from gradlab.training import Job, Look, prepare, train
from gradlab.training.engines import compile_seconds
from gradlab.training.outcomes import best_constant_loss, has_dead_layer, is_constant, outcome_codes
from gradlab.training.train import LOSS_SET

CURVES = 50  # replicas whose loss is kept at every look
MOST_MEASURING = 4  # cells that are measured at a time: all that passes through their networks is kept meanwhile


@dataclass(frozen=True, slots=True)
class ChunkTask:
    """All that a chunk needs, and nothing else: it crosses process borders.

    Attributes:
        slices: (cell id, slice) each; one stack.
        seed: Root seed.
        steps: Steps of the looks.
        inputs: Named input sets.
        rules: Collapse outcome -> input set, "collapsed" among them.
        engine: "torch" or "narrow".
        device: Where torch runs.
        threads: Threads this chunk may use; None leaves it as it is.
        metrics: Numbers of every network at every look, by name.
        signals: What is measured inside the first networks of a cell; None for nothing.
        snapshots: What is kept for pictures of the first networks of a cell; None for nothing.
        pictured: Ids of the cells of which snapshots are kept.
    """

    slices: tuple[tuple[str, Slice], ...]
    seed: int
    steps: tuple[int, ...]
    inputs: Mapping[str, InputSet]
    rules: Mapping[str, str]
    engine: str
    device: str
    threads: int | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    signals: Signals | None = None
    snapshots: Snapshots | None = None
    pictured: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials of one slice.

    Attributes:
        cell: Cell id.
        start: First replica.
        outcome: Index into the Outcome enum [R].
        loss: Final loss on the training examples looked at [R].
        first_bad_step: Step of divergence, 0 for none [R].
        looks: What was seen at each look.
    """

    cell: str
    start: int
    outcome: Int[ndarray, " R"]
    loss: Float[ndarray, " R"]
    first_bad_step: Int[ndarray, " R"]
    looks: LookArrays


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Trials of every slice, and how they were made.

    Attributes:
        trials: Of every slice.
        engine: That trained them.
        seconds: Of training and looking, all of them together.
        compile_seconds: Of compiling, which `seconds` leaves out.
        environment: Of the process that trained them, wherever it ran.
    """

    trials: tuple[Trials, ...]
    engine: str
    seconds: float
    compile_seconds: float
    environment: Environment


def run_chunk(task: ChunkTask) -> ChunkResult:
    """Train one stack from look to look and record what became of each replica."""
    started, compiled = time.perf_counter(), compile_seconds()
    _set_threads(task)
    job = prepare([part for _, part in task.slices], task.seed, task.inputs)
    flags: list[Bool[ndarray, "F R"]] = []
    losses: list[Float[ndarray, " R"]] = []
    meter = Meter(task.metrics, job)
    profiles: dict[int, list[Profile]] = {}
    pictured = _pictured(task)
    snapshots: dict[int, list[Snapshot]] = {at: [] for at, _ in pictured}
    look: Look | None = None
    for look in train(job, task.steps, engine=task.engine, device=task.device):
        flags.append(_flags(look, task.rules))
        losses.append(look.loss)
        meter.see(look)
        if task.signals is not None:
            _measure_slices(look, job, task, profiles)
        for at, networks in pictured:
            assert task.snapshots is not None
            snapshots[at].append(snapshot(look, job, networks, task.snapshots, is_last=look.step == task.steps[-1]))
    assert look is not None
    at_look = np.stack(flags)
    names = list(task.rules)
    first = 2 * names.index(COLLAPSED)
    targets = job.sets[LOSS_SET].targets
    assert targets is not None
    constant_loss = best_constant_loss(LOSSES[job.recipe.loss.name], job.loss_params, targets)
    codes = outcome_codes(at_look[-1, first], at_look[-1, first + 1], look.first_bad_step, look.loss, constant_loss)
    with np.errstate(over="ignore"):  # a loss beyond float32 is stored as infinite
        loss_SR, metrics_SMR = np.stack(losses), meter.values().astype(np.float32)
    trials, at = [], 0
    for cell, part in task.slices:
        here = slice(at, at + len(part))
        kept = max(0, min(CURVES - part.start, len(part)))
        trials.append(
            Trials(
                cell=cell,
                start=part.start,
                outcome=codes[here],
                loss=look.loss[here],
                first_bad_step=look.first_bad_step[here],
                looks=LookArrays(
                    flags=at_look[:, :, here],
                    curves=loss_SR[:, at : at + kept].T.copy(),
                    metrics=metrics_SMR[:, :, here],
                    signals=History.of(profiles[at]) if at in profiles else None,
                    snapshots=tuple(snapshots.get(at, ())),
                ),
            )
        )
        at += len(part)
    seconds, compiling = time.perf_counter() - started, compile_seconds() - compiled
    return ChunkResult(tuple(trials), task.engine, seconds - compiling, compiling, Environment.here(task.threads))


def _flags(look: Look, rules: Mapping[str, str]) -> Bool[ndarray, "F R"]:
    rows = []
    for over in rules.values():
        constant = is_constant(look.sets[over]) & (look.first_bad_step == 0) & np.isfinite(look.loss)
        rows += [constant, constant & has_dead_layer(look.sets[over])]
    return np.stack(rows)


def _measure_slices(look: Look, job: Job, task: ChunkTask, profiles: dict[int, list[Profile]]) -> None:
    """Add the profile of the first networks of every cell, under the place of the slice in the stack."""
    assert task.signals is not None
    measured, at = {}, 0
    for _, part in task.slices:
        count = min(task.signals.replicas - part.start, len(part))
        if count > 0:
            measured[at] = slice(at, at + count)
        at += len(part)
    threads = max(1, min(len(measured), task.threads or os.cpu_count() or 1, MOST_MEASURING))
    with ThreadPoolExecutor(threads) as pool:  # numpy works on one core, and lets go of Python's lock meanwhile
        found = pool.map(lambda here: _profile(look, job, task, here), measured.values())
        for place, profile in zip(measured, found, strict=True):
            profiles.setdefault(place, []).append(profile)


def _profile(look: Look, job: Job, task: ChunkTask, here: slice) -> Profile:
    """What is measured in some networks of the stack."""
    assert task.signals is not None
    captured = seen(look, job, here, job.sets[task.signals.over].of(here))
    # of norms in one cell, and none in another: what a network does not have is left out
    quantities = task.signals.quantities
    if quantities is not None:
        quantities = tuple(name for name in quantities if _is_there(captured, QUANTITIES[name].needs))
    histograms = [name for name in task.signals.histograms if _is_there(captured, DISTRIBUTIONS[name].needs)]
    return measure(captured, quantities=quantities, distributions=histograms, step=look.step)


def _is_there(captured: Captured, needs: Needs) -> bool:
    """Whether the network can have what is asked for."""
    return needs not in ("norms", "running") or captured.has(needs)


def _pictured(task: ChunkTask) -> list[tuple[int, slice]]:
    """(place in the stack, networks) of every slice of which snapshots are kept."""
    found, at = [], 0
    for cell, part in task.slices:
        count = 0 if task.snapshots is None else min(task.snapshots.replicas - part.start, len(part))
        if cell in task.pictured and count > 0:
            found.append((at, slice(at, at + count)))
        at += len(part)
    return found


def _set_threads(task: ChunkTask) -> None:
    if task.threads is None:
        return
    import numba

    numba.set_num_threads(min(task.threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    if task.engine == "torch":  # nothing else needs a second of imports
        import torch

        torch.set_num_threads(task.threads)
