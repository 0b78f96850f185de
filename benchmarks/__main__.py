"""`python -m benchmarks [--only NAME] [--rounds N] [--quick] [--output FOLDER]`: measure, print, write.

Results go to benchmarks/results.json and docs/performance.md; with --output both go to that folder, and with --quick alone
nowhere. With --only, the other sections of an existing results.json are kept. Progress on stderr, tables on stdout.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.check import check
from benchmarks.competitors import WHO, missing
from benchmarks.machine import machine, use_all_cores
from benchmarks.page import page
from benchmarks.rounds import Options, present, say
from benchmarks.sections import SECTIONS

ROOT = Path(__file__).parents[1]
SCHEMA = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure gradlab beside what else one could use."
    )
    parser.add_argument("--only", action="append", choices=list(SECTIONS), help="a section; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every measurement (default 5)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: does everything run?")
    parser.add_argument("--output", type=Path, help="folder for results.json and performance.md")
    wanted = parser.parse_args(arguments)
    if wanted.rounds < 1:
        parser.error(f"--rounds: got {wanted.rounds}; expected at least 1")
    options = Options(rounds=wanted.rounds)
    if wanted.quick:
        options = replace(options, rounds=1, turn_seconds=0.0, is_quick=True)
    results, text = ROOT / "benchmarks" / "results.json", ROOT / "docs" / "performance.md"
    if wanted.output is not None:
        wanted.output.mkdir(parents=True, exist_ok=True)
        results, text = wanted.output / "results.json", wanted.output / "performance.md"
    stored = _stored(results).get("sections", {})
    document: dict[str, Any] = {}
    writes = wanted.output is not None or not wanted.quick
    for document in run(wanted.only or list(SECTIONS), options, stored):
        if writes:  # after every section, so that nothing is lost when a later one fails
            results.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            text.write_text(page(document), encoding="utf-8")
    for name in wanted.only or SECTIONS:
        _show(name, document["sections"][name]["measurements"])
    if writes:
        say(f"wrote {results} and {text}")


def run(names: Sequence[str], options: Options, stored: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measure sections and put them beside stored ones; the document after each."""
    use_all_cores()
    for name in WHO:
        reason = missing(name)
        if reason is not None:
            say(f"left out: {name}: {reason}")
    say("one update of everybody against the torch engine")
    checks = [] if options.is_quick else check(present(list(WHO)))
    here, sections = machine(), dict(stored)
    for name in names:
        say(f"{name}: {SECTIONS[name].title}")
        started = time.perf_counter()
        measurements = SECTIONS[name].measure(options)
        sections[name] = {
            "machine": here,
            "seconds": time.perf_counter() - started,
            "measurements": measurements,
        }
        say(f"{name}: {sections[name]['seconds']:.0f} s")
        yield {"schema": SCHEMA, "machine": here, "checks": checks, "sections": sections}


def _stored(path: Path) -> dict[str, Any]:
    """What an earlier run wrote, if it is of this form."""
    if not path.exists():
        return {}
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document if document.get("schema") == SCHEMA else {}


def _show(name: str, measurements: list[dict[str, Any]]) -> None:
    """The section's table on stdout."""
    section = SECTIONS[name]
    table = Table(*section.header, title=section.title)
    for row in section.rows(measurements):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
