"""The random source: published vectors, one implementation everywhere, independence of grouping, and the right laws."""

from __future__ import annotations

import math
from itertools import permutations as orders_of

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from scipy.special import ndtri
from scipy.stats import chisquare, kstest, norm

from gradlab import seeds
from gradlab.seeds import Purpose, block, draws, normal_quantile, permute, word_to_uniform
from tests.jobs import ROOT_SEED
from tests.oracles import streams

# Random123, tests/kat_vectors, philox4x32 10: counter, key, output
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
words_32 = st.integers(0, 2**32 - 1)
root_seeds = st.integers(0, 2**64 - 1)
layers = st.integers(0, 10_000)
replicas_drawn = st.integers(0, 2**31 - 1)
purposes = st.sampled_from(Purpose)


def hexadecimal(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def block_of(counter: list[int], key: list[int]) -> list[int]:
    """`seeds.block` asked for any counter and key: which field of a stream goes where."""
    index, layer, purpose, replica = (np.uint64(word) for word in counter)
    return [int(word) for word in block(np.uint64(key[0] | key[1] << 32), replica, purpose, layer, index)]


@njit
def stream_in_a_kernel(root_seed, replica, purpose, layer, out):  # type: ignore[no-untyped-def]
    """What a generated loop does: draw after draw from `block`."""
    for i in range(out.shape[0]):
        out[i] = word_to_uniform(block(root_seed, replica, purpose, layer, i // 4)[i % 4])


@njit
def order_in_a_kernel(root_seed, replica, epoch, n):  # type: ignore[no-untyped-def]
    order = np.empty(n, np.int32)
    permute(root_seed, replica, epoch, order)
    return order


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN_ANSWERS)
def test_philox_gives_the_published_words(counter: str, key: str, output: str) -> None:
    c, k = hexadecimal(counter), hexadecimal(key)
    assert list(streams.philox((c[0], c[1], c[2], c[3]), (k[0], k[1]))) == hexadecimal(output)
    assert block_of(c, k) == hexadecimal(output)


def test_oracle_of_split_mix_gives_the_published_words() -> None:
    # seed 1234567, as in the reference C of Vigna
    random = streams.SplitMix64(1234567)
    assert [random.next() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(st.tuples(words_32, words_32, words_32, words_32), st.tuples(words_32, words_32))
def test_block_is_the_oracles_for_any_counter_and_key(counter: tuple[int, int, int, int], key: tuple[int, int]) -> None:
    assert block_of(list(counter), list(key)) == list(streams.philox(counter, key))


@given(root_seeds, replicas_drawn, purposes, layers, st.integers(0, 11))
def test_fill_kernel_and_oracle_draw_the_same_bits(
    root_seed: int, replica: int, purpose: Purpose, layer: int, draws: int
) -> None:
    expected = streams.uniforms(root_seed, replica, purpose, layer, draws)
    assert seeds.uniforms(root_seed, np.array([replica]), purpose, layer, draws)[0].tolist() == expected
    in_kernel = np.empty(draws)
    stream_in_a_kernel(np.uint64(root_seed), replica, int(purpose), layer, in_kernel)
    assert in_kernel.tolist() == expected


@given(root_seeds, replicas_drawn, layers, st.integers(0, 40))
def test_orders_are_the_oracles(root_seed: int, replica: int, epoch: int, n: int) -> None:
    expected = streams.permutation(root_seed, replica, epoch, n)
    assert sorted(expected) == list(range(n))
    assert seeds.permutations(root_seed, np.array([replica]), epoch, n)[0].tolist() == expected
    assert order_in_a_kernel(np.uint64(root_seed), replica, epoch, n).tolist() == expected


DRAWS = [seeds.uniforms, seeds.normals, seeds.beta_2_1]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_row_depends_on_its_replica_alone(draw) -> None:  # type: ignore[no-untyped-def]
    replicas = np.array([5, 0, 900, 3, 2**31 - 1, 5])
    rows = draw(ROOT_SEED, replicas, Purpose.DATA, 3, 17)
    for row, replica in zip(rows, replicas, strict=True):
        assert np.array_equal(row, draw(ROOT_SEED, np.array([replica]), Purpose.DATA, 3, 17)[0])
    assert np.array_equal(rows[0], rows[5])
    # the beginning of a longer stream is the shorter one
    assert np.array_equal(rows, draw(ROOT_SEED, replicas, Purpose.DATA, 3, 40)[:, :17])


def test_an_order_depends_on_its_replica_alone() -> None:
    replicas = np.array([5, 0, 900, 3])
    rows = seeds.permutations(ROOT_SEED, replicas, 2, 30)
    assert rows.dtype == np.int32
    for row, replica in zip(rows, replicas, strict=True):
        assert np.array_equal(row, seeds.permutations(ROOT_SEED, np.array([replica]), 2, 30)[0])


def test_numbers_do_not_depend_on_the_number_of_threads() -> None:
    replicas = np.arange(100)
    before, results = numba.get_num_threads(), []
    try:
        numba.set_num_threads(2)
    except ValueError:
        pytest.skip("numba was started with one thread")
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            drawn = [draw(ROOT_SEED, replicas, Purpose.WEIGHTS, 1, 50) for draw in DRAWS]
            results.append([*drawn, seeds.permutations(ROOT_SEED, replicas, 0, 50)])
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)


def test_serial_and_parallel_loops_are_cached_apart() -> None:
    # numba finds machine code on disk by a function's name: under one name, one form would run as the other
    for loop in draws._LOOPS:
        names = {form[loop].py_func.__qualname__ for form in (draws._SERIAL, draws._IN_PARALLEL)}
        assert len(names) == 2


def test_streams_differ_in_every_part_of_the_counter() -> None:
    base = {"root_seed": ROOT_SEED, "replica": 3, "purpose": Purpose.DATA, "layer": 2}
    changes = [{}, {"root_seed": ROOT_SEED + 1}, {"root_seed": ROOT_SEED + 2**32}, {"replica": 4}, {"layer": 3}]
    changes += [{"purpose": purpose} for purpose in Purpose if purpose is not Purpose.DATA]
    drawn = set()
    for change in changes:
        key = {**base, **change}
        row = seeds.uniforms(
            int(key["root_seed"]), np.array([key["replica"]]), Purpose(key["purpose"]), int(key["layer"]), 8
        )
        drawn |= set(row[0].tolist())
    assert len(drawn) == 8 * len(changes)


# --- laws -------------------------------------------------------------------------------------------------------------
N = 400_000
REPLICAS = np.arange(400)


def test_uniforms_are_uniform() -> None:
    u = seeds.uniforms(ROOT_SEED, REPLICAS, Purpose.DATA, 0, N // 400)
    assert ((u > 0) & (u < 1)).all()
    assert abs(u.mean() - 0.5) <= 4 * math.sqrt(1 / 12 / N)
    assert abs((u**2).mean() - 1 / 3) <= 4 * math.sqrt(4 / 45 / N)
    assert kstest(u.ravel(), "uniform").pvalue > 1e-4
    # neighbours in a stream, and the same place in neighbouring replicas, are uncorrelated
    centred = u - 0.5
    for product in (centred[:, 1:] * centred[:, :-1], centred[1:] * centred[:-1]):
        assert abs(product.mean()) <= 4 / 12 / math.sqrt(product.size)


def test_uniforms_are_midpoints_strictly_inside() -> None:
    assert word_to_uniform(np.uint64(0)) == 2.0**-33
    assert word_to_uniform(np.uint64(2**32 - 1)) == 1 - 2.0**-33


def test_normals_are_normal() -> None:
    z = seeds.normals(ROOT_SEED, REPLICAS, Purpose.WEIGHTS, 0, N // 400)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - moment) <= 4 * math.sqrt(variance / N)
    assert kstest(z.ravel(), "norm").pvalue > 1e-4
    u = seeds.uniforms(ROOT_SEED, REPLICAS, Purpose.WEIGHTS, 0, N // 400)
    np.testing.assert_allclose(norm.cdf(z), u, atol=1e-14)


def test_beta_draws_have_their_law() -> None:
    b = seeds.beta_2_1(ROOT_SEED, REPLICAS, Purpose.REPLACED_VALUE, 0, N // 400)
    assert abs(b.mean() - 2 / 3) <= 4 * math.sqrt(1 / 18 / N)
    assert kstest(b.ravel(), lambda x: x**2).pvalue > 1e-4


@pytest.mark.parametrize("along", ["replicas", "epochs"])
def test_all_orders_are_equally_likely(along: str) -> None:
    if along == "replicas":
        drawn = seeds.permutations(ROOT_SEED, np.arange(24_000), 0, 4)
    else:
        drawn = np.concatenate([seeds.permutations(ROOT_SEED, np.arange(12), epoch, 4) for epoch in range(2000)])
    counts = [int((drawn == order).all(axis=1).sum()) for order in orders_of(range(4))]
    assert sum(counts) == 24_000
    assert chisquare(counts).pvalue > 1e-4


def test_every_place_of_a_long_order_is_equally_likely() -> None:
    drawn = seeds.permutations(ROOT_SEED, np.arange(20_000), 3, 50)
    for place in (0, 1, 25, 48, 49):
        assert chisquare(np.bincount(drawn[:, place], minlength=50)).pvalue > 1e-4


def test_normal_quantile_is_scipys_on_every_draw_there_can_be() -> None:
    tail = np.geomspace(2.0**-33, 0.5, 2000)
    p = np.concatenate([tail, 1 - tail[:-1], np.linspace(0.01, 0.99, 999), [0.075, 0.925]])
    exact = ndtri(p)
    with np.errstate(invalid="raise"):
        ours = seeds.quantile_of(p[None])[0]
    # where the quantile passes through 0 its own last digits are those of p - 1/2
    np.testing.assert_allclose(ours, exact, rtol=1e-14, atol=1e-16)
    assert ours[np.argmax(p == 0.5)] == 0
    assert float(normal_quantile(0.3)) == float(seeds.quantile_of(np.array([[0.3]]))[0, 0])
    ordered = seeds.quantile_of(np.sort(p)[None])[0]
    assert (np.diff(ordered) >= 0).all()
    assert np.abs(ours).max() < 6.4


def test_normal_quantile_is_scipys_in_the_far_tail() -> None:
    # beyond what 32 bits can draw
    p = np.geomspace(1e-300, 2.0**-33, 500)
    np.testing.assert_allclose(seeds.quantile_of(p[None])[0], ndtri(p), rtol=1e-14)


def test_quantile_of_leaves_its_argument() -> None:
    p = np.array([[0.1, 0.9]])
    z = seeds.quantile_of(p)
    assert p.tolist() == [[0.1, 0.9]]
    assert z[0, 0] == pytest.approx(-z[0, 1], rel=1e-14)


@given(root_seeds, replicas_drawn, layers, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5, 0.97]))
def test_dropout_is_the_oracle_s(root_seed: int, replica: int, layer: int, step: int, probability: float) -> None:
    whole = np.empty((1, 5, 3))
    seeds.fill_dropout(root_seed, np.array([replica]), layer, step, np.array([probability]), whole)
    assert whole[0].tolist() == streams.dropout(root_seed, replica, layer, step, 5, 3, probability)
    rest = np.empty((1, 2, 3), np.float32)
    seeds.fill_dropout(root_seed, np.array([replica]), layer, step, np.array([probability]), rest, first=3)
    assert np.array_equal(rest[0], whole[0, 3:].astype(np.float32))


def test_dropout_keeps_a_word_that_equals_its_threshold() -> None:
    first, second, _, _ = streams.philox((7, 3, streams.DROPOUT, 5), (ROOT_SEED & 0xFFFFFFFF, ROOT_SEED >> 32))
    word = streams.SplitMix64(first << 32 | second).next() >> 32
    drawn = np.empty((1, 1, 1))
    for threshold, is_kept in ((word, True), (word + 1, False)):
        seeds.fill_dropout(ROOT_SEED, np.array([5]), 3, 7, np.array([threshold / 2**32]), drawn)
        assert bool(drawn[0, 0, 0] > 0) == is_kept


def test_dropout_drops_its_share() -> None:
    wanted = np.array([0.1, 0.5])
    drawn = np.empty((2, 400, 100), np.float32)
    seeds.fill_dropout(ROOT_SEED, np.arange(2), 3, 7, wanted, drawn)
    share = (drawn == 0).mean(axis=(1, 2))
    assert (np.abs(share - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / 40_000)).all()
    assert np.abs(drawn.mean(axis=(1, 2)) - 1).max() < 4 / 200
