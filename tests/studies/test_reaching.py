"""Claims on how many cells reach a number, and how many more than others do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.errors import SpecError
from gradlab.reports.figures import figures_of
from gradlab.reports.words import claim_name, expected_text, measured_text
from gradlab.stats import paired_rates_difference, wilson
from gradlab.studies.claims import Estimate, Found
from gradlab.studies.claims.measures.reaching import Reaching
from gradlab.studies.load import QUICK, study_from
from gradlab.studies.plan import make_plan
from gradlab.studies.results import Analysis
from tests.studies.small import run, table

REACHING: dict[str, Any] = {"reaching": "accuracy", "threshold": 0.5}


def content(measure: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Untrained networks of three activations, two gains and one depth; relu's gains are the same cell."""
    return table(
        name="reach", replicas=2, answer="", inputs={}, rows=[], outcomes={"collapsed": {}},
        network={"hidden": {"width": 8, "depth": 2}, "weights": {"name": "lecun_normal", "gain": 1.0}},
        recipe={"optimizer": "sgd", "loss": "cross_entropy", "steps": 0},
        task={"name": "digits", "points": 100},
        metrics={"accuracy": {"kind": "accuracy", "over": "train"}},
        factors=[
            {"name": "activation", "change": "network.activation", "levels": ["relu", "tanh", "gelu"]},
            {"name": "gain", "change": "network.weights.gain", "levels": ["forward", "backward"]},
            {"name": "depth", "change": "network.hidden.depth", "levels": [2]},
        ],
        claims=[
            {"id": "reach most", "statement": "a", "measure": measure, "expected": expected, "source": "s"},
            {"id": "reach depth", "statement": "b", "source": "s",
             "measure": {"boundary": "accuracy", "along": "depth", "threshold": 0.5},
             "expected": {"theory": "trainable_depth", "within": 1.0}},
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    measure = {**REACHING, "where": {"gain": "forward"}, "minus": {"gain": "backward"}}
    return run(make_plan(study_from(content(measure, {"above": 0.0}))), tmp_path_factory.mktemp("store"))


def with_accuracy(analysis: Analysis, **means: list[float]) -> list[Any]:
    """The cells with other numbers: of each activation, the mean at forward and at backward."""
    cells = []
    for cell in analysis.cells:
        mean = means[str(cell.levels["activation"])][int(cell.levels["gain"] == "backward")]
        cells.append(replace(cell, metrics={"accuracy": np.full((2, 1), mean)}))
    return cells


def reached(cells: list[Any], **levels: Any) -> Estimate | str:
    found = Reaching(**REACHING, **levels).estimates(Found(cells=cells), 1)
    return found if isinstance(found, str) else found[0]


def test_cells_are_counted(analysis: Analysis) -> None:
    cells = with_accuracy(analysis, relu=[0.9, 0.9], tanh=[0.5, 0.1], gelu=[0.4, np.nan])
    found = reached(cells)
    assert not isinstance(found, str)
    share = wilson(3, 6)
    assert (found.value, found.low, found.high, found.networks, found.n) == (0.5, share.low, share.high, 12, 2)
    assert found.said == "3 of 6 cells reach 0.5; not tanh and backward, gelu and forward, gelu and backward"


def test_pairs_agree_in_all_other_levels(analysis: Analysis) -> None:
    cells = with_accuracy(analysis, relu=[0.9, 0.9], tanh=[0.5, 0.1], gelu=[0.4, 0.1])
    found = reached(cells, where={"gain": "forward"}, minus={"gain": "backward"})
    assert not isinstance(found, str)
    gap = paired_rates_difference(1, 0, 3)
    assert (found.value, found.low, found.high) == (gap.difference, gap.low, gap.high)
    assert found.said.startswith(
        "of 3 pairs of cells 1 reach 0.5 at gain forward alone (tanh), 0 reach 0.5 at gain back"
    )
    alone = [cell for cell in cells if (cell.levels["activation"], cell.levels["gain"]) != ("relu", "backward")]
    fewer = reached(alone, where={"gain": "forward"}, minus={"gain": "backward"})  # relu's has no partner
    assert not isinstance(fewer, str) and fewer.networks == 8


def test_before_anything_is_measured(analysis: Analysis) -> None:
    cells = [replace(cell, metrics={}) for cell in analysis.cells]
    assert reached(cells) == "no networks measured yet"


def test_factors_move_nothing_where_a_study_is_about_numbers(analysis: Analysis) -> None:
    assert all(cell.outcomes for cell in analysis.cells) and analysis.effects == []


def test_verdict_words_and_figure(analysis: Analysis) -> None:
    most, depth = analysis.claims
    assert most.verdict == "undecided" and most.measured == 0.0 and "difference over cells" in most.why
    assert measured_text(most).startswith("0 points [")
    assert expected_text(analysis.study.claims[0]) == "above 0"
    # cells with the same content are told apart: relu's two are one network each, and two boundaries
    assert measured_text(depth) == "0 of 6 boundaries"
    (figure,) = [figure for figure in figures_of(analysis) if figure.id == "reaching-1"]
    assert "Framed: 6 of 6 cells" in figure.caption
    assert not [figure for figure in figures_of(analysis) if figure.id.startswith("boundary")]
    quick = analysis.study.model_copy(update={"name": f"reach{QUICK}"})
    assert {claim_name("reach most", study) for study in (analysis.study, quick)} == {"most"}


def test_a_share_is_told_as_a_count(tmp_path: Path) -> None:
    analysis = run(make_plan(study_from(content(REACHING, {"at_most": 0.5}))), tmp_path)
    assert measured_text(analysis.claims[0]) == "0 of 6 cells"
    assert (analysis.claims[0].verdict, expected_text(analysis.study.claims[0])) == ("held", "at most 50 %")


@pytest.mark.parametrize(
    ("measure", "expected", "message"),
    [
        ({"reaching": "accuracy"}, {"at_most": 0.5}, "measure.threshold: got nothing"),
        ({**REACHING, "along": "depth"}, {"at_most": 0.5}, "along: unknown key of reaching"),
        ({**REACHING, "reaching": "acuracy"}, {"at_most": 0.5}, "one of accuracy"),
        (REACHING, {"theory": "trainable_depth"}, "theory for the measure reaching"),
        ({**REACHING, "where": {"gain": "he"}}, {"at_most": 0.5}, "0 cells match"),
        ({**REACHING, "minus": {"gain": "backward"}}, {"above": 0.0}, "as in where"),
        (
            {**REACHING, "where": {"gain": "forward", "activation": "relu"}, "minus": {"gain": "backward", "depth": 2}},
            {"above": 0.0},
            "as in where",
        ),
    ],
)
def test_what_counts_no_cells_is_refused(measure: dict[str, Any], expected: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make_plan(study_from(content(measure, expected)))
