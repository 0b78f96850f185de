"""Label noise: a share of the training labels is replaced by other classes, drawn at random; test labels stay clean.

Every example of every replica has a number u of its own, and its label is replaced where u is below the share: cells that
differ in the share are paired, and what is replaced at a small one is replaced at a larger one too, by the same class. Where
all replicas see the same inputs, as of images, each still has labels of its own; with `fresh = false` all have replica 0's.

Source: Patrini, Rozza, Menon, Nock and Qu 2017, "Making deep neural networks robust to label noise: a loss correction approach"
(symmetric noise).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab import seeds
from gradlab.data.tasks import Examples
from gradlab.parts.param import Param, Value

Draw = Callable[[int, Int[ndarray, " R"], seeds.Purpose, int, Mapping[str, Value]], Examples]

LABEL_NOISE = Param(
    "label_noise",
    0.0,
    "share of training labels replaced by another class, drawn at random; test labels stay clean",
    low=0.0,
    high=1.0,
    added_later=True,
)


def with_label_noise(draw: Draw) -> Draw:
    """The same draws, with labels replaced where a task's parameters ask for it.

    Args:
        draw: Of a task with classes.
    """

    def noisy(
        root_seed: int,
        replicas: Int[ndarray, " R"],
        purpose: seeds.Purpose,
        count: int,
        params: Mapping[str, Value],
    ) -> Examples:
        examples = draw(root_seed, replicas, purpose, count, params)
        share = float(params.get("label_noise", 0.0))
        if not share or purpose != seeds.Purpose.DATA:
            return examples
        assert examples.targets is not None
        drawn_for = replicas if params.get("fresh", True) else np.zeros(1, np.int64)
        at_random, other = (seeds.uniforms(root_seed, drawn_for, seeds.Purpose.LABEL_NOISE, k, count) for k in range(2))
        replaced = _others(examples.targets, other, is_binary=bool(params.get("binary")))
        return Examples(examples.inputs, np.where((at_random < share)[:, :, None], replaced, examples.targets))

    return noisy


def _others(
    targets: Float[ndarray, "#R P N"], other: Float[ndarray, "#R P"], *, is_binary: bool
) -> Float[ndarray, "#R P N"]:
    """Targets of another class for every example: one of all others, each as likely as the next.

    Args:
        targets: One-hot; or of a single output, 1 and 0 if binary, else 1 and -1.
        other: Uniform on (0, 1), for the choice among the others.
        is_binary: What a single output's targets are.
    """
    classes = targets.shape[2]
    if classes == 1:
        return np.broadcast_to(1 - targets if is_binary else -targets, (*other.shape, 1))
    steps = 1 + np.floor(other * (classes - 1)).astype(np.int64)
    return np.asarray(np.eye(classes, dtype=targets.dtype)[(targets.argmax(axis=2) + steps) % classes])
