"""Pictures of the cells that kept snapshots: films of weights and activations, confusion matrices, maps of classes.

Of every cell one network is drawn, the first. Losses and accuracies under a film are the study's metrics where it has some,
and the training loss else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from gradlab.data import TASKS
from gradlab.reports.charts.classes import CONFUSION_KEY, confusion
from gradlab.reports.figures.record import Figure
from gradlab.reports.pictures import Film, Grid, boundary_grid, embedding_chart, network_grids
from gradlab.reports.selection import labels
from gradlab.reports.words import count_text
from gradlab.signals import layer_names
from gradlab.signals.embedding import METHODS, Embedding
from gradlab.stats.text import counted_text, number_text, percent_text
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.study import Metric, Study
from gradlab.training.train import LOSS_SET

_KEY = CONFUSION_KEY.replace(" (the mean over networks)", "")
MOST_PICTURED = 6  # cells; each takes a film, a confusion matrix and two maps


def picture_figures(analysis: Analysis) -> list[Figure | Film]:
    """Films of the first cells that kept snapshots, then what these networks take for what, then their maps."""
    matrices = confusion_figure(analysis)
    return [*films_of(analysis), *([matrices] if matrices else []), *plane_figures(analysis)]


def films_of(analysis: Analysis) -> list[Film]:
    """A film for each of the first cells that kept snapshots; the last one's caption says which cells have none."""
    cells = pictured(analysis)
    left_out = left_out_text(analysis)
    return [
        _film(f"film-{k}", label if len(cells) > 1 else "", cell, analysis.study, left_out if k == len(cells) else "")
        for k, (label, cell) in enumerate(cells.items(), 1)
    ]


def _film(id: str, label: str, cell: CellResult, study: Study, left_out: str) -> Film:
    layers = layer_names(len(cell.setup.network.blocks))
    called = [f"layer {name}" if name.isdecimal() else f"{name} layer" for name in layers]
    stacked = {kind: _over_steps(cell, kind, layers) for kind in ("weights", "updates", "activations")}
    image = TASKS[cell.setup.task.name].image
    if image is not None and cell.setup.network.image is not None:  # weights of kernels are no images of the input
        image = None
    steps = [each.step for each in cell.snapshots]
    loss_name, losses = _numbers(cell, study, "loss")
    accuracy_name, accuracies = _numbers(cell, study, "accuracy")
    seen = f"Weights of the {called[0]} are images of the input, one a unit" if image else ""
    seen += ("; others are matrices." if len(layers) > 1 else ".") if image else ""
    if stacked["updates"]:
        seen += " Weight changes are those of one step, on average until the next picture."
    if stacked["activations"]:
        seen += f" Mean activations are means over {_inputs([cell], study)}."
    grids = network_grids(stacked["weights"], stacked["updates"], stacked["activations"], image=image)
    planes = _planes(cell, study)
    title = "Decision boundary and weights in training" if planes else "Weights and activations in training"
    moved = _moved(stacked["weights"], called, steps)
    if planes:
        seen = (
            f"On the plane, the line parts what the network takes for one class from what it takes for the other.{seen}"
        )
    told = " ".join(f"{seen} {moved}".replace("the layer", "layer").split())
    return Film(
        id,
        _titled(title, label),
        f"{told} {_network(cell)} {left_out}".strip(),
        [*planes, *grids],
        steps,
        losses,
        accuracies,
        loss_name,
        accuracy_name,
    )


def _planes(cell: CellResult, study: Study) -> list[Grid]:
    """The output of the first network on the plane, where it was kept."""
    square = study.snapshots.boundary if study.snapshots else None
    if square is None or not all("boundary/outputs" in each.arrays for each in cell.snapshots):
        return []
    outputs = np.stack([each.arrays["boundary/outputs"][0] for each in cell.snapshots])
    first = cell.snapshots[0].arrays
    return [boundary_grid(outputs, square.low, square.high, first["boundary/points"][0], first["boundary/targets"][0])]


