"""What an optimizer is: rules of two formulas, and the catalog of them.

A record picks an `UpdateRule` by the parameters that change the structure (is there a momentum buffer?), so that a rule
holds no branch and no unused buffer. A rule is two formulas: `prepare` runs once per step and replica and turns step
number and parameters into a few numbers; `update` runs for every weight and uses only those. Differences like 1 - beta2 are
formed in `prepare`, which runs in float64: in float32 they would lose half their digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradlab.catalog import Catalog
from gradlab.parts.param import Param, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRule:
    """One structural variant of an optimizer.

    Attributes:
        name: Unique among all rules.
        slots: Names of the buffers kept for every weight, each starting at zero.
        prepare: `prepare(xp, step, lr, *params)` -> tuple of numbers for `update`; `step` counts from 1.
        update: `update(xp, w, g, *slots, *prepared)` -> (new w, *new slots).
    """

    name: str
    slots: tuple[str, ...]
    prepare: Callable[..., tuple[Any, ...]]
    update: Callable[..., tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """An optimizer.

    Attributes:
        name: Torch's name, lower case; Keras' forms end in `_keras`.
        formula: The update in plain text.
        source: Where it was published, and the library's name.
        params: Parameters besides lr, in the order in which `prepare` takes them.
        lr: The learning rate's own record.
        rule: `rule(params)` -> the variant for these parameters.
    """

    name: str
    formula: str
    source: str
    params: tuple[Param, ...]
    lr: Param
    rule: Callable[[Mapping[str, Value]], UpdateRule]


OPTIMIZERS: Catalog[Optimizer] = Catalog("optimizer", "optimizers")


def learning_rate(default: float) -> Param:
    """The learning rate's record."""
    return Param("lr", default, "learning rate", low=0.0, excludes_low=True, most=math.inf)
