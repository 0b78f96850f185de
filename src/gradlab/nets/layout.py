"""Copies that turn examples as rows into examples as the last axis, and back, on the processor.

Products of narrow layers are twice as fast when no operand has to be transposed on the way, and torch's own transposing
copies cost as much as such a product. These read and write whole cache lines.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LINE = 16  # float32 numbers of a cache line


@njit(cache=True, nogil=True)
def gather(data_DPM, order_RP, start, out_RMB):  # type: ignore[no-untyped-def]
    """Fill `out` with each replica's examples order[start], order[start + 1], ...; D is R, or 1 where all share the data.

    Examples are first copied as they lie, since reading many rows at a time from memory waits for each.
    """
    replicas, inputs, examples = out_RMB.shape
    tile = np.empty((LINE, inputs), data_DPM.dtype)
    for r in range(replicas):
        data_PM = data_DPM[r if data_DPM.shape[0] > 1 else 0]
        for first in range(0, examples, LINE):
            count = min(LINE, examples - first)
            for b in range(count):
                row_M = data_PM[order_RP[r, start + first + b]]
                for m in range(inputs):
                    tile[b, m] = row_M[m]
            if count == LINE:
                for m in range(inputs):
                    for b in range(LINE):  # of constant length, so that it is unrolled
                        out_RMB[r, m, first + b] = tile[b, m]
            else:
                for m in range(inputs):
                    for b in range(count):
                        out_RMB[r, m, first + b] = tile[b, m]


@njit(cache=True, nogil=True)
def gather_rows(data_DPM, order_RP, start, out_RBM):  # type: ignore[no-untyped-def]
    """As `gather`, but examples stay rows."""
    replicas, examples, inputs = out_RBM.shape
    for r in range(replicas):
        data_PM = data_DPM[r if data_DPM.shape[0] > 1 else 0]
        for b in range(examples):
            row_M = data_PM[order_RP[r, start + b]]
            for m in range(inputs):
                out_RBM[r, b, m] = row_M[m]


@njit(cache=True, nogil=True)
def transpose(x_RMB, out_RBM):  # type: ignore[no-untyped-def]
    """Fill `out` with x, its last two axes swapped."""
    replicas, units, examples = x_RMB.shape
    whole = units - units % LINE
    for r in range(replicas):
        for first in range(0, whole, LINE):
            for b in range(examples):
                for m in range(LINE):
                    out_RBM[r, b, first + m] = x_RMB[r, first + m, b]
        for b in range(examples):
            for m in range(whole, units):
                out_RBM[r, b, m] = x_RMB[r, m, b]
