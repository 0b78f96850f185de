"""Batches on a device: the examples of each step, examples as the last axis, in slices that caches hold.

Data that all replicas share lie in memory once. What is copied is one slice of a batch at a time: 30 networks on 60,000
images of 784 numbers would otherwise need 6 GB an epoch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from gradlab import seeds
from gradlab.data import Examples
from gradlab.nets import layout

# Examples that pass through a stack together. A constant, so that no sum over examples depends on the machine.
SLICE = 1024
# Inputs of at most this many numbers are laid out with examples last: for more, products do not gain what that costs.
MOST_TURNED = 128
# Batches of fewer shuffled examples, and those in float64, are laid out so whatever their inputs: products of others round
# differently.
FEWEST_AS_ROWS = 16

_orders = threading.Lock()  # numba's parallel loops may not be entered by two threads at once


@dataclass(frozen=True, slots=True)
class Piece:
    """Some examples of a batch.

    Attributes:
        first: Place in the batch of the first of them.
        x_RMB: Inputs; leading axis 1 where all replicas see the same.
        t_RNB: Targets.
    """

    first: int
    x_RMB: Float[Tensor, "#R M B"]
    t_RNB: Float[Tensor, "#R N B"]


Tensors = tuple[Tensor, Tensor | None]  # inputs and targets


def on_device(examples: Examples, device: torch.device, dtype: torch.dtype) -> Tensors:
    """Inputs and targets as tensors [D, P, M], D = 1 where replicas share them: the same memory where that is possible."""

    def one(array: ndarray) -> Tensor:
        kept = array if array.flags.writeable else array.copy()  # torch warns of what must not be written to
        return torch.from_numpy(kept).to(device, dtype)

    return one(examples.inputs), None if examples.targets is None else one(examples.targets)


def examples_last(tensors: Tensors) -> Tensors:
    """The same as [D, M, P]: a view, or a copy that is laid out so where products gain by it."""

    def one(tensor_DPM: Tensor) -> Tensor:
        view = tensor_DPM.transpose(1, 2)
        return view.contiguous() if view.shape[1] <= MOST_TURNED else view

    return one(tensors[0]), None if tensors[1] is None else one(tensors[1])


def of(tensors: Tensors, rows: slice) -> Tensors:
    """Those of some replicas; what all share stays whole."""
    x, t = (a if a is None or len(a) == 1 else a[rows] for a in tensors)
    assert x is not None
    return x, t


class Batches:
    """The training examples of some replicas, batch after batch, epoch after epoch.

    Attributes:
        sizes: Examples in each batch of an epoch.
    """

    def __init__(
        self, examples: Tensors, sizes: list[int], is_shuffled: bool, root_seed: int, replicas: Int[ndarray, " R"]
    ) -> None:
        """Data of some replicas.

        Args:
            examples: Inputs and targets, of these replicas or shared: [D, P, M] if shuffled, else [D, M, P].
            sizes: Examples in each batch of an epoch.
            is_shuffled: Whether every epoch has an order of its own, for each replica.
            root_seed: Key of all streams.
            replicas: Replica numbers.
        """
        x, t = examples
        assert t is not None
        self.data = [x, t]
        self.sizes, self.is_shuffled, self.root_seed, self.replicas = sizes, is_shuffled, root_seed, replicas
        self.order_RP: ndarray | Tensor = np.empty((0, 0), np.int32)
        self.room: dict[int, list[tuple[ndarray, ndarray, bool, Tensor]]] = {}

    def begin(self, epoch: int) -> None:
        """Put the examples into the order of an epoch."""
        if not self.is_shuffled:
            return
        with _orders:
            order_RP = seeds.permutations(self.root_seed, self.replicas, epoch, self.data[0].shape[1])
        on_processor = self.data[0].device.type == "cpu"
        self.order_RP = order_RP if on_processor else torch.from_numpy(order_RP).to(self.data[0].device)

    def pieces(self, start: int, size: int) -> Iterator[Piece]:
        """A batch: `size` examples from place `start` of the epoch on. The next piece may overwrite the memory of one."""
        for first in range(0, size, SLICE):
            here, count = start + first, min(SLICE, size - first)
            if self.is_shuffled:
                x, t = self._gathered(here, count)
            else:
                x, t = (a[:, :, here : here + count] for a in self.data)
            yield Piece(first, x, t)

    def rows(self, start: int, size: int) -> tuple[Tensor, Tensor]:
        """A whole batch with units last, inputs [R or 1, B, M] and targets; of data that are all [D, P, M], shuffled or not."""
        x, t = self.data
        if not self.is_shuffled:
            return x[:, start : start + size], t[:, start : start + size]
        chosen_RB = torch.as_tensor(self.order_RP[:, start : start + size], dtype=torch.int64, device=x.device)
        found_x, found_t = (
            torch.stack([(a[0] if len(a) == 1 else a[r]).index_select(0, chosen_RB[r]) for r in range(len(chosen_RB))])
            for a in (x, t)
        )
        return found_x, found_t

    def _gathered(self, start: int, count: int) -> list[Tensor]:
        if isinstance(self.order_RP, Tensor):
            chosen_RB = self.order_RP[:, start : start + count].long()
            rows = torch.arange(len(chosen_RB), device=chosen_RB.device)[:, None]
            return [(a[0, chosen_RB] if len(a) == 1 else a[rows, chosen_RB]).transpose(1, 2) for a in self.data]
        if count not in self.room:
            self.room[count] = [self._room(a, count) for a in self.data]
        for data, out, is_turned, _ in self.room[count]:
            (layout.gather if is_turned else layout.gather_rows)(data, self.order_RP, start, out)
        return [found for *_, found in self.room[count]]

    def _room(self, data: Tensor, count: int) -> tuple[ndarray, ndarray, bool, Tensor]:
        """Data, memory for so many of their examples, whether those are laid out with examples last, and a view that is."""
        is_turned = data.shape[2] <= MOST_TURNED or count < FEWEST_AS_ROWS or data.dtype == torch.float64
        shape = (data.shape[2], count) if is_turned else (count, data.shape[2])
        out = data.new_empty(len(self.replicas), *shape)
        return data.numpy(), out.numpy(), is_turned, out if is_turned else out.transpose(1, 2)
