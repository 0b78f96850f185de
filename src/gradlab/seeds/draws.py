"""Arrays of draws: one row a replica, filled by compiled loops, in parallel where that pays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numba import njit, prange
from numpy import ndarray

from gradlab.seeds.hashed import dropout_state, dropout_threshold, is_kept, permute
from gradlab.seeds.purpose import Purpose
from gradlab.seeds.streams import LOW_32, SHIFT_32, block, normal_quantile, philox, word_to_uniform


def _fill_uniforms(root_seed, replicas, purpose, layer, out):  # type: ignore[no-untyped-def]
    draws = out.shape[1]
    whole = draws // 4
    seed = np.uint64(root_seed)
    for r in prange(replicas.shape[0]):
        row = out[r]
        # `block`, written so that the compiler sees eight of them it can compute at once: four times as fast
        for index in range(whole):
            word_0, word_1, word_2, word_3 = philox(
                np.uint64(index) & LOW_32,
                np.uint64(layer) & LOW_32,
                np.uint64(purpose),
                np.uint64(replicas[r]) & LOW_32,
                seed & LOW_32,
                seed >> SHIFT_32,
            )
            row[4 * index] = word_to_uniform(word_0)
            row[4 * index + 1] = word_to_uniform(word_1)
            row[4 * index + 2] = word_to_uniform(word_2)
            row[4 * index + 3] = word_to_uniform(word_3)
        if draws > 4 * whole:
            words = block(root_seed, replicas[r], purpose, layer, whole)
            for k in range(draws - 4 * whole):
                row[4 * whole + k] = word_to_uniform(words[k])


def _uniforms_to_normals(values):  # type: ignore[no-untyped-def]
    for r in prange(values.shape[0]):
        for i in range(values.shape[1]):
            values[r, i] = normal_quantile(values[r, i])


def _fill_permutations(root_seed, replicas, epoch, out):  # type: ignore[no-untyped-def]
    for r in prange(replicas.shape[0]):
        permute(root_seed, replicas[r], epoch, out[r])


def _fill_dropout(root_seed, replicas, layer, step, first, dropout, out):  # type: ignore[no-untyped-def]
    examples, units = out.shape[1:]
    for r in prange(replicas.shape[0]):
        state = dropout_state(root_seed, replicas[r], layer, step)
        threshold = dropout_threshold(dropout[r])
        scale = 1.0 / (1.0 - dropout[r])
        for b in range(examples):
            at = np.uint64(first + b) * np.uint64(units)
            for n in range(units):
                out[r, b, n] = scale if is_kept(state, at + np.uint64(n), threshold) else 0.0


def _renamed(loop: Any) -> Any:
    """The same function under another name: numba's cache on disk tells functions apart by name, not by options."""
    copy = FunctionType(loop.__code__, loop.__globals__)
    copy.__qualname__ = f"{loop.__qualname__}_in_parallel"
    return copy


_PARALLEL_FROM = 100_000  # numbers; waking threads costs more than fewer numbers do
_LOOPS = (_fill_uniforms, _uniforms_to_normals, _fill_permutations, _fill_dropout)
_IN_PARALLEL = {loop: njit(cache=True, parallel=True, nogil=True)(_renamed(loop)) for loop in _LOOPS}
_SERIAL = {loop: njit(cache=True, nogil=True)(loop) for loop in _LOOPS}
_one_at_a_time = threading.Lock()  # numba's parallel loops may not be entered by two threads at once


def _fill(loop: Callable[..., None], *arguments: Any) -> None:
    """Run one of the loops above on the array that is its last argument, in parallel where that pays."""
    if arguments[-1].size < _PARALLEL_FROM:
        _SERIAL[loop](*arguments)
        return
    with _one_at_a_time:
        _IN_PARALLEL[loop](*arguments)


def uniforms(
    root_seed: int, replicas: Int[ndarray, " R"], purpose: Purpose, layer: int, draws: int
) -> Float[ndarray, "R draws"]:
    """Uniform draws in the open interval (0, 1), 32 bits each.

    Args:
        root_seed: 64-bit key of every stream of a run.
        replicas: Replica numbers [R]; row r of the result depends on `replicas[r]` alone.
        purpose: What the numbers are for.
        layer: Layer (or input) the numbers are for.
        draws: Numbers per replica.

    Returns:
        float64 array [R, draws].

    Source: Salmon et al. 2011 (Philox 4x32-10).

    Example:
        >>> bool((uniforms(0, np.array([3]), Purpose.DATA, 0, 5) < 1).all())
        True
    """
    out = np.empty((len(replicas), draws))
    _fill(_fill_uniforms, np.uint64(root_seed), np.asarray(replicas, np.int64), int(purpose), layer, out)
    return out


def normals(
    root_seed: int, replicas: Int[ndarray, " R"], purpose: Purpose, layer: int, draws: int
) -> Float[ndarray, "R draws"]:
    """Standard normal draws: the quantile of `uniforms` with the same arguments, so |z| < 6.4."""
    out = uniforms(root_seed, replicas, purpose, layer, draws)
    _fill(_uniforms_to_normals, out)
    return out


def quantile_of(values: Float[ndarray, "R draws"]) -> Float[ndarray, "R draws"]:
    """Standard normal quantile of each value in (0, 1), in a new array."""
    out = np.array(values, np.float64)
    _fill(_uniforms_to_normals, out)
    return out


def beta_2_1(
    root_seed: int, replicas: Int[ndarray, " R"], purpose: Purpose, layer: int, draws: int
) -> Float[ndarray, "R draws"]:
    """Draws of Beta(2, 1): the square root of a uniform, whose distribution function is x^2."""
    return np.asarray(np.sqrt(uniforms(root_seed, replicas, purpose, layer, draws)))


def permutations(root_seed: int, replicas: Int[ndarray, " R"], epoch: int, n: int) -> Int[ndarray, "R n"]:
    """The order in which each replica sees its n examples in `epoch`: int32 array [R, n]."""
    out = np.empty((len(replicas), n), np.int32)
    _fill(_fill_permutations, np.uint64(root_seed), np.asarray(replicas, np.int64), epoch, out)
    return out


def fill_dropout(
    root_seed: int,
    replicas: Int[ndarray, " R"],
    layer: int,
    step: int,
    dropout: Float[ndarray, " R"],
    out: Float[ndarray, "R B N"],
    first: int = 0,
) -> None:
    """Fill `out` with what dropout multiplies a layer's activations by: 0, or 1 / (1 - dropout) where kept.

    Args:
        root_seed: 64-bit key of every stream of a run.
        replicas: Replica numbers.
        layer: Place of the layer, 0 the first.
        step: Updates done so far.
        dropout: Probability of 0.
        out: To be filled.
        first: Place in the batch of the first of the B examples.
    """
    numbers = (np.asarray(replicas, np.int64), layer, step, first, np.asarray(dropout, np.float64))
    _fill(_fill_dropout, np.uint64(root_seed), *numbers, out)
