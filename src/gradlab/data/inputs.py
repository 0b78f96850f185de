"""`InputSet`: a named set of inputs on which looks evaluate the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gradlab.data.tasks import Examples, Task
from gradlab.errors import SpecError
from gradlab.seeds import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradlab.parts.param import Value


class InputSet(BaseModel):
    """Either equally spaced points of a one-dimensional input, or examples of the task.

    Attributes:
        linspace: (first, last, count).
        source: "task" for the first `count` training examples, "fresh" for new draws of the training law.
        count: How many examples of the task.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    linspace: tuple[float, float, int] | None = None
    source: Literal["task", "fresh"] | None = Field(default=None, alias="from")
    count: int | None = Field(default=None, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.linspace is None) == (self.source is None):
            raise SpecError("inputs", got="both or neither", expected='either linspace or from = "task" or "fresh"')
        if (self.source is None) != (self.count is None):
            raise SpecError("inputs.count", got=self.count, expected='a count exactly when "from" is given')
        if self.linspace is not None and self.linspace[2] < 1:
            raise SpecError(
                "inputs.linspace", got=list(self.linspace), expected="[first, last, count], count at least 1"
            )
        return self

    def examples(
        self, task: Task, params: Mapping[str, Value], root_seed: int, replicas: Int[ndarray, " R"], train: Examples
    ) -> Examples:
        """The inputs of each replica, with targets where the task gives them.

        Raises:
            SpecError: Equally spaced points for a task with several inputs.
        """
        if self.linspace is not None:
            if task.inputs != 1:
                raise SpecError(
                    "inputs.linspace", got=f"task {task.name} with {task.inputs} inputs", expected="one input"
                )
            first, last, count = self.linspace
            return Examples(np.linspace(first, last, count, dtype=np.float32)[None, :, None], None)
        assert self.count is not None
        if self.source == "task":
            targets = None if train.targets is None else train.targets[:, : self.count]
            return Examples(train.inputs[:, : self.count], targets)
        return task.draw(root_seed, replicas, Purpose.TEST_DATA, self.count, params)
