"""Every shipped study runs at its reduced size without files from the network; claims begin with a row of a source."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradlab.cli.main import main
from gradlab.errors import SpecError
from gradlab.studies.load import QUICK, load_study, shipped_studies
from gradlab.studies.plan import make_plan


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folder that `gradlab study run all --quick` leaves, without any files from the network, and what it prints."""
    store = tmp_path_factory.mktemp("quick")
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setenv("GRADLAB_DATA", str(store))
        code = main(["study", "run", "all", "--quick", "--quiet", "--json", "--device", "cpu", "--store", str(store)])
    assert code == 0
    yield store, json.loads(out.getvalue())


def test_all_studies_run_at_their_reduced_size(quick: tuple[Path, dict[str, Any]]) -> None:
    store, document = quick
    assert [study["study"].removesuffix(QUICK) for study in document["studies"]] == list(shipped_studies())
    for study in document["studies"]:
        assert study["complete"], study["study"]
        assert study["networks"] > 0 or study["computed"], study["study"]
        assert (store / f"{study['study']}.html").stat().st_size < 8_000_000
        assert all(len(cell["metrics"]) == len(study["cells"][0]["metrics"]) for cell in study["cells"])


@pytest.mark.parametrize("name", shipped_studies())
def test_numbers_published_of_another_task_are_left_out(name: str) -> None:
    study = load_study(name, quick=True)
    if study.task != load_study(name).task:
        assert all(claim.published is None for claim in study.claims)


def test_a_study_without_a_reduced_size_says_so(tmp_path: Path) -> None:
    text = (shipped_studies()["dying-relu"]).read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(re.sub(r"(?m)^quick.*\n", "", text), encoding="utf-8")
    with pytest.raises(SpecError, match=r"own.toml: quick: got nothing; .*or leave --quick out"):
        load_study(str(tmp_path / "own.toml"), quick=True)


@pytest.mark.parametrize("name", shipped_studies())
def test_claims_begin_with_a_row(name: str) -> None:
    study = load_study(name)
    make_plan(study)  # every claim's cells exist
    for claim in study.claims:
        assert re.match(rf"[A-E]\d+\b|born dead|{name} ", claim.id), claim.id
        assert claim.source or claim.criterion.kind == "theory"


@pytest.mark.parametrize("name", shipped_studies())
def test_every_claim_has_the_networks_that_decide_it(name: str) -> None:
    plan = make_plan(load_study(name))
    for claim in [] if plan.study.is_exact else plan.study.claims:
        cells = [cell for where in claim.measure.cells.values() for cell in plan.matching(where)]
        assert min(cell.replicas for cell in cells) >= claim.needed, claim.id
