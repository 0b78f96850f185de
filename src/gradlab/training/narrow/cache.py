"""Generated modules on disk: a loop is compiled once a machine, not once a process.

The source is written into the user's cache folder under the hash of its text and of the versions it depends on; numba
keeps the machine code beside it, keyed by processor.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import platformdirs

from gradlab import __version__

_SOURCES = (
    "formula.py",
    "scalars.py",
    "scalars32.py",
    "blocks.py",
    "products.py",
    "pointwise.py",
    "source.py",
    "kernel.py",
)


@cache
def folder() -> Path:
    """Where generated modules live; a temporary folder where the user's cache cannot be written."""
    wanted = Path(platformdirs.user_cache_dir("gradlab")) / "narrow"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="gradlab-narrow-"))


@cache
def _environment() -> str:
    """What machine code depends on besides the generated text: versions and the functions it calls."""
    here = Path(__file__).parent
    seeds = here.parents[1] / "seeds"
    files = [*(here / name for name in _SOURCES), seeds / "streams.py", seeds / "hashed.py"]
    called = b"".join(file.read_bytes() for file in files)
    return f"{__version__} {version('numba')} {version('llvmlite')} {hashlib.sha256(called).hexdigest()}"


def load(source: str) -> ModuleType:
    """The module of a generated source, written and imported once per process."""
    name = "gradlab_narrow_" + hashlib.sha256((_environment() + source).encode()).hexdigest()[:24]
    if name in sys.modules:
        return sys.modules[name]
    path = folder() / f"{name}.py"
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=folder(), suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        os.replace(temporary, path)  # two processes may write the same text at once
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
