"""What a prediction takes of the examples: how long they are, how much that varies, how alike two of them are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradlab.data import TASKS
from gradlab.seeds import Purpose
from gradlab.spec import Setup

MOST_EXAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """Statistics of the examples, n numbers each.

    Attributes:
        square: Mean of |x|^2 / n.
        spread: Deviation of |x|^2 over its mean; None where examples are not known.
        shared: Mean of x . x' / n over pairs of different examples.
    """

    square: float = 1.0
    spread: float | None = None
    shared: float = 0.0


UNKNOWN = Inputs()


def inputs_of(setup: Setup) -> Inputs:
    """Those of a setup's task: replica 0 of root seed 0, its first thousand training examples.

    Raises:
        DataError: The task's files cannot be had.
    """
    points = min(setup.points, MOST_EXAMPLES)
    task, params = TASKS[setup.task.name], dict(setup.task.params)
    examples = task.draw(0, np.zeros(1, np.int64), Purpose.DATA, setup.points, params)
    x = examples.inputs[0, :points].astype(np.float64)
    squares = (x**2).mean(axis=1)
    square, mean = float(squares.mean()), x.mean(axis=0)
    pairs = points * (points - 1)
    shared = (float((mean**2).mean()) * points**2 - float(squares.sum())) / pairs if pairs else 0.0
    return Inputs(square, float(squares.std()) / square if square else 0.0, shared)
