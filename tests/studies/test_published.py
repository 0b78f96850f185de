"""Every published number of the study files is one that the sources print, and each that they print is in its row's file."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from gradlab.studies.claims.measures.mean import Mean
from gradlab.studies.load import load_study, shipped_studies
from gradlab.studies.plan import make_plan
from tests.studies.published import BLOCKS, BY_EPOCH, ELSEWHERE, PUBLISHED, UNNAMED, allowed, value

ROOT = Path(__file__).parents[2]
LISTS = [
    folder / "knowledge" / "experiments.md"
    for folder in (ROOT.parent / "shared", Path(os.environ.get("GRADLAB_DATA", ".")).parent)
]


def numbers_in(text: str) -> set[Decimal]:
    """All numbers of a text."""
    return {Decimal(found) for found in re.findall(r"(?<![\w.])\d*\.?\d+", re.sub(r"(?<=\d)[,_](?=\d{3})", "", text))}


def row_of(claim: str) -> str:
    """The source's row that a claim begins with.

    Example:
        >>> row_of("B1 born dead")
        'B1'
    """
    return claim.split()[0]


@pytest.mark.parametrize("name", shipped_studies())
def test_a_published_number_is_one_that_its_source_prints(name: str) -> None:
    for claim in load_study(name).claims:
        if claim.published is not None:
            wanted, found = allowed(row_of(claim.id)), Decimal(str(claim.published))
            assert found in wanted, f"{name}, {claim.id}: {found}, and the sources print {sorted(map(float, wanted))}"


def test_every_row_of_the_sources_has_a_claim() -> None:
    rows = {f"{block}{k}" for block, count in BLOCKS.items() for k in range(1, count + 1)}
    assert rows >= set(PUBLISHED)
    claimed = {word for name in shipped_studies() for claim in load_study(name).claims for word in claim.id.split()}
    assert rows <= claimed, sorted(rows - claimed)


@pytest.mark.parametrize("row", PUBLISHED)
def test_what_a_source_prints_is_in_the_file_of_its_row(row: str) -> None:
    files = [
        path.read_text(encoding="utf-8")
        for name, path in shipped_studies().items()
        if any(row in claim.id.split() for claim in load_study(name).claims)
    ]
    assert files, f"no study has a claim of row {row}"
    there = {number for text in files for number in numbers_in(text)}
    for printed in PUBLISHED[row].split():
        number = value(printed)
        rounded = {value(other).quantize(number) for other in ELSEWHERE.get(row, {}) if value(other) in there}
        found = number in there or 100 * number in there or number in rounded
        assert found or f"{row} {printed}" in UNNAMED, f"{printed} stands nowhere in the studies of row {row}"


@pytest.mark.parametrize("row", BY_EPOCH)
def test_a_number_published_of_an_epoch_is_claimed_of_the_look_after_it(row: str) -> None:
    study = load_study("normalisation-and-dropout")
    claims = {claim.id: claim for claim in study.claims if claim.id.startswith(f"{row} epoch ")}
    assert list(claims) == [f"{row} epoch {epoch}" for epoch in BY_EPOCH[row]]
    plan = make_plan(study)
    for (epoch, printed), claim in zip(BY_EPOCH[row].items(), claims.values(), strict=True):
        measure = claim.measure
        assert isinstance(measure, Mean) and measure.look == epoch and claim.published == float(printed)
        (cell,) = plan.matching(measure.where)
        updates = len(cell.setup.recipe.batch_sizes(cell.setup.points))
        assert plan.steps(cell.setup)[epoch] == epoch * updates, claim.id


def test_the_table_is_what_the_list_of_experiments_says() -> None:
    path = next((path for path in LISTS if path.is_file()), None)
    if path is None:
        pytest.skip("the list of experiments is not here")
    lines = {
        row: line
        for line in path.read_text(encoding="utf-8").splitlines()
        for row in re.findall(r"^\| (\w\d+) \|", line)
    }
    for row, printed in PUBLISHED.items():
        there = numbers_in(lines[row])
        for number in printed.split():
            assert Decimal(number.removesuffix("%")) in there, f"{row}: {number} is not in its line"
