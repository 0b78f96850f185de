"""What tests of image sets share: a tiny set, ways to lay it out, a machine that holds nothing, and the real data."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from gradlab.data.images.sets import File, ImageSet

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"  # beside the repository, where there is one
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
LAYOUTS = ("mnist", "MNIST/raw")

needs_shared = pytest.mark.skipif(
    not (SHARED / "mnist").is_dir(), reason="the real images are not here: ../shared/data does not exist"
)


def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without data sets: an empty home, cache and current folder; downloads are forbidden."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("GRADLAB_OFFLINE", "1")
    for name in ("GRADLAB_DATA", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


def as_idx(array: np.ndarray) -> bytes:
    """The idx file of an array of unsigned bytes, written out by hand."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()


def tiny_arrays() -> dict[str, np.ndarray]:
    """Five training and three test images of 2 x 3 pixels."""
    rng = np.random.default_rng(7)
    shapes = [(5, 2, 3), (5,), (3, 2, 3), (3,)]
    return {
        name: rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8)
        for name, shape in zip(NAMES, shapes, strict=True)
    }


def packed() -> dict[str, bytes]:
    """The tiny set's compressed files; the same bytes in every call."""
    return {name: gzip.compress(as_idx(array), mtime=0) for name, array in tiny_arrays().items()}


def tiny_set(mirrors: tuple[str, ...] = (), files: Mapping[str, bytes] | None = None) -> ImageSet:
    """The record of the tiny set, or of the given compressed files with their true checksums."""
    arrays = tiny_arrays()

    def record(name: str, content: bytes) -> File:
        sha256 = hashlib.sha256(content).hexdigest()
        return File(
            name, arrays[name].shape, len(content), sha256, hashlib.sha256(gzip.decompress(content)).hexdigest()
        )

    return ImageSet(
        name="tiny",
        source="made for tests",
        train=5,
        test=3,
        shape=(2, 3),
        largest=255,
        classes=tuple("0123456789"),
        folder="mnist",
        torchvision="MNIST",
        keras="mnist.npz",
        mirrors=mirrors,
        files=tuple(record(name, content) for name, content in (files or packed()).items()),
    )


def lay_out(folder: Path, *, unpacked: bool = False, files: Mapping[str, bytes] | None = None) -> Path:
    """Write the tiny set's files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or packed()).items():
        (folder / (name if unpacked else f"{name}.gz")).write_bytes(gzip.decompress(content) if unpacked else content)
    return folder


def lay_out_keras(file: Path) -> Path:
    """Write the tiny set as Keras' archive."""
    file.parent.mkdir(parents=True, exist_ok=True)
    x_train, y_train, x_test, y_test = tiny_arrays().values()
    np.savez_compressed(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return file
