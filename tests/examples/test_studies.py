"""The studies under examples/studies load, run at their reduced size, and judge their claims."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradlab.cli.main import main
from gradlab.studies.load import load_study
from gradlab.studies.plan import make_plan

STUDIES = sorted((Path(__file__).parents[2] / "examples" / "studies").glob("*.toml"))


def test_there_are_studies_a_person_would_write() -> None:
    assert len(STUDIES) == 6


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_runs_at_its_reduced_size(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["study", "run", str(path), "--quick", "--store", str(tmp_path), "--no-report", "-q"]
    assert main([*command, "--device", "cpu"]) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    study = load_study(str(path))
    cells = len(make_plan(load_study(str(path), quick=True)).cells)
    networks = cells * load_study(str(path), quick=True).replicas
    assert f"{networks} of {networks} networks" in out
    for claim in study.claims:
        assert claim.id in out
    assert re.search("held|undecided", out)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_is_called_as_its_file_and_its_answer_names_its_claims(path: Path) -> None:
    study = load_study(str(path))
    assert study.name == path.stem
    assert f"gradlab study run examples/studies/{path.name}" in path.read_text(encoding="utf-8")
    for name in re.findall(r"\{([^}:]+)", study.answer):
        assert name in [claim.id for claim in study.claims]


def test_label_noise_is_in_every_cell_but_the_clean_one() -> None:
    plan = make_plan(load_study(str(next(path for path in STUDIES if path.stem == "label-noise"))))
    shares = [dict(cell.setup.task.params).get("label_noise") for cell in plan.cells]
    assert shares == [None, 0.1, 0.2, 0.4]
