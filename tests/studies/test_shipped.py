"""Every shipped study about images runs on the task that needs no network, and its claims begin with a row of a source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradlab.reports.page import page_html
from gradlab.studies.load import load_study, shipped_studies
from gradlab.studies.plan import make_plan, without_lost_claims
from gradlab.studies.study import Study
from tests.studies.small import run

ON_IMAGES = [name for name in shipped_studies() if "mnist" in str(load_study(name).task)]


def cut(study: Study) -> Study:
    """The same study with two updates, one network a cell and the ends of every factor."""
    recipe = {key: value for key, value in study.recipe.items() if key != "epochs"}
    steps = min(2, study.recipe.get("steps", 2))
    factors = [
        f.model_copy(update={"levels": (f.levels[0], f.levels[-1]), "labels": f.labels and (f.labels[0], f.labels[-1])})
        for f in study.factors
    ]
    changes = {
        "recipe": {**recipe, "steps": steps},
        "factors": tuple(factors),
        "rows": tuple(row.model_copy(update={"replicas": 1}) for row in study.rows),
        "replicas": 1,
        "signals": study.signals and study.signals.model_copy(update={"replicas": 1}),
    }
    return without_lost_claims(study.model_copy(update=changes))


@pytest.mark.parametrize("name", ON_IMAGES)
def test_on_digits(name: str, tmp_path: Path) -> None:
    study = cut(load_study(name, ["task=digits"]))
    analysis = run(make_plan(study), tmp_path)
    assert analysis.networks == analysis.wanted > 0
    assert all(claim.published is None for claim in study.claims), "published of another task"
    for cell in analysis.cells:
        for metric in study.metrics:
            assert cell.metrics[metric].shape == (1, len(cell.steps))
    assert study.question.split()[0] in page_html(analysis)


@pytest.mark.parametrize("name", shipped_studies())
def test_claims_begin_with_a_row(name: str) -> None:
    study = load_study(name)
    make_plan(study)  # every claim's cells exist
    for claim in study.claims:
        assert re.match(r"[A-E]\d+\b|born dead", claim.id), claim.id
        assert claim.source or (claim.expected is not None and claim.expected.theory)


def test_published_numbers_of_blocks_a_and_c_have_claims() -> None:
    rows = {f"A{k}" for k in range(1, 10)} | {f"C{k}" for k in range(1, 11)}
    claimed = {claim.id.split()[0] for name in shipped_studies() for claim in load_study(name).claims}
    assert rows <= claimed
