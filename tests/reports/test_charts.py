"""Charts from plain data: an interval with every rate, nothing drawn from nothing, NaN never passed on."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.reports import charts
from gradlab.reports.charts.axes import spread
from gradlab.reports.charts.style import INK
from gradlab.stats import Proportion, wilson

END, BIRTH = charts.Series("end"), charts.Series("birth", "dot")


def row(label: str = "B1", count: int = 30, **more: Any) -> charts.RateRow:
    return charts.RateRow(label, charts.colour_of("relu"), {"end": wilson(count, 40), "birth": wilson(20, 40)}, **more)


def traces(figure: Any, kind: str | None = None) -> list[dict[str, Any]]:
    """A figure's traces as the page gets them, legend entries left out."""
    found = json.loads(figure.to_json())["data"]
    return [t for t in found if t.get("x") != [None] and (kind is None or t["type"] == kind)]


def whiskers_of(trace: dict[str, Any], axis: str) -> list[tuple[float, float]]:
    bars = trace[f"error_{axis}"]
    return list(zip(bars["arrayminus"], bars["array"], strict=True))


def test_every_rate_has_its_interval() -> None:
    figure = charts.rates([row(), row("B2", 0), row("B3", 40)], [END, BIRTH])
    drawn = [trace for trace in traces(figure) if "error_x" in trace]
    assert len(drawn) == 2
    for trace in drawn:
        assert len(trace["x"]) == len(whiskers_of(trace, "x")) == 3
        assert all(below >= 0 and above >= 0 and below + above > 0 for below, above in whiskers_of(trace, "x"))


def test_collapsed_is_hatched_and_published_is_an_open_diamond() -> None:
    figure = charts.rates([row(published={"end": 0.967}, theory={"birth": 0.92})], [END, BIRTH])
    (bars,) = [trace for trace in traces(figure, "bar") if trace["x"] != [None]]
    assert bars["marker"]["pattern"]["shape"] == "/"
    diamonds = [t for t in traces(figure) if t.get("marker", {}).get("symbol") == "diamond-open"]
    assert [trace["x"] for trace in diamonds] == [[pytest.approx(96.7)]]
    dashed = [t for t in traces(figure) if t.get("mode") == "lines"]
    assert [trace["line"]["dash"] for trace in dashed] == ["4px,2px"]


def test_numbers_and_labels_are_printed_not_only_hovered() -> None:
    figure: Any = charts.rates([row("a <b> & c")], [END])
    printed = " ".join(annotation.text for annotation in figure.layout.annotations)
    assert "75.0 %" in printed and "[" in printed
    assert "a &lt;b&gt; &amp; c" in printed


def test_relu_has_one_colour_everywhere() -> None:
    names = ("relu", "leaky_relu", "tanh", "sigmoid")
    assert [charts.colour_of(name) for name in names] == ["#D55E00", "#E69F00", "#0072B2", "#009E73"]
    assert charts.colour_of("gelu") not in {charts.colour_of(name) for name in names}
    assert charts.colour_of("of a later version").startswith("#")


def test_nothing_is_drawn_from_nothing() -> None:
    assert charts.rates([], [END]) is None
    assert charts.rates([charts.RateRow("B1", "#D55E00", {})], [END]) is None
    assert charts.rate_by_depth([], "rate") == []
    assert charts.rate_by_depth([charts.DepthCurve("width 2", [], [])], "rate") == []
    assert charts.survival([]) is None
    assert charts.survival([charts.Curve("B1", "#D55E00", [0], [wilson(1, 2)])]) is None
    assert charts.effect_grids([], "x", "y") == {}
    assert charts.effect_bars([]) is None
    assert charts.readings([], 0.5, "share (%)") is None
    nothing = charts.Losses("B1", "#D55E00", [0, 1], np.full((2, 2), np.nan, np.float32), 2)
    assert charts.loss_curves([nothing]) == {}
    assert charts.loss_curves([]) == {}


def test_rate_by_depth_adds_a_logarithmic_panel_where_rates_span_two_decades() -> None:
    depths = [1, 2, 3]
    rare = charts.DepthCurve(
        "width 10", depths, [wilson(c, 1000) for c in (0, 1, 3)], {"closed form": [0.001, 0.002, 0.003]}
    )
    often = charts.DepthCurve(
        "width 2", depths, [wilson(c, 1000) for c in (250, 440, 580)], {"closed form": [0.25, None, 0.58]}
    )
    assert len(charts.rate_by_depth([often], "rate")) == 1
    linear, log = charts.rate_by_depth([rare, often], "rate")
    assert (linear.layout.yaxis.type, log.layout.yaxis.type) == (None, "log")
    for panel in (linear, log):
        measured = [t for t in traces(panel) if "error_y" in t]
        theory = [t for t in traces(panel) if t.get("line", {}).get("dash") == "dash"]
        assert [len(t["x"]) for t in measured] == ([3, 3] if panel is linear else [2, 3])
        assert [t["error_y"]["color"] for t in measured] == [t["line"]["color"] for t in theory]
    (none,) = [t for t in traces(log) if t.get("marker", {}).get("symbol") == "triangle-down-open"]
    assert none["y"] == [pytest.approx(100 * wilson(0, 1000).high)]


