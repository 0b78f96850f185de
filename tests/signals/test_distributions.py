"""Every histogram of the catalog: counted like an obvious one, adding up, in bins that are fit for their pictures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlab.errors import UserError
from gradlab.signals import DISTRIBUTIONS, Captured, Distribution, measure
from gradlab.signals.bins import LINEAR_BINS, NEXT_TO_ZERO, asinh_edges, counted, log_edges, range_edges
from tests.oracles import signals as oracle
from tests.signals.made import alone, changed, halves, made
from tests.signals.test_quantities import CASES

EACH = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))
SOME = {
    name: CASES[name]
    for name in (
        "ordinary",
        "double",
        "one of all",
        "all zero",
        "tiny",
        "no hidden layer",
        "both infinities in each array",
    )
}
SOME["not a number here and there"] = CASES["a nan in each array"]


@pytest.mark.parametrize("captured", SOME.values(), ids=list(SOME))
@EACH
def test_each_histogram_is_counted_like_the_obvious_one(distribution: Distribution, captured: Captured) -> None:
    if not captured.has(distribution.needs):
        return
    ours = distribution.histogram(captured)
    for place in range(len(captured.layers)):
        edges = ours.edges[place].tolist()
        if distribution.name in ("gradients", "updates"):  # the oracle gives sizes, the edges are their logarithms
            edges = [10.0**edge for edge in edges]
        for r in range(captured.replicas):
            counts, nans = oracle.counts(oracle.entries(distribution.name, alone(captured, r), place), edges)
            assert ours.counts[r, place].tolist() == counts
            assert ours.nans[r, place] == nans


@pytest.mark.parametrize("captured", SOME.values(), ids=list(SOME))
def test_no_entry_is_lost(captured: Captured) -> None:
    histograms = measure(captured, distributions=None).histograms
    for place, layer in enumerate(captured.layers):
        for name, array in [("activations", layer.post), ("pre_activations", layer.pre), ("weights", layer.weights)]:
            assert (histograms[name].totals[:, place] == array[0].size).all()
        for name in {"gradients", "updates"} & set(histograms):
            assert (histograms[name].totals[:, place] == layer.weights[0].size).all()
    if "predicted_classes" in histograms:
        assert (histograms["predicted_classes"].totals[:, -1] == captured.outputs.shape[1]).all()
        assert (histograms["predicted_classes"].totals[:, :-1] == 0).all()


@pytest.mark.parametrize("name", ["activations", "pre_activations", "predicted_classes"])
def test_two_halves_of_a_batch_add_up(name: str) -> None:
    captured = CASES["a nan in each array"]
    first, rest = halves(captured, 7)
    histogram = DISTRIBUTIONS[name].histogram
    added, whole = histogram(first) + histogram(rest), histogram(captured)
    np.testing.assert_array_equal(added.counts, whole.counts)
    np.testing.assert_array_equal(added.nans, whole.nans)


def test_what_does_not_match_is_not_added() -> None:
    histograms = measure(made(2), distributions=None).histograms
    with pytest.raises(UserError, match=r"got different edges; expected the same bins"):
        _ = histograms["weights"] + histograms["activations"]
    with pytest.raises(UserError, match="one shape"):
        _ = histograms["weights"] + measure(made(3), distributions=["weights"]).histograms["weights"]


def test_pooling_counts_all_replicas_as_one() -> None:
    histogram = measure(made(3), distributions=["weights"]).histograms["weights"]
    np.testing.assert_array_equal(histogram.pooled().counts[0], histogram.counts.sum(axis=0))
    assert histogram.pooled().nans.shape == (1, 3)


def test_exact_zeros_are_found_again() -> None:
    captured = changed(made(2), lambda array: np.where(array == array.flat[0], np.float32(1e-44), array), only="post")
    histograms = measure(captured, distributions=None).histograms
    for place, layer in enumerate(captured.layers):
        np.testing.assert_array_equal(histograms["activations"].zeros[:, place], (layer.post == 0).sum(axis=(1, 2)))
        for name, array in [("gradients", layer.weight_grads), ("updates", layer.updates)]:
            assert array is not None
            assert 0 < (array == 0).sum() < array.size
            np.testing.assert_array_equal(histograms[name].zeros[:, place], (array == 0).sum(axis=(1, 2)))
    assert (histograms["predicted_classes"].zeros == 0).all()  # class 0 is no zero


@pytest.mark.parametrize("smallest", [np.finfo(np.float32).smallest_subnormal, np.finfo(np.float64).tiny * 1e10])
def test_the_smallest_numbers_are_not_zero(smallest: float) -> None:
    edges, zero = asinh_edges()
    for value in (smallest, -smallest):
        counts, _ = counted(np.array([[value]]), edges)
        assert counts[0, zero] == 0
    logs, lowest = log_edges()
    counts, _ = counted(np.array([[abs(float(np.finfo(np.float32).smallest_subnormal))]]), 10.0**logs)
    assert counts[0, lowest] == 0


def test_minus_zero_is_zero() -> None:
    edges, zero = asinh_edges()
    assert counted(np.array([[-0.0, 0.0]]), edges)[0][0, zero] == 2


def test_infinities_and_what_lies_outside_are_in_the_outer_bins() -> None:
    edges, _ = range_edges(-1.0, 1.0)
    counts, nans = counted(np.array([[-math.inf, -1.5, -1.0, 1.0, 1.5, math.inf, math.nan]]), edges)
    assert (counts[0, 0], counts[0, -1], counts.sum(), nans[0]) == (3, 3, 6, 1)


@given(st.floats(1e-6, 1e6))
def test_bins_of_any_scale_suit_a_linear_axis(scale: float) -> None:
    edges, zero = asinh_edges()
    widths = np.diff(edges)
    inside = (np.abs(edges[:-1]) < 3 * scale) & (np.abs(edges[1:]) < 3 * scale)
    inside[zero] = False
    assert widths[inside].max() < 0.6 * scale  # a fifth of the distance from the middle
    assert inside.sum() >= 25


@given(st.one_of(st.just(0.0), st.floats(-100, -1e-6)), st.floats(1e-6, 100))
def test_bins_of_a_range_span_it_and_hold_zero_apart(low: float, high: float) -> None:
    edges, zero = range_edges(low, high)
    assert (len(edges), edges[0], edges[-1]) == (LINEAR_BINS + 2, low, high)
    assert (np.diff(edges) > 0).all()
    assert (edges[zero], edges[zero + 1]) == (0.0, NEXT_TO_ZERO)


def test_a_range_without_zero_has_no_zero_bin() -> None:
    edges, zero = range_edges(1.0, 2.0)
    assert (len(edges), zero, edges[0], edges[-1]) == (LINEAR_BINS + 2, -1, 1.0, 2.0)


def test_all_edges_ascend_and_layers_share_the_number_of_bins() -> None:
    for edges, zero in (asinh_edges(), log_edges()):
        assert (np.diff(edges) > 0).all()
        assert 0 <= zero < len(edges) - 1
    assert len(asinh_edges()[0]) == LINEAR_BINS + 2
    assert asinh_edges()[0][[0, -1]] == pytest.approx([-1e7, 1e7])


def test_bounded_activations_are_counted_over_their_range() -> None:
    edges = measure(made(2), distributions=["activations"]).histograms["activations"].edges
    np.testing.assert_array_equal(edges[1], range_edges(-1.0, 1.0)[0])  # tanh
    np.testing.assert_array_equal(edges[0], asinh_edges()[0])  # relu


def test_a_layer_without_gradients_has_no_counts() -> None:
    captured = made(2)
    layers = (replace(captured.layers[0], weight_grads=None), *captured.layers[1:])
    totals = measure(replace(captured, layers=layers), distributions=["gradients"]).histograms["gradients"].totals
    assert (totals[:, 0] == 0).all()
    assert (totals[:, 1:] > 0).all()


def test_a_zero_weight_that_did_not_move_stood_still() -> None:
    captured = made(1, 4, (2, 1))
    weights, updates = np.array([[[0.0, 0.0]]], np.float32), np.array([[[0.0, 1.0]]], np.float32)
    layers = (replace(captured.layers[0], weights=weights, updates=updates),)
    histogram = measure(replace(captured, layers=layers), distributions=["updates"]).histograms["updates"]
    assert (histogram.zeros[0, 0], histogram.counts[0, 0, -1], histogram.nans[0, 0]) == (1, 1, 0)


@EACH
def test_each_record_says_what_it_is(distribution: Distribution) -> None:
    assert all((distribution.symbol, distribution.meaning, distribution.formula, len(distribution.source) > 5))
