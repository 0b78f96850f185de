"""What is said before and beside a run is so: a dry run refuses what the run would, a name taken over is told."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from gradlab.cli.main import main

RUN = ["study", "run", "tiny.toml"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--device", "cuda"], ["--device cuda", "finds no such device"]),
        (["--device", "mps"], ["--device mps", "finds no such device"]),
        (["--store", "tiny.toml"], ["tiny.toml"]),
        (["--store", "tiny.toml/below"], ["tiny.toml"]),
        (["--report", "nowhere/page.html"], ["nowhere/page.html", "cannot be written"]),
        (["--report", "."], [".: cannot be written", "a folder"]),
        (["--engine", "narrow", "--set", "network.hidden.width=2000"], ["narrow"]),
        (["--set", "recipe.optimizer.lr=-1"], ["lr"]),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("--") else "",
)
def test_a_dry_run_refuses_what_the_run_would(
    work: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    words: list[str],
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    before = sorted(path.name for path in work.iterdir())
    for mode in ([], ["--dry-run"]):
        assert main([*RUN, *options, *mode]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("error: ")
        assert all(word in err for word in words), err
        assert sorted(path.name for path in work.iterdir()) == before


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    assert main(["study", "export", "tiny"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_another_study_of_the_same_name_is_told(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes over the name, the page and the export: not without a word, and nothing is lost."""
    ours = (work / "tiny.toml").read_text(encoding="utf-8")
    (work / "other.toml").write_text(ours.replace("width = 2, depth = 2", "width = 3, depth = 1"), encoding="utf-8")
    assert main([*RUN, "--device", "cpu", "-q"]) == 0
    assert capsys.readouterr().err == ""  # the same study again
    before = rows(capsys)
    assert main(["study", "run", "other.toml", "--device", "cpu", "-q"]) == 0
    told = capsys.readouterr().err
    assert told == (
        "warning: store gradlab-store: of the 4 cells that it holds under the name tiny, 4 are not in this study. Name, page and"
        " export now are this one's; what was trained is kept, and"
        ' "gradlab study run tiny.toml --device cpu" shows it again.\n'
    )
    assert {row["cell"] for row in rows(capsys)}.isdisjoint(row["cell"] for row in before)
    assert main([*RUN, "--device", "cpu", "-q"]) == 0
    out, err = capsys.readouterr()
    assert "gradlab study run other.toml" in err and "16 of 16 networks" in out
    assert rows(capsys) == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["--set", "replicas=6"], ""),
        (["--set", "replicas=2"], ""),
        (["--set", "row=A"], "under the name tiny, 2 are not"),
        (["--set", "recipe.optimizer.lr=0.01"], "under the name tiny, 2 are not"),
        (["--seed", "5"], "under the name tiny, 4 are not"),
    ],
    ids=str,
)
def test_a_change_that_leaves_cells_out_is_told(
    work: Path, capsys: pytest.CaptureFixture[str], settings: list[str], told: str
) -> None:
    assert main([*RUN, "--device", "cpu", "-q", "--no-report", *settings]) == 0
    err = capsys.readouterr().err
    assert (told in err) if told else err == ""
