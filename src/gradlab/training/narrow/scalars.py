"""The functions a formula may use, on compiled scalars (see `parts.namespace`)."""

import math

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "nsz", "arcp"}


@njit(fastmath=FAST, error_model="numpy")
def maximum(x, y):
    return y if x <= y else x


@njit(fastmath=FAST, error_model="numpy")
def minimum(x, y):
    return y if x >= y else x


@njit(fastmath=FAST, error_model="numpy")
def where(c, x, y):
    return x if c else y


@njit(error_model="numpy")
def sqrt(x):
    return np.sqrt(x)


@njit(error_model="numpy")
def exp(x):
    return np.exp(x)


@njit(error_model="numpy")
def expm1(x):
    return np.expm1(x)


@njit(error_model="numpy")
def log(x):
    return np.log(x)


@njit(error_model="numpy")
def log1p(x):
    return np.log1p(x)


@njit(error_model="numpy")
def tanh(x):
    return np.tanh(x)


@njit(error_model="numpy")
def erf(x):
    return math.erf(x)


@njit(error_model="numpy")
def cos(x):
    return np.cos(x)


@njit(error_model="numpy")
def floor(x):
    return np.floor(x)


@njit(error_model="numpy")
def sign(x):
    return np.sign(x)


@njit(error_model="numpy")
def abs(x):
    return x if x >= 0 else -x
