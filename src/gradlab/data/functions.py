"""Regression of functions: of one variable without noise, and of Eggholder's rough function of two, with noise."""

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


def eggholder(x1: ndarray, x2: ndarray) -> ndarray:
    """-(x2 + 47) sin sqrt|x2 + x1 / 2 + 47| - x1 sin sqrt|x1 - (x2 + 47)|.

    Example:
        >>> float(eggholder(np.array(512.0), np.array(404.2319)).round(4))
        -959.6407
    """
    up = x2 + 47.0
    return np.asarray(-up * np.sin(np.sqrt(np.abs(up + x1 / 2.0))) - x1 * np.sin(np.sqrt(np.abs(x1 - up))))


def _draw_eggholder(
    root_seed: int, replicas: Int[ndarray, " R"], purpose: seeds.Purpose, count: int, params: Mapping[str, Value]
) -> Examples:
    drawn_for = replicas if params["fresh"] else np.zeros(1, np.int64)
    unit = np.stack([seeds.uniforms(root_seed, drawn_for, purpose, axis, count) for axis in (0, 1)], axis=2)
    x = float(params["size"]) * (2.0 * unit - 1.0)
    # every example has its own noise whatever its amount
    noise = math.sqrt(params["noise_variance"]) * seeds.normals(root_seed, drawn_for, purpose, 2, count)
    y = eggholder(x[:, :, 0], x[:, :, 1]) + noise
    return Examples(x.astype(np.float32), y.astype(np.float32)[:, :, None])


TASKS.add(
    Task(
        name="eggholder",
        formula="-(x2 + 47) sin sqrt|x2 + x1/2 + 47| - x1 sin sqrt|x1 - (x2 + 47)|, with normal noise",
        source="Jamil and Yang 2013, A literature survey of benchmark functions, no. 53; S1, problem 4",
        inputs=2,
        outputs=1,
        targets="real",
        params=(
            Param("size", 512.0, "both inputs are uniform between -size and size", low=0.0, excludes_low=True),
            Param("noise_variance", 0.3, "variance of the noise of every target", low=0.0),
            Param("points", 80_000, "training examples per replica", low=1, high=10_000_000, kind="int"),
            FRESH,
        ),
        draw=_draw_eggholder,
    )
)
