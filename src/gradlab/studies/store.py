"""`Store`: a folder that keeps results: one SQLite file in WAL mode, a row per trial, one writer.

A chunk is committed in one transaction, so a run killed at any moment leaves whole chunks only. After each the files must
still lie where they were opened, and `reread` turns to what a later reader will find. A lock file, held by the
operating system for as long as the writer lives, keeps a second writer out; readers are never kept out. Any SQLite tool
can read the file: table `trial` has a row per network, `cell` says what it was, `chunk` and `environment` what trained it
and for how long, `study` which studies were run.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from gradlab.errors import StoreError
from gradlab.stats.text import counted_text
from gradlab.studies.chunk import ChunkResult
from gradlab.studies.environment import Environment, Trained
from gradlab.studies.in_place import InPlace
from gradlab.studies.lock import WriterLock
from gradlab.studies.outcome_names import OUTCOME_ORDER
from gradlab.studies.plan import Plan
from gradlab.studies.sqlite_file import FILE, connect, translated
from gradlab.training import Outcome


class Store:
    """An open store. Use as a context manager; see `Store.open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._place = InPlace(path)
        self._place.check()

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Store:
        """Open a store, making it if it is to be written.

        Args:
            path: Its folder.
            write: Whether this process will write; only one may.

        Raises:
            StoreError: Not there, held by another writer, from a newer version, damaged, read-only or full.
        """
        file = path / FILE
        lock: WriterLock | None = None
        if write:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    "store",
                    got=f"{path}: {error.strerror}",
                    expected="a folder that can be written",
                    do="Choose another with --store",
                ) from None
            lock = WriterLock(path)
        elif not file.exists():
            raise StoreError(
                "store", got=f"nothing at {path}", expected="results", do='Run "gradlab study run NAME" first'
            )
        try:
            connection = connect(file, write=write)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(path, connection, lock)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let another writer in."""
        try:
            self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def check_in_place(self) -> None:
        """Make sure that what was written can be found by others.

        Raises:
            StoreError: The store was deleted, moved or replaced since it was opened.
        """
        self._place.check()

    def reread(self, plan: Plan) -> None:
        """Open the file anew for reading, so that what is said from here on is said of what is there; keeps the lock.

        Args:
            plan: Whose trials were all recorded.

        Raises:
            StoreError: The store was deleted, moved, replaced or damaged, or holds fewer trials than were recorded.
        """
        self.check_in_place()
        self._connection.close()  # before the file is looked at: closing any other handle would lose SQLite's locks
        self._place, file = InPlace(self.path), self.path / FILE
        found = 0
        if file.stat().st_size:
            self._connection = connect(file, write=False)
            self._place.check()
            numbers = self.cell_numbers(plan)
            count = "SELECT COUNT(*) FROM trial WHERE cell = ? AND replica < ?"
            trials = sum(self.query(count, (numbers.get(cell.id), cell.replicas))[0][0] for cell in plan.unique_cells)
            found = min(trials, sum(self.done(plan).values()))
        if not file.stat().st_size or found < plan.networks:
            raise StoreError(
                f"store {self.path} lost what was written into it",
                got=f"{counted_text(found, 'network')}",
                expected=f"{plan.networks:,}",
                do="Run the same command again, which trains what is not there",
            )

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of a query."""
        with translated(self.path):
            return self._connection.execute(sql, values).fetchall()

    def iterate(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Rows of a query, one by one, for results that need not fit in memory."""
        with translated(self.path):
            yield from self._connection.execute(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back already
                    self._connection.execute("ROLLBACK")
                raise
        self.check_in_place()

    def register(self, plan: Plan, toml: str, command: str) -> dict[str, int]:
        """Note the study and its cells; returns each cell's number."""
        options = {"chunk": plan.chunk, "engine": plan.engine, "device": plan.device}
        rules = json.dumps(list(plan.study.outcomes))
        with self.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO study VALUES (?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ'), ?)",
                (plan.study.name, toml, str(plan.seed), json.dumps(options), command),
            )
            for cell in plan.unique_cells:
                db.execute(
                    "INSERT OR IGNORE INTO cell (id, setup, steps, outcomes, seed) VALUES (?, ?, ?, ?, ?)",
                    (cell.id, cell.setup.model_dump_json(), json.dumps(plan.steps(cell.setup)), rules, str(plan.seed)),
                )
        return self.cell_numbers(plan)

    def cell_numbers(self, plan: Plan) -> dict[str, int]:
        """Number of each of the plan's cells that the store knows."""
        known = dict(self.query("SELECT id, number FROM cell"))
        return {cell.id: known[cell.id] for cell in plan.unique_cells if cell.id in known}

    def command(self, plan: Plan) -> str:
        """The command that last ran this study here, "" if none did."""
        rows = self.query("SELECT command FROM study WHERE name = ?", (plan.study.name,))
        return str(rows[0][0]) if rows else ""

    def recorded(self, number: int) -> list[tuple[int, int]]:
        """Replica ranges (start, stop) of a cell that are recorded, in order."""
        return self.query("SELECT start, stop FROM look WHERE cell = ? ORDER BY start", (number,))

    def done(self, plan: Plan) -> dict[str, int]:
        """Number of trials recorded for each cell of a plan, by the cell's id."""
        numbers = self.cell_numbers(plan)
        return {
            cell.id: sum(
                min(stop, cell.replicas) - start
                for start, stop in (self.recorded(numbers[cell.id]) if cell.id in numbers else [])
                if start < cell.replicas
            )
            for cell in plan.unique_cells
        }

    def outcome_counts(self, number: int, replicas: int) -> dict[Outcome, int]:
        """How many of a cell's first replicas had each outcome; one pass, which grouping would not be."""
        sums = ", ".join(f"SUM(outcome = {code})" for code in range(len(OUTCOME_ORDER)))
        (counts,) = self.query(f"SELECT {sums} FROM trial WHERE cell = ? AND replica < ?", (number, replicas))
        return {outcome: int(count or 0) for outcome, count in zip(OUTCOME_ORDER, counts, strict=True)}

    def trained(self, number: int, replicas: int) -> list[Trained]:
        """What trained a cell's first replicas: one for each environment, engine and device, whichever study ran them.

        Args:
            number: The cell's.
            replicas: How many count.
        """
        rows = self.query(
            "SELECT versions, hardware, chunk.engine, chunk.device, SUM(share), "
            "SUM(share * chunk.seconds / chunk.networks), SUM(share * chunk.compile_seconds / chunk.networks) "
            "FROM (SELECT cell, start, MIN(stop, ?) - start AS share FROM look WHERE cell = ? AND start < ?) part "
            "JOIN trial ON trial.cell = part.cell AND trial.replica = part.start "
            "JOIN chunk ON chunk.id = trial.chunk JOIN environment ON environment.id = chunk.environment "
            "GROUP BY environment.id, chunk.engine, chunk.device",
            (replicas, number, replicas),
        )
        return [Trained(Environment.from_json(*row[:2]), *row[2:]) for row in rows]

    def forget(self, plan: Plan) -> None:
        """Delete the trials of the plan's cells."""
        with self.transaction() as db:
            for number in self.cell_numbers(plan).values():
                db.execute("DELETE FROM trial WHERE cell = ?", (number,))
                db.execute("DELETE FROM look WHERE cell = ?", (number,))

    def commit(self, result: ChunkResult, numbers: dict[str, int], device: str) -> None:
        """Record a chunk: all of its trials or none."""
        with self.transaction() as db:
            networks = sum(len(trials.outcome) for trials in result.trials)
            environment = result.environment.to_json()
            db.execute("INSERT OR IGNORE INTO environment (versions, hardware) VALUES (?, ?)", environment)
            chunk = db.execute(
                "INSERT INTO chunk (engine, device, seconds, compile_seconds, networks, finished, environment) "
                "SELECT ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ'), id FROM environment "
                "WHERE versions = ? AND hardware = ?",
                (result.engine, device, result.seconds, result.compile_seconds, networks, *environment),
            ).lastrowid
            for trials in result.trials:
                number, count = numbers[trials.cell], len(trials.outcome)
                columns = (
                    range(trials.start, trials.start + count),
                    trials.outcome.tolist(),
                    trials.loss.tolist(),
                    trials.first_bad_step.tolist(),
                    as_mask(trials.looks.flags[0]).tolist(),
                    as_mask(trials.looks.flags[-1]).tolist(),
                )
                db.executemany(
                    f"INSERT INTO trial VALUES ({number}, ?, {chunk}, ?, ?, ?, ?, ?)", zip(*columns, strict=True)
                )
                db.execute(
                    "INSERT INTO look VALUES (?, ?, ?, ?)",
                    (number, trials.start, trials.start + count, trials.looks.pack()),
                )


def as_mask(flags_FR: Bool[ndarray, "F R"]) -> Any:
    """Flags of one look as one integer a replica, the first flag in the lowest bit."""
    return (flags_FR.astype(np.int64) << np.arange(len(flags_FR))[:, None]).sum(axis=0)