def confusion_figure(analysis: Analysis) -> Figure | None:
    """Which class the network of each cell takes for which at the last snapshot: a panel for each cell."""
    panels, mistakes = {}, []
    for label, cell in pictured(analysis).items():
        counts = _confusion(cell)
        drawn = None if counts is None else confusion(counts[None], _classes(cell, len(counts)))
        if counts is None or drawn is None:
            continue
        right = f"{percent_text(counts.trace() / counts.sum())} of {count_text(int(counts.sum()))} right"
        panels[f"{label}: {right}" if len(pictured(analysis)) > 1 else right.capitalize()] = drawn
        mistakes.append((label, _mistake(counts, _classes(cell, len(counts)))))
    if not panels:
        return None
    told = "; ".join(f"{label}: {text}" if len(mistakes) > 1 else text for label, text in mistakes)
    cells = list(pictured(analysis).values())
    caption = (
        f"{_when(cells)}, {_inputs(cells, analysis.study)}. {_KEY} A network that learns has its numbers on the"
        f" diagonal; a column that holds them all is the one class that a stuck network names. Most frequent mistake:"
        f" {told}. {_network(*cells)} {left_out_text(analysis)}"
    )
    return Figure("confusion", "Which class is taken for which", caption.strip(), panels, least_px=400)


def plane_figures(analysis: Analysis) -> list[Figure]:
    """The last hidden layer of each cell's network in the plane, by t-SNE and by PCA."""
    cells = pictured(analysis)
    figures = []
    for k, (label, cell) in enumerate(cells.items(), 1):
        found = _embeddings(cell)
        if not found:
            continue
        caption = (
            f"Activations of the last hidden layer, {_when([cell]).lower()}, {_inputs([cell], analysis.study)}: a point is an"
            " input, its colour and shape the true class. Classes that lie apart here are easy to tell apart for the output"
            f" layer. {' '.join(each.words for each in found)} {_network(cell)}"
        )
        classes = _classes(cell, int(max(each.labels.max() for each in found)) + 1)
        panels = {str(each.method): embedding_chart(each, classes) for each in found}
        title = _titled("The last hidden layer as a map", label if len(cells) > 1 else "")
        figures.append(Figure(f"plane-{k}", title, caption, panels, least_px=400))
    return figures


def pictured(analysis: Analysis) -> dict[str, CellResult]:
    """The cells that are drawn, by label."""
    cells = [cell for cell in analysis.cells if cell.snapshots]
    return dict(list(zip(labels(cells), cells, strict=True))[:MOST_PICTURED])


def left_out_text(analysis: Analysis) -> str:
    """Which cells with snapshots are not drawn, in a sentence; "" if all are."""
    cells = [cell for cell in analysis.cells if cell.snapshots]
    if len(cells) <= MOST_PICTURED:
        return ""
    rest = labels(cells)[MOST_PICTURED:]
    return f"The first {MOST_PICTURED} of {counted_text(len(cells), 'cell')} with snapshots are drawn; not {'; '.join(rest)}."


def _over_steps(cell: CellResult, kind: str, layers: Sequence[str]) -> list[ndarray]:
    """The first network's arrays of one kind, for each layer over steps; none where a snapshot lacks them."""
    found = [each.by_layer(kind) for each in cell.snapshots]
    if not all(set(layers) <= set(arrays) for arrays in found):
        return []
    return [np.stack([arrays[layer][0] for arrays in found]) for layer in layers]


def _numbers(cell: CellResult, study: Study, kind: str) -> tuple[str, list[float]]:
    """What is printed with a film, and what it is called: the metric over the snapshots' own inputs rather than another.

    Returns:
        Nothing for an accuracy that was not measured; NaN for such a loss.
    """
    over = study.snapshots.over if study.snapshots else LOSS_SET
    places = {step: k for k, step in enumerate(cell.steps)}
    at = [places[each.step] for each in cell.snapshots]
    measured = [
        (metric, cell.metrics[name][0])
        for name, metric in study.metrics.items()
        if metric.kind == kind and len(cell.metrics.get(name, ()))
    ]
    for metric, values in sorted(measured, key=lambda one: one[0].over != over):  # stable: else the study's first
        return _metric_name(metric), [float(values[k]) for k in at]
    if kind == "accuracy":
        return kind, []
    curves = cell.loss_curves
    return "training loss", [float(curves[0, k]) if len(curves) else float("nan") for k in at]


