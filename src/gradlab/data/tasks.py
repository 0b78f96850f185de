"""`Task`: how examples are drawn; `Examples`: arrays of them. A task is one record in the catalog.

A task either draws new examples, through `seeds` only, so that an example is a function of (root seed, replica,
purpose, index); or its examples are given, the same for every seed and replica, some of them held out for testing.
Replicas that share their data are an array with a leading axis of length one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.catalog import Catalog
from gradlab.parts.param import Param, Value
from gradlab.seeds import Purpose

Targets = Literal["real", "one_hot", "binary", "sign"]
_ALSO: Mapping[Targets, tuple[Targets, ...]] = {
    "real": (),
    "one_hot": ("binary", "real"),
    "binary": ("real",),
    "sign": ("real",),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs and targets of many replicas, float32.

    Attributes:
        inputs: [R, P, M], or [1, P, M] when every replica sees the same.
        targets: [R, P, N] or [1, P, N]; None for inputs without targets.
    """

    inputs: Float[ndarray, "#R P M"]
    targets: Float[ndarray, "#R P N"] | None

    def of(self, rows: slice) -> Examples:
        """Those of some replicas; what all share stays whole."""
        inputs, targets = (
            array if array is None or len(array) == 1 else array[rows] for array in (self.inputs, self.targets)
        )
        assert inputs is not None
        return Examples(inputs, targets)

    def by_class(self) -> Examples:
        """The same, all of one class before all of the next: the smaller target first, or the first of one-hot classes.

        Within a class they stay in their order.

        Example:
            >>> examples = Examples(np.array([[[1.0], [2.0], [3.0]]]), np.array([[[1.0], [-1.0], [1.0]]]))
            >>> examples.by_class().inputs.ravel().tolist()
            [2.0, 1.0, 3.0]
        """
        assert self.targets is not None
        classes = self.targets.argmax(axis=2) if self.targets.shape[2] > 1 else self.targets[:, :, 0]
        order = np.argsort(classes, axis=1, kind="stable")[:, :, None]
        return Examples(np.take_along_axis(self.inputs, order, axis=1), np.take_along_axis(self.targets, order, axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to learn.

    Attributes:
        name: Its name.
        formula: Target as a function of the input, in plain text.
        source: Where it comes from.
        inputs: Number of inputs M.
        outputs: Number of outputs N.
        targets: What targets are; a loss asks for one kind.
        switched: What they are instead where a parameter of this name is true.
        params: Parameters a study may set; `points`, the number of training examples, is one of every task's.
        draw: `draw(root_seed, replicas, purpose, count, params)` -> `Examples` with `count` examples a replica.
        held_out: Test examples of a task whose examples are given; None where they are drawn.
        classes: Names of the classes, for a task that has classes.
        image: Height and width, for inputs that are the pixels of an image, row by row.
        fetch: `fetch(quiet)` brings the data to this machine, where drawing needs files; raises DataError.
    """

    name: str
    formula: str
    source: str
    inputs: int
    outputs: int
    targets: Targets
    params: tuple[Param, ...]
    draw: Callable[[int, Int[ndarray, " R"], Purpose, int, Mapping[str, Value]], Examples]
    held_out: int | None = None
    classes: tuple[str, ...] = ()
    image: tuple[int, int] | None = None
    fetch: Callable[[bool], None] | None = None
    switched: Mapping[str, Targets] = field(default_factory=dict)

    @property
    def is_given(self) -> bool:
        """Whether the examples are the same for every seed and replica, but for labels where noise replaces some."""
        return self.held_out is not None

    def targets_with(self, params: Mapping[str, Value]) -> Targets:
        """What targets are, given values of the task's parameters."""
        return next((kind for name, kind in self.switched.items() if params.get(name)), self.targets)

    def suits(self, targets: Targets, params: Mapping[str, Value] = MappingProxyType({})) -> bool:
        """Whether a loss that takes targets of this kind can judge the task: a 1 among 0s is a number, and binary.

        Example:
            >>> [name for name, task in TASKS.items() if task.suits("binary")]
            ['mnist', 'fashion_mnist', 'digits']
        """
        ours = self.targets_with(params)
        return targets == ours or targets in _ALSO[ours]


TASKS: Catalog[Task] = Catalog("task", "tasks")

POINTS = Param("points", 3000, "training examples per replica", low=1, high=10_000_000, kind="int")
FRESH = Param("fresh", True, "every replica draws its own data", kind="bool")
