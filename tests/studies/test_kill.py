"""SIGKILL at ten random moments: no trial lost, none twice, the same rows as an uninterrupted run."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import tomli_w

from tests.studies.small import table

TRIALS = 800


def trials_in(database: Path) -> int:
    """How many are recorded; none while there is no table yet."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as connection:
        try:
            return int(connection.execute("SELECT COUNT(*) FROM trial").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def gradlab(*arguments: str) -> list[str]:
    """The command line in this interpreter."""
    return [sys.executable, "-m", "gradlab", *arguments]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_kill_ten_times(tmp_path: Path) -> None:
    """Ten kills spread over the run, most of them while chunks are being trained and committed."""
    study = tmp_path / "small.toml"
    study.write_text(tomli_w.dumps(table(replicas=TRIALS // 2, task={"name": "abs_x", "points": 400})))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = ["study", "run", str(study), "--engine", "torch", "--chunk", "20", "--no-report", "-q", "--store"]

    whole = tmp_path / "whole"
    subprocess.run(gradlab(*command, str(whole)), check=True, env=environment, stdout=subprocess.DEVNULL)

    stored: list[int] = []  # trials after each kill
    parts, random_moment = tmp_path / "parts", random.Random(1)
    database = parts / "gradlab.sqlite"
    while len(stored) < 10:
        before = trials_in(database)
        with subprocess.Popen(
            gradlab(*command, str(parts)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            deadline = time.monotonic() + 60
            # wait until this run has recorded something, so that the moment falls into the work and not the start
            while process.poll() is None and time.monotonic() < deadline and trials_in(database) <= before:
                time.sleep(0.005)
            time.sleep(random_moment.uniform(0.0, 0.06))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.returncode in (-signal.SIGKILL, 0)
            stored.append(trials_in(database))
    # a kill that comes when all is done shows nothing
    moments = {count for count in stored if 0 < count < TRIALS}
    assert len(moments) >= 3, (
        f"trials after each of ten kills, of {TRIALS}: {stored}; the study is too small for this machine"
    )
    subprocess.run(gradlab(*command, str(parts)), check=True, env=environment, stdout=subprocess.DEVNULL)

    exports = [
        subprocess.run(
            gradlab("study", "export", "small", "--format", "csv", "--store", str(store)),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for store in (whole, parts)
    ]
    assert exports[0] == exports[1]
    lines = exports[0].splitlines()
    assert len(lines) == 1 + TRIALS and len(set(lines)) == len(lines)
