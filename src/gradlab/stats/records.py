"""What the functions of this package return: frozen records, each with its n, its level and its method."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proportion:
    """`count` of `n` independent trials: the rate count / n and its interval at confidence `level`."""

    count: int
    n: int
    rate: float
    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class Share:
    """A share between 0 and 1 of each of `n` networks: its mean, as `rate`, and the interval of that mean."""

    rate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` values, its interval, and their sample standard deviation (divisor n - 1), in the values' unit.

    With one value `low`, `high` and `std` are NaN: one value says nothing about its spread.
    """

    mean: float
    low: float
    high: float
    n: int
    std: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the first group has more than the second, with its interval; for paired samples `n_a` = `n_b` = pairs."""

    difference: float
    low: float
    high: float
    n_a: int
    n_b: int
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """By how much the first group's number is larger than the second's, with its interval, from `n` pairs."""

    ratio: float
    low: float
    high: float
    n: int
    level: float
    method: str
