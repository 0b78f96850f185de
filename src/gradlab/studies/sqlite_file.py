"""The SQLite file of a store: how it is opened, and its errors in gradlab's words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradlab.errors import StoreError
from gradlab.studies.sqlite_schema import SCHEMA_VERSION, make_tables, migrate, read_as_current

FILE = "gradlab.sqlite"


def connect(file: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to a store's file, made if it is to be written.

    Raises:
        StoreError: From a newer version, damaged, no store at all, read-only or full.
    """
    path = file.parent
    with translated(path):
        refuse_truncated(file)
        # a read-only folder has no writer, and no place for the files SQLite would share with one
        frozen = not (write or os.access(path, os.W_OK) or file.with_name(FILE + "-wal").exists())
        connection = sqlite3.connect(
            file if write else f"{file.resolve().as_uri()}?mode=ro" + "&immutable=1" * frozen,
            uri=not write,
            isolation_level=None,
            timeout=30.0,
        )
        try:
            check_version(connection, path, write)
        except BaseException:
            connection.close()
            raise
        return connection


def refuse_truncated(file: Path) -> None:
    """SQLite notices missing pages only when it reads them; the header says how many there should be."""
    if not file.exists() or file.stat().st_size == 0:
        return
    with file.open("rb") as handle:
        header = handle.read(100)
    if not header.startswith(b"SQLite format 3\x00") or len(header) < 100:
        raise sqlite3.DatabaseError("file is not a database")
    page = int.from_bytes(header[16:18], "big")
    expected = int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)
    if file.stat().st_size < expected:
        raise sqlite3.DatabaseError(f"truncated: {file.stat().st_size:,} of {expected:,} bytes")


def check_version(connection: sqlite3.Connection, path: Path, write: bool) -> None:
    """Refuse a file of a newer format or of another program; make the tables of a new one, bring an older one up."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version > SCHEMA_VERSION:
        raise StoreError(
            "store", got=f"{path} of format {version}", expected=f"format {SCHEMA_VERSION} or older",
            do="Update gradlab, or choose another folder with --store",
        )  # fmt: skip
    if version == 0 and tables:
        raise StoreError(
            "store",
            got=f"{path / FILE}, which is no gradlab store",
            expected="one",
            do="Choose another folder with --store",
        )
    if not write:
        if version == 0:
            raise StoreError(
                "store",
                got=f"an empty file at {path / FILE}",
                expected="results",
                do='Run "gradlab study run NAME" first',
            )
        if version < SCHEMA_VERSION:
            read_as_current(connection)
        return
    if version == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        make_tables(connection)
    elif version < SCHEMA_VERSION:
        migrate(connection)
    # a chunk lost to a power cut is run again; a damaged file would not be: NORMAL is safe in WAL mode
    connection.execute("PRAGMA synchronous = NORMAL")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors in gradlab's words."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        text = str(error).lower()
        if "readonly" in text or "read-only" in text or isinstance(error, PermissionError):
            what, do = "cannot be written: it is read-only", "Make it writable, or choose another with --store"
        elif "full" in text or "disk i/o" in text or "no space" in text:
            what = "cannot be written: the disk is full or failing"
            do = "Free some space; what was committed is kept, and the same command goes on from there"
        elif "locked" in text or "busy" in text:
            what, do = "is held by another process", "Wait for it, or choose another with --store"
        elif "unable to open" in text:
            what, do = "cannot be opened", "Check that the folder exists and may be read and written"
        elif isinstance(error, sqlite3.DatabaseError):
            what, do = f"is damaged ({error})", f"Restore {FILE} from a copy, or move it away and run again"
        else:
            what, do = f"cannot be used ({error})", "Choose another with --store"
        raise StoreError(f"store {path} {what}", do=do) from error
