"""`gradlab data`: what there is, where it lies, fetching it; and what is said when it cannot be had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradlab import __version__
from gradlab.cli.main import main
from gradlab.data.images import SETS, sets
from tests.data.sets import LAYOUTS, SHARED, lay_out, needs_shared, nowhere, tiny_set


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without data sets."""
    return nowhere(tmp_path, monkeypatch)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["data", *arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize("columns", ["60", "200"])
def test_the_list_names_every_set(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = said(capsys, "list")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["mnist"].split() == ["mnist", "60,000", "10,000", "784", "10", "11.6", "MB", "not", "here"]
    assert lines["fashion_mnist"].rstrip().endswith("30.9 MB   not here")
    assert lines["digits"].split()[:5] == ["digits", "1,437", "360", "64", "10"]
    assert "sklearn" in lines["digits"]


def test_the_list_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path))
    monkeypatch.setattr(sets, "SETS", (tiny_set(),))
    folder = lay_out(tmp_path / LAYOUTS[1])
    document = json.loads(said(capsys, "list", "--json")[1])
    assert (document["schema"], document["gradlab"]) == ("gradlab/data/1", __version__)
    assert [one["name"] for one in document["sets"]] == [images.name for images in SETS]
    assert document["sets"][0] == {
        "name": "mnist",
        "train": 60_000,
        "test": 10_000,
        "inputs": 784,
        "classes": 10,
        "folder": str(folder),
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
        "source": SETS[0].source,
    }
    assert document["sets"][1]["folder"] is None
    assert document["sets"][1]["bytes"] == SETS[1].bytes


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fetch_and_path_say_where_it_lies(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "SETS", (tiny_set(),))
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path))
    folder = lay_out(tmp_path / layout)
    assert said(capsys, "path", "tiny") == (0, f"{folder}\n", "")
    code, out, err = said(capsys, "fetch", "tiny")
    assert (code, err) == (0, "")
    assert str(folder) in out and "checksums right" in out


def test_digits_are_here_without_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "path", "digits")
    assert (code, err) == (0, "")
    assert (Path(out.strip()) / "digits.csv.gz").is_file()
    assert said(capsys, "fetch", "digits")[0] == 0


@needs_shared
def test_the_real_images_are_verified(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADLAB_DATA", str(SHARED))
    assert said(capsys, "fetch", "mnist") == (0, f"mnist: 11.6 MB in {SHARED / 'mnist'}, checksums right\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("fetch mnits", ['data set "mnits" is unknown', 'did you mean "mnist"', "gradlab data list"]),
        ("path fashion-mnist", ['did you mean "fashion_mnist"']),
        ("path mnist", ["mnist: not found on this machine", 'Run "gradlab data fetch mnist" first']),
        ("fetch mnist", ["train-images-idx3-ubyte.gz", "GRADLAB_OFFLINE", sets.MNIST.files[0].sha256, "Put it into"]),
        ("fetch", ["name", "nothing", "gradlab data fetch --help"]),
        ("fetch mnist digits", ["too many", "digits"]),
        ("lsit", ["lsit", 'did you mean "list"', "gradlab data --help"]),
        ("list --jsno", ["--jsno", 'did you mean "--json"']),
    ],
)
def test_what_cannot_be_is_one_clear_line(arguments: str, told: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, *arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    for words in told:
        assert words in err


def test_a_damaged_file_is_told_and_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "SETS", (tiny_set(),))
    monkeypatch.setenv("GRADLAB_DATA", str(tmp_path))
    file = next(lay_out(tmp_path / "mnist").glob("train-labels*"))
    file.write_bytes(b"\x1f\x8b damaged")
    code, _, err = said(capsys, "fetch", "tiny")
    assert code == 2
    assert f"{file}: cut short" in err and tiny_set().files[1].sha256 in err
    assert file.read_bytes() == b"\x1f\x8b damaged"


@pytest.mark.parametrize("verb", ["list", "fetch", "path"])
def test_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, verb, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: gradlab data {verb}")
    assert "For example:\n  " in out and f"gradlab data {verb}" in out


def test_listing_loads_no_torch() -> None:
    code = "import sys; from gradlab.cli.main import main; main(['data', 'list']); print({'torch', 'sklearn'} & {*sys.modules})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "set()"
