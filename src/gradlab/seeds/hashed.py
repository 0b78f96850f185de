"""SplitMix64 seeded by one Philox block, several times cheaper: the order of examples, and what dropout keeps."""

from __future__ import annotations

import numpy as np
from numba import njit

from gradlab.seeds.purpose import Purpose
from gradlab.seeds.streams import LOW_32, ONE, SHIFT_32, block

Purpose_DROPOUT = int(Purpose.DROPOUT)
Purpose_ORDER = int(Purpose.ORDER)  # numba reads module constants, not enum attributes


@njit(cache=True)
def permute(root_seed, replica, epoch, order):  # type: ignore[no-untyped-def]
    """Fill `order` with a uniform permutation of 0 .. n-1 for one replica and epoch (Fisher-Yates).

    One Philox block seeds SplitMix64 (Steele, Lea and Flood 2014), which is several times cheaper; an index is the
    high half of a 32 x 32 bit product (Lemire 2019 without the rejection: a bias below n / 2^32 per swap).
    """
    word_0, word_1, _, _ = block(root_seed, replica, Purpose_ORDER, epoch, 0)
    state = (word_0 << SHIFT_32) | word_1
    left = np.uint64(order.shape[0])  # unsigned, or numba would wrap negative indices
    for i in range(left):
        order[i] = i
    while left > ONE:
        state += np.uint64(0x9E3779B97F4A7C15)
        word = state
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word = word ^ (word >> np.uint64(31))
        j = ((word & LOW_32) * left) >> SHIFT_32
        left -= ONE
        order[left], order[j] = order[j], order[left]
        if left > ONE:  # one 64-bit word serves two swaps
            j = ((word >> SHIFT_32) * left) >> SHIFT_32
            left -= ONE
            order[left], order[j] = order[j], order[left]


@njit(cache=True)
def dropout_state(root_seed, replica, layer, step):  # type: ignore[no-untyped-def]
    """What seeds the dropout of one layer at one step (0 the first) of one replica."""
    word_0, word_1, _, _ = block(root_seed, replica, Purpose_DROPOUT, layer, step)
    return (word_0 << SHIFT_32) | word_1


@njit(cache=True, inline="always")
def is_kept(state, index, threshold):  # type: ignore[no-untyped-def]
    """Whether dropout keeps activation `index` = unit + units x example, at a probability of threshold / 2^32 of not.

    SplitMix64 is a hash of a counter, so any index is drawn without those before it.
    """
    word = state + (index + ONE) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word = word ^ (word >> np.uint64(31))
    return (word >> SHIFT_32) >= threshold


@njit(cache=True)
def dropout_threshold(dropout):  # type: ignore[no-untyped-def]
    """The probability as `is_kept` takes it."""
    return np.uint64(dropout * 4294967296.0)
