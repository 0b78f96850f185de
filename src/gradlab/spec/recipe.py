"""`Recipe`: how a network trains: optimizer, loss, schedule, batches, length."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from gradlab.described import Described
from gradlab.errors import SpecError
from gradlab.spec.choice import Choice, LossChoice, OptimizerChoice, ScheduleChoice

MOST_STEPS = 1_000_000_000


def _batch_size(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value == "full" or (whole and int(str(value)) >= 1):
        return value
    raise SpecError("recipe.batch_size", got=repr(value), expected='a whole number, at least 1, or "full"')


class Recipe(Described):
    """How a network trains. Length is given in epochs or in steps, not both.

    Attributes:
        optimizer: As { name = "adam", lr = 0.001 } or "adam(0.001)"; see `gradlab list optimizers`.
        loss: What training minimises; see `gradlab list losses`. The task's targets decide which of them fit.
        schedule: What the learning rate is multiplied by as training goes on; see `gradlab list schedules`.
        batch_size: Examples in a batch, the last of an epoch may be smaller; "full" for all of them.
        epochs: Length of the training in passes over the examples.
        steps: Length of the training in updates, instead of epochs.
        order: Of the examples in an epoch: "shuffled", a new one for each; "sequential", that of the data; "by_class", all of
            one class before all of the next (for two classes the negative ones first).
        precision: Of all numbers while training: "float32" or "float64".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: OptimizerChoice
    loss: LossChoice
    schedule: ScheduleChoice = Choice(name="constant")
    batch_size: Annotated[int | Literal["full"], BeforeValidator(_batch_size)] = 32
    epochs: int | None = Field(default=None, ge=0, le=MOST_STEPS, strict=True)
    steps: int | None = Field(default=None, ge=0, le=MOST_STEPS, strict=True)
    order: Literal["shuffled", "sequential", "by_class"] = "shuffled"
    precision: Literal["float32", "float64"] = "float32"

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Recipe:
        params = dict(self.optimizer.params)
        dampening = params.get("dampening", 0)
        if params.get("nesterov") and (params["momentum"] == 0 or dampening != 0):
            raise SpecError(
                f"optimizer {self.optimizer.name}.nesterov",
                got=f"momentum {params['momentum']}, dampening {dampening}",
                expected="a momentum above 0 and no dampening, as in torch",
            )
        return self

    @model_validator(mode="after")
    def _one_length(self) -> Recipe:
        if (self.epochs is None) == (self.steps is None):
            given = {"epochs": self.epochs, "steps": self.steps}
            raise SpecError("recipe", got=given, expected="either epochs or steps", do="Set one of them")
        return self

    def batch_sizes(self, points: int) -> list[int]:
        """Examples in each batch of one epoch over `points` examples; the last may be smaller, as in Keras."""
        size = points if self.batch_size == "full" else min(self.batch_size, points)
        return [min(size, points - start) for start in range(0, points, size)]

    def total_steps(self, points: int) -> int:
        """Updates in the whole training."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return self.epochs * len(self.batch_sizes(points))
