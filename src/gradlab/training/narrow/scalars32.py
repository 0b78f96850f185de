"""The functions a formula may use (see `parts.namespace`), on compiled float32 scalars.

Polynomials without a branch or a call, so that a loop around them vectorises: relative errors of at most 4e-7, and what
numpy gives at Inf, NaN, overflow and underflow.

Source: Moshier 1989, "Methods and Programs for Mathematical Functions" (Cephes, single precision: expf, logf, ndtrf),
with Cody and Waite's reduction of arguments. Here sums must not be reordered: a reduction lives on their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from gradlab.training.narrow.scalars import abs, cos, floor, maximum, minimum, select, sqrt, where

__all__ = [
    "abs",
    "cos",
    "erf",
    "exp",
    "expm1",
    "floor",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "sign",
    "sqrt",
    "tanh",
    "where",
]

_F = np.float32
_INT = ir.IntType(32)
_REAL = ir.FloatType()


def _nearest_value(typingctx, x):  # type: ignore[no-untyped-def]
    """The nearest integer, as a float."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.call(builder.module.declare_intrinsic("llvm.rint", [_REAL]), args)

    return types.float32(types.float32), codegen


def _power_of_two_value(typingctx, n):  # type: ignore[no-untyped-def]
    """2^n for an integer n in -126 .. 127, given as a float."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        biased = builder.add(builder.fptosi(args[0], _INT), ir.Constant(_INT, 127))
        return builder.bitcast(builder.shl(biased, ir.Constant(_INT, 23)), _REAL)

    return types.float32(types.float32), codegen


_ROOT_HALF = 0x3F3504F3  # the bits of sqrt(1/2)


def _exponent_value(typingctx, x):  # type: ignore[no-untyped-def]
    """e with x = m 2^e, sqrt(1/2) <= m < sqrt(2), as a float; x is positive and not subnormal."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        shifted = builder.sub(builder.bitcast(args[0], _INT), ir.Constant(_INT, _ROOT_HALF))
        return builder.sitofp(builder.ashr(shifted, ir.Constant(_INT, 23)), _REAL)

    return types.float32(types.float32), codegen


