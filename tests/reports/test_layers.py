"""Quantities by layer: intervals, theory, published numbers, zeros on a labelled floor, nothing lost in silence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts.axes import ValueAxis, layer_ticks, power_text
from gradlab.reports.charts.layers import LayerValues, by_layer
from gradlab.signals.profile import student_mean
from tests.reports.drawn import legend, traces

RNG = np.random.default_rng(1)
NAMES = ["1", "2", "3", "output"]


def values(label: str, numbers: Any, colour: str = "#0072B2", **more: Any) -> LayerValues:
    array = np.array(numbers, dtype=float)
    return LayerValues(label, colour, NAMES[: array.shape[1]], array, **more)


def test_the_line_is_the_mean_and_the_band_its_interval() -> None:
    numbers = RNG.normal(1.0, 0.1, (6, 4))
    figure: Any = by_layer([values("tanh", numbers)], "standard deviation", is_log=False)
    (line,) = traces(figure, mode="lines+markers")
    (band,) = traces(figure, fill="toself")
    means = [student_mean(column, 0.95, "linear") for column in numbers.T]
    assert line["x"] == [1, 2, 3, 4] and line["y"] == pytest.approx([mean.mean for mean in means], rel=1e-3)
    assert band["y"][:4] == pytest.approx([mean.high for mean in means], rel=1e-3)
    assert band["y"][4:] == pytest.approx([mean.low for mean in reversed(means)], rel=1e-3)
    assert "mean of 6 networks" in legend(figure) and "tanh" in legend(figure)
    assert "[" in line["hovertext"][0] and "mean of 6 networks" in line["hovertext"][0]
    assert figure.layout.yaxis.title.text == "standard deviation"
    assert figure.layout.meta["plot_px"] > 0


def test_two_decades_make_the_axis_logarithmic_and_the_mean_geometric() -> None:
    numbers = 10.0 ** RNG.normal([[-4, -3, -2, -1]], 0.2, (5, 4))
    figure: Any = by_layer([values("sigmoid", numbers)], "largest gradient")
    assert figure.layout.yaxis.type == "log" and "logarithmic" in figure.layout.yaxis.title.text
    (line,) = traces(figure, mode="lines+markers")
    assert line["y"] == pytest.approx(np.exp(np.log(numbers).mean(axis=0)), rel=1e-3)
    assert "geometric mean of 5 networks" in legend(figure)
    signed: Any = by_layer([values("sigmoid", -numbers)], "mean", is_log=True)
    assert signed.layout.yaxis.type is None and "logarithmic" not in signed.layout.yaxis.title.text


def test_zeros_stand_on_a_labelled_floor() -> None:
    numbers = 10.0 ** RNG.normal([[-6, -4, -2, -1]], 0.1, (5, 4))
    numbers[:, 0] = 0.0
    numbers[:2, 1] = 0.0
    figure: Any = by_layer([values("relu", numbers)], "largest gradient")
    floor = figure.layout.yaxis.tickvals[0]
    assert figure.layout.yaxis.ticktext[0] == "0" and 0 < floor < numbers[numbers > 0].min()
    (marks,) = [t for t in traces(figure, mode="markers") if "triangle-down" in t["marker"]["symbol"]]
    assert (marks["x"], marks["y"]) == ([1, 2], [floor, floor])
    assert marks["marker"]["symbol"] == ["triangle-down", "triangle-down-open"]
    assert ["exactly 0 in 5 of 5" in marks["hovertext"][0], "2 of 5" in marks["hovertext"][1]] == [True, True]
    (line,) = traces(figure, mode="lines+markers")
    assert line["y"][0] is None and "3 of 5 networks; 2 exactly 0" in line["hovertext"][1]
    assert {"exactly 0 in all", "exactly 0 in some"} <= set(legend(figure))


def test_one_network_has_markers_and_no_interval() -> None:
    figure: Any = by_layer([values("tanh", [[1.0, 2.0, 3.0, 4.0]])], "norm")
    assert not traces(figure, fill="toself")
    (line,) = traces(figure)
    assert line["mode"] == "lines+markers" and "1 network, no interval" in line["hovertext"][0]
    assert "1 network, no interval" in legend(figure)


def test_theory_is_dashed_and_published_numbers_are_open_diamonds() -> None:
    nan = np.nan
    one = values(
        "he", [[1, 2, 3, 4], [2, 3, 4, 5]], theory=np.array([1, 2, nan, 4.0]), published=np.array([nan, 2, nan, 9.0])
    )
    figure: Any = by_layer([one], "norm")
    (dashed,) = [t for t in traces(figure, mode="lines") if t["line"].get("dash")]
    assert (dashed["y"], dashed["line"]["color"]) == ([1, 2, None, 4], "#0072B2")
    (diamonds,) = [t for t in traces(figure, mode="markers") if t["marker"]["symbol"] == "diamond-open"]
    assert (diamonds["x"], diamonds["y"]) == ([2, 4], [2, 9])
    assert figure.layout.yaxis.range[1] > 9  # the axis holds them
    assert {"theory", "published"} <= set(legend(figure))


def test_what_is_not_finite_is_marked_and_never_reaches_plotly() -> None:
    numbers = RNG.normal(5.0, 0.1, (4, 4))
    numbers[0, 2:], numbers[1, 3] = np.nan, np.inf
    figure: Any = by_layer([values("tanh", numbers), values("lost", np.full((4, 4), np.nan))], "norm")
    (cross,) = [t for t in traces(figure, mode="markers") if t["marker"]["symbol"] == "x-thin-open"]
    assert cross["x"] == [3, 4] and "2 of 4 networks" in cross["hovertext"][1]
    (line,) = traces(figure, mode="lines+markers")
    assert "mean of 2 of 4 networks; 2 not finite" in line["hovertext"][3]
    assert {"NaN or infinite", "lost: no finite value"} <= set(legend(figure))
    json.dumps(json.loads(figure.to_json()), allow_nan=False)
    assert by_layer([values("lost", np.full((4, 4), np.nan))], "norm") is None and by_layer([], "norm") is None


def test_a_layer_without_the_number_is_no_divergence() -> None:
    numbers = RNG.normal(5.0, 0.1, (4, 4))
    numbers[:, :3] = np.nan
    figure: Any = by_layer([values("tanh", numbers)], "output variance")
    assert not [t for t in traces(figure, mode="markers") if t["marker"]["symbol"] == "x-thin-open"]


def test_at_most_fifty_replicas_are_drawn_and_they_are_pale() -> None:
    figure: Any = by_layer([values("tanh", RNG.normal(5.0, 0.1, (200, 4)))], "norm")
    thin = [t for t in traces(figure, mode="lines") if t.get("opacity") == 0.3]
    assert sum(t["y"].count(None) for t in thin) == 50 and len(thin) <= 10
    assert {t["line"]["width"] for t in thin} == {1}


def test_networks_of_different_depth_share_the_axis_from_the_input() -> None:
    deep = LayerValues("40", "#009E73", [*map(str, range(1, 41)), "output"], np.ones((2, 41)))
    figure: Any = by_layer([values("3", np.ones((2, 4))), deep], "norm")
    assert figure.layout.xaxis.range == (0.5, 41.5)
    assert figure.layout.xaxis.ticktext[0] == "1" and figure.layout.xaxis.ticktext[-1] == "output"


@pytest.mark.parametrize("count", [1, 2, 9, 10, 21, 41, 100, 1000])
def test_labelled_layers_are_few_in_order_and_have_the_last(count: int) -> None:
    places, names = layer_ticks([str(k) for k in range(1, count + 1)])
    assert len(places) <= 11 and places == sorted(set(places)) and names == [str(k) for k in places]
    assert places[-1] == count


@pytest.mark.parametrize("low", [5e-324, 1e-300, 1e-9, 1.0, 1e300])
def test_logarithmic_axes_hold_every_double(low: float) -> None:
    axis = ValueAxis([0.0, low, min(1e6 * low, 1.7e308)], is_log=True)
    assert axis.floor is not None and axis.floor > 0
    assert all(np.isfinite(axis.limits())) and axis.limits()[0] < axis.limits()[1]
    assert axis(0.0) == axis.floor and axis(float("nan")) is None and axis(-1.0) is None
    assert power_text(low)
