"""Counter-based random streams, the same for every engine, grouping and order of work.

A number is a pure function of (root seed, replica, purpose, layer, index): Philox 4x32-10 (Salmon, Moraes, Dror and
Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") with the root seed as key and the rest as counter. Neither
study nor cell is in the counter, so cells are paired by construction: replica r of two cells sees the same data and
the same standard draws.

There is one implementation. It is compiled by numba; Python, the vectorised fills below and the narrow engine's
generated loops all call it, so they cannot disagree. Integers, uniforms and Beta(2, 1) draws are bitwise the same
everywhere; normals use `log` in the tails and so are bitwise the same per platform.

What does not live here: which law a weight follows (`parts.initializers`) and what a task draws (`data`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from types import FunctionType
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numba import njit, prange
from numpy import ndarray


class Purpose(IntEnum):
    """What a stream is for; part of the counter, so streams of different purpose never overlap."""

    WEIGHTS = 1
    BIAS = 2
    REPLACED_INDEX = 3
    REPLACED_VALUE = 4
    DATA = 5
    TEST_DATA = 6
    NOISE = 7
    ORDER = 8
    DROPOUT = 9


_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)
_1 = np.uint64(1)
_TO_UNIT = 2.0**-32


@njit(cache=True, inline="always")
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Ten rounds of Philox 4x32 on 32-bit words held in uint64."""
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _SHIFT_32) ^ c1 ^ k0,
            product_1 & _LOW_32,
            (product_0 >> _SHIFT_32) ^ c3 ^ k1,
            product_0 & _LOW_32,
        )
        k0 = (k0 + _WEYL_0) & _LOW_32
        k1 = (k1 + _WEYL_1) & _LOW_32
    return c0, c1, c2, c3


@njit(cache=True)
def block(root_seed, replica, purpose, layer, index):  # type: ignore[no-untyped-def]
    """Four 32-bit words (as uint64) of one stream: block `index` holds draws 4 index to 4 index + 3."""
    seed = np.uint64(root_seed)
    return _philox(
        np.uint64(index) & _LOW_32,
        np.uint64(layer) & _LOW_32,
        np.uint64(purpose),
        np.uint64(replica) & _LOW_32,
        seed & _LOW_32,
        seed >> _SHIFT_32,
    )


@njit(cache=True)
def word_to_uniform(word):  # type: ignore[no-untyped-def]
    """A 32-bit word as a float64 strictly inside (0, 1): the midpoint of its cell, exact in binary."""
    return (np.float64(word) + 0.5) * _TO_UNIT


@njit(cache=True)
def normal_quantile(p):  # type: ignore[no-untyped-def]
    """Standard normal quantile of `p` in (0, 1), relative error below 1e-15 (Wichura 1988, algorithm AS 241).

    One normal uses one uniform, so draws are paired between laws and monotone in the uniform.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2.5090809287301226727e3
        for c in (3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4,
                  1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0):  # fmt: skip
            top = top * r + c
        bottom = 5.2264952788528545610e3
        for c in (2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3,
                  6.8718700749205790830e2, 4.2313330701600911252e1, 1.0):  # fmt: skip
            bottom = bottom * r + c
        return q * top / bottom
    r = np.sqrt(-np.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = 7.74545014278341407640e-4
        for c in (2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
                  3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0,
                  1.42343711074968357734e0):  # fmt: skip
            top = top * r + c
        bottom = 1.05075007164441684324e-9
        for c in (5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                  6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0):  # fmt: skip
            bottom = bottom * r + c
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7
        for c in (2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
                  2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0,
                  6.65790464350110377720e0):  # fmt: skip
            top = top * r + c
        bottom = 2.04426310338993978564e-15
        for c in (1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
                  1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0):  # fmt: skip
            bottom = bottom * r + c
    return -top / bottom if q < 0.0 else top / bottom


@njit(cache=True)
def permute(root_seed, replica, epoch, order):  # type: ignore[no-untyped-def]
    """Fill `order` with a uniform permutation of 0 .. n-1 for one replica and epoch (Fisher-Yates).

    One Philox block seeds SplitMix64 (Steele, Lea and Flood 2014), which is several times cheaper; an index is the
    high half of a 32 x 32 bit product (Lemire 2019 without the rejection: a bias below n / 2^32 per swap).
    """
    word_0, word_1, _, _ = block(root_seed, replica, Purpose_ORDER, epoch, 0)
    state = (word_0 << _SHIFT_32) | word_1
    left = np.uint64(order.shape[0])  # unsigned, or numba would wrap negative indices
    for i in range(left):
        order[i] = i
    while left > _1:
        state += np.uint64(0x9E3779B97F4A7C15)
        word = state
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word = word ^ (word >> np.uint64(31))
        j = ((word & _LOW_32) * left) >> _SHIFT_32
        left -= _1
        order[left], order[j] = order[j], order[left]
        if left > _1:  # one 64-bit word serves two swaps
            j = ((word >> _SHIFT_32) * left) >> _SHIFT_32
            left -= _1
            order[left], order[j] = order[j], order[left]


@njit(cache=True)
def dropout_state(root_seed, replica, layer, step):  # type: ignore[no-untyped-def]
    """What seeds the dropout of one layer at one step (0 the first) of one replica."""
    word_0, word_1, _, _ = block(root_seed, replica, Purpose_DROPOUT, layer, step)
    return (word_0 << _SHIFT_32) | word_1


@njit(cache=True, inline="always")
def is_kept(state, index, threshold):  # type: ignore[no-untyped-def]
    """Whether dropout keeps activation `index` = unit + units x example, at a probability of threshold / 2^32 of not.

    SplitMix64 is a hash of a counter, so any index is drawn without those before it.
    """
    word = state + (index + _1) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word = word ^ (word >> np.uint64(31))
    return (word >> _SHIFT_32) >= threshold


@njit(cache=True)
def dropout_threshold(dropout):  # type: ignore[no-untyped-def]
    """The probability as `is_kept` takes it."""
    return np.uint64(dropout * 4294967296.0)


Purpose_DROPOUT = int(Purpose.DROPOUT)
Purpose_ORDER = int(Purpose.ORDER)  # numba reads module constants, not enum attributes


def _fill_uniforms(root_seed, replicas, purpose, layer, out):  # type: ignore[no-untyped-def]
    draws = out.shape[1]
    whole = draws // 4
    seed = np.uint64(root_seed)
    for r in prange(replicas.shape[0]):
        row = out[r]
        # `block`, written so that the compiler sees eight of them it can compute at once: four times as fast
        for index in range(whole):
            word_0, word_1, word_2, word_3 = _philox(
                np.uint64(index) & _LOW_32,
                np.uint64(layer) & _LOW_32,
                np.uint64(purpose),
                np.uint64(replicas[r]) & _LOW_32,
                seed & _LOW_32,
                seed >> _SHIFT_32,
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
_IN_PARALLEL = {loop: njit(cache=True, parallel=True)(_renamed(loop)) for loop in _LOOPS}
_SERIAL = {loop: njit(cache=True)(loop) for loop in _LOOPS}


def _fill(loop: Callable[..., None], *arguments: Any) -> None:
    """Run one of the loops above on the array that is its last argument, in parallel where that pays."""
    compiled = _IN_PARALLEL if arguments[-1].size >= _PARALLEL_FROM else _SERIAL
    compiled[loop](*arguments)


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
