"""Numbers of a network on an input set: mean loss, accuracy and RMSE, from its outputs."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.parts import Loss
from gradlab.parts.namespace import NUMPY


def mean_loss(
    loss: Loss,
    params: tuple[Float[ndarray, " R"], ...],
    outputs: Float[ndarray, "R Q N"],
    targets: Float[ndarray, "#R Q N"],
) -> Float[ndarray, " R"]:
    """Loss of each network on a whole input set, by the record's own formula in float64; NaN where outputs are.

    Args:
        loss: The loss.
        params: Its parameters.
        outputs: What the networks say.
        targets: What they should.
    """
    y = outputs.astype(np.float64)
    with np.errstate(all="ignore"):
        normaliser: ndarray | float = 0.0
        if loss.normaliser:
            top = y.max(axis=2, keepdims=True)
            normaliser = top + np.log(np.exp(y - top).sum(axis=2, keepdims=True))
        terms = loss.value(NUMPY, y, targets, normaliser, *(p[:, None, None] for p in params))
        return np.asarray(terms.sum(axis=(1, 2)) / loss.divisor(y.shape[1], y.shape[2]))


def accuracy(
    outputs: Float[ndarray, "R Q C"], targets: Float[ndarray, "#R Q C"], threshold: float = 0.0
) -> Float[ndarray, " R"]:
    """Share of examples whose largest output is that of their class; the first of equal ones counts.

    A network whose outputs are not numbers is right about nothing. A single output tells two classes apart.

    Args:
        outputs: What the networks say.
        targets: One-hot; or, of a single output, 1 for one class and 0 or -1 for the other. NaN comes back for numbers.
        threshold: Where a single output changes sides: 0 for logits and signs.
    """
    is_number = np.isfinite(outputs).all(axis=2)
    if targets.shape[2] > 1:
        right = outputs.argmax(axis=2) == targets.argmax(axis=2)
        return np.asarray((right & is_number).mean(axis=1))
    y, t = outputs[:, :, 0], targets[:, :, 0]
    right = (y > threshold) == (t > 0)
    # for each replica, since cells of different tasks may train in one stack
    has_classes = np.isin(t, (-1.0, 1.0)).all(axis=1) | np.isin(t, (0.0, 1.0)).all(axis=1)
    return np.where(has_classes, (right & is_number).mean(axis=1), np.nan)


def rmse(outputs: Float[ndarray, "R Q N"], targets: Float[ndarray, "#R Q N"]) -> Float[ndarray, " R"]:
    """Root of the mean squared error over examples and outputs, in the unit of the targets; NaN where outputs are.

    Example:
        >>> rmse(np.array([[[1.0], [5.0]]]), np.array([[[1.0], [2.0]]])).round(3).tolist()
        [2.121]
    """
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.square(outputs.astype(np.float64) - targets).mean(axis=(1, 2))))