def test_survival_has_a_band_a_name_and_a_place_for_step_zero() -> None:
    steps = [0, 1, 10, 100]
    figure = charts.survival(
        [
            charts.Curve("B1", "#D55E00", steps, [wilson(count, 50) for count in (50, 40, 10, 5)]),
            charts.Curve("short", "#E69F00", steps[:3], [wilson(count, 50) for count in (50, 50, 50)]),
        ]
    )
    assert figure is not None
    ticks = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert ticks["0"] < ticks["1"] < ticks["10"] < ticks["100"]
    bands = [t for t in traces(figure) if t.get("fill") == "toself"]
    lines = [t for t in traces(figure) if t.get("mode") == "lines+markers"]
    assert [len(band["x"]) for band in bands] == [2 * len(line["x"]) for line in lines]
    names = [annotation.text for annotation in figure.layout.annotations if annotation.text]
    assert sorted(names) == ["B1", "short"]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_labels_moved_apart_stay_apart_and_in_order(values: list[float]) -> None:
    moved = spread(sorted(values), 5.5)
    assert all(b - a >= 5.5 - 1e-6 for a, b in itertools.pairwise(moved))
    assert moved[0] >= -1e-9 and moved[-1] <= 100 + 1e-9


def losses(label: str, values: Any) -> charts.Losses:
    return charts.Losses(label, "#D55E00", [0, 1, 10], np.array(values, np.float32), 100)


def test_diverged_replicas_neither_break_nor_stretch_the_axis() -> None:
    calm = losses("B1", [[3.0, 2.0, 1.0], [3.0, 3.0, 3.0]])
    wild = losses("B2", [[3.0, 1e30, math.inf], [2.0, math.nan, math.nan], [4.0, 3.0, 2.0]])
    panels = charts.loss_curves([calm, wild])
    assert list(panels) == ["B1", "B2"]
    ranges = {tuple(panel.layout.yaxis.range) for panel in panels.values()}
    assert len(ranges) == 1 and max(ranges.pop()) < 10
    crosses = [t for t in traces(panels["B2"]) if t.get("marker", {}).get("symbol") == "x-thin-open"]
    assert len(crosses) == 1 and len(crosses[0]["x"]) == 2
    assert not [t for t in traces(panels["B1"]) if "marker" in t]
    assert "NaN" not in panels["B2"].to_json() and "Infinity" not in panels["B2"].to_json()


def test_loss_axis_is_logarithmic_over_two_decades_and_lines_are_pale() -> None:
    panels = charts.loss_curves([losses("B1", [[10.0, 1.0, 0.01], [5.0, 0.0, 0.1]])])
    assert panels["B1"].layout.yaxis.type == "log"
    assert {trace["opacity"] for trace in traces(panels["B1"])} == {0.3}
    many = charts.loss_curves([losses("B1", np.ones((200, 3)))])
    drawn = sum(t["y"].count(None) for t in traces(many["B1"]))
    assert drawn == 50  # a gap after every replica


def test_grids_print_every_rate_and_share_their_axes() -> None:
    cells = [
        charts.GridCell(slope, law, panel, wilson(count, 20))
        for slope, law, panel, count in ((0.2, "zeros", "a", 1), (0.01, "own", "a", 20), (0.01, "zeros", "b", 3))
    ]
    panels = charts.effect_grids(cells, "slope", "bias")
    assert list(panels) == ["a", "b"]
    for panel in panels.values():
        assert list(panel.layout.xaxis.ticktext) == ["0.01", "0.2"]  # numbers by size
        assert list(panel.layout.yaxis.ticktext) == ["zeros", "own"]
    (heat,) = traces(panels["a"], "heatmap")
    assert (heat["zmin"], heat["zmax"]) == (0, 100)
    (printed,) = traces(panels["a"], "scatter")
    assert sorted(printed["text"]) == ["100", "5.0"]
    assert all("[" in text for line in heat["hovertext"] for text in line if text)


def test_effect_bars_show_the_spread_behind_the_mean() -> None:
    figure: Any = charts.effect_bars([charts.EffectBar("slope", 0.5, [0.2, 0.8], {0.01: 0.9, 0.2: 0.4})])
    ticks = [t for t in traces(figure, "scatter") if t["x"] == [20.0, 80.0]]
    assert len(ticks) == 1
    assert "50.0 points, from 20.0 to 80.0" in [annotation.text for annotation in figure.layout.annotations]


def test_readings_mark_the_compatible_by_word_and_shape() -> None:
    def reading(label: str, count: int, compatible: bool) -> charts.ReadingRow:
        rate: Proportion = wilson(count, 100)
        return charts.ReadingRow(label, rate, (rate.low, rate.high), compatible)

    figure: Any = charts.readings([reading("slope 0.2", 2, False), reading("slope 0.01", 83, True)], 0.83, "share (%)")
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts.count("<b>compatible</b>") == 1
    marks = [t for t in traces(figure, "scatter") if "error_x" in t and t["x"]]
    assert {(t["marker"]["symbol"], t["x"][0]) for t in marks} == {("circle", 83.0), ("circle-open", 2.0)}
    assert any(t.get("marker", {}).get("symbol") == "diamond-open" for t in traces(figure))
    assert INK in figure.to_json()
