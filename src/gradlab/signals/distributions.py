"""The distributions: what is spread within a layer, as a histogram whose bins are fixed. One record, one function each.

A `Quantity` is one number of a layer; a `Distribution` is how all its entries lie. They are catalogs of their own
because neither belongs to one of the other: mean, std and quantiles are all of the same activations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from gradlab.catalog import Catalog
from gradlab.signals.bins import asinh_edges, counted, log_edges, range_edges
from gradlab.signals.captured import Captured, CapturedLayer, Needs
from gradlab.signals.histogram import Histogram
from gradlab.signals.quantities.outputs import predicted_classes

Edges = tuple[ndarray, int]
"""Edges [K + 1] and the place of the bin of exact zeros, -1 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How the entries of each layer of each replica lie.

    Attributes:
        name: What the entries are, plural.
        symbol: How papers and lectures write one entry.
        unit: What the edges count in; "" for a pure number.
        meaning: One line: what the picture of it tells.
        formula: One entry in plain text, and over what.
        source: Where it was used.
        needs: What must have been captured.
        histogram: `histogram(captured)`; a layer without such entries has no counts. It never raises.
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    formula: str
    source: str
    needs: Needs
    histogram: Callable[[Captured], Histogram]


DISTRIBUTIONS: Catalog[Distribution] = Catalog("distribution", "distributions")


def by_layer(
    entries: Callable[[CapturedLayer], ndarray | None], edges: Callable[[CapturedLayer], Edges]
) -> Callable[[Captured], Histogram]:
    """A histogram of one array of every layer, in bins that may depend on the layer."""

    def histogram(captured: Captured) -> Histogram:
        return _stacked(captured, [(entries(layer), *edges(layer)) for layer in captured.layers])

    return histogram


def by_size(sizes: Callable[[CapturedLayer], ndarray | None]) -> Callable[[Captured], Histogram]:
    """A histogram of log10 of sizes; zeros are in the lowest bin."""

    def histogram(captured: Captured) -> Histogram:
        logs, zero = log_edges()
        # bounds are raised instead of taking the logarithm of every entry
        found = _stacked(captured, [(sizes(layer), 10.0**logs, zero) for layer in captured.layers])
        return Histogram(np.tile(logs, (len(captured.layers), 1)), found.counts, found.nans, found.zero_bins)

    return histogram


def activation_edges(layer: CapturedLayer) -> Edges:
    """Even bins over the range of a bounded activation, else of any scale."""
    return asinh_edges() if layer.range is None else range_edges(*layer.range)


def gradient_sizes(layer: CapturedLayer) -> ndarray | None:
    """|dL/dW|."""
    return None if layer.weight_grads is None else np.abs(layer.weight_grads)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def update_sizes(layer: CapturedLayer) -> ndarray | None:
    """|update / weight|; a weight that stood still has 0, though it be 0 itself."""
    if layer.updates is None:
        return None
    return np.where((layer.updates == 0) & ~np.isnan(layer.weights), 0.0, np.abs(layer.updates / layer.weights))


def class_histogram(captured: Captured) -> Histogram:
    """How often each class is predicted, in the output's row; the others are empty."""
    classes = captured.outputs.shape[2]
    edges = np.arange(classes + 1) - 0.5
    predicted = predicted_classes(captured.outputs).astype(np.float64)
    predicted[predicted < 0] = np.nan
    empty: list[tuple[ndarray | None, ndarray, int]] = [(None, edges, -1)] * (len(captured.layers) - 1)
    return _stacked(captured, [*empty, (predicted, edges, -1)])


def _stacked(captured: Captured, layers: list[tuple[ndarray | None, ndarray, int]]) -> Histogram:
    """The histogram of each layer's entries, edges and place of the zero bin."""
    shape = (captured.replicas, len(layers), len(layers[0][1]) - 1)
    counts, nans = np.zeros(shape, dtype=np.int64), np.zeros(shape[:2], dtype=np.int64)
    for place, (entries, edges, _) in enumerate(layers):
        if entries is not None:
            counts[:, place], nans[:, place] = counted(entries, edges)
    return Histogram(np.stack([edges for _, edges, _ in layers]), counts, nans, np.array([z for _, _, z in layers]))


