"""What trained the networks is recorded with them: it does not matter which study ran them, nor which machine reads."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

import gradlab.studies.run as run_module
from gradlab.studies import environment
from gradlab.studies.analyze import analyze
from gradlab.studies.chunk import ChunkResult, ChunkTask, run_chunk
from gradlab.studies.environment import UNKNOWN_ENVIRONMENT, Environment, Trained, added
from gradlab.studies.export import rows
from gradlab.studies.plan import Plan
from gradlab.studies.results import SCHEMA, Analysis
from gradlab.studies.sqlite_file import FILE
from gradlab.studies.store import Store
from tests.studies.small import run, small_plan

HERE = Environment.here()
OLD = Environment({"gradlab": "0.0.1", "torch": "2.0.0"}, {"processor": "abacus", "cores": 3, "threads": 3})

# the tables of format 1, as they were
FORMAT_1 = """
CREATE TABLE session (id INTEGER PRIMARY KEY, study TEXT NOT NULL, plan TEXT NOT NULL,
                      started TEXT NOT NULL, seconds REAL NOT NULL,
                      compile_seconds REAL NOT NULL, networks INTEGER NOT NULL, versions TEXT NOT NULL,
                      hardware TEXT NOT NULL);
CREATE TABLE chunk_1 (id INTEGER PRIMARY KEY, engine TEXT NOT NULL, device TEXT NOT NULL, seconds REAL NOT NULL,
                      networks INTEGER NOT NULL, finished TEXT NOT NULL);
