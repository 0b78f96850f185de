"""Reading an image set, each file only after its checksum: what is read is whole and right, or an error names the file.

Arrays are kept for the life of the process: a set is read once, however often it is drawn from.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gradlab.data.images import idx
from gradlab.data.images.download import another_kind, fetch
from gradlab.data.images.places import Place
from gradlab.data.images.sets import File, ImageSet, Split
from gradlab.errors import DataError

KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")  # in the order of ImageSet.files


@dataclass(frozen=True, slots=True)
class Images:
    """Images as they were published. Others hold the same arrays: they are not to be written to.

    Attributes:
        pixels: 0 to `ImageSet.largest`, row by row [P, M].
        labels: Class of each image, counted from 0 [P].
    """

    pixels: UInt8[ndarray, "*shape"]
    labels: UInt8[ndarray, " P"]


def load(images: ImageSet, split: Split) -> Images:
    """The training or test images of a set, downloaded first if they are nowhere on this machine.

    Raises:
        DataError: A file cannot be had, is damaged, or is not what its checksum says.
    """
    return read(images, fetch(images), split)


@lru_cache(maxsize=6)  # both halves of every set
def read(images: ImageSet, place: Place, split: Split) -> Images:
    """The training or test images of a set that lies at a place.

    Raises:
        DataError: A file cannot be read, is damaged, or is not what its checksum says.
    """
    if images.package:
        table = _table(images.files[0], place.files[0], images.name)
        rows = table[: images.train] if split == "train" else table[images.train :]
        return Images(np.ascontiguousarray(rows[:, :-1]), rows[:, -1].copy())
    pixels, labels = (_array(images, place, k) for k in ((0, 1) if split == "train" else (2, 3)))
    return Images(pixels.reshape(len(pixels), -1), labels)


def _array(images: ImageSet, place: Place, k: int) -> UInt8[ndarray, "*shape"]:
    """The array in the k-th file of a set.

    Raises:
        DataError: As `read`.
    """
    file = images.files[k]
    if len(place.files) == len(images.files):
        path = place.files[k]
        content = _checked(file, path, images.name)
    else:
        path = place.files[0]
        content = _from_keras(file, path, KERAS_NAMES[k], images.name)
    array = idx.parse(content, path)
    if array.shape != file.shape:
        raise DataError(f"{path}: wrong shape", got=str(array.shape), expected=str(file.shape))
    return array


def _checked(file: File, path: Path, name: str) -> bytes:
    """What is in a file, unpacked, once its checksum is right.

    The bytes that were checked are those that are unpacked: the file is read once.

    Raises:
        DataError: It cannot be read, or its checksum is another.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read", got=error.strerror or str(error)) from error
    is_packed = path.suffix == ".gz"
    expected = file.sha256 if is_packed else file.content_sha256
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        size = file.bytes if is_packed else idx.size(file.shape)
        kind = "gzip file" if is_packed else "idx file"
        another = another_kind(content, kind)
        raise DataError(
            f"{path}: {another or ('cut short' if len(content) < size else 'damaged')}",
            got=f"{len(content):,} bytes with sha256 {got}",
            expected=f"{size:,} bytes with sha256 {expected}",
            do=_remedy(name),
        )
    return gzip.decompress(content) if is_packed else content


def _from_keras(file: File, path: Path, key: str, name: str) -> bytes:
    """One array of Keras' archive as the content of the file that it was made from, once that is right.

    Raises:
        DataError: The archive cannot be read, or holds something else.
    """
    try:
        packed = path.read_bytes()
        another = another_kind(packed, "zip archive")
        if another:
            raise ValueError(another)
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            array = archive[key]
        content: bytes = idx.header(array.shape) + array.astype(np.uint8).tobytes()
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read as Keras' archive", got=f"{why}", do=_remedy(name)) from error
    got = hashlib.sha256(content).hexdigest()
    if got != file.content_sha256:
        raise DataError(
            f"{path}: {key} is not {file.name}",
            got=f"an array of shape {array.shape}, as idx with sha256 {got}",
            expected=file.content_sha256,
            do=_remedy(name),
        )
    return content


def _table(file: File, path: Path, name: str) -> UInt8[ndarray, "*shape"]:
    """The digits' table: pixels and, last, the label.

    scikit-learn's own function gives the same numbers; importing it takes two seconds, which every run would pay.

    Raises:
        DataError: As `_checked`.
    """
    return np.loadtxt(io.BytesIO(_checked(file, path, name)), delimiter=",", dtype=np.uint8)


def _remedy(name: str) -> str:
    return f'Move it away, and "gradlab data fetch {name}" brings it again'
