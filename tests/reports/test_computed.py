"""Pictures of exact computations: planes, grids and bars show what was computed, and nothing that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradlab.reports.charts import count_bars, number_grids, plane
from gradlab.reports.figures import Figure, figures_of
from gradlab.studies.exact import Plane, Table
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
    assert list(first.data[0].z[3]) == [0.0, 0.0, 0.5, 0.0]
    (bars,) = padding.panels.values()
    assert [bar.name for bar in bars.data[:2]] == ["on the image", "on zeros of the padding"]
    assert list(bars.data[1].x) == [0, 45216] and list(bars.data[2].text) == [" 470,400", " 614,400"]


def test_layers_have_bars_where_there_are_several(tmp_path: Path) -> None:
    (shown,) = figures(load_study("layer-calculator"), tmp_path)  # the single layer has none
    (bars,) = shown.panels.values()
    assert sum(bars.data[0].x) == 1_221_450 and bars.layout.yaxis.ticktext[10] == "11. dense"


def exact(name: str, **computations: dict[str, Any]) -> Any:
    """A study of one claim, which need not hold."""
    first = next(iter(computations))
    part = "output" if computations[first]["compute"] != "relu_network" else "outputs"
    claim = {"id": "A", "statement": "a", "measure": {"exact": first, "part": part}, "expected": {"equals": 0}}
    text = {"name": name, "kind": "exact", "question": "q?", "answer": "", "claims": [claim]}
    return study_from({**text, "computations": computations})


def pool(image: list[list[float]], **options: Any) -> dict[str, Any]:
    return {"compute": "pool", "given": {"image": image, "kind": "max", **options}}


def test_bars_are_named_as_the_summary_names_its_rows(tmp_path: Path) -> None:
    convolution = {"kind": "conv2d", "channels": 4, "kernel_size": 3, "norm": "batch_norm", "activation": "relu"}
    inner = {"kind": "residual", "layers": ["conv2d(4, 1)", "relu"]}
    given = {"input": [1, 8, 8], "layers": ["identity", convolution, inner]}
    (shown,) = figures(exact("rows", one={"compute": "summary", "given": given}), tmp_path)
    (bars,) = shown.panels.values()
    assert list(bars.layout.yaxis.ticktext) == ["2. conv2d", "2. batch_norm", "2. relu", "3.1. conv2d", "3.2. relu"]
    assert list(bars.data[0].x) == [40, 16, 0, 20, 0]


def test_layers_that_do_nothing_have_an_output_and_no_bars(tmp_path: Path) -> None:
    study = exact("nothing", one={"compute": "summary", "given": {"input": [3], "layers": ["identity"]}})
    analysis = run(make_plan(study), tmp_path)
    assert analysis.computed[0].found["output"] == [3] and figures_of(analysis) == []


def test_pooled_numbers_stand_at_the_middle_of_their_windows(tmp_path: Path) -> None:
    image = [[float(5 * i + j) for j in range(5)] for i in range(5)]
    study = exact(
        "windows", touch=pool(image), overlap=pool(image, size=3, stride=1), one=pool(image, size=5, stride=1)
    )
    (shown,) = figures(study, tmp_path)
    assert list(shown.panels) == ["image 1", "image 1 again"]  # three tables find room beside each other
    _, touching, overlapping = (trace for trace in shown.panels["image 1"].data if trace.type == "heatmap")
    assert (touching.x0, touching.dx, len(touching.z)) == (0.5, 2, 2)
    assert (overlapping.x0, overlapping.dx, len(overlapping.z)) == (1.0, 1, 3)
    titles = [note.text for note in shown.panels["image 1"].layout.annotations]
    assert titles == ["image", "max 2 x 2", "max 3 x 3<br>stride 1"]


def test_one_scale_holds_for_all_panels_and_equal_numbers_are_bright(tmp_path: Path) -> None:
    (shown,) = figures(exact("scale", a=pool([[0.0, 4.0], [1.0, 2.0]]), b=pool([[2.0, 2.0], [2.0, 2.0]])), tmp_path)
    assert [row[0] for row in shown.panels["image 2"].data[0].z] == [0.5, 0.5]
    (shown,) = figures(exact("constant", a=pool([[2e17] * 2] * 2)), tmp_path / "constant")
    assert list(shown.panels["image 1"].data[0].z[0]) == [1.0, 1.0]


def test_numbers_are_printed_only_where_they_find_room() -> None:
    def texts(columns: int, value: float, tables: int) -> int:
        chart = number_grids({str(k): Table([[value] * columns] * 2) for k in range(tables)}, 0.0, value)
        return sum(trace.type == "scatter" for trace in chart.data)

    assert (texts(4, 1.0, 3), texts(14, 1.0, 3), texts(4, -0.125, 1), texts(8, -0.125, 3)) == (3, 0, 1, 0)


def test_names_that_look_alike_keep_their_panels(tmp_path: Path) -> None:
    unit = {"compute": "relu_network", "given": {"layers": [{"weights": [[1.0, 1.0]], "biases": [0.0]}]}}
    (shown,) = figures(exact("alike", **{"a_b": unit, "a b": unit}), tmp_path)
    assert list(shown.panels) == ["a_b", "a b"]


def test_titles_are_text_and_not_markup() -> None:
    assert number_grids({"<b>": Table([[1.0]])}, 0.0, 1.0).layout.annotations[0].text == "&lt;b&gt;"
    assert count_bars({"<i>": {"n": 1}}, "u").layout.yaxis.ticktext == ("&lt;i&gt;",)


def test_a_plane_without_a_function_says_so() -> None:
    chart = plane(Plane([0.0, 1.0], None, [(0, 0)], [True], None))
    assert len(chart.data) == 1 and chart.layout.annotations[0].text == "none"
