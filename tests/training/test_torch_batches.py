"""Batches hold the examples of the epoch's order, however they are laid out in memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab import seeds
from gradlab.training.torch_batches import FEWEST_AS_ROWS, MOST_TURNED, SLICE, Batches

POINTS, SEED = 3 * FEWEST_AS_ROWS, 5
REPLICAS = np.array([2, 0, 7], np.int32)


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
@pytest.mark.parametrize("inputs", [1, MOST_TURNED, MOST_TURNED + 1, 300])
def test_shuffled_batches_are_examples_in_the_order_of_the_epoch(
    inputs: int, precision: torch.dtype, is_shared: bool
) -> None:
    random = torch.Generator().manual_seed(1)
    rows = 1 if is_shared else len(REPLICAS)
    x = torch.rand(rows, POINTS, inputs, generator=random, dtype=precision)
    t = torch.rand(rows, POINTS, 2, generator=random, dtype=precision)
    sizes = [2 * FEWEST_AS_ROWS, FEWEST_AS_ROWS - 1, 1]
    batches = Batches((x, t), sizes, True, SEED, REPLICAS)
    for epoch in range(2):
        batches.begin(epoch)
        order_RP = seeds.permutations(SEED, REPLICAS, epoch, POINTS)
        start = 0
        for size in sizes:
            (piece,) = batches.pieces(start, size)
            for r in range(len(REPLICAS)):
                chosen = torch.from_numpy(order_RP[r, start : start + size]).long()
                own = 0 if is_shared else r
                assert torch.equal(piece.x_RMB[r], x[own, chosen].T) and torch.equal(piece.t_RNB[r], t[own, chosen].T)
            start += size


@pytest.mark.parametrize(
    ("inputs", "size", "precision", "is_rows"),
    [
        (MOST_TURNED + 1, FEWEST_AS_ROWS, torch.float32, True),
        (MOST_TURNED, FEWEST_AS_ROWS, torch.float32, False),
        (MOST_TURNED + 1, FEWEST_AS_ROWS - 1, torch.float32, False),
        (MOST_TURNED + 1, FEWEST_AS_ROWS, torch.float64, False),
    ],
)
def test_only_wide_inputs_of_large_batches_in_float32_stay_rows(
    inputs: int, size: int, precision: torch.dtype, is_rows: bool
) -> None:
    x, t = torch.zeros(1, POINTS, inputs, dtype=precision), torch.zeros(1, POINTS, 1, dtype=precision)
    batches = Batches((x, t), [size], True, SEED, REPLICAS)
    batches.begin(0)
    (piece,) = batches.pieces(0, size)
    assert piece.x_RMB.stride()[1:] == ((1, inputs) if is_rows else (size, 1))


def test_large_batches_come_in_slices() -> None:
    x, t = torch.rand(1, SLICE + 3, 200), torch.rand(1, SLICE + 3, 1)
    batches = Batches((x, t), [SLICE + 3], True, SEED, REPLICAS)
    batches.begin(0)
    assert [(piece.first, piece.x_RMB.shape[2]) for piece in batches.pieces(0, SLICE + 3)] == [(0, SLICE), (SLICE, 3)]
