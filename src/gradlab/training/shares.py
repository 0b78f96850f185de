"""Shares of a stack, which train side by side: what both ways of the torch engine do alike.

A stack is cut along R into shares, one a thread, that advance from look to look without waiting for each other. A `Course`
is how a share trains and how far it has come; what an update does to the numbers, and what a look sees, is its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate, pairwise
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int
from numpy import ndarray
from torch import Tensor

from gradlab.nets.steps import all_steps
from gradlab.nets.torch_loss import TorchLoss
from gradlab.training.torch_batches import SLICE, Batches, Tensors, of
from gradlab.training.torch_optimizer import Flat, TorchOptimizer
from gradlab.training.train import LOSS_SET, Job, Look, SetLook

Result = TypeVar("Result")
Part = TypeVar("Part", bound="Share")

CACHE_BYTES = 3_000_000  # of one share's parameters and activations: what a core has of second and third level cache
CALL_SECONDS = 20e-6  # least time of the average operation of a share, ten times what calling it takes
SECONDS_PER_FLOP, SECONDS_PER_NUMBER = 1e-11, 4e-10  # of a product, and of everything else, on one core


@runtime_checkable
class Replicas(Flat, Protocol):
    """A stack of which each replica draws its own order."""

    root_seed: int
    replicas: Int[ndarray, " R"]


class Share(ABC):
    """Some replicas of a job, with all they need to advance by themselves.

    Attributes:
        course: How it trains, and how far it has come.
        sets: Input sets to look at, by name.
    """

    course: Course
    sets: Mapping[str, Tensors]

    @abstractmethod
    def see(self, x: Tensor, t: Tensor | None, /) -> tuple[SetLook, ndarray]:
        """What the networks make of an input set, and their loss [R] on it, NaN without targets."""


class Course:
    """How some replicas train: loss, optimizer, batches; how far they have come, and which went bad on the way.

    Attributes:
        step: Updates done so far.
        bad_step_R: Update at which the loss was first not finite [R]; 0 where it never was.
        is_stopped: Set from outside to end an advance early.
        is_over: Whether no update changes anything any more: all replicas went bad, or stand still.
    """

    def __init__(self, job: Job, stack: Replicas, rows: slice, examples: Tensors, live: Sequence[Tensor]) -> None:
        """The course of replicas `rows` of a job.

        Args:
            job: The whole job.
            stack: These replicas.
            rows: Which they are.
            examples: Training examples of the whole stack, laid out as the share wants its batches.
            live: All numbers [R, ...] that stand still once a replica has gone bad.
        """
        sizes = job.recipe.batch_sizes(job.points)
        self.loss = TorchLoss(job.recipe.loss.name, [stack.along(p[rows]) for p in job.loss_params], stack.xp)
        self.optimizer = TorchOptimizer(job, stack, rows)
        self.batches = Batches(of(examples, rows), sizes, is_shuffled(job), stack.root_seed, stack.replicas)
        self.starts = [0, *accumulate(sizes)]
        self.live = live
        self.step = 0
        self.bad_step_R = torch.zeros(len(live[0]), dtype=torch.int64, device=live[0].device)
        self.frozen: tuple[Tensor, list[Tensor]] | None = None  # rows of replicas gone bad, and the numbers they keep
        self.is_stopped = False
        self.is_over = False
        self.repeats = (
            job.recipe.batch_size == "full"
            and not self.optimizer.slots
            and job.recipe.schedule.name == "constant"
            and not any(one.dropped for one in all_steps(job.stack.spec))
        )  # an update that changes nothing is then followed by others like it: dead networks need no training

    def until(self, step: int) -> Iterator[tuple[int, int]]:
        """(first place in the epoch, examples) of every batch until so many updates are done, or change nothing."""
        sizes = self.batches.sizes
        before = [numbers.clone() for numbers in self.live] if self.repeats and self.step < step else None
        while self.step < step and not self.is_stopped:
            if self.is_over:
                self.step = step
                return
            epoch, place = divmod(self.step, len(sizes))
            if place == 0:
                self.batches.begin(epoch)
            yield self.starts[place], sizes[place]
            self.step += 1
            if before is not None:  # of the first update alone: a comparison after each would cost narrow ones dear
                self.is_over |= all(torch.equal(now, was) for now, was in zip(self.live, before, strict=True))
                before = None

    def freeze(self, loss_R: Tensor, before: Sequence[Tensor]) -> None:
        """Keep the numbers of replicas whose loss is not finite any more.

        Args:
            loss_R: Of this step's batch.
            before: The live numbers as they were before this step.
        """
        if math.isfinite(loss_R.sum().item()):
            return
        newly_R = (self.bad_step_R == 0) & ~torch.isfinite(loss_R)
        if bool(newly_R.any()):
            self.bad_step_R = torch.where(newly_R, self.step + 1, self.bad_step_R)
            rows = self.bad_step_R.nonzero().squeeze(1)
            self.frozen = rows, [numbers[rows].clone() for numbers in before]
            self.is_over = len(rows) == len(loss_R)

    def restore(self) -> None:
        """Give replicas that have gone bad the numbers they keep, after an update of all."""
        if self.frozen is not None:
            rows, kept = self.frozen
            for live, numbers in zip(self.live, kept, strict=True):
                live[rows] = numbers


def share_size(job: Job) -> int:
    """Replicas of a share: as many as caches hold, but no fewer than make an operation worth its call.

    It depends on the job alone, not on threads, and so does how numbers round.
    """
    shapes = [w.shape[1:] for w in job.stack.weights]
    examples = max(job.recipe.batch_sizes(job.points))
    if job.stack.spec.is_plain:
        examples = min(examples, SLICE)
    weights, units = sum(n * m for n, m in shapes), sum(n for n, _ in shapes)
    numbers = weights + (shapes[0][1] + 2 * units) * examples
    seconds = (2 * weights * examples * SECONDS_PER_FLOP + units * examples * SECONDS_PER_NUMBER) / len(shapes)
    fits = CACHE_BYTES / (np.dtype(job.recipe.precision).itemsize * numbers)
    return max(1, int(float(fits) + 0.5), math.ceil(CALL_SECONDS / float(seconds)))


def cut(replicas: int, size: int) -> list[slice]:
    """Shares of at most `size` replicas, as equal as can be."""
    ends = np.linspace(0, replicas, -(-replicas // size) + 1).round().astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


def is_shuffled(job: Job) -> bool:
    """Whether each epoch goes through the examples in an order of its own."""
    return job.recipe.order == "shuffled" and job.recipe.batch_size != "full"


@contextmanager
def crew(shares: Sequence[Part]) -> Iterator[Callable[[Callable[[Part], Result]], list[Result]]]:
    """A function that does something to every share, each in a thread of its own."""
    threads = torch.get_num_threads()
    if min(threads, len(shares)) == 1:
        yield lambda do: [do(share) for share in shares]
        return
    pool = ThreadPoolExecutor(min(threads, len(shares)), initializer=torch.set_num_threads, initargs=(1,))

    def together(do: Callable[[Part], Result]) -> list[Result]:
        return [done.result() for done in [pool.submit(do, share) for share in shares]]

    try:
        yield together
    finally:
        for share in shares:
            share.course.is_stopped = True
        pool.shutdown()
        # a thread's number is its own, but threads yet to come start with the last one set
        torch.set_num_threads(threads)


def seen_by(share: Share) -> tuple[Mapping[str, SetLook], ndarray]:
    """What every input set shows, and the loss [R] on the set "train"."""
    seen = {name: share.see(*tensors) for name, tensors in share.sets.items()}
    loss_R = seen[LOSS_SET][1] if LOSS_SET in seen else np.full(len(share.course.bad_step_R), np.nan)
    return {name: set_look for name, (set_look, _) in seen.items()}, loss_R


def look_of(
    step: int,
    shares: Sequence[Share],
    seen: Sequence[tuple[Mapping[str, SetLook], ndarray]],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
) -> Look:
    """The look of a whole stack.

    Args:
        step: Updates done.
        shares: Its shares.
        seen: What each of them has seen.
        weights: Of the stack, by layer.
        biases: Of the stack, by layer.
    """
    return Look(
        step=step,
        loss=np.concatenate([loss_R for _, loss_R in seen]),
        first_bad_step=np.concatenate([share.course.bad_step_R.cpu().numpy() for share in shares]),
        weights=[w.cpu().numpy() for w in weights],
        biases=[None if b is None else b.cpu().numpy() for b in biases],
        sets={name: _joined([looks[name] for looks, _ in seen]) for name in seen[0][0]},
    )


def _joined(parts: Sequence[SetLook]) -> SetLook:
    """What the shares saw, along R."""
    if len(parts) == 1:
        return parts[0]
    outputs_RQN, live_RL = (
        np.concatenate(arrays) for arrays in zip(*((p.outputs, p.live_units) for p in parts), strict=True)
    )
    return SetLook(outputs_RQN, live_RL)
