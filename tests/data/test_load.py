"""Files that are damaged, cut short, of another kind or of another shape are named and not read."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradlab.data.images import DIGITS, MNIST, find, idx, load
from gradlab.errors import DataError
from tests.data.sets import NAMES, as_idx, lay_out, lay_out_keras, needs_shared, packed, tiny_arrays, tiny_set

TINY = tiny_set()
LABELS = f"{NAMES[1]}.gz"


@pytest.fixture
def folder(home: Path) -> Path:
    """The tiny set, packed."""
    return lay_out(home / "data" / "MNIST" / "raw")


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda content: content[:-5], "cut short"),
        (lambda content: b"", "cut short"),
        (flipped, "damaged"),
        (lambda content: content + b"!", "damaged"),
        (lambda content: b"x" * len(content), "is no "),
        (lambda content: b"<!DOCTYPE html><html>Sign in</html>", "a web page, and no "),
        (lambda content: b"<html>" + b" " * 9_000, "a web page, and no "),
    ],
    ids=["short", "empty", "one bit", "longer", "another", "page", "long page"],
)
@pytest.mark.parametrize("unpacked", [False, True], ids=["packed", "unpacked"])
def test_a_damaged_file_is_named_with_both_checksums(
    damage: Callable[[bytes], bytes], kind: str, unpacked: bool, home: Path
) -> None:
    folder = lay_out(home / "data" / "MNIST" / "raw", unpacked=unpacked)
    path = folder / LABELS.removesuffix("" if not unpacked else ".gz")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.raises(DataError) as caught:
        load(TINY, "train")
    message = str(caught.value)
    for told in (
        f"{path}: {kind}",
        *(hashlib.sha256(c).hexdigest() for c in (damage(whole), whole)),
        "data fetch tiny",
    ):
        assert told in message
    assert len(load(TINY, "test").labels) == 3  # the other half is untouched
    path.write_bytes(whole)
    assert len(load(TINY, "train").labels) == 5  # nothing of the damaged file was kept


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=f"{NAMES[0]}.gz: cannot be read: got Permission denied"):
        load(TINY, "train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no idx file: got it begins with nothing"),
        (b"\0\0\x08", "is no idx file"),
        (b"<html>", "is no idx file: got it begins with 3c68746d"),
        (b"\0\0\x08\x00", "is no idx file"),
        (b"\0\0\x08\x02\0\0\0\x05", "is no idx file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0", "wrong type of number: got code 13; expected 8, unsigned bytes"),
        (as_idx(np.zeros(5, np.uint8))[:-1], r"wrong size: got 12 bytes; expected 13 for \(5,\)"),
        (as_idx(np.zeros(5, np.uint8)) + b"x", "wrong size: got 14 bytes"),
        (b"\0\0\x08\x01\xff\xff\xff\xff", "wrong size: got 8 bytes; expected 4,294,967,303"),
    ],
)
def test_what_is_no_idx_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"some/file: {message}"):
        idx.parse(content, Path("some/file"))


@pytest.mark.parametrize("shape", [(0,), (7,), (3, 4), (2, 3, 4, 5)])
def test_idx_of_any_shape(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    content = as_idx(array)
    assert idx.header(shape) == content[: 4 + 4 * len(shape)]
    assert idx.size(shape) == len(content)
    assert np.array_equal(idx.parse(content, Path("file")), array)


def test_another_shape_than_the_sets_is_refused(home: Path) -> None:
    files = packed() | {NAMES[0]: gzip.compress(as_idx(np.zeros((5, 3, 2), np.uint8)), mtime=0)}
    lay_out(home / "data" / "MNIST" / "raw", files=files)
    with pytest.raises(DataError, match=r"wrong shape: got \(5, 3, 2\); expected \(5, 2, 3\)"):
        load(tiny_set(files=files), "train")


# --- Keras' archive ---------------------------------------------------------------------------------------------------
@pytest.fixture
def archive(home: Path) -> Path:
    """The tiny set as Keras keeps it."""
    return lay_out_keras(home / ".keras" / "datasets" / "mnist.npz")


def test_a_damaged_archive_is_named(archive: Path) -> None:
    for content in (b"", b"no archive", archive.read_bytes()[:-30]):
        archive.write_bytes(content)
        with pytest.raises(DataError, match=r"mnist.npz: cannot be read as Keras' archive"):
            load(TINY, "train")
    archive.write_bytes(b"<html>Sign in</html>")
    with pytest.raises(DataError, match=r"cannot be read as Keras' archive: got a web page, and no zip archive"):
        load(TINY, "train")


def test_other_files_of_numpy_are_no_archive(archive: Path) -> None:
    with archive.open("wb") as out:
        np.save(out, np.zeros(5, np.uint8))
    with pytest.raises(DataError, match="cannot be read as Keras' archive"):
        load(TINY, "train")
    np.savez(archive, x_train=np.array(["a", "b"]))
    with pytest.raises(DataError, match="cannot be read as Keras' archive"):
        load(TINY, "train")


def test_an_archive_of_something_else_is_named(archive: Path) -> None:
    np.savez(archive, x_train=np.zeros((5, 2, 3), np.uint8))
    with pytest.raises(DataError, match=f"x_train is not {NAMES[0]}.*{TINY.files[0].content_sha256}"):
        load(TINY, "train")
    with pytest.raises(DataError, match=r"cannot be read as Keras' archive: got .*x_test"):
        load(TINY, "test")


def test_an_archive_of_objects_is_not_unpickled(archive: Path) -> None:
    np.savez(archive, x_train=np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(DataError, match="allow_pickle"):
        load(TINY, "train")


# --- the real ones ----------------------------------------------------------------------------------------------------
def test_a_set_is_read_once(folder: Path) -> None:
    first = load(TINY, "train")
    (folder / LABELS).write_bytes(b"damaged later")
    assert load(TINY, "train") is first


def test_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    expected = load_digits()
    train, test = load(DIGITS, "train"), load(DIGITS, "test")
    assert train.pixels.shape == (1437, 64) and test.pixels.shape == (360, 64)
    assert np.array_equal(np.concatenate([train.pixels, test.pixels]), expected.data)
    assert np.array_equal(np.concatenate([train.labels, test.labels]), expected.target)
    for labels in (train.labels, test.labels):
        share = np.bincount(labels) / len(labels)
        assert np.abs(share - 0.1).max() < 0.01


def test_another_table_of_digits_is_refused() -> None:
    place = find(DIGITS)
    assert place is not None
    changed = replace(DIGITS, files=(replace(DIGITS.files[0], sha256="0" * 64),))
    with pytest.raises(DataError, match=r"digits.csv.gz: damaged: .*09f66e6d.*0000"):
        load(changed, "train")


@needs_shared
@pytest.mark.usefixtures("real_images")
def test_a_damaged_copy_of_mnist_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = find(MNIST)
    assert place is not None
    copy = tmp_path / "copies" / "mnist"
    copy.mkdir(parents=True)
    for file in place.files:
        (copy / file.name).write_bytes(file.read_bytes())
    damaged = copy / place.files[2].name
    content = damaged.read_bytes()
    damaged.write_bytes(content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])
    monkeypatch.setenv("GRADLAB_DATA", str(copy.parent))
    with pytest.raises(DataError, match=f"{damaged}: damaged"):
        load(MNIST, "test")
    assert np.array_equal(load(MNIST, "train").labels[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])


def test_tiny_arrays_are_those_of_the_record() -> None:
    assert [file.shape for file in TINY.files] == [array.shape for array in tiny_arrays().values()]
