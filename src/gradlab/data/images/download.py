"""Fetching an image set: from the first mirror that hands out what the checksum says, or one clear line why not.

A file is streamed to `*.part`, its checksum is taken on the way, and only a file that is right gets its name, in one step:
an interruption leaves nothing that could be taken for a data set. Progress goes to stderr.
"""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from threading import get_ident
from urllib.parse import urlsplit

from gradlab.data.images.places import Place, download_folder, find, present
from gradlab.data.images.sets import File, ImageSet
from gradlab.errors import DataError

TIMEOUT_SECONDS = 30.0
PIECE_BYTES = 1 << 18


def fetch(images: ImageSet, *, quiet: bool = False) -> Place:
    """Where an image set lies, after it was downloaded if it was nowhere.

    Files of the set that already lie where it goes are not downloaded again.

    Args:
        images: What is wanted.
        quiet: Say nothing on stderr.

    Raises:
        DataError: It is nowhere and cannot be had: GRADLAB_OFFLINE is set, no mirror answers, or nothing can be written.
    """
    place = find(images)
    if place is not None:
        return place
    if images.package:
        raise DataError(
            f"{images.name}: {images.files[0].name}.gz not found",
            expected="it in the package scikit-learn",
            do="Install scikit-learn again",
        )
    folder = download_folder(images)
    missing = [file for file in images.files if file.name not in present(images, folder)]
    if os.environ.get("GRADLAB_OFFLINE", "0") not in ("", "0"):
        raise _unavailable(images, folder, missing, "GRADLAB_OFFLINE forbids the download")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(len(missing)):
            _download(images, folder, missing[k:], quiet)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: cannot be written",
            got=error.strerror or str(error),
            do="Set GRADLAB_DATA to a folder that can hold data sets",
        ) from error
    return Place(folder, tuple(present(images, folder)[file.name] for file in images.files))


def _unavailable(images: ImageSet, folder: Path, missing: list[File], why: str) -> DataError:
    """The one line for a set that cannot be had."""
    file, others = missing[0], len(missing) - 1
    more = f" and {others} more" if others else ""
    return DataError(
        f"{images.name}: {file.name}.gz{more} not found, and {why}",
        expected=f"{file.bytes:,} bytes with sha256 {file.sha256}",
        do=f"Put it into {folder}, or use task digits, which needs no network",
    )


def _download(images: ImageSet, folder: Path, missing: list[File], quiet: bool) -> None:
    """Bring the first of the missing files here, from the first mirror that has it right.

    Raises:
        DataError: No mirror has.
        OSError: It cannot be written.
    """
    file, reasons = missing[0], []
    for mirror in images.mirrors:
        host = urlsplit(mirror).netloc
        # two processes, or two threads, may fetch the same file at once
        part = folder / f"{file.name}.gz.{os.getpid()}-{get_ident()}.part"
        try:
            _stream(f"{mirror}{file.name}.gz", file, part, f"{images.name}: {file.name}.gz from {host}", quiet)
            os.replace(part, folder / f"{file.name}.gz")
            return
        except DataError as error:
            reasons.append(f"{host} {error.what}")
        finally:
            part.unlink(missing_ok=True)
    raise _unavailable(images, folder, missing, f"it could not be downloaded ({'; '.join(reasons)})")


def _stream(url: str, file: File, part: Path, label: str, quiet: bool) -> None:
    """Copy a file from an address to disk.

    Raises:
        DataError: It did not come, or what came is not what the checksum says; says what the mirror did.
        OSError: It cannot be written.
    """
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as out, _Progress(label, file.bytes, quiet) as progress:
        for piece in _pieces(url):
            another = None if size else another_kind(piece, "gzip file")
            if another:  # the page of an error, or of a network that asks to sign in
                raise DataError(f"sends {another.removeprefix('is ')}")
            digest.update(piece)
            out.write(piece)
            size += len(piece)
            progress.show(size)
            if size > file.bytes:  # another file, perhaps an endless one
                raise DataError("sends a larger file")
    if size < file.bytes:
        raise DataError(f"breaks off after {size:,} bytes")
    if digest.hexdigest() != file.sha256:
        raise DataError(f"sends another file, with sha256 {digest.hexdigest()[:12]}...")


def _pieces(url: str) -> Iterator[bytes]:
    """What lies at an address, in pieces. Whatever the network does wrong becomes a DataError; the disk has its own.

    Raises:
        DataError: Says what the mirror did.
    """
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            while piece := response.read(PIECE_BYTES):
                yield piece
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(f"answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DataError(f"cannot be reached: {_words(error.reason)}") from error
    except (OSError, HTTPException) as error:
        raise DataError(f"breaks off: {_words(error)}") from error


def _words(reason: object) -> str:
    """What went wrong, without the system's number for it."""
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)


_BEGINNINGS = {"gzip file": b"\x1f\x8b", "idx file": b"\0\0\x08", "zip archive": b"PK"}


def another_kind(content: bytes, kind: str) -> str | None:
    r"""What content is instead of a file of that kind, from its beginning; None where it begins as it should.

    Example:
        >>> another_kind(b"<!DOCTYPE html><html>", "gzip file"), another_kind(b"\x1f\x8b\x08", "gzip file")
        ('a web page, and no gzip file', None)
    """
    right = _BEGINNINGS[kind]
    if content[: len(right)] == right[: len(content)]:
        return None
    start = content[:512].lstrip().lower()
    is_page = start.startswith(b"<") and (b"html" in start or b"<?xml" in start)
    return f"{'a web page, and' if is_page else 'is'} no {kind}"


class _Progress:
    """One line on stderr: growing on a terminal, said once elsewhere."""

    def __init__(self, label: str, size: int, quiet: bool) -> None:
        self.label, self.size, self.quiet = label, size, quiet
        self.grows = not quiet and sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        if not self.quiet and not self.grows:
            print(f"{self.label}, {self.size / 1e6:.1f} MB", file=sys.stderr, flush=True)
        return self

    def show(self, done: int) -> None:
        if self.grows:
            text = f"\r{self.label}, {done / 1e6:.1f} of {self.size / 1e6:.1f} MB"
            print(text, end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self.grows:
            print(file=sys.stderr)
