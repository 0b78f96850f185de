"""Statistics of the entries of each replica, an array [R, ...] -> [R], in double precision whatever the entries' own.

They hold for entries of any size: squares neither overflow nor underflow. A NaN among a replica's entries makes its
result NaN. An infinite entry makes sizes and spreads Inf, and a mean Inf of its sign (NaN where both signs occur). No
warning is given: a network that diverged is an ordinary thing to measure.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

Entries = Float[ndarray, "R ..."]
PerReplica = Float[ndarray, " R"]


@np.errstate(all="ignore")
def mean(x: Entries) -> PerReplica:
    """Mean."""
    rows, unit = _in_units(x)
    return np.asarray(unit * rows.mean(axis=1, dtype=np.float64))


@np.errstate(all="ignore")
def mean_abs(x: Entries) -> PerReplica:
    """Mean of the absolute values."""
    return mean(np.abs(x))


@np.errstate(all="ignore")
def max_abs(x: Entries) -> PerReplica:
    """Largest absolute value."""
    rows = x.reshape(len(x), -1)
    return np.asarray(np.maximum(rows.max(axis=1), -rows.min(axis=1)), dtype=np.float64)


@np.errstate(all="ignore")
def rms(x: Entries) -> PerReplica:
    """Root of the mean square."""
    rows, unit = _in_units(x)
    return np.asarray(unit * np.sqrt(np.square(rows, dtype=np.float64).mean(axis=1)))


@np.errstate(all="ignore")
def norm(x: Entries) -> PerReplica:
    """Root of the sum of squares (the Euclidean, for a matrix the Frobenius norm)."""
    rows, unit = _in_units(x)
    return np.asarray(unit * np.sqrt(np.square(rows, dtype=np.float64).sum(axis=1)))


@np.errstate(all="ignore")
def mean_square(x: Entries) -> PerReplica:
    """Second moment, about zero."""
    return np.asarray(rms(x) ** 2)


@np.errstate(all="ignore")
def std(x: Entries) -> PerReplica:
    """Standard deviation with the divisor n; exactly 0 where all entries are equal."""
    rows, unit = _in_units(x)
    return _with_infinities(unit * np.sqrt(_mean_square_of_deviations(rows)), rows)


@np.errstate(all="ignore")
def mean_over_inputs(x: Float[ndarray, "R B N"]) -> Float[ndarray, "R N"]:
    """Mean of each unit over the inputs."""
    rows, unit = _in_units(x)
    return np.asarray(unit[:, None] * rows.reshape(x.shape).mean(axis=1, dtype=np.float64))


@np.errstate(all="ignore")
def variance_over_inputs(outputs: Float[ndarray, "R B C"]) -> PerReplica:
    """Variance of each output over the inputs (divisor B), averaged over the outputs."""
    scaled, unit = _in_units(outputs)
    spread = unit * np.sqrt(_mean_square_of_deviations(scaled.reshape(outputs.shape)))
    return _with_infinities(spread**2, scaled)


def quantile(rows: Float[ndarray, "R E"], percent: int) -> PerReplica:
    """The least entry that at least `percent` % of the entries do not exceed: always an entry, never in between.

    Args:
        rows: Entries in increasing order, NaN last.
        percent: Of them.

    Source: Hyndman and Fan 1996, definition 1, the inverse of the empirical distribution function.
    """
    rank = max(0, -(-percent * rows.shape[1] // 100) - 1)  # in whole numbers: .05 * 140 is a little more than 7
    return np.where(np.isnan(rows[:, -1]), np.nan, rows[:, rank].astype(np.float64))


def share(condition: Bool[ndarray, "R ..."], x: Entries) -> PerReplica:
    """Share of those for which a condition on entries x holds; unknown, so NaN, where x holds NaN."""
    found = condition.reshape(len(condition), -1).mean(axis=1)
    return np.where(np.isnan(x).reshape(len(x), -1).any(axis=1), np.nan, found)


def _mean_square_of_deviations(x: Float[ndarray, "R B ..."]) -> PerReplica:
    """Mean square of x minus its mean over the second axis, for x in units of `_in_units`.

    Deviations are from the first entry before they are from the mean, so that equal entries give exactly 0.
    """
    away = np.subtract(x, x[:, :1], dtype=np.float64)
    away -= away.mean(axis=1, keepdims=True)
    return np.asarray(np.square(away, out=away).reshape(len(x), -1).mean(axis=1))


def _in_units(x: Entries) -> tuple[Float[ndarray, "R _"], PerReplica]:
    """Entries [R, E] in units so large that double precision holds their squares, and the units.

    Every square of a single precision number is a normal double, so only doubles are divided.
    """
    rows = x.reshape(len(x), -1)
    if rows.dtype.itemsize < 8:
        return rows, np.ones(len(rows))
    largest = max_abs(rows)
    unit = np.where(np.isfinite(largest) & (largest > 0.0), largest, 1.0)
    return rows / unit[:, None], unit


def _with_infinities(spread: PerReplica, rows: Float[ndarray, "R _"]) -> PerReplica:
    """Inf in place of the NaN that Inf - Inf left; what held NaN before stays NaN."""
    if not np.isnan(spread).any():
        return spread
    return np.where(np.isnan(spread) & ~np.isnan(rows).any(axis=1), np.inf, spread)
