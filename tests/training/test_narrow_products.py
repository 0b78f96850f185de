"""Products of the narrow engine's wide layers, for every small shape: sums, remainders, and nothing written beside them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from gradlab.training.narrow.products import add_rows, affine, outer
from tests.rounding import EPS, assert_within, gamma

U = np.uint64


@njit
def _all_products(z, lower, gw, gb, x, g, w, b, m, n, zero):  # type: ignore[no-untyped-def]
    affine(U(z), U(x), U(w), U(b), U(m), U(n), U(m), U(1), zero)
    affine(U(lower), U(g), U(w), U(0), U(n), U(m), U(1), U(m), zero)
    outer(U(gw), U(g), U(x), U(m), U(n), zero)
    add_rows(U(gb), U(g), U(n), zero)


def assert_is_sum(ours: Any, start: Any, left: Any, right: Any) -> None:
    """`start` plus the product of two matrices, in any order of summation."""
    start, left, right = (array.astype(np.float64) for array in (start, left, right))
    sizes = np.abs(start) + np.abs(left) @ np.abs(right)
    assert_within(ours, start + left @ right, gamma(left.shape[1] + 1, EPS[str(ours.dtype)]) * sizes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_shape(dtype: Any) -> None:
    draw = np.random.default_rng(0)
    for n in range(1, 12):
        for m in range(1, 12):
            x, g, w, b = (draw.normal(size=size).astype(dtype) for size in ((m, 64), (n, 64), (n, m), n))
            z, lower = np.zeros((n + 4, 64), dtype), np.zeros((m + 4, 64), dtype)
            gw, gb = np.ones(n * m + 20, dtype), np.ones(n + 20, dtype)
            _all_products(*(a.ctypes.data for a in (z, lower, gw, gb, x, g, w, b)), m, n, dtype(0))
            assert_is_sum(z[:n], b[:, None], w, x)
            assert_is_sum(lower[:m], np.zeros((m, 1)), w.T, g)
            assert_is_sum(gw[: n * m].reshape(n, m), np.ones((n, m)), g, x.T)
            assert_is_sum(gb[:n], np.ones(n), g, np.ones(64))
            assert not z[n:].any() and not lower[m:].any() and (gw[n * m :] == 1).all() and (gb[n:] == 1).all()


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names of x86's instructions")
@pytest.mark.parametrize(("name", "features"), [("x86-64", ""), ("haswell", "+avx,+avx2,+fma")])
def test_products_and_engine_with_the_vectors_of_other_processors(name: str, features: str, tmp_path: Path) -> None:
    # sizes are constants in an engine's loop, which the compiler makes use of: the products alone are not enough
    engine = [
        f"tests/laws/test_narrow_engine.py::{name}"
        for name in ("test_sequential_order", "test_batches_of_several_tiles")
    ]
    limits = {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::test_every_shape", *engine]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], env={**os.environ, **limits}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
