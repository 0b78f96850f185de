"""The functions a formula may use (see `parts.namespace`), on compiled float64 scalars.

Transcendental functions are the C library's, as numpy's are. `scalars32` has those of float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

# sums may be reordered, so that loops vectorise; nothing is assumed about Inf and NaN
FAST = {"reassoc", "contract", "nsz", "arcp"}
# how generated functions are compiled; all but the outermost are called by compiled code only, own no memory, and need
# none of the wrappers that take most of the time of compiling something small
OUTER: dict[str, object] = {"fastmath": FAST, "error_model": "numpy", "no_rewrites": True, "no_cfunc_wrapper": True}
INNER: dict[str, object] = {**OUTER, "no_cpython_wrapper": True, "_nrt": False}


def _select_value(typingctx, condition, x, y):  # type: ignore[no-untyped-def]
    """`x` where the condition holds, else `y`; without a branch, which would keep a loop from vectorising."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.select(*args)

    return x(types.boolean, x, x), codegen


select: Any = intrinsic(_select_value)


@njit(cache=True, forceinline=True, error_model="numpy")
def maximum(x, y):  # type: ignore[no-untyped-def]
    """The larger; NaN if `x` is NaN."""
    return select(x <= y, y, x)


@njit(cache=True, forceinline=True, error_model="numpy")
def minimum(x, y):  # type: ignore[no-untyped-def]
    """The smaller; NaN if `x` is NaN."""
    return select(x >= y, y, x)


@njit(cache=True, forceinline=True, error_model="numpy")
def where(condition, x, y):  # type: ignore[no-untyped-def]
    """`x` where the condition holds, else `y`."""
    return select(condition, x, y)


@njit(cache=True, forceinline=True, error_model="numpy")
def abs(x):  # type: ignore[no-untyped-def]
    """|x|."""
    return select(x < 0, -x, x)


@njit(cache=True, forceinline=True, error_model="numpy")
def sign(x):  # type: ignore[no-untyped-def]
    """-1, 0 or 1."""
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x))


@njit(cache=True, forceinline=True, error_model="numpy")
def sqrt(x):  # type: ignore[no-untyped-def]
    """Square root."""
    return np.sqrt(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def floor(x):  # type: ignore[no-untyped-def]
    """The largest integer not above x."""
    return np.floor(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def cos(x):  # type: ignore[no-untyped-def]
    """Cosine."""
    return np.cos(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def exp(x):  # type: ignore[no-untyped-def]
    """e^x."""
    return np.exp(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def expm1(x):  # type: ignore[no-untyped-def]
    """e^x - 1."""
    return np.expm1(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm."""
    return np.log(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def log1p(x):  # type: ignore[no-untyped-def]
    """log(1 + x)."""
    return np.log1p(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def tanh(x):  # type: ignore[no-untyped-def]
    """Hyperbolic tangent."""
    return np.tanh(x)


@njit(cache=True, forceinline=True, error_model="numpy")
def erf(x):  # type: ignore[no-untyped-def]
    """Error function."""
    return math.erf(x)
