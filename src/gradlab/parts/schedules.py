"""Learning-rate schedules: the factor on the base rate at each step.

A record's `factor(xp, step, steps, *params)` gives the factor for the update numbered `step` (0 is the first) of
`steps` in all. It is evaluated once per step, never per weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradlab.catalog import Catalog
from gradlab.parts.namespace import Namespace
from gradlab.parts.param import Param

PI = 3.141592653589793


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A learning-rate schedule.

    Attributes:
        name: Its name.
        formula: The factor in plain text, t the number of updates done so far, T their total.
        source: Where it was published.
        factor: `factor(xp, step, steps, *params)` -> factor on lr.
        params: Parameters in the order in which `factor` takes them.
    """

    name: str
    formula: str
    source: str
    factor: Callable[..., Any]
    params: tuple[Param, ...] = ()


SCHEDULES: Catalog[Schedule] = Catalog("schedule", "schedules")


def constant(xp: Namespace, step: Any, steps: Any) -> Any:
    return 1.0


def step_decay(xp: Namespace, step: Any, steps: Any, step_size: Any, gamma: Any) -> Any:
    # gamma ** floor(step / step_size) without a power operator; the small shift keeps exact multiples exact
    return xp.exp(xp.log(gamma) * xp.floor((step + 1e-6) / step_size))


def cosine(xp: Namespace, step: Any, steps: Any, warmup: Any, final: Any) -> Any:
    return xp.where(
        step < warmup,
        (step + 1.0) / xp.maximum(warmup, 1.0),
        final
        + (1.0 - final) * 0.5 * (1.0 + xp.cos(PI * xp.minimum((step - warmup) / xp.maximum(steps - warmup, 1.0), 1.0))),
    )


def inverse_time(xp: Namespace, step: Any, steps: Any, decay: Any) -> Any:
    return 1.0 / (1.0 + decay * step)


SCHEDULES.add(
    Schedule(name="constant", formula="1", source="Robbins and Monro 1951, with a rate that stays", factor=constant)
)
SCHEDULES.add(
    Schedule(
        name="step",
        formula="gamma^floor(t / step_size)",
        source="torch.optim.lr_scheduler.StepLR",
        factor=step_decay,
        params=(
            Param("step_size", None, "updates between two drops", low=1, kind="int"),
            Param("gamma", 0.1, "factor at each drop", low=0.0, high=1.0, excludes_low=True),
        ),
    )
)
SCHEDULES.add(
    Schedule(
        name="cosine",
        formula="(t + 1) / warmup below warmup, then final + (1 - final) (1 + cos(pi (t - warmup) / (T - warmup))) / 2",
        source="Loshchilov and Hutter 2017 (SGDR, one period); linear warm-up of Goyal et al. 2017",
        factor=cosine,
        params=(
            Param("warmup", 0, "updates of linear warm-up", low=0, kind="int"),
            Param("final", 0.0, "factor at the end", low=0.0, high=1.0),
        ),
    )
)
SCHEDULES.add(
    Schedule(
        name="inverse_time",
        formula="1 / (1 + decay t)",
        source="Robbins and Monro 1951; Keras 2's `decay`",
        factor=inverse_time,
        params=(Param("decay", None, "decay per update", low=0.0),),
    )
)
