"""`InPlace`: whether a store's files still lie where they were opened.

A file that is deleted, moved or replaced while it is open takes writes all the same, and nobody will ever read them.
"""

from __future__ import annotations

import os
from pathlib import Path

from gradlab.errors import StoreError
from gradlab.studies.sqlite_file import FILE

BOTH = (FILE, f"{FILE}-wal")  # what is committed lies in the second until SQLite moves it into the first


class InPlace:
    """The files that an open store writes, known by what the system calls them; call `check` after every commit.

    Args:
        folder: The store's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}

    def check(self) -> None:
        """Make sure that what was written can be found.

        Raises:
            StoreError: A file that was there at an earlier call is gone, or another one lies in its place.
        """
        for name in BOTH:
            try:
                found = os.stat(self._folder / name)
            except (FileNotFoundError, NotADirectoryError):
                if name in self._known or name == FILE:
                    self._refuse(f"no {name} any more")
                continue
            if self._known.setdefault(name, (found.st_dev, found.st_ino)) != (found.st_dev, found.st_ino):
                self._refuse(f"another file at {name}")

    def _refuse(self, got: str) -> None:
        raise StoreError(
            f"store {self._folder} was deleted, moved or replaced while it was written",
            got=got,
            expected="the files that this run writes",
            do="Put them back if they were moved, or run the same command again, which trains what is not there",
        )
