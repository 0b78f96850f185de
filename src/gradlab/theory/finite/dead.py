"""The probability that a relu network is born dead.

Assumes: relu in every hidden layer, zero biases, weights independent and symmetric around zero without an atom there.
Source: Lu, Shin, Su and Karniadakis 2019, "Dying ReLU and Initialization: Theory and Numerical Examples" (they count the
output layer: their L is depth + 1); re-derived.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradlab.errors import UserError
from gradlab.theory.finite.angles import dead_from_right_angle


@dataclass(frozen=True, slots=True)
class BornDead:
    """Probabilities that some hidden layer of a relu network is silent at birth.

    Attributes:
        widths: Units of each hidden layer.
        p_single_input: For one given input that is not 0; exact.
        p_low: For every input of a network with one input: lower bound.
        p_up: For every input, however many inputs the network has: upper bound.
        p_exact: For every input of a network with one input, where it is known: at most two hidden layers, or layers of
            one unit (any symmetric weights), or of two units (Gaussian weights); else None.
    """

    widths: tuple[int, ...]
    p_single_input: float
    p_low: float
    p_up: float
    p_exact: float | None


def born_dead(widths: Sequence[int]) -> BornDead:
    """What is known of a network with these hidden layers.

    Args:
        widths: Units of each hidden layer.

    Raises:
        UserError: No layer, or a width below 1.

    Example:
        >>> found = born_dead([2] * 3)
        >>> found.p_low <= found.p_exact <= found.p_up, round(found.p_exact * 3072, 6)
        (True, 1045.0)
    """
    layers = _checked(widths)
    single, low = born_dead_one_input(layers), _lower_bound(layers)
    exact = None
    if len(layers) <= 2 or set(layers) == {1}:
        exact = low
    elif set(layers) == {2}:
        exact = born_dead_width_2(len(layers))
    return BornDead(layers, single, low, single, exact)


def born_dead_one_input(widths: Sequence[int]) -> float:
    """Probability that some hidden layer is silent for one given non-zero input: exact.

    p = 1 - prod_l (1 - 2^-N_l). All inputs on one ray from the origin die together, so this is also the probability of
    being born dead for every input of one sign of a one-dimensional input; and it is an upper bound of the probability
    of being born dead for all inputs, of any dimension.

    Args:
        widths: Units of each hidden layer.

    Raises:
        UserError: A width is below 1.

    Example:
        >>> round(born_dead_one_input([2] * 9), 4)
        0.9249
    """
    if 1 in widths:
        return 1.0 - math.prod(1.0 - 2.0 ** -min(n, 1100) for n in _checked(widths))
    lives = math.fsum(math.log1p(-(2.0 ** -min(n, 1100))) for n in (_checked(widths) if widths else ()))
    return abs(math.expm1(lives))  # never above 0; that of no chance is 0, not -0


def born_dead_lower_bound(width: int, depth: int) -> float:
    """Lower bound of the probability that a one-input network is born dead for every input (both rays).

    1 - a1^(H-1) - K (a1^(H-1) - a2^(H-1)) with a1 = 1 - 2^-N, a2 = 1 - 2^(1-N) - (N-1) 4^-N,
    K = (1 - 2^(1-N)) (1 - 2^-N) / (1 + (N-1) 2^-N). Exact for H <= 2. It takes two live rays to stay at a right angle,
    where the next layer silences both least often.

    Args:
        width: Units N of every hidden layer.
        depth: Number H of hidden layers, at least 1.

    Raises:
        UserError: Width or depth is below 1.

    Example:
        >>> born_dead_lower_bound(2, 1)
        0.0
    """
    if depth < 1:
        raise UserError("depth", got=depth, expected="at least one hidden layer")
    return _lower_bound(_checked([width] * depth))


def born_dead_width_2(depth: int) -> float:
    """Probability that a one-input network of width 2 is born dead for every input: exact, to about 1e-13.

    The first layer leaves one ray alive (probability 1/2) or two at a right angle; from there on a Markov chain on the
    angle between the images of the two rays, see `finite.angles`. At depth 3 it is 1045/3072.

    Args:
        depth: Number H of hidden layers.

    Raises:
        UserError: Depth is below 1.

    Assumes:
        Gaussian weights of equal variance (the angle's law depends on it), besides those of the module.

    Source:
        Derived; the lower bound of Lu et al. 2019 is this chain with the angle held at 90 degrees.

    Example:
        >>> born_dead_width_2(1), round(born_dead_width_2(2) * 32, 9)
        (0.0, 5.0)
    """
    if depth < 1:
        raise UserError("depth", got=depth, expected="at least one hidden layer")
    single = abs(math.expm1((depth - 1) * math.log(0.75)))  # 0, not -0, at depth 1
    return 0.5 * single + 0.5 * dead_from_right_angle(depth - 1)


def safe_depth(width: int, delta: float) -> int:
    """Largest depth of constant width whose one-input probability of being born dead is at most `delta`.

    H = floor(ln(1 - delta) / ln(1 - 2^-N)); as p bounds the probability of being dead for all inputs, that is at most
    delta too.

    Args:
        width: Units N of every hidden layer.
        delta: Accepted probability, from 0 up to but not including 1.

    Raises:
        UserError: Width below 1, or delta out of range.

    Example:
        >>> safe_depth(10, 0.01)
        10
    """
    _checked([width])
    if not 0.0 <= delta < 1.0:
        raise UserError("delta", got=delta, expected="a probability, at least 0 and below 1")
    if width == 1:
        return int(-math.log2(1.0 - delta))
    if width > 60:  # ln(1 - x) = -x as far as floats go; the depth may be beyond any float
        return int(Fraction(-math.log1p(-delta)) * 2**width)
    depth = int(math.log1p(-delta) / math.log1p(-(2.0**-width)))
    if depth < 2**50 and -math.expm1((depth + 1) * math.log1p(-(2.0**-width))) <= delta:
        return depth + 1  # the quotient was rounded below a whole number
    return depth


def _lower_bound(widths: Sequence[int]) -> float:
    """The bound for layers of any widths, layer by layer; with equal ones it is the closed form.

    States: both rays alive and not parallel, one ray alive (or two parallel ones, which live and die as one), none. At an
    angle of at most 90 degrees a layer of N units silences both with probability y^N >= 4^-N, y = (pi - angle) / 2 pi,
    exactly one with 2 (2^-N - y^N), and makes them parallel with at least N y^N; the chance of dying in the end rises
    with y^N, so y = 1/4 gives a bound.
    """
    both, one = 1.0 - 2.0 ** (1 - min(widths[0], 1100)), 2.0 ** (1 - min(widths[0], 1100))
    dead = 0.0
    for n in widths[1:]:
        half, quarter = 2.0 ** -min(n, 1100), 4.0 ** -min(n, 530)
        to_one = max(0.0, 2.0 * half + (n - 2) * quarter)
        stays = max(0.0, 1.0 - 2.0 * half - (n - 1) * quarter)
        dead += one * half + both * quarter
        one, both = one * (1.0 - half) + both * to_one, both * stays
    return min(1.0, dead)


def _checked(widths: Sequence[int]) -> tuple[int, ...]:
    """The widths.

    Raises:
        UserError: There is none, or one is below 1.
    """
    if not widths or min(widths) < 1:
        raise UserError("widths", got=list(widths), expected="at least one hidden layer, each of at least one unit")
    return tuple(int(n) for n in widths)
