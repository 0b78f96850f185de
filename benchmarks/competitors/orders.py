"""Orders of examples for a whole stack, for competitors that must have them ready.

Sorting random numbers with numpy was the quickest of the ways tried (per number, one thread: 18 ns; `Generator.permuted`
34, `torch.argsort` 45 in two threads, `jax.numpy.argsort` 280, `jax.random.permutation` 600); rows are divided between
the cores.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy import ndarray


def orders(rows: int, points: int, is_shuffled: bool) -> ndarray:
    """A permutation of 0 ... points - 1 in every row, int32 [rows, points]; the identity where it is not shuffled."""
    if not is_shuffled:
        return np.tile(np.arange(points, dtype=np.int32), (rows, 1))
    out = np.empty((rows, points), np.int32)
    threads = os.cpu_count() or 1
    parts = np.array_split(out, threads)
    streams = np.random.default_rng().spawn(threads)
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(_fill, parts, streams):
            pass
    return out


def _fill(out: ndarray, random: np.random.Generator) -> None:
    out[:] = random.integers(2**32, size=out.shape, dtype=np.uint32).argsort(axis=1)