"""


def seconds_are(monkeypatch: pytest.MonkeyPatch, seconds: float, **changes: Any) -> None:
    """Let every chunk take so long, and change what else is said of it."""

    def timed(task: ChunkTask) -> ChunkResult:
        found = run_chunk(task)
        given = {"environment": found.environment, "compile_seconds": found.compile_seconds, **changes}
        return ChunkResult(found.trials, found.engine, seconds, **given)

    monkeypatch.setattr(run_module, "run_chunk", timed)


def read(folder: Path, plan: Plan) -> Analysis:
    """What a reader finds."""
    with Store.open(folder, write=False) as store:
        return analyze(store, plan, "test")


def recorded(folder: Path, plan: Plan) -> list[dict[str, Any]]:
    """What is stored of the trials."""
    with Store.open(folder, write=False) as store:
        return list(rows(store, plan))


def as_format_1(folder: Path, sessions: list[tuple[str, float, Environment]]) -> None:
    """Turn a store into what format 1 would have held of it.

    Args:
        folder: The store's.
        sessions: When each began, how long it compiled, and where it ran; chunk k ended at second 10 k.
    """
    connection = sqlite3.connect(folder / FILE)
    connection.executescript(FORMAT_1)
    connection.execute(
        "INSERT INTO chunk_1 SELECT id, engine, device, seconds, networks, "
        "printf('2026-01-01T00:%02d:%02d.500Z', 10 * id / 60, 10 * id % 60) FROM chunk"
    )
    for number, (started, compiling, where) in enumerate(sessions, 1):
        given = (number, "small", "any", started, 99.0, compiling, 99, *where.to_json())
        connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", given)
    connection.executescript(
        "DROP TABLE chunk; DROP TABLE environment; ALTER TABLE chunk_1 RENAME TO chunk; PRAGMA user_version = 1;"
    )
    connection.close()


def format_of(folder: Path) -> int:
    """The number in the file."""
    connection = sqlite3.connect(folder / FILE)
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert isinstance(number, int)
    return number


def test_seconds_are_those_of_the_cells_whichever_study_trained_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds_are(monkeypatch, 6.0, compile_seconds=2.0)
    first = run(small_plan(replicas=12, chunk=6), tmp_path)
    assert (first.seconds, first.compile_seconds) == (24.0, 8.0)  # four chunks
    assert [cell.seconds for cell in first.cells] == [1.0, 1.0]
    other = small_plan(name="other", replicas=9, chunk=6, rows=[{"id": "renamed"}], claims=[], answer="")
    found = run(other, tmp_path)  # nothing is left to train
    assert found.networks == 9 and found.seconds == pytest.approx(9.0) and found.compile_seconds == pytest.approx(3.0)


def test_environments_are_those_that_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_are(monkeypatch, 1.0, environment=OLD)
    run(small_plan(replicas=7, chunk=5), tmp_path)
    seconds_are(monkeypatch, 1.0)
    run(small_plan(replicas=12, chunk=5), tmp_path)
    monkeypatch.setattr(environment, "__version__", "another reader's")
    found = read(tmp_path, small_plan(replicas=12, chunk=5))
    assert [(part.environment, part.networks) for part in found.trained] == [(OLD, 14), (HERE, 10)]
    fewer = read(tmp_path, small_plan(replicas=6, chunk=5))
    assert [(part.environment, part.networks) for part in fewer.trained] == [(OLD, 12)]
    document = found.to_dict()
    assert [part["versions"] for part in document["trained"]] == [OLD.versions, HERE.versions]
    assert [part["hardware"] for part in document["trained"]] == [OLD.hardware, HERE.hardware]


def test_before_anything_is_trained_nothing_is_said_of_machines(tmp_path: Path) -> None:
    plan = small_plan()
    with Store.open(tmp_path, write=True) as store:
        found = analyze(store, plan)
    assert list(found.trained) == [] and (found.engine, found.device, found.seconds) == ("torch", "cpu", 0.0)


def test_equal_environments_are_added() -> None:
    parts = [Trained(HERE, "torch", "cpu", 1, 2.0, 0.5), Trained(OLD, "torch", "cpu", 2, 1.0, 0.0)]
    assert added([*parts, parts[0], parts[0]]) == [Trained(HERE, "torch", "cpu", 3, 6.0, 1.5), parts[1]]


@pytest.mark.parametrize("write", [True, False], ids=["written", "read"])
def test_a_store_of_format_1_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: bool) -> None:
    plan = small_plan(replicas=12, chunk=4)
    seconds_are(monkeypatch, 2.0, compile_seconds=0.0)
    run(plan, tmp_path)  # six chunks of four networks
    before = recorded(tmp_path, plan)
    # chunk 1 ended before any session began; 2 and 3 are of the first, 4 to 6 of the second
    as_format_1(tmp_path, [("2026-01-01T00:00:20Z", 3.0, OLD), ("2026-01-01T00:00:40Z", 5.0, HERE)])
    if write:
        Store.open(tmp_path, write=True).close()
    found = read(tmp_path, plan)
    assert format_of(tmp_path) == (2 if write else 1)
    assert recorded(tmp_path, plan) == before
    assert [(part.environment, part.networks, part.seconds, part.compile_seconds) for part in found.trained] == [
        (HERE, 12, 6.0, 5.0),
        (OLD, 8, 4.0, 3.0),
        (UNKNOWN_ENVIRONMENT, 4, 2.0, 0.0),
    ]
    run(small_plan(replicas=16, chunk=4), tmp_path)
    more = read(tmp_path, small_plan(replicas=16, chunk=4))
    assert [(part.environment, part.networks) for part in more.trained] == [
        (HERE, 20), (OLD, 8), (UNKNOWN_ENVIRONMENT, 4)
    ]  # fmt: skip


def test_a_migrated_file_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    run(small_plan(), tmp_path / "old")
    run(small_plan(), tmp_path / "new")
    as_format_1(tmp_path / "old", [])
    Store.open(tmp_path / "old", write=True).close()

    def tables(folder: Path) -> dict[str, list[Any]]:
        with Store.open(folder, write=False) as store:
            names = [name for (name,) in store.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: store.query(f"PRAGMA table_info({name})") for name in names}

    assert tables(tmp_path / "old") == tables(tmp_path / "new")


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    run(small_plan(), tmp_path)
    as_format_1(tmp_path, [("2026-01-01T00:00:00Z", 3.0, OLD)])
    connection = sqlite3.connect(tmp_path / FILE)
    connection.executescript("DROP TABLE trial; CREATE TABLE new_chunk (in_the_way TEXT);")
    names = "SELECT name, sql FROM sqlite_master ORDER BY name"
    before = connection.execute(names).fetchall()
    connection.close()
    with pytest.raises(Exception, match="new_chunk"):
        Store.open(tmp_path, write=True)
    connection = sqlite3.connect(tmp_path / FILE)
    assert connection.execute(names).fetchall() == before and format_of(tmp_path) == 1
    connection.close()


def test_the_keys_of_a_document_belong_to_its_schema(tmp_path: Path) -> None:
    """A key that comes or goes needs another number in SCHEMA, so that older files can be told."""
    document = run(small_plan(), tmp_path).to_dict()
    assert SCHEMA == "gradlab/study-result/2"
    assert set(document) == {
        "schema", "gradlab", "study", "question", "answer", "seed", "device", "engine", "seconds", "compile_seconds",
        "report_seconds", "networks", "complete", "cells", "claims", "effects", "trained", "command",
    }  # fmt: skip
    assert set(document["cells"][0]) == {
        "id", "levels", "replicas", "outcomes", "at_birth", "by_look", "theory", "seconds", "metrics"
    }  # fmt: skip
