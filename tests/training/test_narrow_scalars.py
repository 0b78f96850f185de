"""Float32 functions of the narrow engine against numpy and scipy in float64, on dense grids and at the edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import special

from gradlab.training.narrow import scalars, scalars32
from tests.rounding import ELEMENTARY, EPS, assert_within, gamma

EDGES = [0.0, 1e-45, 1e-38, 1.17549435e-38, 1e-20, 88.0, 88.5, 88.72, 88.73, 89.5, 103.0, 104.5, 1e30, 3.4e38, np.inf]
GRID = np.unique(
    np.concatenate(
        [
            np.linspace(-20, 20, 400_001),
            np.linspace(-105, 90, 100_001),
            np.geomspace(1e-44, 3e38, 200_001),
            -np.geomspace(1e-44, 3e38, 200_001),
            EDGES,
            np.negative(EDGES),
            np.linspace(0.7, 1.5, 100_001),
        ]
    ).astype(np.float32)
)
EXACT: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "erf": special.erf,
    "sign": np.sign,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "floor": np.floor,
}


def over(function: Callable[..., Any]) -> Callable[..., Any]:
    @njit(error_model="numpy")
    def all_of(x, y):  # type: ignore[no-untyped-def]
        for i in range(x.shape[0]):
            y[i] = function(x[i])

    return all_of


@pytest.mark.parametrize("name", EXACT)
def test_float32_is_accurate_everywhere(name: str) -> None:
    y = np.empty_like(GRID)
    over(getattr(scalars32, name))(GRID, y)
    with np.errstate(all="ignore"):
        exact = EXACT[name](GRID.astype(np.float64))
        rounded = exact.astype(np.float32)
    finite = np.isfinite(rounded) & np.isfinite(y)
    assert np.array_equal(y[~finite], rounded[~finite], equal_nan=True)
    # numbers below the smallest normal one have fewer digits
    error = np.abs(y[finite] - exact[finite]) / np.maximum(np.abs(exact[finite]), 2.0**-126)
    assert error.max() <= gamma(ELEMENTARY, EPS["float32"]), GRID[finite][error.argmax()]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("module", [scalars, scalars32])
def test_nan_stays_nan(module: Any, name: str) -> None:
    dtype = np.float32 if module is scalars32 else np.float64
    x, y = np.full(40, np.nan, dtype), np.zeros(40, dtype)
    over(getattr(module, name))(x, y)
    assert np.isnan(y).all()


@pytest.mark.parametrize("name", EXACT)
def test_float64_is_the_c_library(name: str) -> None:
    x = np.concatenate([np.linspace(-30, 30, 10_001), EDGES])
    y = np.empty_like(x)
    over(getattr(scalars, name))(x, y)
    with np.errstate(all="ignore"):
        exact = EXACT[name](x)
        finite = np.isfinite(exact)
        assert np.array_equal(y[~finite], exact[~finite], equal_nan=True)
        # two libraries, each of which may be off by that much
        assert_within(y[finite], exact[finite], 2 * gamma(ELEMENTARY, EPS["float64"]) * np.abs(exact[finite]))