def _mantissa_value(typingctx, x):  # type: ignore[no-untyped-def]
    """m of `_exponent`."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        shifted = builder.sub(builder.bitcast(args[0], _INT), ir.Constant(_INT, _ROOT_HALF))
        low = builder.and_(shifted, ir.Constant(_INT, 0x7FFFFF))
        return builder.bitcast(builder.add(low, ir.Constant(_INT, _ROOT_HALF)), _REAL)

    return types.float32(types.float32), codegen


_nearest: Any = intrinsic(_nearest_value)
_power_of_two: Any = intrinsic(_power_of_two_value)
_exponent: Any = intrinsic(_exponent_value)
_mantissa: Any = intrinsic(_mantissa_value)

_0, _HALF, _1, _2 = _F(0.0), _F(0.5), _F(1.0), _F(2.0)
_LOG2_E = _F(1.44269504088896341)
_LN2_HIGH, _LN2_LOW = _F(0.693359375), _F(-2.12194440e-4)
_EXP = tuple(
    map(_F, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
)
_LOG = tuple(
    map(
        _F,
        (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
         2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
    )
)  # fmt: skip
_ERF = tuple(
    map(
        _F,
        (7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
         1.128358514861418e-1, -3.761262582423300e-1, 1.128379165726710e0),
    )
)  # fmt: skip
_ERFC_1_2 = tuple(
    map(
        _F,
        (2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
         6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1, 5.638259427386472e-1),
    )
)  # fmt: skip
_ERFC_2 = tuple(
    map(
        _F,
        (-1.047766399936249e1, 1.297719955372516e1, -7.495518717768503e0, 2.921019019210786e0,
         -1.015265279202700e0, 4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1),
    )
)  # fmt: skip
_LARGEST, _SMALLEST = _F(89.0), _F(-104.0)  # beyond these e^x is Inf or 0
_M1_SMALLEST, _TANH_LARGEST, _ERF_LARGEST = _F(-20.0), _F(9.5), _F(5.0)
_NORMAL, _TO_NORMAL, _SHIFT = _F(1.17549435e-38), _F(8388608.0), _F(23.0)
_INF, _NAN = _F(np.inf), _F(np.nan)


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def _reduced(x, n):  # type: ignore[no-untyped-def]
    """e^r - 1 for r = x - n log 2, |r| <= log(2) / 2."""
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = ((((_EXP[0] * r + _EXP[1]) * r + _EXP[2]) * r + _EXP[3]) * r + _EXP[4]) * r + _EXP[5]
    return p * (r * r) + r


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def exp(x):  # type: ignore[no-untyped-def]
    """e^x."""
    inside = select(x > _LARGEST, _LARGEST, select(x < _SMALLEST, _SMALLEST, x))
    n = _nearest(inside * _LOG2_E)
    half = _nearest(n * _HALF)  # 2^n itself may overflow or be subnormal where e^x is not
    y = (_reduced(inside, n) + _1) * _power_of_two(half) * _power_of_two(n - half)
    return select(x == x, y, x)


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def expm1(x):  # type: ignore[no-untyped-def]
    """e^x - 1."""
    inside = select(x > _LARGEST, _LARGEST, select(x < _M1_SMALLEST, _M1_SMALLEST, x))
    n = _nearest(inside * _LOG2_E)
    half = _nearest(n * _HALF)
    a, b = _power_of_two(half), n - half
    y = (_reduced(inside, n) * a + (a - _power_of_two(-b))) * _power_of_two(b)
    return select(x == x, y, x)


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm."""
    subnormal = x < _NORMAL
    scaled = select(subnormal, x * _TO_NORMAL, x)
    e = _exponent(scaled) - select(subnormal, _SHIFT, _0)
    f = _mantissa(scaled) - _1
    p = (((_LOG[0] * f + _LOG[1]) * f + _LOG[2]) * f + _LOG[3]) * f + _LOG[4]
    p = (((p * f + _LOG[5]) * f + _LOG[6]) * f + _LOG[7]) * f + _LOG[8]
    z = f * f
    y = f * (z * p) + e * _LN2_LOW - _HALF * z
    y = f + y + e * _LN2_HIGH
    y = select(x < _INF, y, x)
    return select(x > _0, y, select(x == _0, -_INF, _NAN))


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def log1p(x):  # type: ignore[no-untyped-def]
    """log(1 + x)."""
    u = _1 + x
    y = log(u)
    lost = (x - (u - _1)) / u  # what rounding took from x
    return select((u > _0) & (u < _INF), y + lost, y)


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def tanh(x):  # type: ignore[no-untyped-def]
    """Hyperbolic tangent."""
    a = select(x < _0, -x, x)
    t = expm1(_2 * select(a > _TANH_LARGEST, _TANH_LARGEST, a))
    y = t / (t + _2)
    return select(x < _0, -y, y)


@njit(cache=True, forceinline=True, error_model="numpy", fastmath={"contract"})
def erf(x):  # type: ignore[no-untyped-def]
    """Error function."""
    a = select(x < _0, -x, x)
    s = a * a
    near = (((_ERF[0] * s + _ERF[1]) * s + _ERF[2]) * s + _ERF[3]) * s + _ERF[4]
    near = a * ((near * s + _ERF[5]) * s + _ERF[6])
    b = select(a < _1, _1, select(a > _ERF_LARGEST, _ERF_LARGEST, a))
    q = _1 / b
    y = q * q
    c = _ERFC_1_2
    middle = (((c[0] * y + c[1]) * y + c[2]) * y + c[3]) * y + c[4]
    middle = (((middle * y + c[5]) * y + c[6]) * y + c[7]) * y + c[8]
    d = _ERFC_2
    far = (((d[0] * y + d[1]) * y + d[2]) * y + d[3]) * y + d[4]
    far = ((far * y + d[5]) * y + d[6]) * y + d[7]
    beyond = _1 - exp(-b * b) * q * select(b < _2, middle, far)
    y = select(a <= _1, near, beyond)
    y = select(x == x, y, x)
    return select(x < _0, -y, y)


@njit(cache=True, forceinline=True, error_model="numpy")
def sign(x):  # type: ignore[no-untyped-def]
    """-1, 0 or 1."""
    return select(x > _0, _1, select(x < _0, -_1, x))
