"""Puts faults into a copy of the package, one at a time, and says which of them no near test notices.

make mutants                      all faults of tools/faults.py, which takes a while
python tools/mutants.py --list    number, file and change of each
python tools/mutants.py 3 7-9     some of them, by number
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[1]
KEPT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "gradlab-store", "build", "dist"
)
PASSED, FAILED = 0, 1  # pytest's exit codes; any other means that the tests did not run


def main() -> int:
    """Run, print a line for each fault, and return 1 if any survived, 2 if one could not be tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", help="faults to try, such as 3 or 7-9; all by default")
    parser.add_argument("--list", action="store_true", help="show them and do nothing")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for the tests of one fault")
    asked = parser.parse_args()
    chosen = sorted({k for text in asked.numbers for k in numbers_of(text)}) or list(range(1, len(FAULTS) + 1))
    if asked.list:
        for k in chosen:
            print(f"{k:3}  {title(FAULTS[k - 1])}")
        return 0
    if lost := [problem for k in chosen if (problem := misplaced(k, FAULTS[k - 1]))]:
        print("These faults no longer fit the code; correct tools/faults.py:", *lost, sep="\n  ", file=sys.stderr)
        return 2
    results: dict[str, list[int]] = {"caught": [], "survived": [], "not tried": []}
    with tempfile.TemporaryDirectory(prefix="gradlab-mutants-") as folder:
        copy = Path(folder) / "gradlab"
        shutil.copytree(ROOT, copy, ignore=KEPT_OUT)
        for k in chosen:
            start = time.monotonic()
            result, why = tried(FAULTS[k - 1], copy, asked.timeout)
            results[result].append(k)
            print(f"{k:3}  {result:9}  {time.monotonic() - start:5.0f} s  {title(FAULTS[k - 1])}", flush=True)
            if result == "not tried":
                print(why, file=sys.stderr)
    print(", ".join(f"{len(found)} {result}" for result, found in results.items()), f"of {len(chosen)}")
    for k in results["survived"]:
        print(f"survived: {k}, {title(FAULTS[k - 1])}; near: {' '.join(FAULTS[k - 1].near)}")
    return 2 if results["not tried"] else 1 if results["survived"] else 0


def numbers_of(text: str) -> range:
    """The numbers that "3" or "7-9" names."""
    first, _, last = text.partition("-")
    if not (first.isdigit() and (last or first).isdigit() and 1 <= int(first) <= int(last or first) <= len(FAULTS)):
        sys.exit(f"mutants: got {text!r}, expected a number or range within 1-{len(FAULTS)}; see --list")
    return range(int(first), int(last or first) + 1)


def title(fault: Fault) -> str:
    """A fault in one line."""
    return f"{fault.file}: {fault.old} -> {fault.new}"


def misplaced(number: int, fault: Fault) -> str:
    """What is wrong with where a fault is to go; empty if nothing is."""
    path = ROOT / "src" / "gradlab" / fault.file
    if not path.is_file():
        return f"{number}: {fault.file}: no such file"
    count = path.read_text(encoding="utf-8").count(fault.old)
    return "" if count == 1 else f"{number}: {fault.file}: {count} times instead of once: {fault.old}"


def tried(fault: Fault, copy: Path, timeout: float) -> tuple[str, str]:
    """Put a fault in, run its near tests, take it out again; the result and what pytest said last."""
    path = copy / "src" / "gradlab" / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "XDG_CACHE_HOME": str(copy / ".cache")}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *fault.near]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return "not tried", f"the near tests took more than {timeout:g} s"
    finally:
        path.write_text(sound, encoding="utf-8")
    found = {PASSED: "survived", FAILED: "caught"}.get(done.returncode, "not tried")
    return found, (done.stdout + done.stderr)[-2000:]


if __name__ == "__main__":
    sys.exit(main())
