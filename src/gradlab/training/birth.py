"""Networks that are never trained: what a look sees of a stack before its first step.

Rates at birth take many networks and no updates, so a loop compiled for each shape would not pay. Here activations are
the catalog's formulas on numpy arrays, a block of replicas at a time that fits second-level cache, and blocks run in
parallel; only the product of a layer is compiled, once, for every shape. A replica's numbers depend on neither its block
nor the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from numba import get_num_threads, njit, vectorize
from numpy import ndarray

from gradlab.parts import ACTIVATIONS, LOSSES
from gradlab.parts.namespace import NUMPY
from gradlab.training.train import LOSS_SET, Job, Look, SetLook

BLOCK_BYTES = 300_000  # of one layer's activations in a block: a few such arrays fit second-level cache
LANES = 32  # inputs are padded with zeros to a multiple: the rest of a vectorised loop costs as much as the loop


def look_at_birth(job: Job) -> Look:
    """The look at step 0, of as many replicas as there are."""
    stack, real = job.stack, np.dtype(job.recipe.precision)
    replicas, widths = len(stack), stack.spec.widths
    names = list(job.sets)
    x_RMQ = _inputs([job.sets[name].inputs for name in names], real)
    starts = np.cumsum([0, *(job.sets[name].inputs.shape[1] for name in names)])
    outputs_RNQ = np.empty((replicas, widths[-1], x_RMQ.shape[2]), real)
    live_SRL = np.zeros((len(names), replicas, len(widths) - 2), np.int64)
    loss_R = np.empty(replicas)
    at = names.index(LOSS_SET)
    trained_on = slice(starts[at], starts[at + 1])
    params = [[_along(p, real) for p in params] for params in stack.activation_params]

    def see(a: int, b: int) -> None:
        """Replicas a to b - 1, from the inputs up."""
        post = x_RMQ[a:b] if len(x_RMQ) > 1 else x_RMQ
        with np.errstate(all="ignore"):  # here: every thread has its own
            for i, (w, bias) in enumerate(zip(stack.weights, stack.biases, strict=True)):
                activation = ACTIVATIONS[stack.spec.dense[i].activation.name]
                here = [p if isinstance(p, float) else p[a:b] for p in params[i]]
                pre = np.empty((b - a, w.shape[1], x_RMQ.shape[2]), real)
                _product(w[a:b], np.zeros((b - a, w.shape[1]), real) if bias is None else bias[a:b], post, pre)
                post = np.ascontiguousarray(activation.function(XP, pre, *here), real)
                if i < live_SRL.shape[2]:
                    slopes = activation.derivative(XP, pre, post, *here)
                    slopes = slopes if np.shape(slopes) == pre.shape else np.full_like(pre, slopes)
                    _count_live(slopes, starts, live_SRL[:, a:b, i])
        outputs_RNQ[a:b] = post
        loss_R[a:b] = loss_on(job, outputs_RNQ[a:b, :, trained_on].swapaxes(1, 2), slice(a, b))

    size = max(1, BLOCK_BYTES // (max(widths) * x_RMQ.shape[2] * real.itemsize))
    blocks = list(pairwise([*range(0, replicas, size), replicas]))
    with ThreadPoolExecutor(min(get_num_threads(), len(blocks))) as pool:
        for done in [pool.submit(see, a, b) for a, b in blocks]:
            done.result()
    outputs_RQN = outputs_RNQ.swapaxes(1, 2)  # with the padding, which no set reaches
    sets = {
        name: SetLook(outputs_RQN[:, first:last], live_RL)
        for name, (first, last), live_RL in zip(names, pairwise(starts), live_SRL, strict=True)
    }
    return Look(0, loss_R, np.zeros(replicas, np.int64), stack.weights, stack.biases, sets)


def _inputs(arrays: Sequence[Float[ndarray, "#R _ M"]], real: np.dtype[Any]) -> Float[ndarray, "#R M Q"]:
    """All input sets one behind the other, examples last; shared ones are repeated only where others are not shared."""
    count = sum(array.shape[1] for array in arrays)
    x_RMQ = np.zeros((max(map(len, arrays)), arrays[0].shape[2], -(-count // LANES) * LANES), real)
    start = 0
    for array in arrays:
        x_RMQ[:, :, start : start + array.shape[1]] = array.swapaxes(1, 2)
        start += array.shape[1]
    return x_RMQ


def _along(values_R: Float[ndarray, " R"], real: np.dtype[Any]) -> Any:
    """A parameter as a number where all replicas agree, else along R, in the stack's precision."""
    if (values_R == values_R[0]).all():
        return float(values_R[0])
    return values_R.astype(real)[:, None, None]


