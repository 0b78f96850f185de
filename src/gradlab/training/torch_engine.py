"""The torch engine: fully connected stacks of any width by batched products, forward and backward written out.

Shares of the stack, one a thread, advance from look to look (see `shares`): products of single networks are too small to be
shared between threads, and whatever lies between the products runs in parallel too. On a GPU there is one share. Batches of
more than `SLICE` examples pass through in slices whose gradients add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from gradlab.nets.torch_stack import Buffers, TorchStack, flat_parameters
from gradlab.training.shares import Course, Share, crew, cut, is_shuffled, look_of, seen_by, share_size
from gradlab.training.torch_batches import SLICE, Tensors, examples_last, of, on_device
from gradlab.training.train import Job, Look, SetLook


class PlainShare(Share):
    """Some replicas of a job of dense layers alone.

    Attributes:
        stack: Their parameters.
        course: How they train, and how far they have come.
        sets: Named input sets, examples last.
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
        self.stack = TorchStack(job.stack, params_RP, rows)
        self.course = Course(job, self.stack, rows, examples, [self.stack.params_RP])
        self.sets = {name: of(tensors, rows) for name, tensors in sets.items()}
        self.real = np.dtype(job.recipe.precision)
        self.grads: tuple[Tensor, list[Tensor], list[Tensor | None]] | None = None
        self.room: dict[tuple[int, bool], Buffers] = {}

    @torch.no_grad()
    def advance(self, step: int) -> None:
        """Train until so many updates are done."""
        for start, size in self.course.until(step):
            self._update(start, size)

    def _update(self, start: int, size: int) -> None:
        """One update with a batch: `size` examples from place `start` of the epoch on."""
        stack, course, loss = self.stack, self.course, self.course.loss
        numbers = course.optimizer.numbers(course.step + 1)
        rate = course.optimizer.plain_rate(numbers) if size <= SLICE else None
        factor = loss.factor(size, stack.shapes[-1][0])
        losses: list[Tensor] = []
        for piece in course.batches.pieces(start, size):
            buffers = self._buffers(piece.x_RMB.shape[2], trains=True)
            y_RNB = stack.forward(piece.x_RMB, buffers, course.step, piece.first)
            terms_R, normaliser = loss.terms(y_RNB, piece.t_RNB)
            losses.append(terms_R)
            g_RNB = loss.gradient(y_RNB, piece.t_RNB, normaliser)
            if rate is None:
                _, weight_grads, bias_grads = self._gradients()
                stack.backward(g_RNB.mul_(factor), buffers, weight_grads, bias_grads, add=piece.first > 0)
            else:  # there is but one piece
                course.freeze(terms_R, course.live)
                g_RNB.mul_(stack.along(rate * -factor))
                stack.backward(g_RNB, buffers, stack.weights, stack.biases, add=True)
        if rate is None:
            course.freeze(torch.stack(losses).sum(0), course.live)
            course.optimizer.update(self._gradients()[0], numbers)
        course.restore()

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
        """See `shares.Share`."""
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
                loss_R += self.course.loss.terms(y_RNQ, t_RNQ[:, :, here])[0].cpu().numpy()
        live_RL = np.zeros((len(stack), len(hidden)), np.int64)
        for i in hidden:
            live_RL[:, i] = live[i].sum(1).cpu().numpy()
        return SetLook(outputs_RQN, live_RL), loss_R * self.course.loss.factor(examples, units)


def train_torch(job: Job, looks: Sequence[int], device: str = "cpu") -> Iterator[Look]:
    """Train a stack with torch; see `training.train.train`."""
    params_RP = flat_parameters(job.stack, device)
    where = params_RP.device, params_RP.dtype
    examples = on_device(job.examples, *where)
    examples = examples if is_shuffled(job) else examples_last(examples)
    sets = {name: examples_last(on_device(each, *where)) for name, each in job.sets.items()}
    size = share_size(job) if params_RP.device.type == "cpu" else len(job.stack)
    shares = [PlainShare(job, rows, params_RP, examples, sets) for rows in cut(len(job.stack), size)]
    weights, biases = TorchStack(job.stack, params_RP).views(params_RP)
    with crew(shares) as together:
        for step in looks:
            together(lambda share, step=step: share.advance(step))  # type: ignore[misc]
            yield look_of(step, shares, together(seen_by), weights, biases)
