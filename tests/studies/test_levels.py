"""Labels belong to levels by their place, whatever the levels' values are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from gradlab.errors import SpecError
from gradlab.reports.figures import figures_of
from gradlab.reports.figures.record import Figure
from gradlab.reports.sections import cell_tables
from gradlab.studies.export import rows
from gradlab.studies.left_out import is_left_out
from gradlab.studies.load import load_study
from gradlab.studies.plan import make_plan
from gradlab.studies.store import Store
from gradlab.studies.study import Factor, check_changes
from tests.studies.small import run, small_plan, small_study, table


def factor(levels: list[Any], labels: list[str] | None = None, change: str = "recipe.optimizer.lr") -> dict[str, Any]:
    return {"name": "rate", "change": change, "levels": levels, **({"labels": labels} if labels else {})}


def only_a(**changes: Any) -> dict[str, Any]:
    return {"rows": [], "claims": [], "answer": "", **changes}


def test_equal_levels_with_different_labels_are_cells_of_their_own(tmp_path: Path) -> None:
    claim = {
        "id": "C", "statement": "c", "measure": {"rate": "collapsed", "where": {"rate": "second"}}, "published": 0.5,
    }  # fmt: skip
    study = small_study(**only_a(factors=[factor([0.05, 0.05, 0.1], ["first", "second", "third"])], claims=[claim]))
    plan = make_plan(study, engine="torch")
    assert [dict(cell.levels) for cell in plan.cells] == [{"rate": "first"}, {"rate": "second"}, {"rate": "third"}]
    first, second, third = plan.cells
    assert first.id == second.id != third.id
    assert plan.networks == 24  # what is equal is trained once
    analysis = run(plan, tmp_path)
    (table,) = cell_tables(analysis)
    assert [line[0][0] for line in table.lines] == ["first", "second", "third"]
    assert [cell.replicas for cell in analysis.cells] == [12, 12, 12]
    # what is published of one of them is not drawn beside the other
    (rates,) = [figure for figure in figures_of(analysis) if isinstance(figure, Figure) and figure.id == "rates"]
    drawn = [
        trace
        for trace in rates.panels[""].select_traces(selector={"type": "scatter", "mode": "markers"})
        if trace.x[0] is not None
    ]
    diamonds = [trace for trace in drawn if trace.marker.symbol == "diamond-open"]
    assert [len(trace.x) for trace in diamonds] == [1]


@pytest.mark.parametrize("levels", [[1, True], [1, 1.0], [{"name": "sgd", "lr": 0.1}] * 2, ["sgd", "sgd"]], ids=str)
def test_levels_that_python_calls_equal_keep_their_labels(levels: list[Any]) -> None:
    found = Factor.model_validate(factor(levels, ["a", "b"]))
    assert found.names == ("a", "b")
    assert found.named == ((levels[0], "a"), (levels[1], "b"))


@pytest.mark.parametrize(
    ("levels", "labels", "message"),
    [
        (
            [0.05, 0.05],
            None,
            'factor rate.levels: got "0.05" 2 times; expected each level once.*give every level a label',
        ),
        ([1, 1.0, 2], None, 'factor rate.levels: got "1.0" 2 times'),
        ([0.05, 0.1, 0.2], ["a", "b", "a"], 'factor rate.labels: got "a" 2 times; expected each label once'),
    ],
)
def test_levels_that_could_not_be_told_apart_are_refused(
    levels: list[float], labels: list[str] | None, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        small_study(**only_a(factors=[factor(levels, labels)]))


def test_no_factor_takes_the_place_of_the_rows() -> None:
    with pytest.raises(SpecError, match='got a factor called "row"'):
        small_study(factors=[{**factor([0.05, 0.1]), "name": "row"}])


def test_what_is_left_out_is_named_by_label() -> None:
    plan = small_plan(
        **only_a(factors=[factor([0.05, 0.05, 0.1], ["first", "second", "third"])], leave_out=[{"rate": "second"}])
    )
    assert [cell.levels["rate"] for cell in plan.cells] == ["first", "third"]
    assert not is_left_out(plan.study.leave_out, plan.cells[0].levels)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"metrics": {"dead": {"kind": "dead_units"}}}, 'metrics."dead"'),
        ({"metrics": {"collapsed_on_train": {"kind": "loss"}}}, 'metrics."collapsed_on_train"'),
        ({"metrics": {"diverged": {"kind": "loss"}}}, 'metrics."diverged"'),
        ({"outcomes": {"collapsed": {}, "dead": {}}}, 'outcomes."dead"'),
        ({"metrics": {" ": {"kind": "loss"}}}, "an empty name"),
        ({"outcomes": {"stalled": {}, "collapsed": {}}}, 'outcomes."stalled"'),
        ({"outcomes": {"x": {}, "x by dead units": {}, "collapsed": {}}}, 'outcomes."x by dead units"'),
    ],
)
def test_outcomes_and_metrics_have_names_of_their_own(changes: dict[str, Any], named: str) -> None:
    """They stand side by side in tables and rows, where one would silently take the other's place."""
    with pytest.raises(SpecError, match=re.escape(named)):
        small_study(**{"outcomes": {"collapsed": {}, "collapsed_on_train": {}}, "claims": [], "answer": "", **changes})


def test_a_factor_may_be_called_as_a_column(tmp_path: Path) -> None:
    """What is varied and what came out are both in the rows."""
    factors = [
        {"name": "loss", "change": "recipe.loss", "levels": ["mse", "mae"]},
        {"name": "collapsed at end", "change": "recipe.optimizer.lr", "levels": [0.01, 0.02]},
    ]
    plan = small_plan(rows=[], claims=[], answer="", replicas=1, outcomes={"collapsed": {}}, factors=factors)
    run(plan, tmp_path)
    with Store.open(tmp_path, write=False) as store:
        found = list(rows(store, plan))
    assert [row["factor loss"] for row in found] == ["mse", "mse", "mae", "mae"]
    assert [row["factor collapsed at end"] for row in found] == [0.01, 0.02, 0.01, 0.02]
    assert all(isinstance(row["loss"], float) and row["collapsed at end"] in (0, 1) for row in found)


def test_two_factors_do_not_change_the_same(tmp_path: Path) -> None:
    """The first would have no effect, and say that it had; in rows of their own they may."""
    first, second = factor([0.1, 0.2]), {**factor([0.3, 0.4]), "name": "other"}
    with pytest.raises(
        SpecError, match=r'factor other.change: got "recipe.optimizer.lr", which factor rate changes too'
    ):
        check_changes(small_study(claims=[], answer="", factors=[first, second]).factors)
    apart = [{**first, "rows": ["A"]}, {**second, "rows": ["B"]}]
    file = tmp_path / "small.toml"
    file.write_text(tomli_w.dumps(table(claims=[], answer="", factors=apart)), encoding="utf-8")
    load_study(str(file))
    file.write_text(tomli_w.dumps(table(claims=[], answer="", factors=[first, second])), encoding="utf-8")
    with pytest.raises(SpecError, match="which factor rate changes too"):
        load_study(str(file), ["replicas=2"])


def test_a_name_fits_into_that_of_a_file() -> None:
    with pytest.raises(SpecError, match=r"name: .*at most 100 characters"):
        small_study(name="a" * 300)
