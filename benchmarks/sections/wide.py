"""Wide networks in the torch engine, against a PyTorch loop and against the machine's peak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.case import Case, made_up
from benchmarks.machine import layer_products, matrix_product
from benchmarks.rounds import Options, contender, measure
from benchmarks.sections.section import Measurement, Rows, Section, percent, ratio, times

IMAGE, CLASSES = 784, 10
BATCH, BATCHES = 128, 50


def stacked(options: Options, replicas: int) -> Case:
    """784-100x5-10 on images, batches of 128, one epoch of 50 updates."""
    network = {"hidden": "100 x 5", "activation": "relu", "weights": "glorot_uniform"}
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "cross_entropy", "batch_size": BATCH, "epochs": 1}
    points = BATCH * options.fewer(BATCHES)
    return made_up(
        network, recipe, inputs=IMAGE, outputs=CLASSES, points=points, replicas=options.fewer(replicas), is_shared=True
    )


def full_batch(options: Options) -> Case:
    """784-256-128-10 on 60,000 images at once, three updates."""
    network = {"hidden": "256 - 128", "activation": "sigmoid", "weights": "glorot_uniform"}
    recipe = {"optimizer": "sgd(lr=0.1)", "loss": "cross_entropy", "batch_size": "full", "steps": 3}
    points = options.fewer(60_000)
    return made_up(network, recipe, inputs=IMAGE, outputs=CLASSES, points=points, replicas=1, is_shared=True)


def _measure(options: Options) -> list[dict[str, Any]]:
    found = []
    whole = full_batch(options)
    for label, ours, loop in (
        ("784-100x5-10, batches of 128, 30 networks at once", stacked(options, 30), stacked(options, 2)),
        ("784-256-128-10, full batch of 60,000, one network", whole, whole),
    ):
        contenders = [
            contender("torch", ours, from_first_look=True),
            contender("loop", loop, from_first_look=True),
            layer_products(ours),
            matrix_product(ours.flop, options),
        ]
        ratios = [("torch", "loop"), ("torch", "peak"), ("loop", "peak"), ("products", "peak"), ("torch", "products")]
        share = ours.least_flop / ours.flop
        found.append(measure(label, contenders, ratios, options, needed_share=share))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    return [
        [
            each["label"],
            times(ratio(each, "torch", "loop")),
            percent(ratio(each, "torch", "peak")),
            percent(ratio(each, "torch", "peak", each["needed_share"])),
            percent(ratio(each, "loop", "peak")),
            percent(ratio(each, "products", "peak")),
            percent(ratio(each, "torch", "products")),
        ]
        for each in measurements
    ]


WIDE = Section(
    name="wide",
    title="Wide networks: the torch engine",
    text="""Random images of MNIST's shape (784 numbers, 10 classes), softmax and cross-entropy, plain sgd; relu in the
stacks, sigmoid in the full batch. The loop trains its networks one after another, with examples in memory and torch's
own cross-entropy of class numbers. The clock starts after the first evaluation: these trainings are short (50 updates,
3 updates), and preparing the data once would weigh too much. 6 x weights x examples counts a product that nobody
needs, the gradient by the inputs of the first layer; the next column leaves it out. "Products alone" are the needed
products of the same shapes as stacks of matrices, by torch, with no activation, loss, fetching or update between them:
what is left to the engine is the last column.""",
    header=(
        "networks", "torch engine over PyTorch loop, per network", "torch engine, of peak", "the same, needed products only",
        "PyTorch loop, of peak", "products alone, of peak", "torch engine, of products alone",
    ),
    measure=_measure,
    rows=_rows,
)  # fmt: skip
