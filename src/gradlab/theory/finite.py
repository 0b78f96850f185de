"""Finite width: the probability that a relu network is born dead.

Assumes: relu in every hidden layer, zero biases, weights independent and symmetric around zero without an atom there.
Source: Lu, Shin, Su and Karniadakis 2019, "Dying ReLU and Initialization: Theory and Numerical Examples" (they count the
output layer: their L is depth + 1); re-derived.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def born_dead_one_input(widths: Sequence[int]) -> float:
    """Probability that some hidden layer is silent for one given non-zero input: exact.

    p = 1 - prod_l (1 - 2^-N_l). All inputs on one ray from the origin die together, so this is also the probability of
    being born dead for every input of one sign of a one-dimensional input.

    Args:
        widths: Units of each hidden layer.

    Example:
        >>> round(born_dead_one_input([2] * 9), 4)
        0.9249
    """
    return 1.0 - math.prod(1.0 - 2.0**-n for n in widths)


def born_dead_lower_bound(width: int, depth: int) -> float:
    """Lower bound of the probability that a one-input network is born dead for every input (both rays).

    1 - a1^(H-1) - K (a1^(H-1) - a2^(H-1)) with a1 = 1 - 2^-N, a2 = 1 - 2^(1-N) - (N-1) 4^-N,
    K = (1 - 2^(1-N)) (1 - 2^-N) / (1 + (N-1) 2^-N). Exact for H <= 2.

    Args:
        width: Units N of every hidden layer.
        depth: Number H of hidden layers, at least 1.

    Example:
        >>> born_dead_lower_bound(2, 1)
        0.0
    """
    n = float(width)
    a1 = 1.0 - 2.0**-n
    a2 = 1.0 - 2.0 ** (1.0 - n) - (n - 1.0) * 4.0**-n
    k = (1.0 - 2.0 ** (1.0 - n)) * (1.0 - 2.0**-n) / (1.0 + (n - 1.0) * 2.0**-n)
    alive = a1 ** (depth - 1)
    return float(max(0.0, 1.0 - alive - k * (alive - a2 ** (depth - 1))))


def safe_depth(width: int, delta: float) -> int:
    """Largest depth of constant width whose one-input probability of being born dead is at most `delta`.

    Example:
        >>> safe_depth(10, 0.01)
        10
    """
    return int(math.log1p(-delta) / math.log1p(-(2.0**-width)))
