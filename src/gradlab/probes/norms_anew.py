"""`outputs_anew`: what networks say when their batch norms use statistics of the weights as they stand.

Running statistics lag: each batch adds `momentum` of its own to what older weights left. Here every batch counts alike,
and all pass through the same weights, so that two networks that differ in nothing but the lag say the same. Otherwise it
is as in training: batches of the recipe's size, dropout on, means and unbiased variances of the batches on average (torch's
`BatchNorm` with `momentum=None`; Wu and Johnson 2021, Rethinking "Batch" in BatchNorm, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from gradlab.nets import Stack
from gradlab.nets.torch_layers import LayeredNumbers, LayeredStack, Pass

EXAMPLES = 10_000  # at most: a mean over so many is known to a percent of the deviation
TOGETHER = 500  # examples that pass through at once afterwards


def outputs_anew(
    stack: Stack, examples: Float[ndarray, "#R P M"], batch_size: int, inputs: Mapping[str, Float[ndarray, "#R Q M"]]
) -> dict[str, Float[ndarray, "R Q N"]]:
    """Outputs of R networks for each set of inputs.

    Args:
        stack: The networks, as they stand; their own running statistics stay as they are.
        examples: Training examples; the first `EXAMPLES` are used, in batches, less an incomplete last one.
        batch_size: Of training.
        inputs: Sets of inputs by name.
    """
    numbers = LayeredNumbers.of(stack, "cpu")
    count = min(EXAMPLES, examples.shape[1])
    size = min(batch_size, count)
    found: dict[str, list[ndarray]] = {name: [] for name in inputs}
    for row in range(len(stack)):  # one by one: several networks with convolutions leave the caches
        live = LayeredStack(stack, numbers, slice(row, row + 1))
        with torch.no_grad():
            for batch in range(count // size):
                x_RBM = _of(examples, row, batch * size, size, live.dtype)
                live.forward(x_RBM, Pass(trains=True, step=batch, momentum=1.0 / (batch + 1)))
            for name, array in inputs.items():
                outputs = [
                    live.forward(_of(array, row, first, TOGETHER, live.dtype)).transpose(1, 2).numpy()
                    for first in range(0, array.shape[1], TOGETHER)
                ]
                found[name].append(np.concatenate(outputs, axis=1))
    return {name: np.concatenate(each) for name, each in found.items()}


def _of(array: Float[ndarray, "#R Q M"], row: int, first: int, size: int, dtype: torch.dtype) -> torch.Tensor:
    """Some inputs of one network."""
    own = row if len(array) > 1 else 0
    return torch.tensor(array[own : own + 1, first : first + size], dtype=dtype)
