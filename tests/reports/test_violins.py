"""Violins from histograms: no entry lost on the way, one axis and one scale, spikes as bars with their share."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from scipy.stats import norm

from gradlab.reports.charts.densities import (
    FULL,
    TAIL,
    LayerHistograms,
    axis_range,
    quantile,
    shapes,
    widest,
)
from gradlab.reports.charts.points import corners
from gradlab.reports.charts.violins import violins
from gradlab.signals.bins import asinh_edges, counted, log_edges, range_edges

RNG = np.random.default_rng(0)
EDGES = {"any scale": asinh_edges(), "tanh": range_edges(-1.0, 1.0), "sigmoid": range_edges(0.0, 1.0)}


def histograms(label: str, entries: ndarray, bins: str = "any scale", **more: Any) -> LayerHistograms:
    """Of entries [R, L, B]."""
    edges, zero = EDGES[bins]
    layers = entries.shape[1]
    found = [counted(entries[:, layer], edges) for layer in range(layers)]
    counts, nans = (np.stack([one[k] for one in found], axis=1) for k in (0, 1))
    names = [*map(str, range(1, layers)), "output"]
    zeros = np.full(layers, zero)
    return LayerHistograms(label, "#0072B2", names, np.tile(edges, (layers, 1)), counts, zeros, nans, **more)


def traces(figure: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(figure.to_json())["data"]
    return found


def bars_of(figure: Any) -> dict[float, list[str]]:
    """Lane -> the printed shares."""
    found: dict[float, list[str]] = {}
    for trace in traces(figure):
        for x, text in zip(trace["x"], trace.get("text") or [], strict=False):
            if trace["mode"] == "markers+text":
                found.setdefault(x, []).append(text)
    return found


def in_slices(entries: ndarray, edges: ndarray, zero: int, borders: ndarray) -> Any:
    counts, _ = counted(entries[None], edges)
    (shape,) = shapes(edges[None], counts, np.array([zero]), borders)
    return shape


@given(
    st.lists(st.integers(0, 1000), min_size=3, max_size=30).filter(any),
    st.floats(-3, 2),
    st.floats(0.01, 5),
    st.integers(-1, 2),
)
def test_every_entry_is_in_a_slice_in_a_spike_or_beyond_the_axis(
    counts: list[int], low: float, span: float, zero: int
) -> None:
    edges = np.linspace(-2.0, 2.0, len(counts) + 1)
    borders = np.linspace(low, low + span, 81)
    (shape,) = shapes(edges[None], np.array([counts]), np.array([zero]), borders)
    assert shape is not None and shape.entries == sum(counts)
    parts = [shape.below, shape.above, float(shape.slices.sum()), *(spike.share for spike in shape.spikes)]
    assert min(parts) >= -1e-12 and float(shape.slices.min()) >= 0
    assert sum(parts) == pytest.approx(1.0)


@pytest.mark.parametrize("std", [1e-4, 0.05, 1.0, 300.0])
def test_coarse_bins_of_any_scale_give_the_shape_of_a_normal_law(std: float) -> None:
    edges, zero = asinh_edges()
    counts = np.round(1e9 * np.diff(norm.cdf(edges / std))).astype(np.int64)
    borders = np.linspace(-4 * std, 4 * std, 81)
    (shape,) = shapes(edges[None], counts[None], np.array([zero]), borders)
    assert shape is not None and not shape.spikes
    truth = np.diff(norm.cdf(borders / std))
    # bins are up to 23 % of their value wide: what is drawn is within 4 % of the peak
    assert np.abs(shape.slices - truth).max() < 0.04 * truth.max()
    assert shape.quartiles == pytest.approx([-0.674 * std, 0.0, 0.674 * std], abs=0.02 * std)


def test_relu_has_its_zeros_as_a_bar_and_nothing_below() -> None:
    entries = np.maximum(RNG.normal(size=20_000), 0.0)
    edges, zero = asinh_edges()
    low, high = axis_range([edges], [counted(entries[None], edges)[0][0]], [zero])
    shape = in_slices(entries, edges, zero, np.linspace(low, high, 81))
    assert 0 <= low < 1e-9 and high == pytest.approx(norm.isf(TAIL), rel=0.1)
    (spike,) = shape.spikes
    assert spike.is_zero and spike.share == pytest.approx((entries == 0).mean(), abs=1e-12)
    assert shape.below == 0.0 and shape.slices.sum() == pytest.approx((entries > 0).mean(), abs=TAIL)


def test_saturation_is_a_bar_at_each_end_and_a_hump_is_not() -> None:
    edges, zero = range_edges(-1.0, 1.0)
    borders = np.linspace(-1.0, 1.0, 81)
    saturated = in_slices(np.tanh(8 * RNG.normal(size=20_000)), edges, zero, borders)
    assert [round(spike.low) for spike in saturated.spikes] == [-1, 1]
    assert all(0.3 < spike.share < 0.4 for spike in saturated.spikes)
    for std in (0.05, 0.08, 0.15, 0.3):
        assert not in_slices(std * RNG.normal(size=20_000), edges, zero, borders).spikes, std
    collapsed = in_slices(0.3 + 0.003 * RNG.normal(size=20_000), edges, zero, borders)
    assert sum(spike.share for spike in collapsed.spikes) > 0.95


def test_a_narrow_layer_does_not_make_lines_of_the_others() -> None:
    edges, zero = range_edges(-1.0, 1.0)
    borders = np.linspace(-1.0, 1.0, 81)
    wide = [in_slices(std * RNG.normal(size=20_000), edges, zero, borders) for std in (0.2, 0.25, 0.3)]
    narrow = in_slices(0.03 * RNG.normal(size=20_000), edges, zero, borders)
    peak = max(float(shape.slices.max()) * 80 for shape in wide)
    assert widest(wide) == pytest.approx(peak)
    assert widest([*wide, narrow]) <= max(FULL, 1.5 * peak) < 80 * narrow.slices.max()
    assert widest([None]) == FULL


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_corners_keep_a_line_within_the_tolerance(values: list[float]) -> None:
    line = np.array(values)
    kept = corners(line, 0.05)
    assert kept[0] == 0 and kept[-1] == len(line) - 1
    assert np.abs(np.interp(np.arange(len(line)), kept, line[kept]) - line).max() <= 0.05 + 1e-9


def test_quantiles_are_those_of_the_entries() -> None:
    entries = np.sort(RNG.normal(size=50_001))
    edges = np.linspace(-5, 5, 1001)
    counts = np.histogram(entries, edges)[0]
    for share in (TAIL, 0.25, 0.5, 0.9):
        assert quantile(edges, counts, share) == pytest.approx(np.quantile(entries, share), abs=0.02)


def test_panels_share_axis_and_scale_and_are_small() -> None:
    entries = RNG.normal(size=(3, 6, 2000))
    made = [histograms(f"scale {scale:g}", np.tanh(scale * entries), "tanh") for scale in (0.1, 1.0, 10.0)]
    panels = violins(made, "activation")
    assert list(panels) == ["scale 0.1", "scale 1", "scale 10"]
    assert len({tuple(panel.layout.yaxis.range) for panel in panels.values()}) == 1
    for panel in panels.values():
        assert len(panel.to_json()) < 30_000
        assert list(panel.layout.xaxis.ticktext) == ["1", "2", "3", "4", "5", "output"]
        body = traces(panel)[0]
        assert body["fill"] == "toself"
        lanes = [abs(x - round(x)) for x in body["x"] if x is not None]
        assert max(lanes) <= 0.451
    assert set(bars_of(panels["scale 10"])) == {1, 2, 3, 4, 5, 6}
    assert all(text.endswith("%") for texts in bars_of(panels["scale 10"]).values() for text in texts)
    assert not bars_of(panels["scale 1"])


def test_deep_networks_stay_small_too() -> None:
    one = histograms("relu", np.maximum(RNG.normal(size=(2, 41, 1000)), 0.0))
    (panel,) = violins([one], "activation").values()
    assert len(panel.to_json()) < 60_000
    assert not any("".join(texts) for texts in bars_of(panel).values())


def test_theory_is_dashed_in_the_same_colour_at_plus_and_minus() -> None:
    entries = RNG.normal(size=(1, 2, 5000))
    theory = np.array([1.0, 0.5])
    (panel,) = violins([histograms("tanh", entries, theory_std=theory)], "pre-activation").values()
    dashed = [trace for trace in traces(panel) if trace.get("line", {}).get("dash")]
    assert [{y for y in trace["y"] if y is not None} for trace in dashed] == [{1.0, 0.5}, {-1.0, -0.5}]
    assert {trace["line"]["color"] for trace in dashed} == {"#0072B2"}
    (plain,) = violins([histograms("tanh", entries)], "pre-activation").values()
    assert not [trace for trace in traces(plain) if trace.get("line", {}).get("dash")]


def test_the_pointer_says_what_is_known_of_the_layer() -> None:
    entries = RNG.normal(size=(2, 2, 5000))
    entries[0, 0, :7] = np.nan
    (panel,) = violins(
        [histograms("a <b>", entries, means=np.full((2, 2), 0.125), stds=np.full((2, 2), 1.5))], "activation"
    ).values()
    words = [trace["hovertemplate"] for trace in traces(panel) if "hovertemplate" in trace]
    assert len(words) == 2
    for said in ("a &lt;b&gt;", "layer 1", "% within", "mean 0.125", "standard deviation 1.5", "9,993 entries of 2"):
        assert said in words[0], said
    assert "7 more are NaN" in words[0] and "NaN" not in words[1] and "layer output" in words[1]
    assert "beyond the axis" in words[0]


def test_logarithms_have_zeros_on_a_floor_of_their_own() -> None:
    edges, zero = log_edges()
    counts = np.zeros((1, 3, len(edges) - 1), dtype=np.int64)
    for layer in range(2):
        counts[0, layer] = np.histogram(RNG.normal(-3, 0.5, 6000), edges)[0]
    counts[0, 1:, zero] = 4000
    one = LayerHistograms("relu", "#D55E00", ["1", "2", "3"], np.tile(edges, (3, 1)), counts, np.full(3, zero))
    (panel,) = violins([one], "gradient", is_log10=True).values()
    low, high = panel.layout.yaxis.range
    assert -7 < low < -4.5 and -2 < high < 0
    assert panel.layout.yaxis.ticktext[0] == "0" and panel.layout.yaxis.tickvals[0] < -4.5
    assert bars_of(panel) == {2: ["40 %"], 3: ["100 %"]}
    (nothing_else,) = violins(
        [LayerHistograms("dead", "#D55E00", ["1"], edges[None], counts[:, 2:], np.array([zero]))],
        "gradient",
        is_log10=True,
    ).values()
    assert bars_of(nothing_else) == {1: ["100 %"]}


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e6])
def test_a_layer_with_one_value_is_a_bar_of_full_length(value: float) -> None:
    (panel,) = violins([histograms("stuck", np.full((2, 3, 50), value))], "activation").values()
    assert bars_of(panel) == {lane: ["100 %"] for lane in (1, 2, 3)}
    low, high = panel.layout.yaxis.range
    assert math.isfinite(low) and low < value < high


def test_layers_without_entries_say_so_and_nothing_is_drawn_from_nothing() -> None:
    entries = RNG.normal(size=(1, 3, 500))
    entries[:, 1] = np.nan
    (panel,) = violins([histograms("tanh", entries)], "activation").values()
    assert [annotation.text for annotation in panel.layout.annotations] == ["all NaN"]
    nothing = histograms("nothing", np.full((1, 2, 9), np.nan))
    assert violins([nothing], "activation") == {}
    assert list(violins([nothing, histograms("tanh", entries)], "activation")) == ["tanh"]
    assert violins([], "activation") == {}
