"""Regression of functions of one variable, inputs uniform on an interval; no noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab import seeds
from gradlab.data.tasks import FRESH, POINTS, TASKS, Examples, Task
from gradlab.parts.param import Param, Value

SQRT_7 = math.sqrt(7.0)


def _function_task(name: str, formula: str, source: str, function: Callable[[ndarray], ndarray]) -> Task:
    def draw(
        root_seed: int, replicas: Int[ndarray, " R"], purpose: seeds.Purpose, count: int, params: Mapping[str, Value]
    ) -> Examples:
        drawn_for = replicas if params["fresh"] else np.zeros(1, np.int64)
        unit: Float[ndarray, "R P"] = seeds.uniforms(root_seed, drawn_for, purpose, 0, count)
        x = params["low"] + (params["high"] - params["low"]) * unit
        return Examples(x.astype(np.float32)[:, :, None], function(x).astype(np.float32)[:, :, None])

    return TASKS.add(
        Task(
            name=name,
            formula=formula,
            source=source,
            inputs=1,
            outputs=1,
            targets="real",
            params=(
                Param("low", -SQRT_7, "lower end of the inputs"),
                Param("high", SQRT_7, "upper end of the inputs"),
                POINTS,
                FRESH,
            ),
            draw=draw,
        )
    )


_function_task("x_sin_5x", "x sin(5 x)", "Lu, Shin, Su and Karniadakis 2019; S0", lambda x: x * np.sin(5.0 * x))
_function_task("abs_x", "|x|", "Lu, Shin, Su and Karniadakis 2019; S1", np.abs)
_function_task("abs_x_sin_5x", "|x sin(5 x)|", "S1", lambda x: np.abs(x * np.sin(5.0 * x)))
