"""Running one chunk: a pure function of its description, so that any executor can run it, here or in another process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import LOSSES
from gradlab.studies.outcome_names import COLLAPSED, OUTCOME_ORDER
from gradlab.training import Look, prepare, train
from gradlab.training.engines import compile_seconds
from gradlab.training.outcomes import best_constant_loss, has_dead_layer, is_constant, outcomes
from gradlab.training.train import LOSS_SET

CURVES = 50  # replicas whose loss is kept at every look


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
    """

    slices: tuple[tuple[str, Slice], ...]
    seed: int
    steps: tuple[int, ...]
    inputs: Mapping[str, InputSet]
    rules: Mapping[str, str]
    engine: str
    device: str
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials of one slice.

    Attributes:
        cell: Cell id.
        start: First replica.
        outcome: Index into the Outcome enum [R].
        loss: Final loss on the training examples looked at [R].
        first_bad_step: Step of divergence, 0 for none [R].
        flags: At each look, for each rule: constant, and constant by dead units [S, 2 x rules, R].
        curves: Loss at each look of the first replicas of the cell [K, S].
    """

    cell: str
    start: int
    outcome: Int[ndarray, " R"]
    loss: Float[ndarray, " R"]
    first_bad_step: Int[ndarray, " R"]
    flags: Bool[ndarray, "S F R"]
    curves: Float[ndarray, "K S"]


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Trials of every slice, and how they were made."""

    trials: tuple[Trials, ...]
    engine: str
    seconds: float
    compile_seconds: float


def run_chunk(task: ChunkTask) -> ChunkResult:
    """Train one stack from look to look and record what became of each replica."""
    started, compiled = time.perf_counter(), compile_seconds()
    _set_threads(task.threads)
    job = prepare([part for _, part in task.slices], task.seed, task.inputs)
    flags: list[Bool[ndarray, "F R"]] = []
    losses: list[Float[ndarray, " R"]] = []
    look: Look | None = None
    for look in train(job, task.steps, engine=task.engine, device=task.device):
        flags.append(_flags(look, task.rules))
        losses.append(look.loss)
    assert look is not None
    at_look = np.stack(flags)
    names = list(task.rules)
    first = 2 * names.index(COLLAPSED)
    targets = job.sets[LOSS_SET].targets
    assert targets is not None
    constant_loss = best_constant_loss(LOSSES[job.recipe.loss.name], job.loss_params, targets)
    final = outcomes(
        at_look[-1, first],
        at_look[-1, first + 1],
        look.first_bad_step,
        look.loss,
        np.broadcast_to(constant_loss, look.loss.shape),
    )
    codes = np.array([OUTCOME_ORDER.index(outcome) for outcome in final], np.int64)
    loss_SR = np.stack(losses)
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
                flags=at_look[:, :, here],
                curves=loss_SR[:, at : at + kept].T.copy(),
            )
        )
        at += len(part)
    seconds, compiling = time.perf_counter() - started, compile_seconds() - compiled
    return ChunkResult(tuple(trials), task.engine, seconds - compiling, compiling)


def _flags(look: Look, rules: Mapping[str, str]) -> Bool[ndarray, "F R"]:
    rows = []
    for over in rules.values():
        constant = is_constant(look.sets[over]) & (look.first_bad_step == 0) & np.isfinite(look.loss)
        rows += [constant, constant & has_dead_layer(look.sets[over])]
    return np.stack(rows)


def _set_threads(threads: int | None) -> None:
    if threads is None:
        return
    import numba
    import torch

    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
