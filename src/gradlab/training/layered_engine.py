"""The torch engine for networks with layers beyond plain dense ones: gradients by torch's own differentiation.

As in the plain engine a stack is cut along R into shares that advance in threads of their own. A share of a network with
convolutions is one replica: its operations are large enough to be worth their calls, and several replicas at once would
leave the caches. Where several do run together, sums round differently than alone: replicas agree within rounding, not
bitwise, whichever way they run.

`l2` of a layer adds its gradient 2 l2 W to that of the loss; the losses that looks report are without it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from gradlab.nets.steps import Step, all_steps
from gradlab.nets.torch_layers import LayeredNumbers, LayeredStack, Pass
from gradlab.spec import Conv2d
from gradlab.training.freed_memory import keep_freed_memory
from gradlab.training.shares import Course, Share, crew, cut, look_of, seen_by, share_size
from gradlab.training.torch_batches import SLICE, Tensors, of, on_device
from gradlab.training.train import Job, Look, SetLook

LOOK_NUMBERS = 4_000_000  # of one layer's outputs for the examples that pass through at a look together
TURN = 10  # updates that a share makes before another one may have its thread


class LayeredShare(Share):
    """Some replicas of a job, with all they need to advance by themselves.

    Attributes:
        stack: Their numbers.
        course: How they train, and how far they have come.
        sets: Named input sets.
    """

    def __init__(
        self, job: Job, rows: slice, numbers: LayeredNumbers, examples: Tensors, sets: Mapping[str, Tensors]
    ) -> None:
        """Replicas `rows` of a job.

        Args:
            job: The whole job.
            rows: Which replicas.
            numbers: Of the whole stack; the share reads and writes its rows.
            examples: Training examples of the whole stack.
            sets: Named input sets of the whole stack.
        """
        self.stack = stack = LayeredStack(job.stack, numbers, rows)
        self.running = [one for pair in stack.numbers.running if pair is not None for one in pair]
        self.course = Course(job, stack, rows, examples, [stack.params_RP, *self.running])
        self.sets = {name: of(tensors, rows) for name, tensors in sets.items()}
        self.hidden = [step for step in all_steps(job.stack.spec) if step.block >= 0][:-1]
        largest = max(math.prod(step.above) for step in all_steps(job.stack.spec)) * len(stack)
        self.look_examples = max(1, min(SLICE, LOOK_NUMBERS // largest))

    def advance(self, step: int) -> None:
        """Train until so many updates are done."""
        for start, size in self.course.until(step):
            self._update(start, size)

    def _update(self, start: int, size: int) -> None:
        """One update with a batch: `size` examples from place `start` of the epoch on."""
        stack, course, loss = self.stack, self.course, self.course.loss
        x_RBM, t_RBN = course.batches.rows(start, size)
        t_RNB = t_RBN.transpose(1, 2)
        before = [stack.params_RP, *(one.clone() for one in self.running)]  # the forward pass moves running statistics
        y_RNB = stack.forward(x_RBM, Pass(trains=True, step=course.step))
        with torch.no_grad():
            terms_R, normaliser = loss.terms(y_RNB, t_RNB)
            g_RNB = loss.gradient(y_RNB, t_RNB, normaliser)
            g_RNB = g_RNB.mul_(loss.factor(size, y_RNB.shape[1]))
        grads = torch.autograd.grad(y_RNB, stack.leaves.all, g_RNB)
        with torch.no_grad():
            course.freeze(terms_R, before)
            for gradient, l2, weights in self._penalised(grads):
                gradient.add_(weights * (2.0 * l2))
            flat_RP = torch.cat([gradient.reshape(len(stack), -1) for gradient in grads], dim=1)
            course.optimizer.update(flat_RP, course.optimizer.numbers(course.step + 1))
            course.restore()

    def _penalised(self, grads: Sequence[Tensor]) -> Iterator[tuple[Tensor, float | Tensor, Tensor]]:
        """Gradient, factor and weights of every block with a penalty."""
        place = 0
        for l2, weights, bias in zip(self.stack.l2, self.stack.leaves.weights, self.stack.leaves.biases, strict=True):
            if not isinstance(l2, float) or l2 > 0.0:
                yield grads[place], l2, weights
            place += 1 if bias is None else 2

    @torch.no_grad()
    def see(self, x_RQM: Tensor, t_RQN: Tensor | None) -> tuple[SetLook, ndarray]:
        """See `shares.Share`."""
        stack, examples = self.stack, x_RQM.shape[1]
        outputs: list[ndarray] = []
        live = [torch.zeros(len(stack), step.above[0], dtype=torch.bool, device=stack.device) for step in self.hidden]

        def watch(step: Step, pre: Tensor, post: Tensor) -> None:
            if 0 <= step.block < len(live):
                live[step.block] |= stack.is_live(step, pre, post)

        loss_R = np.full(len(stack), 0.0 if t_RQN is not None else np.nan)
        for first in range(0, examples, self.look_examples):
            here = slice(first, first + self.look_examples)
            y_RNQ = stack.forward(x_RQM[:, here], Pass(watch=watch))
            outputs.append(y_RNQ.transpose(1, 2).cpu().numpy())
            if t_RQN is not None:
                loss_R += self.course.loss.terms(y_RNQ, t_RQN[:, here].transpose(1, 2))[0].cpu().numpy()
        outputs_RQN = np.concatenate(outputs, axis=1)
        live_RL = np.zeros((len(stack), len(live)), np.int64)
        for i, units in enumerate(live):
            live_RL[:, i] = units.sum(1).cpu().numpy()
        return SetLook(outputs_RQN, live_RL), loss_R * self.course.loss.factor(examples, outputs_RQN.shape[2])


def in_turns(shares: Sequence[LayeredShare], step: int) -> Callable[[LayeredShare], None]:
    """Work for a crew: advance all shares until so many updates are done, the one farthest behind first.

    Each member of the crew takes whichever share is free, so that no thread idles while another has two to do.
    """
    free, lock = list(shares), threading.Lock()

    def work(_: LayeredShare) -> None:
        while True:
            with lock:
                behind = [share for share in free if share.course.step < step and not share.course.is_stopped]
                if not behind:
                    return
                share = min(behind, key=lambda one: one.course.step)
                free.remove(share)
            try:
                share.advance(min(share.course.step + TURN, step))
            except BaseException:
                for one in shares:  # or the others would train to the look before anybody hears of it
                    one.course.is_stopped = True
                raise
            with lock:
                free.append(share)

    return work


def train_layered(job: Job, looks: Sequence[int], device: str = "cpu") -> Iterator[Look]:
    """Train a stack with layers of any kind; see `training.train.train`."""
    keep_freed_memory()
    numbers = LayeredNumbers.of(job.stack, device)
    where = numbers.params_RP.device, numbers.params_RP.dtype
    examples = on_device(job.examples, *where)
    sets = {name: on_device(each, *where) for name, each in job.sets.items()}
    shares = [LayeredShare(job, rows, numbers, examples, sets) for rows in cut(len(job.stack), together(job, device))]
    views = numbers.views(job.stack)
    with crew(shares) as all_of_them:
        for step in looks:
            all_of_them(in_turns(shares, step))
            look = look_of(step, shares, all_of_them(seen_by), views.weights, views.biases)
            yield replace(look, norms=numbers.norms(job.stack))


def together(job: Job, device: str) -> int:
    """Replicas of a share."""
    if device != "cpu":
        return len(job.stack)
    return 1 if any(isinstance(layer, Conv2d) for layer in job.stack.spec.blocks) else share_size(job)
