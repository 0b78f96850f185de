"""Where an image set lies on this machine. Looking costs a few questions to the file system; nothing is read.

The first place that holds all of a set's files is taken, in this order: GRADLAB_DATA (in `mnist` or, as torchvision lays
them out, `MNIST/raw`), `data/MNIST/raw` below the current folder, Keras' cache, gradlab's own cache. A set that is nowhere
is downloaded to GRADLAB_DATA where that is given, else to gradlab's cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gradlab.data.images.sets import ImageSet


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that holds an image set.

    Attributes:
        folder: The folder.
        files: One for each of `ImageSet.files`, compressed or not; or Keras' one archive.
    """

    folder: Path
    files: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(file.stat().st_size for file in self.files)


def find(images: ImageSet) -> Place | None:
    """The first place that holds every file of an image set; None where there is none."""
    for candidate in _candidates(images):
        if os.path.isfile(candidate):
            return Place(candidate.parent, (candidate,))
        files = present(images, candidate)
        if len(files) == len(images.files):
            return Place(candidate, tuple(files.values()))
    return None


def present(images: ImageSet, folder: Path) -> dict[str, Path]:
    """Those of a set's files that a folder holds, by name; the compressed one where it holds both."""
    found: dict[str, Path] = {}
    for file in images.files:
        for path in (folder / f"{file.name}.gz", folder / file.name):
            if os.path.isfile(path):
                found.setdefault(file.name, path)
    return found


def download_folder(images: ImageSet) -> Path:
    """Where a downloaded set goes, and where a person may put it."""
    return (_from_environment("GRADLAB_DATA") or _cache()) / images.folder


def _candidates(images: ImageSet) -> Iterator[Path]:
    """Folders, and an archive of Keras', in the order in which they are asked."""
    if images.package:
        spec = find_spec(images.package)  # finds the package without the two seconds that importing it takes
        for folder in (spec and spec.submodule_search_locations) or ():
            yield Path(folder) / "datasets" / "data"
        return
    named = _from_environment("GRADLAB_DATA")
    if named is not None:
        yield named / images.folder
        yield named / images.torchvision / "raw"
    yield Path("data").resolve() / images.torchvision / "raw"  # where torchvision's own examples put it
    keras = _from_environment("KERAS_HOME") or Path("~/.keras").expanduser()
    yield keras / "datasets" / images.keras
    yield _cache() / images.folder


def _from_environment(variable: str) -> Path | None:
    """A folder that the environment names, or None; resolved, since a process may change its folder."""
    value = os.environ.get(variable)
    return Path(value).expanduser().resolve() if value else None


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("gradlab")) / "data"
