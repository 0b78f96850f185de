"""Writing what a verb found: JSON on stdout, notes on stderr, and files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gradlab.errors import UserError

if TYPE_CHECKING:
    from gradlab.studies.results import Analysis


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document on stdout."""
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    print()


def note(text: str) -> None:
    """Say something beside the data, on stderr."""
    print(text, file=sys.stderr)


def written_page(analyses: Sequence[Analysis], page: Path) -> list[Analysis]:
    """Write the page of one analysis or several; the analyses with the seconds that took.

    Raises:
        UserError: The file could not be written.
    """
    from gradlab.reports.page import write_page

    check_writable(page)
    started = time.perf_counter()
    with explained(page):
        write_page(analyses, page)
    return [replace(analysis, report_seconds=time.perf_counter() - started) for analysis in analyses]


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the system says about writing a file into one clear message.

    Raises:
        UserError: The file could not be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{path}: cannot be written", got=reason, do="Name another file") from error


def check_writable(path: Path) -> None:
    """Fail now rather than after hours of training when a file could not be written.

    Raises:
        UserError: The path is a folder, or its folder is absent or takes no files.
    """
    if path.exists() and not path.is_file():
        got = "a folder" if path.is_dir() else "something that is no ordinary file"
        raise UserError(f"{path}: cannot be written", got=got, expected="the path of a file")
    with explained(path), nullcontext() if path.exists() else tempfile.TemporaryFile(dir=path.parent):
        if path.exists():
            path.open("ab").close()


def check_folder(path: Path) -> None:
    """Fail where a folder could not be made or written into; nothing is made.

    Raises:
        UserError: Something that is no folder lies there or on the way, or nothing may be written there.
    """
    there = next(place for place in (path.absolute(), *path.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        got = f"{'' if there == path.absolute() else f'{there}, '}no folder"
        raise UserError(f"{path}: cannot be written", got=got, expected="the path of a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{path}: cannot be written", got=f"{there}, which is read-only", do="Name another folder")


def written_files(files: Iterable[tuple[str, bytes]], folder: Path) -> Iterator[Path]:
    """Write files into a folder, which is made if it is absent; each path as soon as its file is there.

    Raises:
        UserError: The folder could not be made, or a file not written.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: cannot be written", got="a file", expected="the path of a folder")
    with explained(folder):
        folder.mkdir(exist_ok=True)
    for name, content in files:
        path = folder / name
        check_writable(path)
        part = path.with_name(path.name + ".part")
        with explained(path):
            try:
                part.write_bytes(content)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
        yield path


@contextmanager
def opened_for_writing(path: Path | None) -> Iterator[TextIO]:
    """Stdout, or a file that appears under its name when it is complete.

    Raises:
        UserError: The file could not be written.
    """
    if path is None:
        yield sys.stdout
        return
    is_stream = path.exists() and not path.is_file() and not path.is_dir()  # a device or a pipe: nothing to replace
    if not is_stream:
        check_writable(path)
    with explained(path):
        if is_stream:
            with path.open("w", encoding="utf-8", newline="") as out:
                yield out
            return
        part = path.with_name(path.name + ".part")
        try:
            with part.open("w", encoding="utf-8", newline="") as out:
                yield out
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
