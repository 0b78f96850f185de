"""Tables of a store's file, and how a file of an older format is brought to this one, or read as if it were."""

from __future__ import annotations

import sqlite3

from gradlab.studies.environment import UNKNOWN_ENVIRONMENT

SCHEMA_VERSION = 2
_ENVIRONMENT = """
CREATE TABLE environment (id INTEGER PRIMARY KEY, versions TEXT NOT NULL, hardware TEXT NOT NULL,
                          UNIQUE (versions, hardware));
"""
_CHUNK = """
CREATE TABLE {name} (id INTEGER PRIMARY KEY, engine TEXT NOT NULL, device TEXT NOT NULL, seconds REAL NOT NULL,
                     compile_seconds REAL NOT NULL, networks INTEGER NOT NULL, finished TEXT NOT NULL,
                     environment INTEGER NOT NULL REFERENCES environment (id));
"""
_TABLES = f"""
CREATE TABLE study (name TEXT PRIMARY KEY, toml TEXT NOT NULL, seed TEXT NOT NULL, options TEXT NOT NULL,
                    updated TEXT NOT NULL, command TEXT NOT NULL);
CREATE TABLE cell (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, setup TEXT NOT NULL, steps TEXT NOT NULL,
                   outcomes TEXT NOT NULL, seed TEXT NOT NULL);
{_ENVIRONMENT}
{_CHUNK.format(name="chunk")}
CREATE TABLE trial (cell INTEGER NOT NULL REFERENCES cell (number), replica INTEGER NOT NULL,
                    chunk INTEGER NOT NULL REFERENCES chunk (id), outcome INTEGER NOT NULL, loss REAL,
                    first_bad_step INTEGER NOT NULL, at_birth INTEGER NOT NULL, at_end INTEGER NOT NULL,
                    PRIMARY KEY (cell, replica)) WITHOUT ROWID;
CREATE TABLE look (cell INTEGER NOT NULL REFERENCES cell (number), start INTEGER NOT NULL, stop INTEGER NOT NULL,
                   arrays BLOB NOT NULL, PRIMARY KEY (cell, start)) WITHOUT ROWID;
"""

# Format 1 kept versions, hardware and compiling by session, and a store has one writer at a time: a chunk belongs to the
# last session that began before it ended. A session's time is in whole seconds.
_OF_FORMAT_1 = """
CREATE TEMP TABLE made AS
    SELECT id, (SELECT id FROM session WHERE started <= substr(finished, 1, 19) || 'Z'
                ORDER BY started DESC, id DESC LIMIT 1) AS session FROM chunk;
CREATE TEMP TABLE old_environment (id INTEGER PRIMARY KEY, versions TEXT NOT NULL, hardware TEXT NOT NULL);
INSERT INTO old_environment (versions, hardware) SELECT DISTINCT versions, hardware FROM session ORDER BY id;
INSERT INTO old_environment VALUES (0, '{versions}', '{hardware}');
CREATE TEMP TABLE old_chunk AS
    SELECT chunk.id, engine, device, chunk.seconds,
           IIF(chunk.id = (SELECT MIN(id) FROM made first WHERE first.session = made.session), compile_seconds, 0.0)
           AS compile_seconds, chunk.networks, finished, COALESCE(old_environment.id, 0) AS environment
    FROM chunk JOIN made ON made.id = chunk.id LEFT JOIN session ON session.id = made.session
    LEFT JOIN old_environment ON old_environment.versions = session.versions AND old_environment.hardware = session.hardware;
DROP TABLE made;
""".format(**dict(zip(("versions", "hardware"), UNKNOWN_ENVIRONMENT.to_json(), strict=True)))
_USED = "WHERE id IN (SELECT environment FROM old_chunk)"


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file, all or none."""
    connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file of format 1 to this format in one transaction; no cell, trial or look is touched."""
    connection.executescript(
        f"""
        BEGIN IMMEDIATE;
        {_OF_FORMAT_1}
        {_ENVIRONMENT}
        INSERT INTO main.environment SELECT * FROM old_environment {_USED};
        {_CHUNK.format(name="new_chunk")}
        INSERT INTO new_chunk SELECT * FROM old_chunk;
        DROP TABLE chunk;
        ALTER TABLE new_chunk RENAME TO chunk;
        DROP TABLE session;
        DROP TABLE old_chunk;
        DROP TABLE old_environment;
        PRAGMA user_version = {SCHEMA_VERSION};
        COMMIT;
        """
    )


def read_as_current(connection: sqlite3.Connection) -> None:
    """Let queries of this format read a file of format 1, which stays as it is: temporary tables hide the file's own."""
    connection.executescript(
        f"""
        PRAGMA temp_store = MEMORY;
        BEGIN;
        {_OF_FORMAT_1}
        ALTER TABLE old_environment RENAME TO environment;
        ALTER TABLE old_chunk RENAME TO chunk;
        COMMIT;
        """
    )
