"""Who trains. One module each, one contract: `(Case) -> Run`, a callable that trains the stack from its initial weights.

What may be done once and used for many trainings (copies of the data, compiling) is done by the outer function.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from shutil import which

from benchmarks.case import Competitor

_HOME = {
    "narrow": ("gradlab_engines", "narrow"),
    "torch": ("gradlab_engines", "batched_torch"),
    "loop": ("pytorch_loop", "pytorch_loop"),
    "vmap": ("torch_vmap", "torch_vmap"),
    "vmap, compiled": ("torch_compiled", "compiled_vmap"),
    "stack, compiled": ("torch_compiled", "compiled_stack"),
    "jax": ("jax_scan", "jax_rows"),
    "jax, tuned": ("jax_scan", "jax_columns"),
}

WHO = {
    "narrow": "gradlab's narrow engine",
    "torch": "gradlab's torch engine",
    "loop": "a plain PyTorch loop: `torch.nn.Sequential` and `torch.optim`, one network after another",
    "vmap": "`torch.func`: `vmap(grad(...))` over `functional_call`, the optimizer written for the whole stack",
    "vmap, compiled": "the same, an update as one graph of `torch.compile`",
    "stack, compiled": "a stack written by hand (batched products, examples as columns), compiled in the same way",
    "jax": "JAX `jit(vmap(scan))`, examples as rows",
    "jax, tuned": "the same with examples as columns, and the stack divided between one XLA device a core",
}


def missing(name: str) -> str | None:
    """Why a competitor cannot run here, or None."""
    if name.startswith("jax") and find_spec("jax") is None:
        return "jax is not installed (pip install 'gradlab[bench]')"
    if name.endswith(", compiled") and which(os.environ.get("CXX", "g++")) is None:
        return "torch.compile needs a C++ compiler (g++, or the one that CXX names), and there is none"
    return None


def competitor(name: str) -> Competitor:
    """The competitor of this name; its framework is imported here and not before."""
    module, function = _HOME[name]
    found: Callable[..., Competitor] = getattr(import_module(f"benchmarks.competitors.{module}"), function)
    return found  # type: ignore[return-value]
