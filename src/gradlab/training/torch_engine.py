"""The torch engine: fully connected stacks by batched products, forward and backward written out.

Examples are the last axis, [R, N, B]: for narrow layers the products, and above all the biases, are several times
faster this way than with units last.

All parameters of a replica lie in one row of a flat [R, P] tensor, of which every layer's weights are a view, so the
optimizer is one formula on one tensor. Activation, loss and optimizer come from the catalog records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gradlab import seeds
from gradlab.data import Examples
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES
from gradlab.parts.namespace import NUMPY
from gradlab.training.train import LOSS_SET, Job, Look, SetLook


class TorchStack:
    """The live tensors of a stack: parameters, gradients, optimizer buffers."""

    def __init__(self, job: Job, device: str) -> None:
        stack, recipe = job.stack, job.recipe
        self.job, self.device = job, torch.device(device)
        self.dtype = getattr(torch, recipe.precision)
        self.xp = TorchNamespace(self.dtype)
        pieces: list[ndarray] = []
        for weights, bias in zip(stack.weights, stack.biases, strict=True):
            pieces += [weights.reshape(len(stack), -1)] + ([] if bias is None else [bias])
        self.params_RP = torch.from_numpy(np.concatenate(pieces, axis=1)).to(self.device)
        self.grads_RP = torch.zeros_like(self.params_RP)
        self.weights, self.biases = self._views(self.params_RP)
        self.weight_grads, self.bias_grads = self._views(self.grads_RP)
        self.activations = [ACTIVATIONS[layer.activation.name] for layer in stack.spec.layers]
        self.activation_params = [[self.along(p, 3) for p in params] for params in stack.activation_params]
        self.loss = LOSSES[recipe.loss.name]
        self.loss_params = [self.along(p, 3) for p in job.loss_params]
        self.rule = OPTIMIZERS[recipe.optimizer.name].rule(dict(recipe.optimizer.params))
        self.slots = [torch.zeros_like(self.params_RP) for _ in self.rule.slots]

    def _views(self, flat_RP: Tensor) -> tuple[list[Tensor], list[Tensor | None]]:
        weights: list[Tensor] = []
        biases: list[Tensor | None] = []
        start = 0
        for w, b in zip(self.job.stack.weights, self.job.stack.biases, strict=True):
            _, n, m = w.shape
            weights.append(flat_RP[:, start : start + n * m].view(-1, n, m))
            start += n * m
            biases.append(None if b is None else flat_RP[:, start : start + n])
            start += 0 if b is None else n
        return weights, biases

    def along(self, values_R: Float[ndarray, " R"], dims: int) -> Any:
        """A parameter as a number where all replicas agree, else as a tensor [R, 1, ...] of `dims` dimensions."""
        if (values_R == values_R[0]).all():
            return float(values_R[0])
        return torch.tensor(values_R, dtype=self.dtype, device=self.device).reshape(-1, *[1] * (dims - 1))

    def tensors(self, examples: Examples) -> tuple[Tensor, Tensor | None]:
        """Inputs and targets with examples as the last axis."""
        x, t = (
            None if a is None else torch.from_numpy(a.swapaxes(1, 2).copy()).to(self.device, self.dtype)
            for a in (examples.inputs, examples.targets)
        )
        assert x is not None
        return x, t

    def forward(self, x_RMB: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Pre-activations and activations of every layer, each [R, N, B]; activations start with the input."""
        pre: list[Tensor] = []
        post = [x_RMB]
        for i, (w_RNM, b_RN) in enumerate(zip(self.weights, self.biases, strict=True)):
            z_RNB = product(w_RNM, post[-1], b_RN)
            pre.append(z_RNB)
            post.append(self.activations[i].function(self.xp, z_RNB, *self.activation_params[i]))
        return pre, post

    def loss_terms(self, y_RNB: Tensor, t_RNB: Tensor) -> tuple[Tensor, float, Any]:
        """Loss of each element, the factor of the reduction, and the normaliser."""
        normaliser: Any = torch.logsumexp(y_RNB, 1, keepdim=True) if self.loss.normaliser else 0.0
        units, examples = y_RNB.shape[1:]
        factor = 1.0 / self.loss.divisor(examples, units)
        return self.loss.value(self.xp, y_RNB, t_RNB, normaliser, *self.loss_params), factor, normaliser

    def gradients(self, x_RMB: Tensor, t_RNB: Tensor) -> Tensor:
        """Fill the gradients of one batch; returns the loss [R]."""
        pre, post = self.forward(x_RMB)
        terms, factor, normaliser = self.loss_terms(post[-1], t_RNB)
        g_RNB = self.loss.gradient(self.xp, post[-1], t_RNB, normaliser, *self.loss_params) * factor
        for i in reversed(range(len(pre))):
            if self.activations[i].name != "identity":
                slope = self.activations[i].derivative(self.xp, pre[i], post[i + 1], *self.activation_params[i])
                g_RNB = g_RNB * slope
            inputs_RBM = post[i].transpose(1, 2)
            if min(self.weights[i].shape[1:]) >= 5:
                # MKL's batched product is many times slower here when both operands run along the examples
                inputs_RBM = inputs_RBM.contiguous()
            self.weight_grads[i].copy_(torch.bmm(g_RNB, inputs_RBM.expand(g_RNB.shape[0], -1, -1)))
            bias_grad = self.bias_grads[i]
            if bias_grad is not None:
                torch.sum(g_RNB, 2, out=bias_grad)
            if i:
                g_RNB = product(self.weights[i].transpose(1, 2), g_RNB, None)
        return terms.sum((1, 2)) * factor

    def update(self, step: int, bad_R: Tensor | None) -> None:
        """One optimizer step with the gradients at hand; bad replicas keep their weights and buffers.

        Args:
            step: Number of this update, from 1.
            bad_R: Replicas to freeze, or None for none.
        """
        job = self.job
        factor = SCHEDULES[job.recipe.schedule.name].factor(
            NUMPY, float(step - 1), float(job.total_steps), *job.schedule_params
        )
        numbers = self.rule.prepare(NUMPY, float(step), job.lr * factor, *job.optimizer_params)
        prepared = [self.along(np.broadcast_to(n, job.lr.shape), 2) for n in numbers]
        new = self.rule.update(self.xp, self.params_RP, self.grads_RP, *self.slots, *prepared)
        for old, value in zip((self.params_RP, *self.slots), new, strict=True):
            old.copy_(value if bad_R is None else torch.where(bad_R[:, None], old, value))

    def look(self, step: int, bad_step_R: Tensor, sets: dict[str, tuple[Tensor, Tensor | None]]) -> Look:
        """What the stack shows standing still."""
        seen: dict[str, SetLook] = {}
        loss_R = torch.full((len(self.job.stack),), torch.nan)
        for name, (x, t) in sets.items():
            pre, post = self.forward(x)
            live = [
                (self.activations[i].derivative(self.xp, pre[i], post[i + 1], *self.activation_params[i]) != 0)
                .any(2)
                .sum(1)
                for i in range(len(pre) - 1)
            ]
            live_RL = torch.stack(live, 1) if live else torch.zeros((len(self.job.stack), 0), dtype=torch.int64)
            outputs_RQN = post[-1].transpose(1, 2).cpu().numpy()
            seen[name] = SetLook(outputs_RQN, live_RL.cpu().numpy().astype(np.int64))
            if name == LOSS_SET and t is not None:
                terms, factor, _ = self.loss_terms(post[-1], t)
                loss_R = terms.sum((1, 2)) * factor
        return Look(
            step=step,
            loss=loss_R.cpu().double().numpy(),
            first_bad_step=bad_step_R.cpu().numpy().copy(),
            weights=[w.cpu().numpy() for w in self.weights],
            biases=[None if b is None else b.cpu().numpy() for b in self.biases],
            sets=seen,
        )


