"""Pictures of exact computations: planes, grids and bars show what was computed, and nothing that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts import count_bars, number_grids, plane
from gradlab.reports.figures import Figure, figures_of
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.exact.boolean import FUNCTIONS
from gradlab.studies.load import load_study, study_from
from gradlab.studies.plan import make_plan
from tests.studies.small import run


def figures(study: Any, folder: Path) -> list[Figure]:
    found = figures_of(run(make_plan(study), folder))
    assert all(isinstance(figure, Figure) for figure in found)
    return found  # type: ignore[return-value]


def printed(figure: Any, trace: int) -> list[float]:
    return [float(text) for text in figure.data[trace].text]


def test_every_function_has_a_plane_and_only_xor_and_xnor_have_none(tmp_path: Path) -> None:
    networks, above, exactly, two = figures(load_study("xor-by-hand"), tmp_path)
    assert [above.title, exactly.title] == [
        "Which functions one unit computes, read as above 0",
        "Which functions one unit computes, read as exactly 0 and 1",
    ]
    assert list(networks.panels) == ["or", "larger", "xor", "difference"]
    for figure, is_exact in ((above, False), (exactly, True), (two, True)):
        assert list(figure.panels) == list(FUNCTIONS)
        for name, panel in figure.panels.items():
            if len(panel.data) == 1:  # no output, no numbers
                assert panel.layout.annotations[0].text == "none" and not panel.data[0].text
                continue
            numbers = np.array(printed(panel, 1))
            assert (numbers == FUNCTIONS[name] if is_exact else (numbers > 0) == np.array(FUNCTIONS[name])).all()
    none = [[name for name, panel in figure.panels.items() if len(panel.data) == 1] for figure in (above, exactly, two)]
    assert none == [["xor", "xnor"], ["xor", "or", "xnor", "x1 or not x2", "x2 or not x1", "nand"], []]


def test_a_plane_is_the_function_that_its_points_say(tmp_path: Path) -> None:
    panel = figures(load_study("xor-by-hand"), tmp_path)[0].panels["xor"]
    heat, points = panel.data
    z = np.array(heat.z)
    x1, x2 = np.meshgrid(heat.x, heat.y)
    by_hand = np.maximum(np.maximum(x1 + x2, 0) - 2 * np.maximum(x1 + x2 - 1, 0), 0)
    np.testing.assert_allclose(z, by_hand, atol=1e-9)
    assert list(zip(points.x, points.y, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len(set(points.marker.color)) == 2 and points.marker.color[1] == points.marker.color[2]


def test_an_image_is_drawn_once_beside_all_that_is_made_of_it(tmp_path: Path) -> None:
    pooling, padding = figures(load_study("pooling-and-padding"), tmp_path)
    assert list(pooling.panels) == ["image 1", "image 2", "image 3", "image 4"]
    first = pooling.panels["image 1"]
    assert [note.text for note in first.layout.annotations] == ["image", "average 2 x 2", "max 2 x 2"]
    assert printed(first, 3) == [1, 0.5, -0.5, 0.25] and printed(first, 5) == [1, 1, 1, 1]
    assert {trace.zmin for trace in first.data if trace.type == "heatmap"} == {-1}
    (bars,) = padding.panels.values()
    assert [bar.name for bar in bars.data[:2]] == ["on the image", "on zeros of the padding"]
    assert list(bars.data[1].x) == [0, 45216] and list(bars.data[2].text) == [" 470,400", " 614,400"]


def test_layers_have_bars_where_there_are_several(tmp_path: Path) -> None:
    (shown,) = figures(load_study("layer-calculator"), tmp_path)  # the single layer has none
    (bars,) = shown.panels.values()
    assert sum(bars.data[0].x) == 1_221_450 and bars.layout.yaxis.ticktext[10] == "11. dense"


def test_large_tables_have_no_numbers_and_long_networks_no_bars(tmp_path: Path) -> None:
    chart = number_grids({"large": [[0.0, 1.0] * 7], "small": [[3.0]]})
    assert [len(trace.text or ()) for trace in chart.data] == [0, 0, 0, 1]
    layers = {"compute": "summary", "given": {"input": [4], "layers": ["dense(4)"] * 61}}
    claim = {
        "id": "A",
        "statement": "a",
        "measure": {"exact": "long", "part": "parameters"},
        "expected": {"equals": 1220},
    }
    long = {
        "name": "long",
        "kind": "exact",
        "question": "q?",
        "answer": "",
        "computations": {"long": layers},
        "claims": [claim],
    }
    assert figures(study_from(long), tmp_path) == []


def test_titles_are_text_and_not_markup() -> None:
    assert number_grids({"<b>": [[1.0]]}).layout.annotations[0].text == "&lt;b&gt;"
    assert count_bars({"<i>": {"n": 1}}, "u").layout.yaxis.ticktext == ("&lt;i&gt;",)


def test_a_plane_without_a_function_says_so() -> None:
    chart = plane([0.0, 1.0], None, [(0, 0)], [True], None)
    assert len(chart.data) == 1 and chart.layout.annotations[0].text == "none"


@pytest.mark.parametrize("record", [one for one in COMPUTATIONS.values() if one.picture], ids=lambda one: one.name)
def test_every_picture_says_how_to_read_it(record: Any) -> None:
    assert record.picture.title[0].isupper() and record.picture.caption.endswith(".")
