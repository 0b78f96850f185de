"""Activations as points in the plane, by t-SNE or PCA: do classes lie apart in the last hidden layer?

Of PCA, distances and axes mean something, and the share of variance that the plane keeps is told. Of t-SNE, only who is
near to whom does. Both are repeatable: points are chosen evenly, not at random, and scikit-learn gets a fixed seed. It is
imported only when t-SNE is asked for; 2,000 points take it 10 to 20 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.signals.thinning import evenly
from gradlab.stats.text import percent_text

Method = Literal["t-SNE", "PCA"]
METHODS: tuple[Method, ...] = ("t-SNE", "PCA")

MOST_POINTS = 2000
_SEED = 0
_PERPLEXITY = 30.0  # scikit-learn's; about how many neighbours count
_FEWEST_POINTS = 5  # less is no map


@dataclass(frozen=True, slots=True)
class Embedding:
    """Points in the plane.

    Attributes:
        method: How they got there.
        points: Coordinates [P, 2], without a unit.
        labels: The class of each point, from 0 [P].
        rows: Which rows of the given activations they are [P].
        total: How many rows were given.
        kept: Share of the variance that the plane holds (PCA), or None.
    """

    method: Method
    points: Float[ndarray, "P 2"]
    labels: Int[ndarray, " P"]
    rows: Int[ndarray, " P"]
    total: int
    kept: float | None = None

    @property
    def words(self) -> str:
        """What a caption must say: method, n, and what the axes are worth.

        Example:
            >>> rows = np.arange(2)
            >>> Embedding("PCA", np.zeros((2, 2)), rows, rows, 4, 0.75).words
            'PCA; the plane holds 75 % of the variance. n = 2 of 4 examples, evenly spread.'
        """
        worth = (
            f"the plane holds {percent_text(round(self.kept, 3))} of the variance"
            if self.kept is not None
            else f"perplexity {_perplexity(len(self.rows)):g}; only neighbourhood means something, distances and axes do not"
        )
        shown, total = f"{len(self.rows):,}", f"{self.total:,}"
        n = f"n = {shown} examples." if shown == total else f"n = {shown} of {total} examples, evenly spread."
        return f"{self.method}; {worth}. {n}"


def embedded(
    activations: Float[ndarray, "P N"], labels: Int[ndarray, " P"], method: Method, *, most: int = MOST_POINTS
) -> Embedding | None:
    """Activations as points in the plane.

    Args:
        activations: N units' activations on P examples.
        labels: The class of each example.
        method: "t-SNE" (van der Maaten and Hinton 2008, "Visualizing Data using t-SNE"), begun from PCA, or "PCA".
        most: Points at most; more examples are thinned evenly.

    Returns:
        None where there is no map: fewer than five examples, activations that are not finite, or examples that the layer
        does not tell apart at all.
    """
    rows = evenly(len(activations), most)
    chosen = activations[rows].astype(np.float64)
    if len(rows) < _FEWEST_POINTS or not np.isfinite(chosen).all():
        return None
    # without the scale, tiny and huge activations alike would leave the range that sums of squares can hold
    centred = chosen - chosen.mean(axis=0)
    largest = np.abs(centred).max(initial=0.0)
    if largest <= 1e-12 * np.abs(chosen).max(initial=0.0):
        return None
    points, kept = _pca(centred / largest)
    if method == "PCA":
        return Embedding(method, points * largest, labels[rows], rows, len(activations), kept)
    return Embedding(method, _t_sne(centred / largest), labels[rows], rows, len(activations))


def _pca(centred: Float[ndarray, "P N"]) -> tuple[Float[ndarray, "P 2"], float]:
    """The first two principal components and their share of the variance; the second is 0 for a single unit."""
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(centred), 2))
    count = min(2, len(sizes))
    points[:, :count] = left[:, :count] * sizes[:count]
    # the sign of a component is arbitrary: the farthest point lies on the positive side
    farthest = points[np.abs(points).argmax(axis=0), [0, 1]]
    return points * np.where(farthest < 0, -1.0, 1.0), float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def _perplexity(points: int) -> float:
    """Below the number of points, as t-SNE demands."""
    return min(_PERPLEXITY, float((points - 1) // 3))


def _t_sne(centred: Float[ndarray, "P N"]) -> Float[ndarray, "P 2"]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count = centred.shape[1]
    # it begins with two components, which a single unit does not have
    inputs = centred if count > 1 else np.concatenate([centred, np.zeros_like(centred)], axis=1)
    # One thread: sums then have one order on every machine, and on a busy one threads that wait for each other
    # a thousand times took longer than they saved.
    with threadpool_limits(1):
        found = TSNE(init="pca", perplexity=_perplexity(len(centred)), random_state=_SEED).fit_transform(inputs)
    return np.asarray(found, np.float64)
