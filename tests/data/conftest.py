"""Every test of data starts on a machine without data sets, and may not go to the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data import sets


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, which is the current folder too."""
    return sets.nowhere(tmp_path, monkeypatch)


@pytest.fixture
def real_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST and Fashion-MNIST, from where this repository's tests find them; mark the test `needs_shared`."""
    monkeypatch.setenv("GRADLAB_DATA", str(sets.SHARED))
