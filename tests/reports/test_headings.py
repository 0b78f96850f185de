"""What pages and tables say of a run is so: titles, counts, extremes, outcomes beside a study's own."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from rich.console import Console

from gradlab.reports import charts
from gradlab.reports.charts.boundaries import BoundaryColumn, boundary_map
from gradlab.reports.figures import Figure, figures_of
from gradlab.reports.page import page_html
from gradlab.reports.sections import cell_tables
from gradlab.reports.text import print_analysis
from gradlab.stats import wilson
from gradlab.studies.load import load_study
from gradlab.studies.plan import make_plan
from gradlab.studies.results import Analysis
from tests.reports import fake
from tests.studies.small import run, small_plan

ALONE: dict[str, Any] = {"rows": [], "claims": [], "answer": "", "replicas": 3}
RATES = {"name": "rate", "change": "recipe.optimizer.lr"}


def printed(analysis: Analysis, width: int) -> str:
    out = io.StringIO()
    print_analysis(analysis, Console(file=out, width=width), None)
    return out.getvalue()


def caption(analysis: Analysis, id: str) -> str:
    (figure,) = [figure for figure in figures_of(analysis) if figure.id == id]
    return figure.caption


@pytest.fixture(scope="module")
def diverging(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Two rates, one of which no network survives."""
    factors = [{**RATES, "levels": [0.01, 1e30], "labels": ["small", "huge"]}]
    return run(small_plan(factors=factors, **ALONE), tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def of_numbers(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """The same, in a study that is about numbers and counts no outcome."""
    factors = [{**RATES, "levels": [0.01, 1e30], "labels": ["small", "huge"]}]
    metrics = {"final_loss": {"kind": "loss", "over": "train"}}
    return run(small_plan(factors=factors, metrics=metrics, **ALONE), tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("width", [60, 80, 119, 160])
@pytest.mark.parametrize("name", ["diverging", "of_numbers"])
def test_networks_that_diverged_are_in_the_table(name: str, width: int, request: pytest.FixtureRequest) -> None:
    analysis: Analysis = request.getfixturevalue(name)
    assert [cell.outcomes["diverged"].count for cell in analysis.cells] == [0, 3]
    text = printed(analysis, width)
    heading = next(line for line in text.splitlines() if "diverged" in line)
    end = heading.index("diverged") + len("diverged")
    (huge,) = (line for line in text.splitlines()[text.splitlines().index(heading) :] if line.startswith("rate huge"))
    assert re.search(r"(100 % \[\d+\.\d, 100\]|\s3)$", huge[:end])
    (table,) = cell_tables(analysis)
    place = table.head.index("diverged")
    assert [line[place][0] for line in table.lines] == ["0 %", "100 %"]


def test_what_did_not_happen_takes_no_room(tmp_path: Path) -> None:
    analysis = run(small_plan(**{**ALONE, "network": {"hidden": "20", "activation": "tanh", "weights": "he_normal"},
                                 "recipe": {"optimizer": "adam(lr=0.05)", "loss": "mse", "batch_size": 16, "epochs": 30}}),
                   tmp_path)  # fmt: skip
    assert not any(analysis.cells[0].outcomes[name].count for name in ("diverged", "stalled"))
    text = printed(analysis, 80)
    assert "diverged" not in text and "stalled" not in text


def test_a_mean_says_of_how_many_networks_it_is(of_numbers: Analysis) -> None:
    small, huge = of_numbers.cells
    some = replace(small, metrics={"final_loss": small.metrics["final_loss"].copy()})
    some.metrics["final_loss"][1, -1] = float("nan")
    lines = [
        line for line in printed(replace(of_numbers, cells=[some, huge]), 80).splitlines() if line.startswith("rate")
    ]
    assert "] of 2" in lines[0]
    assert " of 3" not in printed(of_numbers, 80).splitlines()[4]


def test_many_cells_in_a_line_say_what_happened(tmp_path: Path) -> None:
    levels = [0.001 * (k + 1) for k in range(12)] + [1e30]
    analysis = run(small_plan(factors=[{**RATES, "levels": levels}], **ALONE), tmp_path)
    assert re.search(r"13 cells, collapsed .*; 3 of 39 networks diverged", printed(analysis, 80))


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([0, 0, 0], " None collapse in any."),
        ([3, 3, 3], " As many collapse in each, 100 % ["),
        ([0, 1, 3], r"Most collapse in c, 100 % \[.*\]; none in a, 0 % \["),
        ([1, 3, 3], r"Most collapse in b and 1 other, 100 % \[.*\]; fewest in a, 33"),
        ([0, 0, 0, 3], r"Most collapse in d, .*; none in a and 2 others, 0 %"),
    ],
)
def test_extremes_are_said_where_there_are_some(diverging: Analysis, rates: Sequence[int], said: str) -> None:
    cell = diverging.cells[0]
    cells = [
        replace(cell, levels={"row": name}, outcomes={**cell.outcomes, "collapsed": wilson(count, 3)})
        for name, count in zip("abcd", rates, strict=False)
    ]
    found = caption(replace(diverging, cells=cells), "rates")
    assert re.search(said if "\\" in said or ".*" in said else re.escape(said), found), found


def test_captions_say_who_diverged(diverging: Analysis) -> None:
    assert "3 of 6 networks diverged" in caption(diverging, "rates")


def test_published_numbers_are_named_where_there_are_some(diverging: Analysis) -> None:
    assert "beside the published" not in page_html(diverging)
    dying = fake.dying()
    assert "How many networks collapse, beside the published numbers" in [figure.title for figure in figures_of(dying)]


def test_factors_of_no_collapse_are_not_weighed(diverging: Analysis) -> None:
    some, none = (
        replace(diverging, cells=[replace(cell, outcomes={**cell.outcomes, "collapsed": wilson(count, 3)})
                                  for cell, count in zip(diverging.cells, counts, strict=True)])
        for counts in ((1, 0), (0, 0))
    )  # fmt: skip
    assert "moves the rate by" in printed(some, 80)
    assert "moves the rate by" not in printed(none, 80)


@pytest.fixture(scope="module")
def depths(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    plan = make_plan(load_study("trainable-depth", quick=True), engine="torch")
    return run(plan, tmp_path_factory.mktemp("store"))


def test_no_two_figures_of_a_page_have_one_title(depths: Analysis) -> None:
    titles = [figure.title for figure in figures_of(depths)]
    assert len(set(titles)) == len(titles)
    assert {
        f"How far in depth networks reach a training accuracy of 0.5 (activation {name})" for name in ("relu", "tanh")
    } <= {*titles}


def test_titles_that_are_equal_all_the_same_are_counted(depths: Analysis) -> None:
    again = depths.study.claims[0].model_copy(update={"id": "again"})
    study = depths.study.model_copy(update={"claims": (*depths.study.claims, again)})
    titles = [figure.title for figure in figures_of(replace(depths, study=study))]
    assert len(set(titles)) == len(titles)
    assert sum("(activation relu), " in title for title in titles) == 2


def test_one_network_judges_no_boundary(depths: Analysis) -> None:
    assert {cell.replicas for cell in depths.cells} == {1}
    assert {claim.verdict for claim in depths.claims} == {"undecided"}
    assert all(claim.why == "1 network, 2 needed" and claim.measured is None for claim in depths.claims)
    assert depths.answer == ""  # nothing that it could say of them
    assert "1 networks" not in page_html(depths) and "1 networks" not in printed(depths, 80)


@pytest.mark.parametrize("theory", [0.5, 2.0, 2.1, 4.0, 5.6, 8.0, 16.0, 40.0, float("inf")])
def test_no_line_crosses_a_number(theory: float) -> None:
    levels = [2.0, 4.0, 8.0, 16.0]
    columns = [
        BoundaryColumn(x, dict.fromkeys(levels, 0.5), 4.0, theory * (1.0 + 0.3 * x), dict.fromkeys(levels, 2))
        for x in range(3)
    ]
    figure = boundary_map(columns, "gain", "depth", "accuracy")
    assert isinstance(figure, go.Figure)
    (numbers,) = figure.select_traces(selector={"mode": "text"})
    assert len(numbers.x) == 12
    for line in figure.select_traces(selector={"mode": "lines"}):
        if line.x[0] is None:
            continue  # its place in the legend
        for x, y in zip(numbers.x, numbers.y, strict=True):
            within = [height for place, height in zip(line.x, line.y, strict=True) if abs(place - x) <= 0.5]
            # the two ends of the line's level piece in this column; its neighbours share the sides
            own = [line.y[2 * x], line.y[2 * x + 1]]
            assert own[0] == own[1] and own[0] in within
            assert abs(own[0] - y) >= 0.2


def test_a_map_without_lines_has_its_numbers_in_the_middle() -> None:
    cells = [charts.NumberCell(x, y, 0.5, 3) for x in (1, 2) for y in (1, 2)]
    figure = charts.number_map(cells, "x", "y", "accuracy")
    assert figure is not None
    (numbers,) = figure.select_traces(selector={"mode": "text"})
    assert set(numbers.y) == {0, 1}


def test_maps_of_several_panels_have_room_for_their_numbers(tmp_path: Path) -> None:
    measure = {"reaching": "accuracy", "threshold": 0.5}
    factors = [
        {"name": "width", "change": "network.hidden.width", "levels": [2, 3, 4, 5, 6, 7, 8]},
        {"name": "depth", "change": "network.hidden.depth", "levels": [1, 2, 3]},
        {**RATES, "levels": [0.01, 0.02]},
    ]
    claim = {"id": "A", "statement": "a", "measure": measure, "expected": {"at_least": 0.5}}
    changes: dict[str, Any] = {
        "recipe": {"optimizer": "sgd", "loss": "cross_entropy", "steps": 0}, "task": {"name": "digits", "points": 50},
        "inputs": {}, "outcomes": {"collapsed": {}}, "metrics": {"accuracy": {"kind": "accuracy", "over": "train"}},
        "factors": factors, "claims": [claim], "rows": [], "answer": "", "replicas": 2,
    }  # fmt: skip
    (figure,) = [one for one in figures_of(run(small_plan(**changes), tmp_path)) if one.id == "reaching-1"]
    assert isinstance(figure, Figure)
    assert len(figure.panels) == 2
    shown = next(iter(figure.panels.values())).data[0]
    assert figure.least_px is not None and figure.least_px >= 40 * len(shown.x) + 200


def test_a_factor_of_some_rows_leaves_the_others_out_of_a_map(tmp_path: Path) -> None:
    """Over two factors, of which row A has one: its cells have no place there, and the page is written all the same."""
    loss = {"loss": {"kind": "loss"}}
    few = {"rows": ["B"], "name": "width", "change": "network.hidden.width", "levels": [2, 3]}
    reached = {
        "id": "r",
        "statement": "s",
        "measure": {"reaching": "loss", "threshold": 0.1},
        "expected": {"above": 0.5},
    }
    changes = {"claims": [reached], "answer": "", "replicas": 2, "metrics": loss}
    analysis = run(small_plan(factors=[{**RATES, "levels": [0.01, 0.02]}, few], **changes), tmp_path)
    (figure,) = [figure for figure in figures_of(analysis) if figure.id == "reaching-1"]
    assert "of 4 cells" not in figure.caption
    assert "n = 2 " in figure.caption
