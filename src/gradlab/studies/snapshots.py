"""What is kept for pictures of a network at a look: a `Snapshot` of its weights, updates, activations and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.data import Examples
from gradlab.signals import Snapshot, layer_names
from gradlab.signals.embedding import METHODS, embedded
from gradlab.signals.thinning import evenly
from gradlab.studies.seen import seen
from gradlab.studies.study import Snapshots, Square
from gradlab.training import Job, Look

MOST_POINTS = 500  # training examples drawn on top of a boundary


def snapshot(look: Look, job: Job, networks: slice, kept: Snapshots, *, is_last: bool) -> Snapshot:
    """Arrays of the first K networks of a slice, as they are.

    Args:
        look: The stack standing still.
        job: What is trained.
        networks: Which of its networks.
        kept: What is kept.
        is_last: Whether to map the last hidden layer, too.

    Returns:
        By layer with weights, "1" the first and "output" the last: "weights/1" [K, N, M] and "activations/1" [K, N],
        means over the input set (of a convolution by channel, over places too). "confusion" [K, C, C]: inputs of each
        class (rows) by the class predicted (columns). With `is_last` and a dense hidden layer below the output:
        "embedding/labels" [K, P] and, where there is a map, "embedding/t-SNE" and "embedding/PCA"
        [K, P, 2], "embedding/rows" [K, P] and "embedding/kept" [K] (of PCA). With a square: "boundary/outputs" [K, Y, X],
        upper edge first, and at birth "boundary/points" [K, P, 2] and "boundary/targets" [K, P] of training examples.
    """
    examples = job.sets[kept.over].of(networks)
    captured = seen(look, job, networks, Examples(examples.inputs, None))
    weights = [w[networks] for w in look.weights]
    blocks = dict(zip(layer_names(len(weights)), weights, strict=True))
    named = dict(zip(captured.names, captured.layers, strict=True))
    assert examples.targets is not None
    arrays: dict[str, ndarray] = {}
    for name, w in blocks.items():
        arrays[f"weights/{name}"] = w.astype(np.float32)
        arrays[f"activations/{name}"] = named[name].post.mean(axis=1, dtype=np.float64).astype(np.float32)
    classes = captured.outputs.shape[2]
    count = len(weights[0])
    truth = np.broadcast_to(examples.targets.argmax(axis=2), (count, examples.targets.shape[1]))
    if classes > 1:
        pairs = truth * classes + captured.outputs.argmax(axis=2)
        counts = [np.bincount(row, minlength=classes**2).reshape(classes, classes) for row in pairs]
        arrays["confusion"] = np.stack(counts)
        if is_last and len(blocks) > 1:
            below = named[list(blocks)[-2]].post
            if below.shape[1] == truth.shape[1]:  # of a convolution every place would be a point
                arrays |= _maps(below, truth)
    if kept.boundary is not None:
        arrays |= _boundary(look, job, networks, kept.boundary)
    return Snapshot(look.step, arrays)


def _boundary(look: Look, job: Job, networks: slice, square: Square) -> dict[str, ndarray]:
    """The output on a square, and once the training examples that lie on it."""
    side = np.linspace(square.low, square.high, square.count, dtype=np.float32)
    x, y = np.meshgrid(side, side[::-1])
    inputs = np.stack([x.ravel(), y.ravel()], axis=1)[None]
    outputs = seen(look, job, networks, Examples(inputs, None)).outputs[:, :, 0]
    arrays = {"boundary/outputs": outputs.reshape(len(outputs), square.count, square.count).astype(np.float32)}
    if look.step == 0:
        shown, count = job.examples.of(networks), len(outputs)
        assert shown.targets is not None
        few = evenly(job.points, MOST_POINTS)
        arrays["boundary/points"] = np.broadcast_to(shown.inputs, (count, *shown.inputs.shape[1:]))[:, few]
        arrays["boundary/targets"] = np.broadcast_to(shown.targets[:, :, 0], (count, job.points))[:, few]
    return arrays


def _maps(post: Float[ndarray, "K P N"], labels: ndarray) -> dict[str, ndarray]:
    """The last hidden layer in the plane, where it can be drawn for every network."""
    arrays: dict[str, ndarray] = {}
    for method in METHODS:
        found = [embedded(one, label, method) for one, label in zip(post, labels, strict=True)]
        maps = [each for each in found if each is not None]
        if len(maps) < len(found):
            continue
        arrays[f"embedding/{method}"] = np.stack([each.points for each in maps]).astype(np.float32)
        arrays["embedding/labels"] = np.stack([each.labels for each in maps])
        arrays["embedding/rows"] = np.stack([each.rows for each in maps])
        if maps[0].kept is not None:
            arrays["embedding/kept"] = np.array([each.kept for each in maps])
    return arrays


def with_updates(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """The same with "updates/1" and so on: the change of the weights by a step, on average until the next snapshot.

    The last one has the updates that led to it.
    """
    steps = list(snapshots)
    found: list[Snapshot] = []
    changes: dict[str, ndarray] = {}
    for before, after in pairwise(steps):
        old, new = before.by_layer("weights"), after.by_layer("weights")
        changes = {f"updates/{name}": (new[name] - old[name]) / (after.step - before.step) for name in old}
        found.append(Snapshot(before.step, {**before.arrays, **changes}))
    return (*found, Snapshot(steps[-1].step, {**steps[-1].arrays, **changes})) if steps else ()
