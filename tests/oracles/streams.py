"""The random streams in Python's own integers and floats: Philox 4x32-10, SplitMix64 and Fisher-Yates as published.

Nothing here is vectorised or compiled, and nothing comes from `gradlab`.
"""

from __future__ import annotations

from statistics import NormalDist

Words = tuple[int, int, int, int]

LOW_32 = 2**32 - 1
LOW_64 = 2**64 - 1
ORDER = 8  # the number of the purpose "order of examples"
DROPOUT = 9


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Philox 4x32-10 as in Salmon et al. 2011, figure and constants of section 4.2."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for number in range(10):
        if number > 0:
            k0, k1 = (k0 + 0x9E3779B9) & LOW_32, (k1 + 0xBB67AE85) & LOW_32
        high_0, low_0 = divmod(0xD2511F53 * c0, 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
    return c0, c1, c2, c3


def words(root_seed: int, replica: int, purpose: int, layer: int, count: int) -> list[int]:
    """The first `count` 32-bit words of one stream."""
    key = (root_seed & LOW_32, root_seed >> 32)
    drawn: list[int] = []
    for index in range((count + 3) // 4):
        drawn += philox((index, layer, purpose, replica), key)
    return drawn[:count]


def uniforms(root_seed: int, replica: int, purpose: int, layer: int, count: int) -> list[float]:
    """Midpoints of the 2^32 cells of (0, 1)."""
    return [(word + 0.5) / 2**32 for word in words(root_seed, replica, purpose, layer, count)]


def normals(root_seed: int, replica: int, purpose: int, layer: int, count: int) -> list[float]:
    """Standard normal quantiles of the uniforms, by Python's statistics module."""
    return [NormalDist().inv_cdf(u) for u in uniforms(root_seed, replica, purpose, layer, count)]


class SplitMix64:
    """Steele, Lea and Flood 2014."""

    def __init__(self, state: int) -> None:
        self.state = state

    def next(self) -> int:
        """The next 64-bit word."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & LOW_64
        word = self.state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & LOW_64
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & LOW_64
        return word ^ (word >> 31)


def permutation(root_seed: int, replica: int, epoch: int, n: int) -> list[int]:
    """The order of one epoch: Fisher-Yates from the top, each 64-bit word serving two swaps, its low half first."""
    first, second, _, _ = words(root_seed, replica, ORDER, epoch, 4)
    random = SplitMix64(first << 32 | second)
    halves: list[int] = []
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        if not halves:
            word = random.next()
            halves = [word & LOW_32, word >> 32]
        j = halves.pop(0) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return order


def dropout(
    root_seed: int, replica: int, layer: int, step: int, examples: int, units: int, probability: float
) -> list[list[float]]:
    """What dropout multiplies the activations of each example by: 0, or 1 / (1 - probability).

    One 64-bit word an activation, example after example; it is dropped where the word's high half falls short.
    """
    key = (root_seed & LOW_32, root_seed >> 32)
    first, second, _, _ = philox((step, layer, DROPOUT, replica), key)
    random = SplitMix64(first << 32 | second)
    scale = 1 / (1 - probability)
    return [
        [0.0 if random.next() >> 32 < int(probability * 2**32) else scale for _ in range(units)]
        for _ in range(examples)
    ]
