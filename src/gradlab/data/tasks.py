"""`Task`: how examples are drawn; `Examples`: arrays of them. A task is one record in the catalog.

A task draws through `seeds` only, so an example is a function of (root seed, replica, purpose, index). Replicas that
share their data are an array with a leading axis of length one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.catalog import Catalog
from gradlab.parts.param import Param, Value
from gradlab.seeds import Purpose


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs and targets of many replicas, float32.

    Attributes:
        inputs: [R, P, M], or [1, P, M] when every replica sees the same.
        targets: [R, P, N] or [1, P, N]; None for inputs without targets.
    """

    inputs: Float[ndarray, "#R P M"]
    targets: Float[ndarray, "#R P N"] | None


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
        params: Parameters a study may set.
        draw: `draw(root_seed, replicas, purpose, count, params)` -> `Examples` with `count` examples a replica.
    """

    name: str
    formula: str
    source: str
    inputs: int
    outputs: int
    targets: Literal["real", "one_hot", "binary", "sign"]
    params: tuple[Param, ...]
    draw: Callable[[int, Int[ndarray, " R"], Purpose, int, Mapping[str, Value]], Examples]


TASKS: Catalog[Task] = Catalog("task", "tasks")

POINTS = Param("points", 3000, "training examples per replica", low=1, high=10_000_000, kind="int")
FRESH = Param("fresh", True, "every replica draws its own data", kind="bool")
