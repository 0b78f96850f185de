"""What importing costs, what modules are called, and how long files are: the parts of the design that rot unseen.

That imports point downward only is import-linter's to check (`lint-imports`, part of `make test`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "gradlab"
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = {"torch", "numba", "scipy", "sklearn", "plotly", "pydantic"}
TORCHLESS = [
    f"gradlab.{name}" for name in ("seeds", "signals", "parts", "data", "spec", "theory", "rules", "cli", "cli.main")
]
BANNED = {"utils", "util", "core", "common", "helpers", "helper", "manager", "misc"}
MOST_LINES = 320  # the house rule is "about 300"


def imported_by(module: str) -> set[str]:
    """The top-level packages in memory after importing the module in a fresh interpreter."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def exists(module: str) -> bool:
    path = SOURCE.joinpath(*module.split(".")[1:])
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@pytest.mark.parametrize("module", ["gradlab", "gradlab.errors", "gradlab.catalog", "gradlab.stats", "gradlab.signals"])
def test_light_modules_import_nothing_heavy(module: str) -> None:
    assert not imported_by(module) & HEAVY


@pytest.mark.parametrize("module", [name for name in TORCHLESS if exists(name)])
def test_modules_without_tensors_import_no_torch(module: str) -> None:
    assert "torch" not in imported_by(module)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_files_are_short_and_named_for_what_they_hold(file: Path) -> None:
    assert not BANNED & {part.strip("_") for part in file.relative_to(SOURCE).with_suffix("").parts}
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{file.name} has {lines} lines: make it a folder of the same name"


def test_public_names_load_and_unknown_ones_are_refused() -> None:
    import gradlab

    for name in gradlab.__all__:
        assert getattr(gradlab, name) is not None
    assert set(gradlab.__all__) <= set(dir(gradlab))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradlab.nothing
