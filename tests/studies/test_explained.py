"""A claim that does not hold says what shows why, or that nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradlab.errors import UnknownName
from gradlab.studies.claims import Claim, ClaimResult
from gradlab.studies.claims.claim import check_explanations
from gradlab.studies.load import load_study, shipped_studies
from tools.write_results import OUTCOMES, outcome, reason

RESULT = ClaimResult(
    id="B4", statement="", published=0.83, kind="published", measured=0.77, low=0.75, high=0.79, replicas=2000,
    prediction=(0.74, 0.8), verdict="not held", why="interval",
)  # fmt: skip


def claim(id: str, explained_by: str = "") -> Claim:
    return Claim.model_validate(
        {"id": id, "statement": "", "measure": {"rate": "collapsed"}, "published": 0.5, "explained_by": explained_by}
    )


def test_a_claim_that_does_not_hold_names_what_shows_why() -> None:
    assert RESULT.reason == "interval; unexplained"
    assert replace(RESULT, explained_by="B4 form of eps").reason == "interval; explained by B4 form of eps"
    for verdict in ("held", "too wide to tell", "undecided"):
        assert replace(RESULT, verdict=verdict, explained_by="B4 form of eps").reason == "interval"


@pytest.mark.parametrize(
    ("verdict", "explained_by", "place"),
    [("held", "", 0), ("held", "other", 0), ("not held", "other", 1), ("not held", "", 3), ("too wide to tell", "", 2),
     ("undecided", "", 3)],
)  # fmt: skip
def test_published_numbers_have_four_outcomes(verdict: str, explained_by: str, place: int) -> None:
    document = {**RESULT.to_dict(), "verdict": verdict, "explained_by": explained_by}
    assert outcome(document) == OUTCOMES[place]
    assert reason(document) == replace(RESULT, verdict=verdict, explained_by=explained_by).reason  # type: ignore[arg-type]


def test_an_explanation_is_another_claim() -> None:
    check_explanations([claim("a", "b"), claim("b"), claim("c", "dying-relu: B1")])
    with pytest.raises(UnknownName, match=r'claim "d" is unknown.*Claim "a" names it'):
        check_explanations([claim("a", "d"), claim("b")])


def test_explanations_in_other_studies_are_there() -> None:
    studies = {name: load_study(name) for name in shipped_studies()}
    for name, study in studies.items():
        for each in study.claims:
            other, _, id = each.explained_by.rpartition(": ")
            if other:
                assert id in [claim.id for claim in studies[other].claims], f"{name}, {each.id}: {each.explained_by}"