@vectorize(["float32(boolean, float32, float32)", "float64(boolean, float64, float64)"], cache=True)  # type: ignore[no-untyped-call]
def _choice(condition, x, y):  # type: ignore[no-untyped-def]
    return x if condition else y


class _Unbranched:
    """NUMPY, with choices that take the same time whatever they choose: numpy's cost twenty times a product here."""

    def __getattr__(self, name: str) -> Any:
        return getattr(NUMPY, name)

    @staticmethod
    def maximum(x: Any, y: Any, /) -> Any:
        return np.maximum(x, np.full_like(x, y) if isinstance(y, float) else y)

    @staticmethod
    def minimum(x: Any, y: Any, /) -> Any:
        return np.minimum(x, np.full_like(x, y) if isinstance(y, float) else y)

    @staticmethod
    def where(condition: Any, x: Any, y: Any, /) -> Any:
        if (isinstance(x, float), isinstance(y, float)) == (True, True):
            return NUMPY.where(condition, x, y) if (x, y) != (1.0, 0.0) else condition
        like = y if isinstance(x, float) else x
        x, y = (np.full_like(like, number) if isinstance(number, float) else number for number in (x, y))
        return _choice(condition, x, y)


XP = _Unbranched()


@njit(cache=True, nogil=True)
def _product(w_RNM, bias_RN, x_RMQ, z_RNQ):  # type: ignore[no-untyped-def]
    """z = W x + b of every replica; x may be shared by all of them (leading axis 1)."""
    replicas, units, examples = z_RNQ.shape
    for r in range(replicas):
        x_MQ = x_RMQ[r if x_RMQ.shape[0] > 1 else 0]
        for n in range(units):
            z_Q = z_RNQ[r, n]
            w = w_RNM[r, n, 0]
            for q in range(examples):
                z_Q[q] = w * x_MQ[0, q]
            for m in range(1, w_RNM.shape[2]):
                w = w_RNM[r, n, m]
                for q in range(examples):
                    z_Q[q] += w * x_MQ[m, q]
            bias = bias_RN[r, n]
            for q in range(examples):
                z_Q[q] += bias


@njit(cache=True, nogil=True)
def _count_live(slopes_RNQ, starts, live_SR):  # type: ignore[no-untyped-def]
    """How many units have a slope that is not zero for some input of each set."""
    replicas, units, _ = slopes_RNQ.shape
    for s in range(len(starts) - 1):
        for r in range(replicas):
            live = 0
            for n in range(units):
                is_live = 0
                for q in range(starts[s], starts[s + 1]):  # no early exit: it would not vectorise
                    is_live |= slopes_RNQ[r, n, q] != 0
                live += is_live
            live_SR[s, r] = live


def loss_on(job: Job, outputs_RQN: Float[ndarray, "R Q N"], here: slice) -> Float[ndarray, " R"]:
    """Loss on the examples looked at, by the record's own formula in float64.

    Args:
        job: What is trained.
        outputs_RQN: Outputs for the input set "train".
        here: Which replicas they belong to.
    """
    loss, examples = LOSSES[job.recipe.loss.name], job.sets[LOSS_SET]
    assert examples.targets is not None
    targets = examples.targets if len(examples.targets) == 1 else examples.targets[here]
    y = outputs_RQN.astype(np.float64)
    with np.errstate(all="ignore"):
        normaliser = _logsumexp(y) if loss.normaliser else 0.0
        params = [p[here, None, None] for p in job.loss_params]
        terms = loss.value(NUMPY, y, targets, normaliser, *params)
        return np.asarray(terms.sum(axis=(1, 2)) / loss.divisor(y.shape[1], y.shape[2]))


def _logsumexp(y: ndarray) -> ndarray:
    top = y.max(axis=2, keepdims=True)
    return np.asarray(top + np.log(np.exp(y - top).sum(axis=2, keepdims=True)))
