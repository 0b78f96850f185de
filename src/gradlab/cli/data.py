"""`gradlab data list | fetch | path`: the image sets, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from gradlab import __version__
from gradlab.cli.options import AsJson
from gradlab.errors import DataError

if TYPE_CHECKING:
    from gradlab.data.images import ImageSet

app = App(name="data", help="List, fetch and find the image sets that tasks are made of.", version=__version__)

SetName = Annotated[str, Parameter(name="name", help='An image set; see "gradlab data list".')]


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the image sets: how large they are, and where they lie.

    They are looked for in $GRADLAB_DATA, as torchvision and Keras lay them out,
    and in gradlab's own cache. Checksums are verified when a set is read.

    For example:
      gradlab data list
      gradlab data list --json
    """
    from gradlab.cli.output import print_json
    from gradlab.data.images import SETS

    found = [_described(images) for images in SETS]
    if as_json:
        print_json({"schema": "gradlab/data/1", "gradlab": __version__, "sets": found})
    else:
        _print_table(found)


@app.command
def fetch(name: SetName, /) -> None:
    """Download an image set if it is nowhere on this machine, and verify it.

    It goes to $GRADLAB_DATA where that is set, else to the user's cache. With
    GRADLAB_OFFLINE=1 nothing is downloaded.

    For example:
      gradlab data fetch mnist
    """
    from gradlab.data.images import fetch as fetched
    from gradlab.data.images import image_set, load

    images = image_set(name)
    place = fetched(images)
    for split in ("train", "test"):
        load(images, split)  # reads every file, so verifies every checksum
    print(f"{name}: {place.bytes / 1e6:.1f} MB in {place.folder}, checksums right")


@app.command
def path(name: SetName, /) -> None:
    """Print the folder that holds an image set.

    For example:
      ls $(gradlab data path mnist)
    """
    from gradlab.data.images import find, image_set

    place = find(image_set(name))
    if place is None:
        raise DataError(f"{name}: not found on this machine", do=f'Run "gradlab data fetch {name}" first')
    print(place.folder)


def _described(images: ImageSet) -> dict[str, Any]:
    """What the list says of an image set."""
    from gradlab.data.images import find

    place = find(images)
    return {
        "name": images.name,
        "train": images.train,
        "test": images.test,
        "inputs": images.inputs,
        "classes": len(images.classes),
        "folder": None if place is None else str(place.folder),
        "bytes": images.bytes if place is None else place.bytes,
        "source": images.source,
    }


def _print_table(found: list[dict[str, Any]]) -> None:
    """The list as a table. A folder stays on its line, however long, so that it can be copied."""
    from rich import box
    from rich.console import Console
    from rich.measure import Measurement
    from rich.segment import Segments
    from rich.table import Table
    from rich.text import Text

    columns: dict[str, list[str]] = {"data set": [one["name"] for one in found]}
    for heading, key in (("training", "train"), ("test", "test"), ("inputs", "inputs"), ("classes", "classes")):
        columns[heading] = [f"{one[key]:,}" for one in found]
    columns["size"] = [f"{one['bytes'] / 1e6:.1f} MB" for one in found]
    columns["where"] = [one["folder"] or "not here" for one in found]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, 2, 0, 0))
    for heading, texts in columns.items():
        widest = max(map(len, (heading, *texts)))
        justify: Literal["left", "right"] = "left" if heading in ("data set", "where") else "right"
        table.add_column(heading, no_wrap=True, min_width=widest, justify=justify)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    console = Console()
    wide = console.options.update(width=10_000)
    options = console.options.update(width=max(console.width, Measurement.get(console, wide, table).minimum))
    console.print(Segments(console.render(table, options)), soft_wrap=True)
