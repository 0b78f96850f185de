"""Confusion: counts and row rates in cells, grey where there is nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from gradlab.reports.charts.classes import confusion

NAMES = [str(k) for k in range(10)]
RNG = np.random.default_rng(3)


def traces(figure: Any, kind: str) -> list[dict[str, Any]]:
    return [t for t in json.loads(figure.to_json())["data"] if t["type"] == kind and t.get("x") != [None]]


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
