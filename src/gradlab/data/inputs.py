"""`InputSet`: a named set of inputs on which looks evaluate the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from pydantic import ConfigDict, Field, model_validator

from gradlab.data.tasks import Examples, Task
from gradlab.described import Described
from gradlab.errors import SpecError
from gradlab.seeds import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradlab.parts.param import Value

MOST_INPUTS = 1_000_000
FARTHEST = 1e30  # single precision ends at 3.4e38


class InputSet(Described):
    """A set of inputs: either equally spaced points of a one-dimensional input, or examples of the task.

    Attributes:
        linspace: First, last and count of equally spaced points of a task's only input.
        source: "task" for training examples, the first ones; "test" for examples that training does not see: those held
            out, or, where a task draws its examples, new draws of the same law. "fresh" is another word for "test".
        count: How many examples of the task; all where there are fewer, or where it is left out. A task that draws its
            examples has as many to test on as to train on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    linspace: tuple[float, float, int] | None = None
    source: Literal["task", "test", "fresh"] | None = Field(default=None, alias="from")
    count: int | None = Field(default=None, ge=1, le=MOST_INPUTS)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.linspace is None) == (self.source is None):
            raise SpecError("inputs", got="both or neither", expected='either linspace or from = "task" or "test"')
        if self.linspace is not None and self.count is not None:
            raise SpecError("inputs.count", got=self.count, expected='a count only beside "from"')
        if self.linspace is not None:
            first, last, count = self.linspace
            if not 1 <= count <= MOST_INPUTS or max(abs(first), abs(last)) > FARTHEST:
                expected = f"[first, last, count], count from 1 to {MOST_INPUTS:,}, the others at most {FARTHEST:g}"
                raise SpecError("inputs.linspace", got=list(self.linspace), expected=expected)
        return self

    @property
    def has_targets(self) -> bool:
        """Whether its inputs are examples of the task."""
        return self.linspace is None

    def size(self, task: Task, points: int) -> int:
        """Number of inputs, for a task that trains on `points` examples."""
        if self.linspace is not None:
            return self.linspace[2]
        if self.source == "task":
            return min(self.count or points, points)
        if task.held_out is not None:
            return min(self.count or task.held_out, task.held_out)
        return self.count or points

    def examples(
        self, task: Task, params: Mapping[str, Value], root_seed: int, replicas: Int[ndarray, " R"], train: Examples
    ) -> Examples:
        """The inputs of each replica, with targets where the task gives them.

        Raises:
            SpecError: Equally spaced points for a task with several inputs.
            DataError: The task's files cannot be had, or are damaged.
        """
        if self.linspace is not None:
            if task.inputs != 1:
                raise SpecError(
                    "inputs.linspace", got=f"task {task.name} with {task.inputs} inputs", expected="one input"
                )
            first, last, count = self.linspace
            return Examples(np.linspace(first, last, count, dtype=np.float32)[None, :, None], None)
        points = train.inputs.shape[1]
        count = self.size(task, points)
        if self.source != "task":
            return task.draw(root_seed, replicas, Purpose.TEST_DATA, count, params)
        if count == points:
            return train
        targets = None if train.targets is None else train.targets[:, :count]
        return Examples(train.inputs[:, :count], targets)
