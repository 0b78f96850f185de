"""Freed memory is kept, where the C library can: arrays of megabytes come back without the system handing out new pages."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from gradlab.training.freed_memory import keep_freed_memory

COUNTED = """
import resource, numpy as np
from gradlab.training.freed_memory import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(6_000_000)  # 48 MB: more than glibc ever keeps by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
usual, is_kept = faults(), keep_freed_memory()
faults()  # the heap grows once
print(is_kept, usual, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_arrays_lie_where_those_before_them_lay() -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, check=True)
    is_kept, usual, kept = done.stdout.split()
    assert is_kept == "True" and int(kept) < int(usual) / 20


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory.__wrapped__() is False