DISTRIBUTIONS.add(
    Distribution(
        name="activations",
        symbol="a",
        unit="",
        meaning="all of a layer's activations: shrunk to one value, spread out, or piled up at the bounds",
        formula="a over inputs and units",
        source="Glorot and Bengio 2010, section 3",
        needs="forward",
        histogram=by_layer(lambda layer: layer.post, activation_edges),
    )
)
DISTRIBUTIONS.add(
    Distribution(
        name="pre_activations",
        symbol="z",
        unit="",
        meaning="what the activation is given; normal for wide layers at initialization",
        formula="z over inputs and units",
        source="Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli 2016",
        needs="forward",
        histogram=by_layer(lambda layer: layer.pre, lambda layer: asinh_edges()),
    )
)
DISTRIBUTIONS.add(
    Distribution(
        name="weights",
        symbol="W",
        unit="",
        meaning="all of a layer's weights, which leave their initial law as they learn",
        formula="W",
        source="as in S2 4",
        needs="forward",
        histogram=by_layer(lambda layer: layer.weights, lambda layer: asinh_edges()),
    )
)
DISTRIBUTIONS.add(
    Distribution(
        name="gradients",
        symbol="log10 |dL/dW|",
        unit="decades",
        meaning="sizes of the gradients of a layer's weights; the lowest bin holds those that are exactly 0",
        formula="log10 |dL/dW| over weights",
        source="Glorot and Bengio 2010, section 4",
        needs="backward",
        histogram=by_size(gradient_sizes),
    )
)
DISTRIBUTIONS.add(
    Distribution(
        name="updates",
        symbol="log10 |dW / W|",
        unit="decades",
        meaning="how far one optimizer step moves each weight; about -3 is usual, the lowest bin stood still",
        formula="log10 |update of W / W| over weights",
        source="Karpathy 2022, Building makemore part 3: activations, gradients, BatchNorm",
        needs="updates",
        histogram=by_size(update_sizes),
    )
)
DISTRIBUTIONS.add(
    Distribution(
        name="predicted_classes",
        symbol="class",
        unit="class",
        meaning="how often each class is predicted: a stuck network predicts one",
        formula="class of the greatest score, over inputs; in the output's row",
        source="as in S2 2.1",
        needs="classes",
        histogram=class_histogram,
    )
)


def _add_numbers_of_norms(
    name: str, symbol: str, meaning: str, needs: Needs, entries: Callable[[CapturedLayer], ndarray | None]
) -> None:
    """Add the distribution of one kind of a norm's numbers."""
    DISTRIBUTIONS.add(
        Distribution(
            name=name,
            symbol=symbol,
            unit="",
            meaning=meaning,
            formula=f"{symbol} over units or channels",
            source="Ioffe & Szegedy 2015; as in S1 3.2",
            needs=needs,
            histogram=by_layer(entries, lambda layer: asinh_edges()),
        )
    )


_add_numbers_of_norms(
    "norm_scales", "gamma", "what each unit is multiplied by behind its norm; all begin at 1", "norms",
    lambda layer: layer.norm_scale,
)  # fmt: skip
_add_numbers_of_norms(
    "norm_shifts", "beta", "what is added to each unit behind its norm; all begin at 0", "norms",
    lambda layer: layer.norm_shift,
)  # fmt: skip
_add_numbers_of_norms(
    "running_means", "running mean", "the mean that looks take each unit to have", "running",
    lambda layer: layer.running_mean,
)  # fmt: skip
_add_numbers_of_norms(
    "running_vars", "running var", "the variance that looks take each unit to have", "running",
    lambda layer: layer.running_var,
)  # fmt: skip
