"""Faults that `make mutants` puts in still fit the code: a file that was moved would take all of them along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.file}: {fault.old[:40]}")
def test_a_fault_has_its_place_and_tests_near_it(fault: Fault) -> None:
    path = ROOT / "src" / "gradlab" / fault.file
    assert path.is_file() and path.read_text(encoding="utf-8").count(fault.old) == 1
    assert fault.new != fault.old
    files = [part for part in fault.near if part.endswith(".py")]
    assert files and all((ROOT / part).is_file() for part in files)
