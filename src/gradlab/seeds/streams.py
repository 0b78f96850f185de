"""Philox 4x32-10, and a stream's words as uniforms and normals: one number from one counter, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
LOW_32 = np.uint64(0xFFFFFFFF)
SHIFT_32 = np.uint64(32)
ONE = np.uint64(1)
_TO_UNIT = 2.0**-32


@njit(cache=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Ten rounds of Philox 4x32 on 32-bit words held in uint64."""
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> SHIFT_32) ^ c1 ^ k0,
            product_1 & LOW_32,
            (product_0 >> SHIFT_32) ^ c3 ^ k1,
            product_0 & LOW_32,
        )
        k0 = (k0 + _WEYL_0) & LOW_32
        k1 = (k1 + _WEYL_1) & LOW_32
    return c0, c1, c2, c3


@njit(cache=True)
def block(root_seed, replica, purpose, layer, index):  # type: ignore[no-untyped-def]
    """Four 32-bit words (as uint64) of one stream: block `index` holds draws 4 index to 4 index + 3."""
    seed = np.uint64(root_seed)
    return philox(
        np.uint64(index) & LOW_32,
        np.uint64(layer) & LOW_32,
        np.uint64(purpose),
        np.uint64(replica) & LOW_32,
        seed & LOW_32,
        seed >> SHIFT_32,
    )


@njit(cache=True)
def word_to_uniform(word):  # type: ignore[no-untyped-def]
    """A 32-bit word as a float64 strictly inside (0, 1): the midpoint of its cell, exact in binary."""
    return (np.float64(word) + 0.5) * _TO_UNIT


@njit(cache=True)
def normal_quantile(p):  # type: ignore[no-untyped-def]
    """Standard normal quantile of `p` in (0, 1), relative error below 1e-15 (Wichura 1988, algorithm AS 241).

    One normal uses one uniform, so draws are paired between laws and monotone in the uniform.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2.5090809287301226727e3
        for c in (3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4,
                  1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0):  # fmt: skip
            top = top * r + c
        bottom = 5.2264952788528545610e3
        for c in (2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3,
                  6.8718700749205790830e2, 4.2313330701600911252e1, 1.0):  # fmt: skip
            bottom = bottom * r + c
        return q * top / bottom
    r = np.sqrt(-np.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = 7.74545014278341407640e-4
        for c in (2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
                  3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0,
                  1.42343711074968357734e0):  # fmt: skip
            top = top * r + c
        bottom = 1.05075007164441684324e-9
        for c in (5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                  6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0):  # fmt: skip
            bottom = bottom * r + c
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7
        for c in (2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
                  2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0,
                  6.65790464350110377720e0):  # fmt: skip
            top = top * r + c
        bottom = 2.04426310338993978564e-15
        for c in (1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
                  1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0):  # fmt: skip
            bottom = bottom * r + c
    return -top / bottom if q < 0.0 else top / bottom
