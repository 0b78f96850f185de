"""The machine: what it is, and how fast it multiplies matrices, measured in the same rounds as everything else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numba
import torch

from benchmarks.case import Case
from benchmarks.rounds import Contender, Options
from gradlab.studies.environment import hardware, versions

SIDE = 2048  # of the square matrices: large enough for the product's best speed
SLICE = 4096  # examples of a full batch that pass together
MOST_TIMES = 20


def machine() -> dict[str, Any]:
    """Hardware and versions that a measurement depends on."""
    found = {**versions(), **({"jax": version("jax")} if find_spec("jax") else {})}
    return {"hardware": hardware(None), "versions": found}


def use_all_cores() -> None:
    """As many threads as there are cores, for torch as for the others."""
    torch.set_num_threads(os.cpu_count() or 1)


@contextmanager
def cores(number: int) -> Iterator[None]:
    """Everybody's threads are so many; afterwards as many as there are cores."""
    torch.set_num_threads(number)
    numba.set_num_threads(min(number, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    try:
        yield
    finally:
        use_all_cores()
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


def matrix_product(flop_per_network: float, options: Options) -> Contender:
    """A float32 product of two large matrices, as a contender whose networks consist of nothing else.

    Its speed is the networks a second that would be trained if all their arithmetic ran as fast as this product, so the
    ratio of a competitor to it is the fraction of the machine's peak that the competitor reaches.
    """
    side = options.fewer(SIDE)
    a, b = torch.rand(side, side), torch.rand(side, side)
    out = torch.empty(side, side)

    def call() -> float:
        started = time.perf_counter()
        torch.mm(a, b, out=out)
        return time.perf_counter() - started

    call()
    return Contender("peak", 2 * side**3 / flop_per_network, call)


def layer_products(case: Case) -> Contender:
    """The products of one training as torch does them at these shapes, and nothing else: the limit of any torch engine.

    Forward, gradients by weights, and gradients by inputs above the first layer, over stacks of matrices in memory of
    their own; at most `SLICE` examples at a time.
    """
    widths, networks = case.job.stack.spec.widths, case.networks
    batch = max(case.batch_sizes)
    examples = min(batch, SLICE)
    fed = [torch.rand(networks, width, examples) for width in widths]
    weights = [torch.rand(networks, n, m) for m, n in pairwise(widths)]
    out = [torch.empty_like(each) for each in fed]
    grads = [torch.empty_like(each) for each in weights]
    times = min(case.steps * batch // examples, MOST_TIMES)

    def call() -> float:
        started = time.perf_counter()
        for _ in range(times):
            for k, w in enumerate(weights):
                torch.bmm(w, fed[k], out=out[k + 1])
            for k in reversed(range(len(weights))):
                torch.bmm(fed[k + 1], fed[k].transpose(1, 2), out=grads[k])
                if k:
                    torch.bmm(weights[k].transpose(1, 2), fed[k + 1], out=out[k])
        return (time.perf_counter() - started) * case.steps * batch / examples / times

    call()
    return Contender("products", networks, call, case.steps)
