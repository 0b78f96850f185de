"""`LayeredNumbers`: the numbers of a stack as tensors: those that train in one row a replica, running statistics beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gradlab.nets.stack import NormNumbers, Stack


@dataclass(frozen=True, slots=True)
class Views:
    """The trained numbers of every layer, in a tensor [R, P].

    Attributes:
        weights: Per block [R, N, M].
        biases: Per block [R, N] or None.
        scales: Per norm [R, C].
        shifts: Per norm [R, C].
    """

    weights: list[Tensor]
    biases: list[Tensor | None]
    scales: list[Tensor]
    shifts: list[Tensor]

    @property
    def all(self) -> list[Tensor]:
        """Every view, in the order of the row."""
        blocks = [one for pair in zip(self.weights, self.biases, strict=True) for one in pair if one is not None]
        return blocks + [one for pair in zip(self.scales, self.shifts, strict=True) for one in pair]


@dataclass(frozen=True, slots=True)
class LayeredNumbers:
    """All numbers of the networks of a stack.

    A row of `params_RP` is a network: W and b of block after block, then gamma and beta of norm after norm.

    Attributes:
        params_RP: What trains.
        running: Per norm, running mean and variance [R, C]; None where it keeps none.
        standard: Per fitted standardization, mean and std [R, C] or [1, C].
    """

    params_RP: Float[Tensor, "R P"]
    running: list[tuple[Tensor, Tensor] | None]
    standard: list[tuple[Tensor, Tensor]]

    @staticmethod
    def of(stack: Stack, device: str) -> LayeredNumbers:
        """A copy of the numbers of a stack."""
        pieces: list[ndarray] = []
        for weights, bias in zip(stack.weights, stack.biases, strict=True):
            pieces += [weights.reshape(len(stack), -1)] + ([] if bias is None else [bias])
        for norm in stack.norms:
            pieces += [norm.scale, norm.shift]
        real = stack.weights[0].dtype

        def tensor(array: ndarray) -> Tensor:
            return torch.tensor(array.astype(real), device=device)

        running = [
            None if norm.mean is None or norm.var is None else (tensor(norm.mean), tensor(norm.var))
            for norm in stack.norms
        ]
        standard = [(tensor(mean), tensor(std)) for mean, std in stack.standard]
        return LayeredNumbers(tensor(np.concatenate(pieces, axis=1)), running, standard)

    def rows(self, rows: slice) -> LayeredNumbers:
        """Those of some replicas, in the same memory.

        Torch counts how often a tensor was written to, to find gradients that would be wrong. `data` begins a count of its
        own: replicas of other rows may be written to between a forward and a backward pass of these.
        """
        running = [None if pair is None else (pair[0].data[rows], pair[1].data[rows]) for pair in self.running]
        standard = [(mean, std) if len(mean) == 1 else (mean[rows], std[rows]) for mean, std in self.standard]
        return LayeredNumbers(self.params_RP.data[rows], running, standard)

    def views(self, stack: Stack, *, are_leaves: bool = False) -> Views:
        """What trains, layer by layer, in the same memory.

        Args:
            stack: For the shapes.
            are_leaves: Whether gradients can be taken by them; those of a row of one tensor would each be as long as it.
        """
        start = 0

        def next_view(shape: tuple[int, ...]) -> Tensor:
            nonlocal start
            size = int(np.prod(shape))
            view = self.params_RP[:, start : start + size].view(-1, *shape)
            start += size
            return view.detach().requires_grad_() if are_leaves else view

        weights: list[Tensor] = []
        biases: list[Tensor | None] = []
        for w, b in zip(stack.weights, stack.biases, strict=True):
            weights.append(next_view(w.shape[1:]))
            biases.append(None if b is None else next_view(b.shape[1:]))
        scales, shifts = [], []
        for norm in stack.norms:
            scales.append(next_view(norm.scale.shape[1:]))
            shifts.append(next_view(norm.shift.shape[1:]))
        return Views(weights, biases, scales, shifts)

    def norms(self, stack: Stack) -> list[NormNumbers]:
        """The norms as arrays, which later training overwrites."""
        views = self.views(stack)
        found = []
        for scale, shift, pair in zip(views.scales, views.shifts, self.running, strict=True):
            mean, var = (None, None) if pair is None else (pair[0].cpu().numpy(), pair[1].cpu().numpy())
            found.append(NormNumbers(scale.cpu().numpy(), shift.cpu().numpy(), mean, var))
        return found
