"""`Setup` = network + recipe + task: all that a trial depends on besides root seed and replica."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from gradlab.data import TASKS
from gradlab.errors import SpecError
from gradlab.errors.validation import from_validation
from gradlab.parts import LOSSES, NORMS
from gradlab.spec.choice import Choice, TaskChoice, choose, name_in
from gradlab.spec.layers import Layer, starts_dense
from gradlab.spec.network import NetworkSpec
from gradlab.spec.recipe import Recipe


class Setup(BaseModel):
    """A network, how it trains and on what. Inputs and outputs left out are the task's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: NetworkSpec
    recipe: Recipe
    task: TaskChoice

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_the_task(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("network"), Mapping) or "task" not in data:
            return data
        task, network = data["task"], data["network"]
        # an unknown task is reported where the task is validated; any size will do until then
        known = TASKS.get((task.name if isinstance(task, Choice) else name_in(task)) or "")
        if "layers" not in network:
            sizes = {"inputs": known.inputs, "outputs": known.outputs} if known else {"inputs": 1, "outputs": 1}
            return {**data, "network": {**sizes, **network}}
        if "inputs" in network:
            return data
        if known is None:  # any size will not do for layers, so that this comes alone
            choose(TASKS, "task", task)
            return data
        sees_image = known.image is not None and "image" not in network and not starts_dense(network)
        image = {"image": (1, *known.image)} if sees_image and known.image else {}
        return {**data, "network": {"inputs": known.inputs, **image, **network}}

    @model_validator(mode="after")
    def _fits(self) -> Setup:
        task, loss = TASKS[self.task.name], LOSSES[self.recipe.loss.name]
        if self.network.inputs != task.inputs or self.network.outputs != task.outputs:
            raise SpecError(
                "network",
                got=f"{self.network.inputs} inputs and {self.network.outputs} outputs",
                expected=f"{task.inputs} and {task.outputs}, as task {task.name} has",
            )
        least = min(self.recipe.batch_sizes(self.points))
        if self.total_steps and least == 1 and any(_needs_two(layer, above) for layer, _, above in self.network.placed):
            raise SpecError(
                "recipe.batch_size",
                got=f"{self.recipe.batch_size}, which leaves a batch of one of {self.points} examples",
                expected="at least two examples in every batch, for batch_norm",
                do="Choose another batch_size, or another number of points",
            )
        params = dict(self.task.params)
        if not task.suits(loss.targets, params):
            raise SpecError(
                "recipe.loss",
                got=f"{loss.name}, which takes {loss.targets} targets",
                expected=f"a loss for the {task.targets_with(params)} targets of task {task.name}",
            )
        if self.recipe.order == "by_class" and task.targets_with(params) == "real":
            raise SpecError("recipe.order", got=f"by_class for task {task.name}", expected="a task that has classes")
        return self

    @property
    def points(self) -> int:
        """Training examples per replica."""
        return int(self.task["points"])

    @property
    def total_steps(self) -> int:
        """Updates in the whole training."""
        return self.recipe.total_steps(self.points)

    @cached_property
    def id(self) -> str:
        """Hash of the content: 16 hexadecimal digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_toml(self) -> str:
        """The whole content as TOML; `setup_from(tomllib.loads(...))` gives an equal Setup."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def from_toml(cls, text: str) -> Setup:
        """The Setup a TOML text describes.

        Raises:
            SpecError: Malformed TOML or wrong content.
        """
        try:
            return setup_from(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise SpecError("setup", got=f"malformed TOML: {error}", expected="TOML") from error


def _needs_two(layer: Layer, above: tuple[int, ...]) -> bool:
    """Whether a layer takes the variance of each unit over the examples of a batch, and there is one place an example."""
    norm = getattr(layer, "norm", None)
    return norm is not None and NORMS[norm.name].over == "examples" and math.prod(above[1:]) == 1


def setup_from(table: Mapping[str, Any], where: str = "") -> Setup:
    """Validate a table with `network`, `recipe` and `task`.

    Raises:
        SpecError: With every problem found, each with its path.
    """
    try:
        return Setup.model_validate(dict(table))
    except ValidationError as error:
        tables: dict[str, type[BaseModel]] = {
            "": Setup,
            "recipe": Recipe,
            "network": NetworkSpec,
        }
        known = {".".join(filter(None, (where, path))): tuple(model.model_fields) for path, model in tables.items()}
        raise from_validation(error, where, known) from None


__all__ = ["Choice", "Setup", "setup_from"]
