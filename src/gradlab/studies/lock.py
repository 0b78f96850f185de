"""One writer a store: a lock the operating system holds for as long as the process lives, SIGKILL included."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gradlab.errors import StoreError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class WriterLock:
    """The lock of one store's folder, held from construction to `release`.

    Raises:
        StoreError: Another process holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        file = folder / "writer.lock"
        try:
            self._handle = open(file, "a+b", buffering=0)  # noqa: SIM115  (held open: closing it frees the lock)
        except OSError as error:
            raise StoreError(
                "store",
                got=f"{folder}: {error.strerror}",
                expected="a folder that can be written",
                do="Choose another with --store",
            ) from None
        try:
            self._lock()
        except OSError:
            self._handle.seek(0)
            holder = self._handle.read(20).decode("ascii", "replace").strip() or "unknown"
            self._handle.close()
            raise StoreError(
                f"store {folder} is being written by process {holder}",
                do="Wait for it to end, or choose another with --store",
            ) from None
        self._handle.truncate(0)
        self._handle.write(str(os.getpid()).encode())

    def _lock(self) -> None:
        if sys.platform == "win32":
            self._handle.seek(1 << 30)  # a byte nobody reads
            msvcrt.locking(self._handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Let another writer in."""
        self._handle.close()
