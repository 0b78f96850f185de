"""Stores that are damaged, held or cannot be written, full disks, absent devices: refused in clear words, nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from gradlab.cli.main import main
from gradlab.studies.lock import WriterLock

from .test_bad_input import MOST_LINES, contents, refused

RUN = ["study", "run", "tiny.toml", "--device", "cpu"]
READ = ["report", "tiny"]
GRADLAB = [sys.executable, "-m", "gradlab"]


def make_newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def make_foreign(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipe (cake TEXT)")
    connection.close()


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_to_header(file: Path) -> None:
    os.truncate(file, 50)


def overwrite(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(4096)
        handle.write(b"\xff" * (size - 4096))


DAMAGES = [
    (make_newer, ["format 99", "format 2", "update gradlab"]),
    (make_foreign, ["no gradlab store", "--store"]),
    (truncate, ["damaged", "truncated", "restore gradlab.sqlite"]),
    (cut_to_header, ["damaged", "not a database", "restore gradlab.sqlite"]),
    (overwrite, ["damaged", "malformed", "restore gradlab.sqlite"]),
]


@pytest.mark.parametrize("command", [RUN, READ], ids=["written", "read"])
@pytest.mark.parametrize(("damage", "says"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
def test_a_store_that_is_none_is_refused_and_left_alone(
    damage: Callable[[Path], None],
    says: list[str],
    command: list[str],
    work: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = work / "gradlab-store" / "gradlab.sqlite"
    damage(file)
    before = file.read_bytes()
    refused(command, ["gradlab-store", *says], capsys)
    assert file.read_bytes() == before


def test_a_second_writer_is_refused_and_readers_are_not(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(work)
    lock = WriterLock(work / "gradlab-store")
    try:
        refused(RUN, ["gradlab-store", f"process {os.getpid()}", "wait", "--store"], capsys)
        assert main(["study", "status"]) == 0
    finally:
        lock.release()
    assert contents(work) == before


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(
    device: str, work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    refused([*RUN[:-1], device], [f"--device {device}", "no such device", "cpu"], capsys)


@pytest.mark.parametrize("lost", [BrokenProcessPool("gone"), MemoryError()], ids=["process", "memory"])
def test_a_lack_of_memory_is_said(
    lost: Exception, work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise lost

    monkeypatch.setattr("gradlab.studies.run.run_study", fails)
    refused([*RUN, "-q"], ["memory", "--jobs", "--chunk"], capsys)


def refused_apart(result: subprocess.CompletedProcess[str], *says: str) -> None:
    """The same checks for a command that ran in a process of its own."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") <= MOST_LINES, result.stderr
    for fragment in says:
        assert fragment.lower() in result.stderr.lower(), f"{fragment!r} is not in: {result.stderr}"


def test_a_real_process_ends_with_the_same_code_and_message(work: Path) -> None:
    result = subprocess.run([*GRADLAB, "study", "run", "tiny.toml", "--sed", "1"], capture_output=True, text=True)
    refused_apart(result, "--sed", 'did you mean "--seed"')


def test_output_that_cannot_be_written_is_said(work: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        result = subprocess.run([*GRADLAB, "list", "losses", "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 2
    assert result.stderr == "error: output: No space left on device.\n"


def test_a_full_disk_loses_nothing_and_the_same_command_goes_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit on the size of files stands for the disk: the system refuses to write at the same places."""
    more = [*RUN, "--set", "replicas=300", "--chunk", "20", "--no-report", "-q"]
    room = (work / "gradlab-store" / "gradlab.sqlite").stat().st_size + 100_000

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    result = subprocess.run([*GRADLAB, *more], capture_output=True, text=True, preexec_fn=small_disk)
    refused_apart(result, "gradlab-store", "disk is full", "free some space", "goes on")
    assert main(["study", "export", "tiny"]) == 0
    kept = capsys.readouterr().out
    assert 17 < kept.count("\n") < 1201
    assert main(more) == 0
    capsys.readouterr()
    assert main(["study", "export", "tiny"]) == 0
    whole = capsys.readouterr().out
    assert whole.count("\n") == 1201
    assert set(kept.splitlines()) <= set(whole.splitlines())


MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'


@pytest.fixture
def read_only(work: Path) -> Iterator[list[str]]:
    """What to put before a command so that it runs in the folder `work`, where it cannot write."""
    if os.geteuid() == 0:  # root may write whatever the modes say, but not on a read-only mount
        prefix = ["unshare", "-m", "sh", "-c", MOUNTED, str(work)]
        if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("root may write anywhere, and may not mount a folder read-only here")
        yield prefix
        return
    places = [work, *work.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield []
    for place in places:
        place.chmod(0o755)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (RUN, ["gradlab-store", "can be written", "--store"]),
        ([*RUN, "--store", "new"], ["new", "can be written", "--store"]),
        ([*READ, "--output", "page.html"], ["page.html", "cannot be written", "name another"]),
    ],
    ids=["store", "new-store", "page"],
)
def test_a_folder_that_is_read_only_is_refused(
    command: list[str], says: list[str], read_only: list[str], work: Path
) -> None:
    before = contents(work)
    refused_apart(subprocess.run([*read_only, *GRADLAB, *command], capture_output=True, text=True), *says)
    assert contents(work) == before


def test_what_a_read_only_folder_holds_can_be_read(read_only: list[str]) -> None:
    result = subprocess.run([*read_only, *GRADLAB, "study", "export", "tiny"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 17
