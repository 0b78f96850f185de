"""Predicted classes and confusion: shares with intervals, counts and row rates in cells, grey where there is nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts.classes import ClassCounts, class_counts, confusion

NAMES = [str(k) for k in range(10)]
RNG = np.random.default_rng(3)


def traces(figure: Any, kind: str) -> list[dict[str, Any]]:
    return [t for t in json.loads(figure.to_json())["data"] if t["type"] == kind and t.get("x") != [None]]


def test_bars_are_shares_with_intervals_and_the_truth_is_a_mark() -> None:
    predicted = RNG.multinomial(1000, np.full(10, 0.1), size=5)
    stuck = np.zeros((3, 10), dtype=np.int64)
    stuck[:, 1] = 1000
    panels: Any = class_counts(
        [ClassCounts("relu", "#D55E00", predicted), ClassCounts("stuck", "#009E73", stuck)], NAMES, np.full(10, 100)
    )
    assert list(panels) == ["relu", "stuck"]
    assert len({tuple(panel.layout.xaxis.range) for panel in panels.values()}) == 1
    (bars,) = traces(panels["relu"], "bar")
    assert bars["x"] == pytest.approx(100 * (predicted / 1000).mean(axis=0), abs=1e-3)
    assert all(width > 0 for width in bars["error_x"]["array"])
    (marks,) = traces(panels["relu"], "scatter")
    assert marks["x"] == [10.0] * 10 and marks["marker"]["symbol"] == "line-ns-open"
    (full,) = traces(panels["stuck"], "bar")
    assert full["x"][1] == 100 and full["error_x"]["array"][1] == 0
    assert "true share 10 %" in full["hovertext"][1]
    assert list(panels["relu"].layout.yaxis.ticktext) == NAMES


def test_bounds_stay_within_zero_and_all() -> None:
    wild = np.zeros((3, 10), dtype=np.int64)
    wild[[0, 1, 2], [1, 1, 7]] = 100
    (panel,) = class_counts([ClassCounts("a", "#009E73", wild)], NAMES).values()
    (bars,) = traces(panel, "bar")
    for x, below, above in zip(bars["x"], bars["error_x"]["arrayminus"], bars["error_x"]["array"], strict=True):
        assert x - below >= -1e-9 and x + above <= 100 + 1e-9


def test_one_network_has_no_whiskers_and_says_so() -> None:
    one = ClassCounts("a", "#009E73", np.arange(10)[None])
    (panel,) = class_counts([one, ClassCounts("none", "#009E73", np.zeros((2, 10), dtype=np.int64))], NAMES).values()
    (bars,) = traces(panel, "bar")
    assert "error_x" not in bars and "1 network" in bars["hovertext"][3]
    assert "1 network, no interval" in panel.to_json()


def test_cells_have_counts_and_row_rates() -> None:
    counts = np.zeros((2, 3, 3), dtype=np.int64)
    counts[:] = [[998, 2, 0], [0, 0, 0], [1, 400, 599]]
    figure: Any = confusion(counts, ["a", "b", "c <i>"])
    (cells,), (printed,) = traces(figure, "heatmap"), traces(figure, "scatter")
    assert cells["z"] == [[99.8, 0.2, 0], [None, None, None], [0.1, 40, 59.9]]
    texts = {(y, x): text for x, y, text in zip(printed["x"], printed["y"], printed["text"], strict=True)}
    assert texts == {
        (0, 0): "998<br>>99", (0, 1): "2<br><1", (2, 0): "1<br><1", (2, 1): "400<br>40", (2, 2): "599<br>60"
    }  # fmt: skip
    assert "no inputs of this class" in cells["hovertext"][1][0]
    assert "true c &lt;i&gt;, predicted b" in cells["hovertext"][2][1] and "[" in cells["hovertext"][2][1]
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert "1 network, no interval" in traces(confusion(counts[:1], ["a", "b", "c"]), "heatmap")[0]["hovertext"][0][0]
    assert confusion(np.zeros((1, 3, 3), dtype=np.int64), ["a", "b", "c"]) is None


def test_many_classes_have_no_numbers_but_a_colour_bar() -> None:
    figure = confusion(np.ones((1, 26, 26), dtype=np.int64), [chr(97 + k) for k in range(26)])
    assert not traces(figure, "scatter") and traces(figure, "heatmap")[0]["showscale"]