def product(w_RNM: Tensor, x_RMB: Tensor, bias_RN: Tensor | None) -> Tensor:
    """W @ x (+ bias) for every replica; x may be shared by all replicas (leading axis 1)."""
    m = w_RNM.shape[2]
    if m <= 2:  # torch's kernel for tiny products does not vectorise; broadcasting does
        z = w_RNM[:, :, :1] * x_RMB[:, :1]
        z = z if m == 1 else torch.addcmul(z, w_RNM[:, :, 1:], x_RMB[:, 1:])
        return z if bias_RN is None else z.add_(bias_RN.unsqueeze(2))
    x = x_RMB.expand(w_RNM.shape[0], -1, -1)
    return torch.bmm(w_RNM, x) if bias_RN is None else torch.baddbmm(bias_RN.unsqueeze(2), w_RNM, x)


def train_torch(job: Job, looks: Sequence[int], device: str = "cpu") -> Iterator[Look]:
    """Train a stack with torch; see `training.train.train`."""
    with torch.no_grad():
        live = TorchStack(job, device)
        sets = {name: live.tensors(examples) for name, examples in job.sets.items()}
        x_RMP, t_RNP = live.tensors(job.examples)
        assert t_RNP is not None
        bad_step_R = torch.zeros(len(job.stack), dtype=torch.int64, device=live.device)
        sizes = job.recipe.batch_sizes(job.points)
        step = 0
        any_bad = False
        pending = list(looks)
        while pending and pending[0] == step:
            yield live.look(pending.pop(0), bad_step_R, sets)
        epoch = 0
        while pending:
            epoch_x, epoch_t = _in_order(job, epoch, x_RMP, t_RNP)
            start = 0
            for size in sizes:
                loss_R = live.gradients(epoch_x[..., start : start + size], epoch_t[..., start : start + size])
                start += size
                step += 1
                good_R = torch.isfinite(loss_R)
                if any_bad or not bool(good_R.all()):
                    bad_step_R = torch.where((bad_step_R == 0) & ~good_R, step, bad_step_R)
                    any_bad = True
                live.update(step, bad_step_R > 0 if any_bad else None)
                while pending and pending[0] == step:
                    yield live.look(pending.pop(0), bad_step_R, sets)
                if not pending:
                    return
            epoch += 1


def _in_order(job: Job, epoch: int, x_RMP: Tensor, t_RNP: Tensor) -> tuple[Tensor, Tensor]:
    """Examples of each replica in the order of this epoch."""
    if job.recipe.order == "sequential" or job.recipe.batch_size == "full":
        return x_RMP, t_RNP
    order = seeds.permutations(job.stack.root_seed, job.stack.replicas, epoch, job.points)
    order_RP = torch.from_numpy(order).to(x_RMP.device, torch.int64)
    x, t = (
        a.expand(len(order_RP), -1, -1).gather(2, order_RP[:, None].expand(-1, a.shape[1], -1)) for a in (x_RMP, t_RNP)
    )
    return x, t
