"""Compare two checkouts: the rows of every shipped study's quick run must be equal, byte for byte.

Usage: python tools/compare_checkouts.py BEFORE AFTER [--keep FOLDER] [study ...]

Each checkout runs `gradlab study run NAME --quick` and `gradlab study export NAME` with the interpreter that runs this script,
from its own `src`. Exports lie in FOLDER/before and FOLDER/after; one that is there is not made again, so that several states
of AFTER can be set beside one BEFORE. Prints a line a study; exit code 1 where rows differ or a command fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

NOTHING = b"(no such row)"


def gradlab(checkout: Path, *arguments: str) -> bytes:
    """What a command of that checkout prints.

    Raises:
        SystemExit: It failed; its own message was shown.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    command = [sys.executable, "-m", "gradlab", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{checkout}: gradlab {' '.join(arguments)} ended with exit code {done.returncode}")
    return done.stdout


def exported(checkout: Path, study: str, folder: Path) -> bytes:
    """Rows of the study's quick run by that checkout, kept in the folder."""
    kept = folder / f"{study}.csv"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        store = ("--store", str(folder / f"{study}-store"))
        gradlab(checkout, "study", "run", study, "--quick", "--quiet", "--no-report", *store)
        (name,) = (
            each["study"] for each in json.loads(gradlab(checkout, "study", "status", "--json", *store))["studies"]
        )
        kept.write_bytes(gradlab(checkout, "study", "export", name, *store))
    return kept.read_bytes()


def difference(before: bytes, after: bytes) -> str:
    """Which row differs first, in words; "" where none does."""
    pairs = enumerate(zip_longest(before.splitlines(), after.splitlines(), fillvalue=NOTHING))
    for row, (one, other) in pairs:
        if one != other:
            return f"row {row}:\n  before {one.decode()}\n  after  {other.decode()}"
    return "" if before == after else "line endings"


def studies_of(checkout: Path) -> list[str]:
    """Names of the studies that a checkout ships."""
    return sorted(path.stem for path in (checkout / "src/gradlab/studies/shipped").glob("*.toml"))


def main() -> int:
    """Compare, and say what differs."""
    parser = argparse.ArgumentParser(description="Compare the rows of quick runs of two checkouts, byte for byte.")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("studies", nargs="*", help="Names of studies; by default all that both checkouts ship.")
    parser.add_argument("--keep", type=Path, help="Folder for the exports; by default one that is deleted afterwards.")
    given = parser.parse_args()
    for checkout in (given.before, given.after):
        if not (checkout / "src/gradlab").is_dir():
            parser.error(f"{checkout}: no checkout of gradlab; expected a folder with src/gradlab")
    both = [study for study in studies_of(given.before) if study in studies_of(given.after)]
    if unknown := [study for study in given.studies if study not in both]:
        parser.error(f"{', '.join(unknown)}: not shipped by both checkouts; expected some of {', '.join(both)}")
    differing = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        for study in given.studies or both:
            before = exported(given.before, study, folder / "before")
            after = exported(given.after, study, folder / "after")
            found = difference(before, after)
            differing += bool(found)
            print(f"{study}: {found or f'equal, {len(before.splitlines()) - 1:,} rows'}", flush=True)
    print(f"{differing} differ" if differing else "all equal")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
