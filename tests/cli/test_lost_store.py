"""A store that goes away while it is written: success is said only of what lies on the disk afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradlab.cli.main import main
from gradlab.reports.progress import Progress

RUN = ["study", "run", "tiny.toml", "--device", "cpu", "--set", "replicas=40", "--chunk", "20", "--engine", "torch"]
FILE = "gradlab.sqlite"
CHUNKS = 8


def delete_folder(store: Path) -> None:
    shutil.rmtree(store)


def delete_file(store: Path) -> None:
    (store / FILE).unlink()


def delete_log(store: Path) -> None:
    (store / f"{FILE}-wal").unlink()


def move_folder(store: Path) -> None:
    store.rename(store.with_name("elsewhere"))


def replace_file(store: Path) -> None:
    shutil.copy(store / FILE, store / "copy")
    os.replace(store / "copy", store / FILE)


def replace_folder(store: Path) -> None:
    move_folder(store)
    shutil.copytree(store.with_name("elsewhere"), store)


def put_a_file_in_its_place(store: Path) -> None:
    move_folder(store)
    store.touch()


def truncate(store: Path) -> None:
    with sqlite3.connect(store / FILE, timeout=30.0) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the log restores it
    other.close()
    os.truncate(store / FILE, 0)


def lose_rows(store: Path) -> None:
    with sqlite3.connect(store / FILE, timeout=30.0) as other:
        other.execute("DELETE FROM trial WHERE replica = 3")
    other.close()


LOSSES = [
    delete_folder, delete_file, delete_log, move_folder, replace_file, replace_folder, put_a_file_in_its_place, truncate,
    lose_rows,
]  # fmt: skip


def lost_at(chunk: int, lose: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen to the store once so many chunks are recorded."""
    seen = 0
    advance = Progress.advance

    def advanced(self: Progress, *arguments: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == chunk:
            lose(Path("lost"))
        advance(self, *arguments)

    monkeypatch.setattr(Progress, "advance", advanced)


@pytest.mark.parametrize(
    ("lose", "chunk", "options"),
    [
        *((lose, chunk, ["--no-report"]) for lose in LOSSES for chunk in (1, CHUNKS)),
        *((delete_folder, CHUNKS, options) for options in ([], ["--json"], ["--fresh"])),
    ],
)
def test_a_store_lost_during_a_run(
    work: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[Path], None],
    chunk: int,
    options: list[str],
) -> None:
    lost_at(chunk, lose, monkeypatch)
    assert main([*RUN, "--store", "lost", "-q", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: store lost ") and err.count("\n") == 1
    assert "same command" in err or "Restore" in err


@pytest.mark.parametrize("lose", [delete_folder, delete_file, replace_folder])
def test_a_store_lost_while_the_page_is_written(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lose: Callable[[Path], None]
) -> None:
    def written(analyses: object, page: Path) -> None:
        page.write_text("page")
        lose(Path("lost"))

    monkeypatch.setattr("gradlab.reports.page.write_page", written)
    assert main([*RUN, "--store", "lost", "-q"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: store lost was deleted, moved or replaced")


def test_an_interrupted_run_does_not_say_that_a_lost_store_is_kept(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(store: Path) -> None:
        delete_folder(store)
        raise KeyboardInterrupt

    lost_at(2, lose, monkeypatch)
    assert main([*RUN, "--store", "lost", "-q"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "kept" not in err
    assert err.startswith("interrupted: store lost was deleted, moved or replaced while it was written")


def test_what_was_moved_can_be_put_back(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_at(3, move_folder, monkeypatch)
    assert main([*RUN, "--store", "lost", "-q", "--no-report"]) == 2
    Path("elsewhere").rename("lost")
    monkeypatch.undo()
    monkeypatch.chdir(work)
    capsys.readouterr()
    assert main(["study", "status", "tiny", "--store", "lost"]) == 0
    assert "80 of 160 networks recorded" in " ".join(capsys.readouterr().out.split())
    assert main([*RUN, "--store", "lost", "-q", "--no-report"]) == 0
    assert "160 of 160 networks" in capsys.readouterr().out


def test_readers_do_not_disturb_a_run(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection that comes and goes leaves the files where they are."""

    def read(store: Path) -> None:
        with sqlite3.connect(store / FILE) as other:
            assert other.execute("SELECT COUNT(*) FROM trial").fetchone() == (40,)
        other.close()

    lost_at(2, read, monkeypatch)
    assert main([*RUN, "--store", "lost", "-q", "--no-report"]) == 0
