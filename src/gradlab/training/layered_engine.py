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
from itertools import accumulate

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from gradlab.nets.steps import Step, all_steps
from gradlab.nets.torch_layers import LayeredNumbers, LayeredStack, Pass
from gradlab.nets.torch_loss import TorchLoss
from gradlab.spec import Conv2d
from gradlab.training.torch_batches import SLICE, Batches, Tensors, of, on_device
from gradlab.training.torch_engine import crew, cut, is_shuffled, joined, share_size
from gradlab.training.torch_optimizer import TorchOptimizer
from gradlab.training.train import LOSS_SET, Job, Look, SetLook

LOOK_NUMBERS = 4_000_000  # of one layer's outputs for the examples that pass through at a look together
TURN = 10  # updates that a share makes before another one may have its thread


class LayeredShare:
    """Some replicas of a job, with all they need to advance by themselves.

    Attributes:
        stack: Their numbers.
        step: Updates done so far.
        bad_step_R: Update at which the loss was first not finite [R]; 0 where it never was.
        is_stopped: Set from outside to end an advance early.
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
        recipe = job.recipe
        self.stack = stack = LayeredStack(job.stack, numbers, rows)
        self.loss = TorchLoss(recipe.loss.name, [stack.along(p[rows]) for p in job.loss_params], stack.xp)
        self.optimizer = TorchOptimizer(job, stack, rows)
        sizes = recipe.batch_sizes(job.points)
        self.batches = Batches(of(examples, rows), sizes, is_shuffled(job), stack.root_seed, stack.replicas)
        self.sets = {name: of(tensors, rows) for name, tensors in sets.items()}
        self.starts = [0, *accumulate(sizes)]
        self.step = 0
        self.real = np.dtype(recipe.precision)
        self.hidden = [step for step in all_steps(job.stack.spec) if step.block >= 0][:-1]
        largest = max(math.prod(step.above) for step in all_steps(job.stack.spec)) * len(stack)
        self.look_examples = max(1, min(SLICE, LOOK_NUMBERS // largest))
        self.bad_step_R = torch.zeros(len(stack), dtype=torch.int64, device=stack.device)
        self.frozen: tuple[Tensor, Tensor] | None = None  # rows of replicas gone bad, and the parameters they keep
        self.frozen_running: list[Tensor] = []
        self.is_stopped = False

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
        stack = self.stack
        x_RBM, t_RBN = self.batches.rows(start, size)
        t_RNB = t_RBN.transpose(1, 2)
        running = [one.clone() for one in self._running]
        y_RNB = stack.forward(x_RBM, Pass(trains=True, step=self.step))
        with torch.no_grad():
            terms_R, normaliser = self.loss.terms(y_RNB, t_RNB)
            g_RNB = self.loss.gradient(y_RNB, t_RNB, normaliser)
            g_RNB = g_RNB.mul_(self.loss.factor(size, y_RNB.shape[1]))
        leaves = stack.leaves.all
        grads = torch.autograd.grad(y_RNB, leaves, g_RNB)
        with torch.no_grad():
            self._freeze(terms_R, running)
            for gradient, l2, weights in self._penalised(grads):
                gradient.add_(weights * (2.0 * l2))
            flat_RP = torch.cat([gradient.reshape(len(stack), -1) for gradient in grads], dim=1)
            self.optimizer.update(flat_RP, self.optimizer.numbers(self.step + 1))
            if self.frozen is not None:
                rows, kept = self.frozen
                stack.params_RP[rows] = kept
                for live, frozen in zip(self._running, self.frozen_running, strict=True):
                    live[rows] = frozen

    @property
    def _running(self) -> list[Tensor]:
        """Running means and variances."""
        return [one for pair in self.stack.numbers.running if pair is not None for one in pair]

    def _penalised(self, grads: Sequence[Tensor]) -> Iterator[tuple[Tensor, float | Tensor, Tensor]]:
        """Gradient, factor and weights of every block with a penalty."""
        place = 0
        for l2, weights, bias in zip(self.stack.l2, self.stack.leaves.weights, self.stack.leaves.biases, strict=True):
            if not isinstance(l2, float) or l2 > 0.0:
                yield grads[place], l2, weights
            place += 1 if bias is None else 2

    def _freeze(self, loss_R: Tensor, running: Sequence[Tensor]) -> None:
        """Keep the numbers of replicas whose loss is not finite any more; before they are updated.

        Args:
            loss_R: Loss of the batch.
            running: Running statistics before it.
        """
        if math.isfinite(loss_R.sum().item()):
            return
        newly_R = (self.bad_step_R == 0) & ~torch.isfinite(loss_R)
        if not bool(newly_R.any()):
            return
        for live, before in zip(self._running, running, strict=True):
            live[newly_R] = before[newly_R]
        if self.frozen is not None:  # this batch has moved the statistics of those gone bad before
            for live, frozen in zip(self._running, self.frozen_running, strict=True):
                live[self.frozen[0]] = frozen
        self.bad_step_R = torch.where(newly_R, self.step + 1, self.bad_step_R)
        rows = self.bad_step_R.nonzero().squeeze(1)
        self.frozen = rows, self.stack.params_RP[rows].clone()
        self.frozen_running = [live[rows].clone() for live in self._running]

    @torch.no_grad()
    def see(self, x_RQM: Tensor, t_RQN: Tensor | None) -> tuple[SetLook, ndarray]:
        """What the networks make of an input set, and their loss [R] on it, NaN without targets."""
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
                loss_R += self.loss.terms(y_RNQ, t_RQN[:, here].transpose(1, 2))[0].cpu().numpy()
        outputs_RQN = np.concatenate(outputs, axis=1)
        live_RL = np.zeros((len(stack), len(live)), np.int64)
        for i, units in enumerate(live):
            live_RL[:, i] = units.sum(1).cpu().numpy()
        return SetLook(outputs_RQN, live_RL), loss_R * self.loss.factor(examples, outputs_RQN.shape[2])

    def look(self) -> tuple[dict[str, SetLook], ndarray]:
        """What every input set shows, and the loss [R] on the set "train"."""
        seen = {name: self.see(*tensors) for name, tensors in self.sets.items()}
        loss_R = seen[LOSS_SET][1] if LOSS_SET in seen else np.full(len(self.stack), np.nan)
        return {name: set_look for name, (set_look, _) in seen.items()}, loss_R


def in_turns(shares: Sequence[LayeredShare], step: int) -> Callable[[LayeredShare], None]:
    """Work for a crew: advance all shares until so many updates are done, the one farthest behind first.

    Each member of the crew takes whichever share is free, so that no thread idles while another has two to do.
    """
    free, lock = list(shares), threading.Lock()

    def work(_: LayeredShare) -> None:
        while True:
            with lock:
                behind = [share for share in free if share.step < step and not share.is_stopped]
                if not behind:
                    return
                share = min(behind, key=lambda one: one.step)
                free.remove(share)
            share.advance(min(share.step + TURN, step))
            with lock:
                free.append(share)

    return work


def train_layered(job: Job, looks: Sequence[int], device: str = "cpu") -> Iterator[Look]:
    """Train a stack with layers of any kind; see `training.train.train`."""
    numbers = LayeredNumbers.of(job.stack, device)
    where = numbers.params_RP.device, numbers.params_RP.dtype
    examples = on_device(job.examples, *where)
    sets = {name: on_device(each, *where) for name, each in job.sets.items()}
    shares = [LayeredShare(job, rows, numbers, examples, sets) for rows in cut(len(job.stack), together(job, device))]
    views = numbers.views(job.stack)
    with crew(shares) as all_of_them:
        for step in looks:
            all_of_them(in_turns(shares, step))
            seen = all_of_them(LayeredShare.look)
            yield Look(
                step=step,
                loss=np.concatenate([loss_R for _, loss_R in seen]),
                first_bad_step=np.concatenate([share.bad_step_R.cpu().numpy() for share in shares]),
                weights=[w.cpu().numpy() for w in views.weights],
                biases=[None if b is None else b.cpu().numpy() for b in views.biases],
                sets={name: joined([looks[name] for looks, _ in seen]) for name in sets},
                norms=numbers.norms(job.stack),
            )


def together(job: Job, device: str) -> int:
    """Replicas of a share."""
    if device != "cpu":
        return len(job.stack)
    return 1 if any(isinstance(layer, Conv2d) for layer in job.stack.spec.blocks) else share_size(job)
