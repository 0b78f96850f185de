"""Pages of several studies, and pictures as GIFs, from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gradlab.cli.main import main

from .conftest import TINY

DRAWN = TINY.replace('name = "tiny"', 'name = "drawn"') + '\n[snapshots]\nover = "train"\nrows = ["A"]\n'
RUN = ["study", "run", "drawn.toml", "--device", "cpu", "--no-report", "--quiet"]


@pytest.fixture(scope="module")
def stored(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two studies, one of them with snapshots. Not to be written to."""
    folder = tmp_path_factory.mktemp("stored")
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    (folder / "drawn.toml").write_text(DRAWN, encoding="utf-8")
    assert main([*RUN[:2], f"{folder}/drawn.toml", "--store", f"{folder}/gradlab-store", *RUN[3:]]) == 0
    return folder


@pytest.fixture
def both(stored: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A copy of that folder, as the current one."""
    shutil.rmtree(work / "gradlab-store")
    shutil.copytree(stored, work, dirs_exist_ok=True)
    capsys.readouterr()
    return work


def test_several_studies_get_one_page(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "drawn", "tiny", "--output", "page.html"]) == 0
    assert capsys.readouterr() == ("page.html\n", "")
    html = (both / "page.html").read_text(encoding="utf-8")
    assert html.index('id="drawn--answer"') < html.index('id="tiny--answer"')
    assert 'id="drawn--film-2"' in html and len(html.encode()) < 8_000_000
    assert main(["report", "tiny", "drawn"]) == 0
    assert capsys.readouterr().out == "gradlab-store/_studies.html\n"
    assert (both / "gradlab-store/_studies.html").exists()


def test_one_document_holds_the_results_of_several(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "drawn", "tiny", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "gradlab/study-results/1"
    assert [each["study"] for each in document["studies"]] == ["drawn", "tiny"]
    assert not (both / "gradlab-store/_studies.html").exists()
    assert main(["report", "tiny", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["schema"] == "gradlab/study-result/2"
    assert document["studies"][1]["cells"] == alone["cells"]


@pytest.mark.parametrize("how", [["--gif"], ["--format", "gif"], ["--gif", "--format", "gif"]], ids=" ".join)
def test_pictures_are_written_one_a_cell(how: list[str], both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "export", "drawn", *how, "--output", "pictures"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["pictures/drawn-a-rate-0.01.gif", "pictures/drawn-a-rate-0.02.gif"]
    assert err == ""
    assert sorted(file.name for file in (both / "pictures").iterdir()) == [line[9:] for line in out.splitlines()]
    assert all((both / line).read_bytes().startswith(b"GIF89a") for line in out.splitlines())


def test_pictures_go_to_the_store_if_nothing_else_is_said(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "export", "drawn", "--gif"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "gradlab-store/drawn-a-rate-0.01.gif"
    before = (both / first).read_bytes()
    assert main(["study", "export", "drawn", "--gif"]) == 0
    assert (both / first).read_bytes() == before


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("study export tiny --gif", ['"tiny"', "no snapshots", "[snapshots]"]),
        ("study export drawn --gif --format csv", ["--gif and --format", "both"]),
        ("study export drawn --gif --output tiny.toml", ["tiny.toml", "a file", "folder"]),
        ("study export drawn --gif --output none/deep", ["none/deep", "cannot be written"]),
        ("study export drwan --gif", ["drwan", 'did you mean "drawn"']),
        ("report tiny drwan", ["drwan", 'did you mean "drawn"', "gradlab study status"]),
        ("report tiny drawn tiny", ["tiny", "more than once"]),
        ("report tiny drawn --store none", ["none", "nothing"]),
        ("report", ["STUDIES", "nothing", "gradlab report --help"]),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_clear_words(
    command: str, says: list[str], both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = kept_files(both)
    assert main(command.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and "Traceback" not in err
    for wanted in says:
        assert wanted in err, err
    assert kept_files(both) == files


def kept_files(folder: Path) -> list[Path]:
    """All but what SQLite keeps beside a database that somebody reads."""
    return [file for file in sorted(folder.rglob("*")) if file.suffix not in (".sqlite-wal", ".sqlite-shm")]


def test_snapshots_that_are_not_recorded_yet_are_said(
    both: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradlab.reports.figures.pictures.pictured", lambda _: {})
    assert main(["study", "export", "drawn", "--gif"]) == 2
    assert 'study "drawn": got no snapshots to draw yet. Run it again' in capsys.readouterr().err
