"""Networks with convolutions and norms in the torch engine, against a PyTorch loop of torch's own modules."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.case import Case, Competitor, Run, Seen, made_up
from benchmarks.competitors import competitor
from benchmarks.rounds import Options, contender, measure
from benchmarks.sections.section import Measurement, Rows, Section, ratio, times
from gradlab.training.freed_memory import M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, keep_freed_memory

BATCH = 128
KEPT, GIVEN_BACK = "torch", "torch, memory given back"
# bytes above which glibc, left to itself, comes to return every array; twice that at the heap's end
ADAPTED = 32 * 2**20
BLOCKS = {"weights": "glorot_uniform", "bias": "zeros"}
NORM = "batch_norm(momentum=0.01, eps=1e-3)"
LENET = {
    **BLOCKS,
    "image": [1, 28, 28],
    "activation": "sigmoid",
    "norm": NORM,
    "layers": [
        "conv2d(6, 5)", "avg_pool2d(2)", "conv2d(16, 5)", "avg_pool2d(2)", "flatten", "dense(120)", "dense(84)", "dense(10)",
    ],
}  # fmt: skip
CNN = {
    **BLOCKS,
    "image": [1, 28, 28],
    "layers": [
        {"kind": "conv2d", "channels": 32, "kernel_size": 3, "norm": NORM, "activation": "leaky_relu(0.3)"},
        {"kind": "conv2d", "channels": 64, "kernel_size": 3, "norm": NORM},
        {"kind": "conv2d", "channels": 64, "kernel_size": 1, "activation": "leaky_relu(0.3)"},
        "max_pool2d(2)", "flatten", {"units": 128, "norm": NORM}, {"units": 128, "activation": "leaky_relu(0.3)"},
        "dense(10)",
    ],
}  # fmt: skip
SMALL = {**BLOCKS, "hidden": "32-32-16", "activation": "relu", "norm": "batch_norm"}


def classes(options: Options, network: dict[str, Any], replicas: int, updates: int) -> Case:
    """Random images of ten classes, the same for all networks, plain sgd."""
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "cross_entropy", "batch_size": BATCH, "epochs": 1}
    points = BATCH * options.fewer(updates)
    return made_up(network, recipe, inputs=784, outputs=10, points=points, replicas=replicas, is_shared=True)


def numbers(options: Options, replicas: int) -> Case:
    """Row D9's kind of network: two inputs, batches of 1,000."""
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "mse", "batch_size": 1000, "epochs": 1}
    return made_up(
        SMALL, recipe, inputs=2, outputs=1, points=1000 * options.fewer(40), replicas=replicas, is_shared=True
    )


def as_usual(who: str) -> Competitor:
    """A competitor in a process that gives memory back as glibc does by itself."""

    def build(case: Case) -> Run:
        run = competitor(who)(case)

        def usually() -> Iterator[Seen]:
            is_glibc = keep_freed_memory()
            if is_glibc:
                libc = ctypes.CDLL(None)
                libc.mallopt(M_MMAP_THRESHOLD, ADAPTED)
                libc.mallopt(M_TRIM_THRESHOLD, 2 * ADAPTED)
            yield from run()
            keep_freed_memory.__wrapped__()  # for the next in turn; the function itself acts once

        return usually

    return build


def _measure(options: Options) -> list[dict[str, Any]]:
    cases = [
        ("LeNet-5 with batch norm", [(n, classes(options, LENET, n, 10)) for n in (1, 3)]),
        ("CNN of 1.2 million parameters (row D8)", [(n, classes(options, CNN, n, 4)) for n in (1, 3)]),
        ("32-32-16 with batch norm, batches of 1,000", [(n, numbers(options, n)) for n in (1, 10)]),
    ]
    found = []
    for label, sizes in cases:
        loop = contender("loop", sizes[0][1], as_usual("loop"), from_first_look=True)
        for networks, case in sizes:
            ours = contender(KEPT, case, "torch", from_first_look=True)
            usual = contender(GIVEN_BACK, case, as_usual("torch"), from_first_look=True)
            pairs = [(KEPT, "loop"), (KEPT, GIVEN_BACK)]
            found.append(measure(f"{label}, {networks} at once", [ours, loop, usual], pairs, options))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    return [
        [each["label"], *(times(ratio(each, KEPT, other)) for other in ("loop", GIVEN_BACK))] for each in measurements
    ]


LAYERS = Section(
    name="layers",
    title="Convolutions and norms: the torch engine",
    text="""Random images of MNIST's shape, cross-entropy, batches of 128, plain sgd; the last line random numbers and
mse. The loop trains one network of torch's own modules (`nets.modules.to_module`) as a user would write it, with
examples in memory. The clock starts after the first evaluation. The torch engine keeps freed memory for its next
arrays (`training.freed_memory`); the loop gives it back as glibc does by itself, and so does the engine in the last
column.""",
    header=("networks", "torch engine over PyTorch loop, per network", "memory kept over given back"),
    measure=_measure,
    rows=_rows,
)
