"""The torch engine: fully connected stacks of any width by batched products, forward and backward written out.

A stack is cut along R into shares, one a thread, that advance from look to look without waiting for each other: products
of single networks are too small to be shared between threads, and whatever lies between the products runs in parallel
too. On a GPU there is one share. Batches of more than `SLICE` examples pass through in slices whose gradients add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate, pairwise
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from gradlab.nets.torch_loss import TorchLoss
from gradlab.nets.torch_stack import Buffers, TorchStack, flat_parameters
from gradlab.training.torch_batches import SLICE, Batches, Tensors, examples_last, of, on_device
from gradlab.training.torch_optimizer import TorchOptimizer
from gradlab.training.train import LOSS_SET, Job, Look, SetLook

Result = TypeVar("Result")
Part = TypeVar("Part", bound="Stoppable")

CACHE_BYTES = 3_000_000  # of one share's parameters and activations: what a core has of second and third level cache
CALL_SECONDS = 20e-6  # least time of the average operation of a share, ten times what calling it takes
SECONDS_PER_FLOP, SECONDS_PER_NUMBER = 1e-11, 4e-10  # of a product, and of everything else, on one core


class Stoppable(Protocol):
    """What a crew works on."""

    is_stopped: bool


class Share:
    """Some replicas of a job, with all they need to advance by themselves.

    Attributes:
        stack: Their parameters.
        step: Updates done so far.
        bad_step_R: Update at which the loss was first not finite [R]; 0 where it never was.
        is_stopped: Set from outside to end an advance early.
    """

    def __init__(
        self, job: Job, rows: slice, params_RP: Tensor, examples: Tensors, sets: Mapping[str, Tensors]
    ) -> None:
        """Replicas `rows` of a job.

        Args:
            job: The whole job.
            rows: Which replicas.
            params_RP: Parameters of the whole stack; the share reads and writes its rows.
            examples: Training examples of the whole stack, laid out as `Batches` wants them.
            sets: Named input sets of the whole stack, examples last.
        """
        recipe = job.recipe
        self.stack = stack = TorchStack(job.stack, params_RP, rows)
        self.loss = TorchLoss(recipe.loss.name, [stack.along(p[rows]) for p in job.loss_params], stack.xp)
        self.optimizer = TorchOptimizer(job, stack, rows)
        sizes = recipe.batch_sizes(job.points)
        self.batches = Batches(of(examples, rows), sizes, is_shuffled(job), stack.root_seed, stack.replicas)
        self.sets = {name: of(tensors, rows) for name, tensors in sets.items()}
        self.starts = [0, *accumulate(sizes)]
        self.step = 0
        self.real = np.dtype(recipe.precision)
        self.bad_step_R = torch.zeros(len(stack), dtype=torch.int64, device=stack.device)
        self.frozen: tuple[Tensor, Tensor] | None = None  # rows of replicas gone bad, and the parameters they keep
        self.grads: tuple[Tensor, list[Tensor], list[Tensor | None]] | None = None
        self.room: dict[tuple[int, bool], Buffers] = {}
        self.is_stopped = False

    @torch.no_grad()
    def advance(self, step: int) -> None:
        """Train until so many updates are done."""
        sizes = self.batches.sizes
        while self.step < step and not self.is_stopped:
            epoch, place = divmod(self.step, len(sizes))
            if place == 0:
                self.batches.begin(epoch)
            self._update(self.starts[place], sizes[place])
            self.step += 1

    def _update(self, start: int, size: int) -> None:
        """One update with a batch: `size` examples from place `start` of the epoch on."""
        stack, numbers = self.stack, self.optimizer.numbers(self.step + 1)
        rate = self.optimizer.plain_rate(numbers) if size <= SLICE else None
        factor = self.loss.factor(size, stack.shapes[-1][0])
        losses: list[Tensor] = []
        for piece in self.batches.pieces(start, size):
            buffers = self._buffers(piece.x_RMB.shape[2], trains=True)
            y_RNB = stack.forward(piece.x_RMB, buffers, self.step, piece.first)
            terms_R, normaliser = self.loss.terms(y_RNB, piece.t_RNB)
            losses.append(terms_R)
            g_RNB = self.loss.gradient(y_RNB, piece.t_RNB, normaliser)
            if rate is None:
                _, weight_grads, bias_grads = self._gradients()
                stack.backward(g_RNB.mul_(factor), buffers, weight_grads, bias_grads, add=piece.first > 0)
            else:  # there is but one piece
                self._freeze(terms_R)
                g_RNB.mul_(stack.along(rate * -factor))
                stack.backward(g_RNB, buffers, stack.weights, stack.biases, add=True)
        if rate is None:
            self._freeze(torch.stack(losses).sum(0))
            self.optimizer.update(self._gradients()[0], numbers)
        if self.frozen is not None:
            rows, kept = self.frozen
            stack.params_RP[rows] = kept

    def _freeze(self, loss_R: Tensor) -> None:
        """Keep the parameters of replicas whose loss is not finite any more; before they are updated."""
        if math.isfinite(loss_R.sum().item()):
            return
        newly_R = (self.bad_step_R == 0) & ~torch.isfinite(loss_R)
        if bool(newly_R.any()):
            self.bad_step_R = torch.where(newly_R, self.step + 1, self.bad_step_R)
            rows = self.bad_step_R.nonzero().squeeze(1)
            self.frozen = rows, self.stack.params_RP[rows].clone()

    def _gradients(self) -> tuple[Tensor, list[Tensor], list[Tensor | None]]:
        """Room for the gradients [R, P], and its views as weights and biases."""
        if self.grads is None:
            flat_RP = torch.zeros_like(self.stack.params_RP)
            self.grads = (flat_RP, *self.stack.views(flat_RP))
        return self.grads

    def _buffers(self, examples: int, *, trains: bool) -> Buffers:
        key = examples, trains
        if key not in self.room:
            self.room[key] = self.stack.buffers(examples, trains=trains)
        return self.room[key]

    @torch.no_grad()
    def see(self, x_RMQ: Tensor, t_RNQ: Tensor | None) -> tuple[SetLook, ndarray]:
        """What the networks make of an input set, and their loss [R] on it, NaN without targets."""
        stack, hidden = self.stack, range(len(self.stack.shapes) - 1)
        units, examples = stack.shapes[-1][0], x_RMQ.shape[2]
        live = [torch.zeros(len(stack), n, dtype=torch.bool, device=stack.device) for n, _, _ in stack.shapes[:-1]]
        outputs_RQN = np.empty((len(stack), examples, units), self.real)
        loss_R = np.full(len(stack), 0.0 if t_RNQ is not None else np.nan)
        for first in range(0, examples, SLICE):
            here = slice(first, min(first + SLICE, examples))
            buffers = self._buffers(here.stop - first, trains=False)
            y_RNQ = stack.forward(x_RMQ[:, :, here], buffers)
            outputs_RQN[:, here] = y_RNQ.transpose(1, 2).cpu().numpy()
            for i in hidden:
                live[i] |= stack.is_live(i, buffers)
            if t_RNQ is not None:
                loss_R += self.loss.terms(y_RNQ, t_RNQ[:, :, here])[0].cpu().numpy()
        live_RL = np.zeros((len(stack), len(hidden)), np.int64)
        for i in hidden:
            live_RL[:, i] = live[i].sum(1).cpu().numpy()
        return SetLook(outputs_RQN, live_RL), loss_R * self.loss.factor(examples, units)

    def look(self) -> tuple[dict[str, SetLook], ndarray]:
        """What every input set shows, and the loss [R] on the set "train"."""
        seen = {name: self.see(*tensors) for name, tensors in self.sets.items()}
        loss_R = seen[LOSS_SET][1] if LOSS_SET in seen else np.full(len(self.stack), np.nan)
        return {name: set_look for name, (set_look, _) in seen.items()}, loss_R


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
            share.is_stopped = True
        pool.shutdown()
        torch.set_num_threads(
            threads
        )  # a thread's number is its own, but threads yet to come start with the last one set


def train_torch(job: Job, looks: Sequence[int], device: str = "cpu") -> Iterator[Look]:
    """Train a stack with torch; see `training.train.train`."""
    params_RP = flat_parameters(job.stack, device)
    where = params_RP.device, params_RP.dtype
    examples = on_device(job.examples, *where)
    examples = examples if is_shuffled(job) else examples_last(examples)
    sets = {name: examples_last(on_device(each, *where)) for name, each in job.sets.items()}
    size = share_size(job) if params_RP.device.type == "cpu" else len(job.stack)
    shares = [Share(job, rows, params_RP, examples, sets) for rows in cut(len(job.stack), size)]
    weights, biases = TorchStack(job.stack, params_RP).views(params_RP)
    with crew(shares) as together:
        for step in looks:
            together(lambda share, step=step: share.advance(step))  # type: ignore[misc]
            seen = together(Share.look)
            yield Look(
                step=step,
                loss=np.concatenate([loss_R for _, loss_R in seen]),
                first_bad_step=np.concatenate([share.bad_step_R.cpu().numpy() for share in shares]),
                weights=[w.cpu().numpy() for w in weights],
                biases=[None if b is None else b.cpu().numpy() for b in biases],
                sets={name: joined([looks[name] for looks, _ in seen]) for name in sets},
            )


def joined(parts: Sequence[SetLook]) -> SetLook:
    """What the shares saw, along R."""
    if len(parts) == 1:
        return parts[0]
    outputs_RQN, live_RL = (
        np.concatenate(arrays) for arrays in zip(*((p.outputs, p.live_units) for p in parts), strict=True)
    )
    return SetLook(outputs_RQN, live_RL)
