"""What size buys: which cells make a line, where they stand, and what such a figure says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts.trends import Trend, TrendPoint, trends
from gradlab.reports.figures.sizes import size_figures
from gradlab.studies.results import Analysis
from tests.studies.small import run, small_plan

SIZED: dict[str, Any] = {
    "rows": [{"id": "one"}, {"id": "two"}],
    "factors": [
        {"name": "units", "change": "network.hidden", "levels": ["2", "8", "4"], "rows": ["one"]},
        {"name": "units of two", "change": "network.hidden", "levels": ["2-2", "4-4", "8-8"], "rows": ["two"]},
        {"name": "rate", "change": "recipe.optimizer.lr", "levels": [0.01, 0.05]},
    ],
    "metrics": {"rmse": {"kind": "rmse", "over": "train"}},
    "claims": [],
    "answer": "",
    "replicas": 3,
}


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return run(small_plan(**SIZED), tmp_path_factory.mktemp("store"))


def test_one_line_for_each_depth_and_rate_by_units_and_by_parameters(analysis: Analysis) -> None:
    (figure,) = size_figures(analysis)
    seconds = "seconds of training a network"
    assert list(figure.panels) == [f"{y}, by {x}" for y in ("rmse", seconds) for x in ("hidden units", "parameters")]
    lines = {line.name: line for line in figure.panels["rmse, by parameters"].data}
    assert list(lines) == [
        f"{depth}, rate {rate}" for depth in ("1 hidden layer", "2 hidden layers") for rate in (0.01, 0.05)
    ]
    assert lines["1 hidden layer, rate 0.05"].x == (2 * 2 + 3, 4 * 2 + 5, 8 * 2 + 9)
    ends = {cell.levels["units"]: cell.metrics["rmse"][:, -1] for cell in analysis.cells
            if cell.levels["row"] == "one" and cell.levels["rate"] == 0.05}  # fmt: skip
    assert lines["1 hidden layer, rate 0.05"].y == pytest.approx([ends[n].mean() for n in ("2", "4", "8")], rel=1e-4)
    units = {line.name: line for line in figure.panels["rmse, by hidden units"].data}
    assert units["2 hidden layers, rate 0.01"].x == (4, 8, 16)
    assert all(cell.seconds > 0 for cell in analysis.cells)
    assert "n = 3 networks each." in figure.caption


def test_a_single_depth_or_two_sizes_make_no_figure(tmp_path: Path) -> None:
    factors = [{**factor, "levels": factor["levels"][:2]} for factor in SIZED["factors"]]
    assert size_figures(run(small_plan(**{**SIZED, "factors": factors}), tmp_path)) == []


def test_numbers_that_are_not_finite_leave_a_gap_and_none_no_figure() -> None:
    points = [TrendPoint(10.0**k, value, value, value, "") for k, value in enumerate([1.0, np.nan, 2.0], start=1)]
    figure = trends([Trend("a", 0, 0, points)], "units", "loss", is_log=True)
    assert figure is not None and figure.data[0].x == (10.0, 1000.0)
    assert trends([Trend("a", 0, 0, points[1:2])], "units", "loss", is_log=True) is None
