"""Numbers over training: curves whose mean loses no member, heat maps whose cells say what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradlab.reports.charts.axes import StepAxis
from gradlab.reports.charts.heat import LayerHistory, by_layer_and_step
from gradlab.reports.charts.history import TrainingCurve, training_curves
from gradlab.reports.charts.points import thinned
from tests.reports.drawn import legend, traces

RNG = np.random.default_rng(2)
STEPS = [0, 1, 10, 100, 1000]


def curve(label: str, numbers: Any, steps: list[int] | None = None, **more: Any) -> TrainingCurve:
    return TrainingCurve(label, "#0072B2", steps or STEPS, np.array(numbers, dtype=float), **more)


def mean_line(figure: Any) -> dict[str, Any]:
    (found,) = [t for t in traces(figure, mode="lines") if t.get("hovertext")]
    return found


def test_curves_have_mean_band_and_replicas() -> None:
    numbers = RNG.normal(50, 3, (5, 5))
    one = curve("relu", numbers, published=[(1000, 97.6)])
    figure: Any = training_curves([one], "accuracy (%)")
    line = mean_line(figure)
    assert line["x"] == STEPS and line["y"] == pytest.approx(numbers.mean(axis=0), rel=1e-3)
    assert "step 1,000" in line["hovertext"][-1] and "mean of 5 networks" in line["hovertext"][-1]
    assert len(traces(figure, fill="toself")) == 1
    assert len([t for t in traces(figure) if t.get("opacity") == 0.3]) == 5
    (diamond,) = [t for t in traces(figure, mode="markers") if t["marker"]["symbol"] == "diamond-open"]
    assert (diamond["x"], diamond["y"]) == ([1000], [97.6])
    assert figure.layout.yaxis.range[1] > 97.6
    assert {"relu", "mean of 5 networks", "published"} <= set(legend(figure))


def test_a_network_that_diverges_leaves_the_mean_and_not_the_picture() -> None:
    numbers = np.tile([3.0, 2.5, 2.0, 1.5, 1.0], (4, 1))
    numbers[0, 2:] = [1e30, np.inf, np.nan]
    figure: Any = training_curves([curve("lr 1", numbers)], "loss")
    line = mean_line(figure)
    assert line["y"] == [3.0, 2.5, 2.0, 1.5, 1.0]
    assert "mean of 3 networks; 1 more diverged" in line["hovertext"][0]
    assert "lr 1 (1 of 4 diverged)" in legend(figure)
    (cross,) = [t for t in traces(figure, mode="markers") if t["marker"]["symbol"] == "x-thin-open"]
    assert cross["x"] == [10] and "1e30" in cross["hovertext"][0]
    assert max(figure.layout.yaxis.range) < 4
    json.dumps(json.loads(figure.to_json()), allow_nan=False)


def test_all_diverged_and_never_finite_are_both_said() -> None:
    numbers = np.tile([3.0, 2.5, 2.0, np.nan, np.nan], (2, 1))
    figure: Any = training_curves([curve("all", numbers), curve("none", np.full((2, 5), np.nan))], "loss")
    assert {"all (2 of 2 diverged)", "none: no finite value"} <= set(legend(figure))
    assert not [t for t in traces(figure, mode="lines") if t.get("hovertext")]
    assert training_curves([curve("none", np.full((2, 5), np.nan))], "loss") is None
    assert training_curves([curve("short", [[1.0]], [0])], "loss") is None and training_curves([], "loss") is None


def test_looks_that_were_not_measured_are_no_divergence() -> None:
    numbers = np.tile([3.0, np.nan, 2.0, np.nan, 1.0], (3, 1))
    figure: Any = training_curves([curve("relu", numbers)], "loss")
    assert mean_line(figure)["x"] == [0, 10, 1000] and "relu" in legend(figure)


def test_one_network_has_no_band() -> None:
    figure: Any = training_curves([curve("relu", [[3.0, 2.0, 1.0, 0.5, 0.1]])], "loss", has_log_steps=True)
    assert not traces(figure, fill="toself") and "1 network, no interval" in legend(figure)
    assert dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))["1,000"] == 3.0
    assert "logarithmic after 0" in figure.layout.xaxis.title.text


def test_many_looks_make_no_large_page() -> None:
    steps = list(range(5000))
    figure: Any = training_curves([curve("relu", RNG.normal(1, 0.1, (60, 5000)), steps)], "loss")
    assert mean_line(figure)["x"][0] == 0 and mean_line(figure)["x"][-1] == 4999
    assert len(figure.to_json()) < 300_000


def test_step_axes_keep_order_and_ends() -> None:
    for is_log in (False, True):
        axis = StepAxis(STEPS, is_log=is_log)
        borders = axis.borders(STEPS)
        assert len(borders) == len(STEPS) + 1 and borders == sorted(borders)
        assert all(low < axis(step) < high for step, low, high in zip(STEPS, borders, borders[1:], strict=False))
    assert not StepAxis([0], is_log=True).is_log
    places = thinned([axis(step) for step in STEPS], 3)
    assert places[0] == 0 and places[-1] == len(STEPS) - 1


def history(label: str, numbers: Any, steps: list[int] | None = None) -> LayerHistory:
    array = np.array(numbers, dtype=float)
    return LayerHistory(label, steps or STEPS, [*map(str, range(1, array.shape[2])), "output"], array)


def heat(figure: Any) -> dict[str, Any]:
    return next(trace for trace in traces(figure, type="heatmap") if trace.get("hovertext"))


def test_heat_maps_share_one_scale_and_name_every_cell() -> None:
    first, second = RNG.uniform(1, 2, (5, 3, 4)), RNG.uniform(3, 4, (5, 3, 4))
    panels = by_layer_and_step([history("a", first), history("b", second)], "norm (1)")
    assert list(panels) == ["a", "b"]
    maps = [heat(panel) for panel in panels.values()]
    assert len({(one["zmin"], one["zmax"]) for one in maps}) == 1
    assert maps[0]["z"][2] == pytest.approx(first[:, :, 2].mean(axis=1), rel=1e-3)
    assert len(maps[0]["x"]) == 6 and len(maps[0]["y"]) == 5
    assert "layer output, step 1,000" in maps[0]["hovertext"][3][4] and "[" in maps[0]["hovertext"][3][4]
    assert list(panels["a"].layout.yaxis.ticktext) == ["1", "2", "3", "output"]
    assert panels["a"].layout.xaxis2.title.text == "norm (1)"
    assert by_layer_and_step([], "norm") == {}
    assert by_layer_and_step([history("nothing", np.full((5, 1, 2), np.nan))], "norm") == {}


def test_signed_quantities_are_centred_at_zero() -> None:
    (panel,) = by_layer_and_step([history("a", RNG.uniform(-1, 3, (5, 2, 3)))], "mean").values()
    one = heat(panel)
    assert one["zmin"] == -one["zmax"] and one["zmax"] > 0
    (other,) = by_layer_and_step([history("a", RNG.uniform(1, 3, (5, 2, 3)))], "std").values()
    assert one["colorscale"] != heat(other)["colorscale"]


def test_zeros_and_missing_values_are_patterned_and_named() -> None:
    numbers = 10.0 ** RNG.uniform(-6, 0, (5, 3, 4))
    numbers[3:, :, 0] = 0.0
    numbers[0, 1:, 1] = 0.0
    numbers[:2, :, 2] = np.nan
    (panel,) = by_layer_and_step([history("relu", numbers)], "largest gradient").values()
    one = heat(panel)
    assert one["z"][0][3:] == [None, None] and one["z"][2][:2] == [None, None]
    assert one["z"][1][0] == pytest.approx(np.log10(numbers[0, 0, 1]), abs=1e-3)
    assert "2 exactly 0" in one["hovertext"][1][0] and "not finite" in one["hovertext"][2][0]
    assert "logarithmic" in panel.layout.xaxis2.title.text
    assert {"no finite value", "exactly 0"} == set(legend(panel))
    patterns = [trace["fillpattern"]["shape"] for trace in traces(panel) if "fillpattern" in trace]
    assert patterns == [".", "/"]
    json.dumps(json.loads(panel.to_json()), allow_nan=False)


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0])
def test_a_quantity_that_never_moves_is_drawn(value: float) -> None:
    (panel,) = by_layer_and_step([history("a", np.full((5, 2, 3), value))], "mean").values()
    assert heat(panel)["zmin"] < heat(panel)["zmax"]


def test_many_looks_are_thinned_to_what_can_be_seen() -> None:
    steps = list(range(1000))
    (panel,) = by_layer_and_step(
        [history("a", RNG.uniform(1, 2, (1000, 2, 3)), steps)], "norm", has_log_steps=False
    ).values()
    assert 100 < len(heat(panel)["z"][0]) <= 160 and len(panel.to_json()) < 120_000


def test_panels_that_are_compared_have_the_same_axes() -> None:
    still, learns = curve("zero", [[1.0, 1.0, 1.0, 1.0, 1.0]]), curve("random", [[1.0, 0.1, 0.01, 0.001, 0.0]])
    lost = curve("lost", [[1.0, np.nan, np.nan, np.nan, np.nan]])
    own: Any = training_curves([still], "loss")
    assert own.layout.yaxis.type != "log"
    panels: list[Any] = [training_curves([one], "loss", beside=[still, learns, lost]) for one in (still, learns, lost)]
    (axis,) = {panel.layout.yaxis.to_json() for panel in panels}
    assert '"log"' in axis and len({panel.layout.xaxis.to_json() for panel in panels}) == 1
    assert all(value == 1.0 for trace in panels[0].data for value in trace.y if value is not None)


def test_networks_that_are_all_0_keep_their_line_on_a_logarithmic_axis() -> None:
    learns = curve("random", [[0.0, 0.01, 0.1, 1.0, 10.0]] * 2)
    still: Any = training_curves([curve("zero", np.zeros((2, 5)))], "weight change", beside=[learns])
    (floor,) = set(mean_line(still)["y"])
    assert still.layout.yaxis.type == "log" and floor == still.layout.yaxis.tickvals[0]
    assert still.layout.yaxis.ticktext[0] == "0"


def test_what_stands_beside_adds_no_keys() -> None:
    one, other = curve("a", [[1.0, 0.5, 0.2, 0.2, 0.1]]), curve("b", [[1.0, np.nan, np.nan, np.nan, np.nan]])
    alone: Any = training_curves([one], "loss")
    beside: Any = training_curves([one], "loss", beside=[one, replace(other, published=[(4, 0.5)])])
    assert [trace.name for trace in alone.data] == [trace.name for trace in beside.data]
