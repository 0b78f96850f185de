"""What lengths and variances may be."""

from __future__ import annotations

import math

from gradlab.errors import UserError


def at_least_zero(name: str, value: float) -> float:
    """A finite number that is not negative.

    Raises:
        UserError: It is another.
    """
    if not math.isfinite(value) or value < 0.0:
        raise UserError(name, got=value, expected="a finite number, at least 0")
    return float(value)


def within_float_range(q: float) -> float:
    """A second moment whose fourth powers are floats.

    Raises:
        UserError: q is negative, not finite, or above 1e60.
    """
    if at_least_zero("q", q) > 1e60:
        raise UserError("q", got=q, expected="at most 1e60")
    return float(q)
