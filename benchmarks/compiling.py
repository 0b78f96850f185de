"""Compiling the narrow engine's loops ahead, one process a core: what is compiled stays on disk for every process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks.case import Case
from benchmarks.competitors.gradlab_engines import narrow
from benchmarks.rounds import Options, say


def compile_ahead(cases: Sequence[Case], options: Options) -> None:
    """Write and compile the loop of every case; they may be as small as one network."""
    if options.is_quick:
        return
    say(f"  compiling {len(cases)} loops, or reading them where this machine has them")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        for _ in pool.map(_run, cases):
            pass


def _run(case: Case) -> None:
    for _ in narrow(case)():
        pass
