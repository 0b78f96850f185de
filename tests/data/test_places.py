"""Where image sets are looked for, in which order, and what a set that is nowhere is told to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradlab.data.images import DIGITS, FASHION_MNIST, MNIST, SETS, ImageSet, fetch, find, image_set, load
from gradlab.data.images.places import download_folder
from gradlab.errors import DataError, UnknownName
from tests.data.sets import NAMES, lay_out, lay_out_keras, tiny_arrays, tiny_set

TINY = tiny_set()


def is_read_whole() -> bool:
    arrays = list(tiny_arrays().values())
    train, test = load(TINY, "train"), load(TINY, "test")
    return all(
        np.array_equal(found, expected.reshape(found.shape))
        for found, expected in zip((train.pixels, train.labels, test.pixels, test.labels), arrays, strict=True)
    )


@pytest.mark.parametrize("unpacked", [False, True], ids=["packed", "unpacked"])
@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw"])
def test_a_named_folder_in_either_layout(
    layout: str, unpacked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(tmp_path / "sets" / layout, unpacked=unpacked)
    assert find(TINY) is None
    monkeypatch.setenv("GRADLAB_DATA", "../sets")
    place = find(TINY)
    assert place is not None
    assert place.folder == folder
    assert place.bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert is_read_whole()


def test_torchvision_below_the_current_folder(home: Path) -> None:
    lay_out(home / "data" / "MNIST" / "raw")
    assert is_read_whole()


def test_keras_archive(home: Path) -> None:
    file = lay_out_keras(home / ".keras" / "datasets" / "mnist.npz")
    place = find(TINY)
    assert place is not None
    assert (place.folder, place.files) == (file.parent, (file,))
    assert is_read_whole()


def test_keras_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out_keras(tmp_path / "keras" / "datasets" / "mnist.npz")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert is_read_whole()


def test_own_cache(home: Path) -> None:
    lay_out(download_folder(TINY))
    assert is_read_whole()
    assert download_folder(TINY).is_relative_to(home)


def test_the_order_of_places(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        lay_out(download_folder(TINY)),
        lay_out_keras(home / ".keras" / "datasets" / "mnist.npz").parent,
        lay_out(home / "data" / "MNIST" / "raw"),
        lay_out(tmp_path / "sets" / "MNIST" / "raw"),
        lay_out(tmp_path / "sets" / "mnist"),
    ]
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path / "sets"))
    for folder in reversed(places):
        place = find(TINY)
        assert place is not None
        assert place.folder == folder
        for file in place.files:
            file.unlink()
    assert find(TINY) is None


def test_the_packed_file_is_read_where_there_are_both(home: Path) -> None:
    folder = lay_out(home / "data" / "MNIST" / "raw")
    lay_out(folder, unpacked=True)
    place = find(TINY)
    assert place is not None
    assert {file.suffix for file in place.files} == {".gz"}


def test_a_folder_that_holds_only_some_files_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path / "sets"))
    folder = lay_out(tmp_path / "sets" / "mnist")
    (folder / f"{NAMES[1]}.gz").unlink()
    with pytest.raises(DataError, match=f"tiny: {NAMES[1]}.gz not found"):
        fetch(TINY)
    lay_out(download_folder(TINY))
    assert is_read_whole()


def test_a_variable_set_to_nothing_is_not_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_DATA", "")
    lay_out(home / "mnist")
    assert find(TINY) is None


@pytest.mark.parametrize("images", [MNIST, FASHION_MNIST], ids=lambda images: images.name)
def test_offline_one_line_names_file_checksum_and_folder(images: ImageSet) -> None:
    with pytest.raises(DataError) as caught:
        load(images, "test")
    message = str(caught.value)
    assert "\n" not in message
    file = images.files[0]
    for told in (f"{file.name}.gz and 3 more not found", file.sha256, str(download_folder(images)), "GRADLAB_OFFLINE"):
        assert told in message
    assert not download_folder(images).exists()


def test_digits_lie_in_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    place = find(DIGITS)
    assert place is not None
    assert place.bytes == DIGITS.bytes
    monkeypatch.setattr("gradlab.data.images.places.find_spec", lambda name: None)
    assert find(DIGITS) is None
    with pytest.raises(DataError, match=r"digits.csv.gz not found.*scikit-learn"):
        fetch(DIGITS)


def test_sets_are_known_by_name() -> None:
    assert [image_set(images.name) for images in SETS] == list(SETS)
    with pytest.raises(UnknownName, match='did you mean "fashion_mnist"'):
        image_set("fashion-mnist")
