"""Boundaries along a factor: where they lie, what theory says of them, what a claim about them may name."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import pytest

from gradlab.errors import UnknownName, UserError
from gradlab.reports.figures import figures_of
from gradlab.reports.words import measured_text
from gradlab.studies.claims import Estimate, Found
from gradlab.studies.claims.criteria.theory_depth import Boundary, TheoryDepth
from gradlab.studies.compare import DEPTHS, Depth
from gradlab.studies.load import study_from
from gradlab.studies.plan import make_plan
from gradlab.studies.results import Analysis
from tests.studies.small import run, table

MEASURE = {"boundary": "accuracy", "along": "depth", "threshold": 0.5}


def content(threshold: float = 0.5, **claim: Any) -> dict[str, Any]:
    """Untrained relu networks of two gains and three depths: right about one digit in ten."""
    judged = {"id": "A", "statement": "a", "measure": {**MEASURE, "threshold": threshold}}
    return table(
        replicas=2,
        answer="",
        network={
            "hidden": {"width": 8, "depth": 1},
            "activation": "relu",
            "weights": {"name": "lecun_normal", "gain": 1.0},
        },
        recipe={"optimizer": "sgd", "loss": "cross_entropy", "steps": 0},
        task={"name": "digits", "points": 100},
        inputs={},
        outcomes={"collapsed": {}},
        rows=[],
        metrics={"accuracy": {"kind": "accuracy", "over": "train"}},
        factors=[
            {"name": "gain", "change": "network.weights.gain", "levels": [1.0, 2.0**0.5], "labels": ["1", "he"]},
            {"name": "depth", "change": "network.hidden.depth", "levels": [2, 4, 8]},
        ],
        claims=[{**judged, "expected": {"theory": "trainable_depth", "within": 2.0}, **claim}],
    )


def analysis_of(folder: Path, threshold: float) -> Analysis:
    return run(make_plan(study_from(content(threshold))), folder)


def estimates_of(analysis: Analysis) -> list[Estimate]:
    found = analysis.study.claims[0].measure.estimates(Found(cells=analysis.cells), 1)
    assert not isinstance(found, str)
    return list(found)


def test_untrained_networks_fail_at_once_whatever_theory_says(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, 0.5)
    found = estimates_of(analysis)
    ends = [(one.levels, one.value, one.low, one.high, one.n, one.networks) for one in found]
    assert ends == [({"gain": gain}, 0.0, 0.0, 2.0, 2, 6) for gain in ("1", "he")]
    assert not Boundary(found[0], 3.0).agrees(1.0) and Boundary(found[0], 3.0).agrees(1.5)
    (claim,) = analysis.claims
    # 6 xi is 8.66 layers at gain 1, and infinite at He's
    assert (claim.verdict, claim.measured, claim.replicas) == ("not held", 0.0, 12)
    assert measured_text(claim) == "0 of 2 boundaries"
    assert "0 of 2 boundaries within a factor 2" in claim.why and "not gain 1; gain he" in claim.why
    assert "one depth for all within it of 2 at best" in claim.why


def test_a_threshold_that_all_reach_has_no_boundary(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, 0.0)
    found = estimates_of(analysis)
    assert [(one.value, one.high, Boundary(one, inf).agrees(1.0)) for one in found] == [(8.0, inf, True)] * 2
    assert analysis.claims[0].verdict == "held"
    (figure,) = [figure for figure in figures_of(analysis) if figure.id == "boundary-1"]
    assert "2 of 2 boundaries" in figure.caption


def test_a_theory_that_does_not_apply_leaves_it_undecided(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, 0.5)
    DEPTHS.add(Depth("never", "of nothing", "a test", lambda setup: None))
    try:
        said = TheoryDepth(theory="never", within=1.0).judge(estimates_of(analysis))
    finally:
        del DEPTHS._records["never"]
    assert said == "the theory does not apply to every cell"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": {**MEASURE, "along": "gain"}}, "expected a factor of numbers"),
        ({"measure": {"boundary": "accuracy", "along": "depth"}}, "measure.threshold: got nothing"),
        ({"measure": {"mean": "accuracy", "along": "depth"}}, "along: unknown key of mean"),
        ({"expected": {"theory": "trainable_depth"}}, "within"),
        ({"expected": {"theory": "born_dead_exact", "within": 2.0}}, "theory of a depth"),
    ],
)
def test_what_makes_no_boundary_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_plan(study_from(content(**changes)))


def test_an_unknown_factor_is_named() -> None:
    with pytest.raises(UnknownName, match='"deep" is unknown'):
        make_plan(study_from(content(measure={**MEASURE, "along": "deep"})))
