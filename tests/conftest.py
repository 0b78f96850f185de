"""What every test gets: checked shapes and types, repeatable examples, a store of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

SOURCE = Path(__file__).resolve().parents[1] / "src"


def _checked_modules() -> list[str]:
    """The modules with shapes in their annotations: each argument and result there is checked against its annotation.

    Those are the ones that import jaxtyping for real: a name imported only under TYPE_CHECKING is unknown at run time,
    and its annotations are skipped without a word. Modules with compiled functions and pydantic models stay out: numba
    cannot see through the wrapper, and pydantic has checked already.
    """
    modules = []
    for file in sorted((SOURCE / "gradlab").rglob("*.py")):
        imported = set(re.findall(r"^(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
        if file.name != "__init__.py" and "jaxtyping" in imported and not imported & {"numba", "pydantic"}:
            modules.append(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    return modules


install_import_hook(_checked_modules(), "beartype.beartype")

# The same examples in every run, and no deadline: the first call of a compiled function takes seconds.
settings.register_profile("gradlab", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("gradlab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The run of all studies first: it takes minutes, in which one process would otherwise wait for the other at the end."""
    items.sort(key=lambda item: "quick" not in getattr(item, "fixturenames", ()))


@pytest.fixture
def gradlab_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that gradlab takes for its default store."""
    store = tmp_path / "store"
    monkeypatch.setenv("GRADLAB_STORE", str(store))
    return store
