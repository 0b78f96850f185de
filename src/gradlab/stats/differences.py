"""Intervals for what one group has more than another, independent or paired."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gradlab.errors import UserError
from gradlab.stats.checks import count_of, finite, normal_quantile, student_quantile, whole
from gradlab.stats.records import Difference


def paired_difference(a: npt.ArrayLike, b: npt.ArrayLike, level: float = 0.95) -> Difference:
    """Mean of a - b over pairs (replica r under two treatments), with an interval that uses the pairing.

    Where both hold only 0 and 1 (or booleans): Wald's interval after adding 1/2 to each of the four cells of the 2 x 2
    table, cut to [-1, 1]; `difference` itself is the plain difference of rates. Otherwise: Student's t of the
    differences. The record's `method` says which.

    Args:
        a: First outcomes, one a pair, shape [R].
        b: Second outcomes, shape [R].
        level: Confidence, between 0 and 1.

    Raises:
        UserError: The lengths differ, a value is not finite, or there are too few pairs (none; for real numbers one).

    Assumes:
        Independent pairs. For real numbers: differences near normal, or many of them.

    Source:
        Agresti and Min (2005), Statistics in Medicine 24, 729-740 (adjusted Wald); Student (1908), Biometrika 6, 1-25.

    Example:
        >>> interval = paired_difference([1, 1, 1, 0, 1, 1], [0, 0, 1, 0, 0, 1])
        >>> interval.difference, interval.method
        (0.5, 'Wald, Agresti-Min counts')
    """
    first, second = finite("a", a), finite("b", b)
    if len(first) != len(second):
        raise UserError("paired_difference", got=f"{len(first)} and {len(second)} values", expected="equally many")
    n = len(first)
    differences = first - second
    mean = float(differences.mean())
    if _is_binary(first) and _is_binary(second):
        return paired_rates_difference(int((differences > 0).sum()), int((differences < 0).sum()), n, level)
    if n < 2:
        raise UserError("paired_difference", got="1 pair of real numbers", expected="at least 2")
    half = student_quantile(level, n - 1) * float(differences.std(ddof=1)) / math.sqrt(n)
    return Difference(mean, mean - half, mean + half, n, n, level, "paired t")


def paired_rates_difference(only_a: int, only_b: int, n: int, level: float = 0.95) -> Difference:
    """The same for outcomes that hold or do not, from the counts of pairs in which only one of the two holds.

    Args:
        only_a: Pairs in which the first holds and the second does not.
        only_b: Pairs in which the second holds and the first does not.
        n: Pairs.
        level: Confidence, between 0 and 1.

    Raises:
        UserError: There are no pairs, a count is not within them, or level is not within (0, 1).

    Example:
        >>> paired_rates_difference(3, 0, 6) == paired_difference([1, 1, 1, 0, 1, 1], [0, 0, 1, 0, 0, 1])
        True
    """
    _, n = count_of(only_a + only_b, n)
    only_a, only_b = whole("only_a", only_a, least=0), whole("only_b", only_b, least=0)
    a, b = only_a + 0.5, only_b + 0.5
    center = (a - b) / (n + 2)
    half = normal_quantile(level) * math.sqrt(a + b - (a - b) ** 2 / (n + 2)) / (n + 2)
    low, high = max(-1.0, center - half), min(1.0, center + half)
    return Difference((only_a - only_b) / n, low, high, n, n, level, "Wald, Agresti-Min counts")


def _is_binary(values: npt.NDArray[np.float64]) -> bool:
    return bool(((values == 0) | (values == 1)).all())
