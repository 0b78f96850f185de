"""Counter-based random streams, the same for every engine, grouping and order of work.

A number is a pure function of (root seed, replica, purpose, layer, index): Philox 4x32-10 (Salmon, Moraes, Dror and
Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3") with the root seed as key and the rest as counter. Neither
study nor cell is in the counter, so cells are paired by construction: replica r of two cells sees the same data and
the same standard draws.

There is one implementation. It is compiled by numba; Python, the vectorised fills below and the narrow engine's
generated loops all call it, so they cannot disagree. Integers, uniforms and Beta(2, 1) draws are bitwise the same
everywhere; normals use `log` in the tails and so are bitwise the same per platform.

What does not live here: which law a weight follows (`parts.initializers`) and what a task draws (`data`).

Functions are loaded when first used, since the compiler takes as long to load as everything a description needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gradlab.seeds.purpose import Purpose

if TYPE_CHECKING:
    from gradlab.seeds.draws import beta_2_1, fill_dropout, normals, permutations, quantile_of, uniforms
    from gradlab.seeds.hashed import dropout_state, dropout_threshold, is_kept, permute
    from gradlab.seeds.streams import block, normal_quantile, word_to_uniform

_FUNCTIONS = {
    "draws": ("beta_2_1", "fill_dropout", "normals", "permutations", "quantile_of", "uniforms"),
    "hashed": ("dropout_state", "dropout_threshold", "is_kept", "permute"),
    "streams": ("block", "normal_quantile", "word_to_uniform"),
}

__all__ = [
    "Purpose",
    "beta_2_1",
    "block",
    "dropout_state",
    "dropout_threshold",
    "fill_dropout",
    "is_kept",
    "normal_quantile",
    "normals",
    "permutations",
    "permute",
    "quantile_of",
    "uniforms",
    "word_to_uniform",
]


def __getattr__(name: str) -> object:
    """Import a function's module when it is first used (PEP 562)."""
    for module, names in _FUNCTIONS.items():
        if name in names:
            value = getattr(importlib.import_module(f"gradlab.seeds.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