def _metric_name(metric: Metric) -> str:
    """As short as it can be, for it is printed at every step."""
    known = {LOSS_SET: "training", "test": "test"}.get(metric.over)
    return f"{known} {metric.kind}" if known else f"{metric.kind} on {metric.over}"


def _moved(weights: Sequence[ndarray], layers: Sequence[str], steps: Sequence[int]) -> str:
    """How far the weights are in the end from where they began, in a sentence."""
    shares = {
        layer: float(np.linalg.norm(array[-1] - array[0]) / np.linalg.norm(array[0]))
        for layer, array in zip(layers, weights, strict=True)
        if np.isfinite(array[[0, -1]]).all() and array[0].any()
    }
    if len(steps) < 2 or not shares:
        return ""
    most, least = max(shares, key=lambda layer: shares[layer]), min(shares, key=lambda layer: shares[layer])
    text = f"From step {count_text(steps[0])} to {count_text(steps[-1])} weights move"
    if most == least:
        return f"{text} by {number_text(100 * shares[most])} % of their size in the {most}."
    return (
        f"{text} most in the {most}, by {number_text(100 * shares[most])} % of their size, and least in the {least}, by"
        f" {number_text(100 * shares[least])} %."
    )


def _confusion(cell: CellResult) -> Int[ndarray, "C C"] | None:
    counts = cell.snapshots[-1].arrays.get("confusion")
    return None if counts is None else counts[0]


def _mistake(counts: Int[ndarray, "C C"], classes: Sequence[str]) -> str:
    """The largest number off the diagonal."""
    wrong = counts - np.diag(np.diag(counts))
    true, predicted = divmod(int(wrong.argmax()), len(wrong))
    if not wrong[true, predicted]:
        return "none"
    return f"{classes[true]} taken for {classes[predicted]} ({count_text(int(wrong[true, predicted]))} times)"


def _embeddings(cell: CellResult) -> list[Embedding]:
    """The maps of the first network, put together from the last snapshot."""
    arrays = cell.snapshots[-1].arrays
    counts = _confusion(cell)
    return [
        Embedding(
            method,
            arrays[f"embedding/{method}"][0],
            arrays["embedding/labels"][0],
            arrays["embedding/rows"][0],
            len(arrays["embedding/rows"][0]) if counts is None else int(counts.sum()),
            float(arrays["embedding/kept"][0]) if method == "PCA" and "embedding/kept" in arrays else None,
        )
        for method in METHODS
        if f"embedding/{method}" in arrays
    ]


def _classes(cell: CellResult, count: int) -> Sequence[str]:
    """The task's names where they fit, else numbers."""
    named = TASKS[cell.setup.task.name].classes
    return named if len(named) >= count else [str(k) for k in range(count)]


def _inputs(cells: Sequence[CellResult], study: Study) -> str:
    """The input set in words, with its size where all have one."""
    over = study.snapshots.over if study.snapshots else LOSS_SET
    sizes = {0 if counts is None else int(counts.sum()) for counts in map(_confusion, cells)}
    number = f"{count_text(max(sizes))} " if len(sizes) == 1 and max(sizes) else ""
    return f"the {number}training inputs" if over == LOSS_SET else f"the {number}inputs called {over}"


def _when(cells: Sequence[CellResult]) -> str:
    ends = sorted({cell.snapshots[-1].step for cell in cells})
    if ends == [0]:
        return "Before training"
    return f"After {' to '.join(count_text(step) for step in dict.fromkeys((ends[0], ends[-1])))} steps"


def _network(*cells: CellResult) -> str:
    """Which network is drawn."""
    counts = sorted({cell.replicas for cell in cells})
    of = " to ".join(count_text(n) for n in dict.fromkeys((counts[0], counts[-1])))
    which = "the only one" if counts == [1] else f"the first (replica 0) of {of}"
    return f"n = 1 network{' a panel' if len(cells) > 1 else ''}, {which}."


def _titled(title: str, label: str) -> str:
    return f"{title}: {label}" if label else title
