"""What the interval functions check before they compute, and the two quantiles they share."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from gradlab.errors import UserError, shown


def tail(level: float) -> float:
    """The probability left out on each side by an interval of that level."""
    if not 0 < level < 1:
        raise UserError("level", got=level, expected="a number between 0 and 1")
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """The z such that a standard normal lies within -z..z with probability `level`."""
    return NormalDist().inv_cdf(1 - tail(level))


def student_quantile(level: float, freedom: int) -> float:
    """The same for Student's t with that many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - tail(level)))


def whole(name: str, value: int, least: int) -> int:
    """The value as a Python int (numpy's do not go into JSON), if it is whole and at least `least`."""
    if not (value >= least and value % 1 == 0):
        raise UserError(name, got=shown(value), expected=f"a whole number, at least {least}")
    return int(value)


def count_of(count: int, n: int) -> tuple[int, int]:
    """`count` and `n` as Python ints, if there are trials and `count` is a number of them."""
    count, n = whole("count", count, least=0), whole("n", n, least=1)
    if count > n:
        raise UserError("count", got=count, expected=f"at most n = {n}")
    return count, n


def finite(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The values as float64 of shape [n], if there is at least one and none is NaN or infinite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise UserError(name, got=f"an array of shape {array.shape}", expected="at least one value along one axis")
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise UserError(name, got=f"{float(array[at])} at position {at}", expected="finite numbers")
    return array
