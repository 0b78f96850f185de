"""Products of the narrow engine's wide layers, for every small shape: sums, remainders, and nothing written beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from gradlab.training.narrow.products import add_rows, affine, outer

U = np.uint64


@njit
def _all_products(z, lower, gw, gb, x, g, w, b, m, n, zero):  # type: ignore[no-untyped-def]
    affine(U(z), U(x), U(w), U(b), U(m), U(n), U(m), U(1), zero)
    affine(U(lower), U(g), U(w), U(0), U(n), U(m), U(1), U(m), zero)
    outer(U(gw), U(g), U(x), U(m), U(n), zero)
    add_rows(U(gb), U(g), U(n), zero)


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-4), (np.float64, 1e-12)])
def test_every_shape(dtype: Any, tolerance: float) -> None:
    draw = np.random.default_rng(0)
    for n in range(1, 12):
        for m in range(1, 12):
            x, g, w, b = (draw.normal(size=size).astype(dtype) for size in ((m, 64), (n, 64), (n, m), n))
            z, lower = np.zeros((n + 4, 64), dtype), np.zeros((m + 4, 64), dtype)
            gw, gb = np.ones(n * m + 20, dtype), np.ones(n + 20, dtype)
            _all_products(*(a.ctypes.data for a in (z, lower, gw, gb, x, g, w, b)), m, n, dtype(0))
            np.testing.assert_allclose(z[:n], w @ x + b[:, None], atol=tolerance)
            np.testing.assert_allclose(lower[:m], w.T @ g, atol=tolerance)
            np.testing.assert_allclose(gw[: n * m].reshape(n, m), 1 + g @ x.T, atol=tolerance)
            np.testing.assert_allclose(gb[:n], 1 + g.sum(1), atol=tolerance)
            assert not z[n:].any() and not lower[m:].any() and (gw[n * m :] == 1).all() and (gb[n:] == 1).all()
