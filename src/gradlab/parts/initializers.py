"""Initializers: the law a layer's weights (and, if asked, its biases) are drawn from.

Every law is a function of standard draws (uniform or normal) taken from `seeds`, so that two laws that differ only in
scale see the same draws: replica r is paired between cells. A law's `sample` fills a block of rows x columns; a bias
that follows the weights' own law is a block of one column with the layer's fans.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab import seeds
from gradlab.catalog import Catalog
from gradlab.parts.param import Param, Value
from gradlab.seeds import Purpose

TRUNCATED_STD = 0.8796256610342398  # std of a standard normal cut at +-2
TRUNCATED_KURTOSIS = -0.6344632828703505  # its excess kurtosis
UNIFORM_KURTOSIS = -1.2


@dataclass(frozen=True, slots=True)
class Draws:
    """The standard draws of one layer of many replicas.

    Attributes:
        root_seed: Key of the run.
        replicas: Replica numbers [R].
        layer: Layer counted from the input, 0 the first.
        purpose: Which stream the block comes from.
    """

    root_seed: int
    replicas: Int[ndarray, " R"]
    layer: int
    purpose: Purpose = Purpose.WEIGHTS

    def uniforms(self, rows: int, columns: int) -> Float[ndarray, "R rows columns"]:
        """Uniform draws in (0, 1)."""
        flat = seeds.uniforms(self.root_seed, self.replicas, self.purpose, self.layer, rows * columns)
        return flat.reshape(len(self.replicas), rows, columns)

    def normals(self, rows: int, columns: int, *, truncated: bool = False) -> Float[ndarray, "R rows columns"]:
        """Standard normal draws; truncated ones are cut at +-2 and have standard deviation 0.8796."""
        shape = (len(self.replicas), rows, columns)
        if not truncated:
            flat = seeds.normals(self.root_seed, self.replicas, self.purpose, self.layer, rows * columns)
            return flat.reshape(shape)
        low = 0.5 * math.erfc(math.sqrt(2.0))  # Phi(-2)
        return seeds.quantile_of(low + (1.0 - 2.0 * low) * self.uniforms(rows, columns).reshape(shape[0], -1)).reshape(
            shape
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Initializer:
    """A law of initial weights.

    Attributes:
        name: Its name; `glorot`, `he`, `lecun` for the variance laws.
        formula: The law in plain text.
        source: Where it was published.
        sample: `sample(draws, rows, columns, fan_in, fan_out, *params)` -> float64 block [R, rows, columns].
        std: `std(fan_in, fan_out, *params)` -> standard deviation of one weight in closed form, or None for a law whose
            entries are not identically distributed around zero.
        params: Parameters in the order in which the functions take them.
        includes_bias: The law draws [W, b] as one block of fan_in + 1 columns; the layer's bias must be "own".
        mean: `mean(*params)` -> mean of one weight; None for 0.
        kurtosis: `kurtosis(*params)` -> excess kurtosis of one weight; None for a normal law's 0.
        is_independent: Whether the weights of a layer are independent of one another.
    """

    name: str
    formula: str
    source: str
    sample: Callable[..., Any]
    std: Callable[..., float] | None = None
    params: tuple[Param, ...] = ()
    includes_bias: bool = False
    mean: Callable[..., float] | None = None
    kurtosis: Callable[..., float] | None = None
    is_independent: bool = True


INITIALIZERS: Catalog[Initializer] = Catalog("initializer", "initializers")

GAIN = Param("gain", 1.0, "factor on the standard deviation", low=0.0, excludes_low=True)
TRUNCATED = Param("truncated", False, "cut at two standard deviations, rescaled to keep the variance", kind="bool")


def _constant(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, value: float = 0.0) -> Any:
    return np.full((len(draws.replicas), rows, columns), value)


def _uniform(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, low: float, high: float) -> Any:
    return low + (high - low) * draws.uniforms(rows, columns)


def _normal(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, std: float) -> Any:
    return std * draws.normals(rows, columns)


def _truncated_normal(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, std: float) -> Any:
    return std * draws.normals(rows, columns, truncated=True)


INITIALIZERS.add(
    Initializer(name="zeros", formula="0", source="symmetric start", sample=_constant, std=lambda fan_in, fan_out: 0.0)
)
INITIALIZERS.add(
    Initializer(
        name="constant",
        formula="value",
        source="symmetric start",
        sample=_constant,
        params=(Param("value", None, "every weight"),),
        mean=lambda value: value,
    )
)
INITIALIZERS.add(
    Initializer(
        name="uniform",
        formula="U(low, high)",
        source="Keras RandomUniform",
        sample=_uniform,
        std=lambda fan_in, fan_out, low, high: (high - low) / math.sqrt(12.0),
        params=(Param("low", -0.05, "lower bound"), Param("high", 0.05, "upper bound")),
        mean=lambda low, high: 0.5 * (low + high),
        kurtosis=lambda low, high: UNIFORM_KURTOSIS,
    )
)
INITIALIZERS.add(
    Initializer(
        name="normal",
        formula="N(0, std^2)",
        source="Keras RandomNormal",
        sample=_normal,
        std=lambda fan_in, fan_out, std: std,
        params=(Param("std", 0.05, "standard deviation", low=0.0),),
    )
)
INITIALIZERS.add(
    Initializer(
        name="truncated_normal",
        formula="N(0, std^2) cut at +-2 std, whose own standard deviation is 0.8796 std",
        source="Keras TruncatedNormal, torch.nn.init.trunc_normal_",
        sample=_truncated_normal,
        std=lambda fan_in, fan_out, std: TRUNCATED_STD * std,
        params=(Param("std", 0.05, "standard deviation before cutting", low=0.0),),
        kurtosis=lambda std: TRUNCATED_KURTOSIS,
    )
)


def _add_variance_law(name: str, variance: str, source: str, std: Callable[..., float], *params: Param) -> None:
    """Add the uniform and the normal law of one variance rule."""

    def uniform(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, *values: float) -> Any:
        block = draws.uniforms(rows, columns)  # in place: arrays of millions of weights cost more than the arithmetic
        block *= 2.0
        block -= 1.0
        block *= math.sqrt(3.0) * std(fan_in, fan_out, *values)
        return block

    def normal(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, *values: Value) -> Any:
        *values_of_std, truncated = values
        block = draws.normals(rows, columns, truncated=bool(truncated))
        block *= std(fan_in, fan_out, *values_of_std) / (TRUNCATED_STD if truncated else 1.0)
        return block

    INITIALIZERS.add(
        Initializer(
            name=f"{name}_uniform",
            formula=f"U(-b, b) with b^2 / 3 = {variance}",
            source=source,
            sample=uniform,
            std=std,
            params=params,
            kurtosis=lambda *values: UNIFORM_KURTOSIS,
        )
    )
    INITIALIZERS.add(
        Initializer(
            name=f"{name}_normal",
            formula=f"N(0, {variance})",
            source=source,
            sample=normal,
            std=lambda fan_in, fan_out, *values: std(fan_in, fan_out, *values[:-1]),
            params=(*params, TRUNCATED),
            kurtosis=lambda *values: TRUNCATED_KURTOSIS if values[-1] else 0.0,
        )
    )


_add_variance_law(
    "lecun",
    "gain^2 / fan_in",
    "LeCun, Bottou, Orr and Mueller 1998",
    lambda fan_in, fan_out, gain: gain / math.sqrt(fan_in),
    GAIN,
)
_add_variance_law(
    "glorot",
    "2 gain^2 / (fan_in + fan_out)",
    "Glorot and Bengio 2010",
    lambda fan_in, fan_out, gain: gain * math.sqrt(2.0 / (fan_in + fan_out)),
    GAIN,
)
_add_variance_law(
    "he",
    "2 / ((1 + negative_slope^2) fan_in)",
    "He, Zhang, Ren and Sun 2015",
    lambda fan_in, fan_out, negative_slope: math.sqrt(2.0 / ((1.0 + negative_slope**2) * fan_in)),
    Param("negative_slope", 0.0, "slope of the leaky relu that follows", low=0.0),
)


def _orthogonal(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, gain: float) -> Any:
    tall = draws.normals(max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]  # makes the law Haar (Mezzadri 2007)
    return gain * (q if rows >= columns else np.swapaxes(q, 1, 2))


INITIALIZERS.add(
    Initializer(
        name="orthogonal",
        formula="gain Q, Q Haar-distributed with orthonormal rows or columns",
        source="Saxe, McClelland and Ganguli 2014",
        sample=_orthogonal,
        std=lambda fan_in, fan_out, gain: gain / math.sqrt(max(fan_in, fan_out)),
        params=(GAIN,),
        is_independent=False,
    )
)


def _torch_default(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int) -> Any:
    return (2.0 * draws.uniforms(rows, columns) - 1.0) / math.sqrt(fan_in)


INITIALIZERS.add(
    Initializer(
        name="torch_default",
        formula="U(-b, b) with b = 1 / sqrt(fan_in); torch draws the bias by the same law",
        source="torch.nn.Linear.reset_parameters",
        sample=_torch_default,
        std=lambda fan_in, fan_out: 1.0 / math.sqrt(3.0 * fan_in),
        kurtosis=lambda: UNIFORM_KURTOSIS,
    )
)


def _rai(draws: Draws, rows: int, columns: int, fan_in: int, fan_out: int, s: float) -> Any:
    block = s / math.sqrt(fan_in) * draws.normals(rows, columns)
    index = seeds.uniforms(draws.root_seed, draws.replicas, Purpose.REPLACED_INDEX, draws.layer, rows)
    value = seeds.beta_2_1(draws.root_seed, draws.replicas, Purpose.REPLACED_VALUE, draws.layer, rows)
    np.put_along_axis(block, (index * columns).astype(np.int64)[:, :, None], value[:, :, None], axis=2)
    return block


INITIALIZERS.add(
    Initializer(
        name="rai",
        formula="[W, b] ~ N(0, s^2 / fan_in), then one entry of every row is drawn from Beta(2, 1) instead",
        source="Lu, Shin, Su and Karniadakis 2019, randomized asymmetric initialization",
        sample=_rai,
        params=(Param("s", 0.6007, "scale that keeps the second moment", low=0.0, excludes_low=True),),
        includes_bias=True,
    )
)
