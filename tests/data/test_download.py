"""Downloading from mirrors, a server of our own in their place: the first right file wins, nothing half done is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gradlab.data.images import download, fetch, load
from gradlab.data.images.places import download_folder
from gradlab.data.images.sets import ImageSet
from gradlab.errors import DataError
from tests.data.sets import NAMES, lay_out, packed, tiny_set

FIRST = f"{NAMES[0]}.gz"


@dataclass
class Mirror:
    """A server whose answers a test sets.

    Attributes:
        address: Ends in "/".
        files: What it hands out, by path.
        announced: Content-Length where it is another than the truth.
        stalls: Whether it stops in the middle and keeps the line open.
        asked: Paths it was asked for.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    stalls: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A server that has the tiny set's files under `good/`; downloads are allowed."""
    served = Mirror(files={f"/good/{name}.gz": content for name, content in packed().items()})
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            content = served.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(served.announced.get(self.path, len(content))))
            self.end_headers()
            if served.stalls.is_set():
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                released.wait(60)
            else:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_address[1]}/"
    monkeypatch.delenv("GRADLAB_OFFLINE")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield served
    released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def tiny(mirror: Mirror, *folders: str) -> ImageSet:
    return tiny_set(tuple(f"{mirror.address}{folder}/" for folder in folders))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_files_come_from_the_first_mirror_that_has_them(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    images = tiny(mirror, "gone", "good")
    place = fetch(images)
    assert place.folder == download_folder(images)
    assert [file.name for file in place.files] == [f"{name}.gz" for name in NAMES]
    assert names(place.folder) == sorted(f"{name}.gz" for name in NAMES)
    assert mirror.asked == [f"/{folder}/{name}.gz" for name in NAMES for folder in ("gone", "good")]
    out, err = capsys.readouterr()
    assert out == ""
    assert f"tiny: {FIRST} from 127.0.0.1:" in err
    assert len(load(images, "train").labels) == 5
    assert fetch(images) == place
    assert len(mirror.asked) == 8  # nothing is asked for again


def test_a_named_folder_takes_the_download(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path / "sets"))
    place = fetch(tiny(mirror, "good"), quiet=True)
    assert place.folder == tmp_path / "sets" / "mnist"
    assert place.files[0].stat().st_mode & 0o044 == 0o044 & ~_umask()  # others may read what others may read


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_files_that_lie_there_are_not_fetched_again(mirror: Mirror) -> None:
    images = tiny(mirror, "good")
    lay_out(download_folder(images))
    for name in NAMES[2:]:
        (download_folder(images) / f"{name}.gz").unlink()
    fetch(images)
    assert mirror.asked == [f"/good/{name}.gz" for name in NAMES[2:]]


def test_quiet_says_nothing(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(tiny(mirror, "good"), quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_it_grow(
    mirror: Mirror, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    fetch(tiny(mirror, "good"))
    err = capsys.readouterr().err
    assert err.count("\r") >= 4
    assert err.endswith("\n")


@pytest.mark.parametrize(
    ("content", "announced", "reason"),
    [
        (None, None, "answers 404 Not Found"),
        (b"\n<!DOCTYPE html><html>sorry</html>", None, "sends a web page, and no gzip file"),
        (b"", None, "breaks off after 0 bytes"),
        (packed()[NAMES[0]][:-3], None, "breaks off after"),
        (packed()[NAMES[0]][:-3], len(packed()[NAMES[0]]), "breaks off"),
        (packed()[NAMES[0]][:-1] + b"x", None, "sends another file"),
        (packed()[NAMES[0]] + b"x", None, "sends a larger file"),
        (packed()[NAMES[0]] + b"x" * 3_000_000, None, "sends a larger file"),
        (b"x" * 3_000_000, None, "sends no gzip file"),
    ],
    ids=["absent", "a page", "nothing", "short", "line lost", "another", "longer", "endless", "text"],
)
def test_a_bad_mirror_is_passed_over_and_leaves_nothing(
    content: bytes | None, announced: int | None, reason: str, mirror: Mirror
) -> None:
    if content is not None:
        mirror.files[f"/bad/{FIRST}"] = content
    if announced is not None:
        mirror.announced[f"/bad/{FIRST}"] = announced
    alone = tiny(mirror, "bad")
    with pytest.raises(DataError) as caught:
        fetch(alone)
    message = str(caught.value)
    assert "\n" not in message
    for told in (FIRST, "could not be downloaded", reason, alone.files[0].sha256, str(download_folder(alone))):
        assert told in message
    assert names(download_folder(alone)) == []
    assert len(load(tiny(mirror, "bad", "good"), "test").labels) == 3


def test_no_server_at_all(mirror: Mirror) -> None:
    images = tiny_set(("http://127.0.0.1:9/", "http://127.0.0.1:9/other/"))
    with pytest.raises(DataError, match=r"127.0.0.1:9 cannot be reached: \w.*; 127.0.0.1:9 cannot be reached"):
        fetch(images)


def test_a_silent_server_is_given_up(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    mirror.stalls.set()
    with pytest.raises(DataError, match="breaks off: timed out"):
        fetch(tiny(mirror, "good"))
    assert names(download_folder(tiny(mirror))) == []


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_offline_asks_nobody(value: str, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_OFFLINE", value)
    with pytest.raises(DataError, match="GRADLAB_OFFLINE forbids the download"):
        fetch(tiny(mirror, "good"))
    assert mirror.asked == []
    monkeypatch.setenv("GRADLAB_OFFLINE", "0")
    fetch(tiny(mirror, "good"))


def test_a_folder_that_cannot_be_written(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be written: got .*Set GRADLAB_DATA to a folder"):
        fetch(tiny(mirror, "good"))


def test_an_interruption_leaves_nothing(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(download._Progress, "show", interrupt)
    images = tiny(mirror, "good")
    with pytest.raises(KeyboardInterrupt):
        fetch(images)
    assert names(download_folder(images)) == []


def test_a_killed_download_leaves_only_a_part(mirror: Mirror) -> None:
    """Whatever a killed process leaves is not taken for a data set, and the next one starts anew."""
    images = tiny(mirror, "good")
    mirror.stalls.set()
    code = f"""
from tests.data.sets import tiny_set
from gradlab.data.images import fetch
fetch(tiny_set({images.mirrors!r}))
"""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(root)})
    folder, deadline = download_folder(images), time.monotonic() + 60
    while not (folder.is_dir() and names(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    (left,) = names(folder)
    assert left.startswith(FIRST) and left.endswith(".part")
    mirror.stalls.clear()
    assert len(load(images, "train").labels) == 5
