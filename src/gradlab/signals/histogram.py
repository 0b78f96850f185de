"""`Histogram`: how the entries of each layer of each replica are spread, in bins that are fixed so that counts add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.errors import UserError


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by layer and replica; in a `History` with the steps as a leading axis S.

    Bin k holds edges[k] <= value < edges[k + 1]; the first and the last also what lies beyond them.

    Attributes:
        edges: [L, K + 1], in the unit of the distribution.
        counts: [R, L, K]; all 0 in a layer that has no such entries.
        nans: Entries that are NaN, which no bin holds [R, L].
        zero_bins: Place of the bin that holds the exact zeros and nothing else, -1 where there is none [L].
    """

    edges: Float[ndarray, "L _"]
    counts: Int[ndarray, "*S R L K"]
    nans: Int[ndarray, "*S R L"]
    zero_bins: Int[ndarray, " L"]

    def __post_init__(self) -> None:
        assert self.edges.shape == (self.counts.shape[-2], self.counts.shape[-1] + 1), "one more edge than bins"

    @property
    def totals(self) -> Int[ndarray, "*S R L"]:
        """Number of entries, NaN included."""
        return np.asarray(self.counts.sum(axis=-1) + self.nans)

    @property
    def zeros(self) -> Int[ndarray, "*S R L"]:
        """Number of entries that are exactly 0; 0 too where no bin could tell."""
        places = np.maximum(self.zero_bins, 0)[:, None]
        found = np.take_along_axis(self.counts, np.broadcast_to(places, (*self.nans.shape, 1)), axis=-1)[..., 0]
        return np.asarray(np.where(self.zero_bins >= 0, found, 0))

    def __add__(self, other: Histogram) -> Histogram:
        """The histogram of the entries of both, for the same networks on two batches.

        Raises:
            UserError: The bins or the shapes differ.
        """
        check_same_bins([self, other])
        if self.counts.shape != other.counts.shape:
            raise UserError(
                "histograms", got=f"counts {self.counts.shape} and {other.counts.shape}", expected="one shape to add"
            )
        return replace(self, counts=self.counts + other.counts, nans=self.nans + other.nans)

    def pooled(self) -> Histogram:
        """All replicas counted as one: R = 1."""
        return replace(self, counts=self.counts.sum(axis=-3, keepdims=True), nans=self.nans.sum(axis=-2, keepdims=True))

    def to_dict(self) -> dict[str, Any]:
        """Nested lists of plain numbers."""
        return {name: getattr(self, name).tolist() for name in ("edges", "counts", "nans", "zero_bins")}


def check_same_bins(histograms: Sequence[Histogram]) -> None:
    """Refuse to treat counts in different bins as if they were alike.

    Raises:
        UserError: Edges differ.
    """
    for other in histograms[1:]:
        if not np.array_equal(histograms[0].edges, other.edges):
            raise UserError("histograms", got="different edges", expected="the same bins in all of them")


def joined(histograms: Sequence[Histogram]) -> Histogram:
    """Those of several groups of replicas as one, along R.

    Raises:
        UserError: Edges differ.
    """
    check_same_bins(histograms)
    return replace(
        histograms[0],
        counts=np.concatenate([part.counts for part in histograms], axis=-3),
        nans=np.concatenate([part.nans for part in histograms], axis=-2),
    )
