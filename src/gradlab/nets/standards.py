"""What fitted standardizations subtract and divide by: mean and standard deviation over the training examples."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.nets.steps import steps_of
from gradlab.spec import NetworkSpec

BLOCK = 1_000  # examples at a time: the whole of an image set in double precision would take a gigabyte


def fitted_standards(
    spec: NetworkSpec, inputs: Float[ndarray, "#R P M"]
) -> list[tuple[Float[ndarray, "#R C"], Float[ndarray, "#R C"]]]:
    """Mean and std of the fitted standardization of a network, which stands at the inputs; empty without one.

    What does not vary keeps its size: its std is 1.

    Args:
        spec: The network.
        inputs: Training examples.

    Returns:
        Float64: of every input, or of every channel where the layer gets an image.
    """
    found = []
    for step in steps_of(spec):
        if step.standard >= 0:
            channels = step.below[0] if len(step.below) == 3 else inputs.shape[2]
            found.append(_statistics(inputs.reshape(len(inputs), inputs.shape[1], channels, -1)))
    return found


def _statistics(x: Float[ndarray, "R P C S"]) -> tuple[Float[ndarray, "R C"], Float[ndarray, "R C"]]:
    """Mean and std of each channel over examples and places."""
    blocks = [x[:, first : first + BLOCK] for first in range(0, x.shape[1], BLOCK)]
    count = x.shape[1] * x.shape[3]
    mean = sum(block.sum(axis=(1, 3), dtype=np.float64) for block in blocks) / count
    away = sum(np.square(block - mean[:, None, :, None]).sum(axis=(1, 3)) for block in blocks) / count
    std = np.sqrt(away)
    return mean, np.where(std > 1e-7 * np.abs(mean), std, 1.0)
