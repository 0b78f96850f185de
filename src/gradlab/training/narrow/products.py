"""Matrix products of one layer on one tile of examples, for layers too wide for one register block.

Generic in the widths, so that they are compiled once a machine and linked into every generated loop. Every array is given
by the address of its first element; rows of a tile are `TILE` examples. `affine` is W x + b forward, and W' g for the layer
below; `outer` adds g x' to the gradients of the weights, `add_rows` those of the biases. Sums run in an order that depends
on the shape alone.

Numba keeps the machine code of these functions beside this file and makes it anew when this file changes, not when `blocks` does:
change both together. (Last change of `blocks`: chunks written out, sums of more vectors than lanes.)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gradlab.training.narrow.blocks import TILE, affine_block, bytes_of, outer_block, rows_block

_affine_1, _affine_2, _affine_4 = map(affine_block, (1, 2, 4))
_outer_11, _outer_12, _outer_14 = (outer_block(1, m) for m in (1, 2, 4))
_outer_21, _outer_22, _outer_24 = (outer_block(2, m) for m in (1, 2, 4))
_outer_41, _outer_42, _outer_44 = (outer_block(4, m) for m in (1, 2, 4))
_rows_1, _rows_4 = rows_block(1), rows_block(4)
_0, _1, _2, _4 = map(np.uint64, (0, 1, 2, 4))
_TILE = np.uint64(TILE)


@njit(cache=True, error_model="numpy")
def affine(out, x, w, bias, inputs, units, unit_step, input_step, zero):  # type: ignore[no-untyped-def]
    """Rows of W x + b.

    Args:
        out: Address of the rows to fill [units, TILE].
        x: Address of the rows to read [inputs, TILE].
        w: Address of the weights; that of unit n and input m is at `n unit_step + m input_step`.
        bias: Address of one number a unit, or 0 for none.
        inputs: Terms of each sum.
        units: Rows to fill.
        unit_step: See `w`.
        input_step: See `w`.
        zero: A number of the type of all the others.
    """
    size = bytes_of(zero)
    row = _TILE * size
    present = _0 if bias == _0 else size
    n = _0
    while n + _4 <= units:
        _affine_4(out + n * row, x, w + n * unit_step * size, bias + n * present, inputs, unit_step, input_step, zero)
        n += _4
    if n + _2 <= units:
        _affine_2(out + n * row, x, w + n * unit_step * size, bias + n * present, inputs, unit_step, input_step, zero)
        n += _2
    if n < units:
        _affine_1(out + n * row, x, w + n * unit_step * size, bias + n * present, inputs, unit_step, input_step, zero)


@njit(cache=True, error_model="numpy")
def outer(out, g, x, inputs, units, zero):  # type: ignore[no-untyped-def]
    """Add g x' to the weight gradients at `out` [units, inputs]; `g` and `x` are rows of a tile. See `affine`."""
    size = bytes_of(zero)
    row = _TILE * size
    n = _0
    while n + _4 <= units:
        m = _0
        while m + _4 <= inputs:
            _outer_44(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _4
        if m + _2 <= inputs:
            _outer_42(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _2
        if m < inputs:
            _outer_41(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
        n += _4
    if n + _2 <= units:
        m = _0
        while m + _4 <= inputs:
            _outer_24(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _4
        if m + _2 <= inputs:
            _outer_22(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _2
        if m < inputs:
            _outer_21(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
        n += _2
    if n < units:
        m = _0
        while m + _4 <= inputs:
            _outer_14(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _4
        if m + _2 <= inputs:
            _outer_12(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)
            m += _2
        if m < inputs:
            _outer_11(out + (n * inputs + m) * size, g + n * row, x + m * row, inputs, zero)


@njit(cache=True, error_model="numpy")
def add_rows(out, g, units, zero):  # type: ignore[no-untyped-def]
    """Add the sum of each row of `g` [units, TILE] to the bias gradients at `out`. See `affine`."""
    size = bytes_of(zero)
    row = _TILE * size
    n = _0
    while n + _4 <= units:
        _rows_4(out + n * size, g + n * row, zero)
        n += _4
    while n < units:
        _rows_1(out + n * size, g + n * row, zero)
        n += _1
