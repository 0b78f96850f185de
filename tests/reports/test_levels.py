"""What a factor does: which cells make a line, where they stand, and which figures there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts.trends import TrendPoint
from gradlab.reports.figures.levels import level_figures, metric_point
from gradlab.studies.measured import Metric
from gradlab.studies.results import Analysis
from tests.studies.small import run, small_plan

DEEP: dict[str, Any] = {
    "rows": [
        {"id": "A"},
        {"id": "A more", "note": "the same networks at other depths"},
        {"id": "B", "recipe": {"epochs": 2}},
    ],
    "factors": [
        {"name": "activation", "change": "network.activation", "levels": ["relu", "tanh"]},
        {"name": "depth", "change": "network.hidden.depth", "levels": [1, 4], "rows": ["A", "B"]},
        {"name": "more depth", "change": "network.hidden.depth", "levels": [2, 40], "rows": ["A more"]},
        {"name": "rate", "change": "recipe.optimizer.lr", "levels": [0.01, 0.05]},
    ],
    "metrics": {"loss": {"kind": "loss", "over": "train"}},
    "claims": [],
    "answer": "",
    "replicas": 2,
}


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return run(small_plan(**DEEP), tmp_path_factory.mktemp("store"))


def test_rows_of_the_same_networks_make_one_line(analysis: Analysis) -> None:
    (figure,) = level_figures(analysis)  # two rates are no line
    assert (figure.id, figure.title, list(figure.panels)) == (
        "levels-network-hidden-depth", "What depth does", ["loss, by depth"],
    )  # fmt: skip
    lines = {line.name: line for line in figure.panels["loss, by depth"].data}
    assert list(lines) == [
        f"A, activation {activation}, rate {rate}" for activation in ("relu", "tanh") for rate in (0.01, 0.05)
    ]
    assert lines["A, activation tanh, rate 0.05"].x == (1.0, 2.0, 4.0, 40.0)
    ends = {cell.levels.get("depth", cell.levels.get("more depth")): cell.metrics["loss"][:, -1] for cell in analysis.cells
            if cell.levels["activation"] == "tanh" and cell.levels["rate"] == 0.05 and cell.levels["row"] != "B"}  # fmt: skip
    assert lines["A, activation tanh, rate 0.05"].y == pytest.approx([ends[n].mean() for n in (1, 2, 4, 40)], rel=1e-4)
    assert figure.panels["loss, by depth"].layout.xaxis.type == "log" and "n = 2 networks each" in figure.caption


def test_of_equal_cells_the_one_with_more_networks_stands(tmp_path: Path) -> None:
    rows = [{"id": "fewer", "replicas": 1}, {"id": "A"}, {"id": "more", "replicas": 3}]
    factors = [{"name": "depth", "change": "network.hidden.depth", "levels": [1, 2, 4]}]
    plan = small_plan(**{**DEEP, "rows": rows, "factors": factors})
    (figure,) = level_figures(run(plan, tmp_path))
    assert "n = 3 networks each" in figure.caption


def test_words_and_two_numbers_are_no_axis(tmp_path: Path) -> None:
    factors = [factor for factor in DEEP["factors"] if factor["name"] in ("activation", "rate")]
    plan = small_plan(**{**DEEP, "factors": factors})
    assert level_figures(run(plan, tmp_path)) == []


def test_the_interval_of_a_share_ends_with_it(analysis: Analysis) -> None:
    first = analysis.cells[0]
    first = replace(first, steps=[0, 1], by_look={}, loss_curves=first.loss_curves[:, :2], metrics={})

    def point(kind: Any, *ends: float) -> TrendPoint:
        values = np.array([[0.5, end] for end in ends], np.float32)
        return metric_point(replace(first, metrics={"a": values}), "a", Metric(kind=kind), 1.0, "here")

    share = point("accuracy", 0.9, 1.0)
    assert share.value == pytest.approx(0.95) and share.high == 1.0 and 0.0 <= share.low < 0.9
    assert point("loss", 0.9, 1.0).high > 1.0 and point("loss", 0.1, 1.0).low == 0.0
    assert point("loss", 0.5).low == point("loss", 0.5).high == 0.5
    assert np.isnan(point("loss", np.nan).value)
