"""Widths 2 to 32 and depths 1 to 50: how the picture changes with shape, and how near the machine's limit it comes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.case import Case, case_of
from benchmarks.compiling import compile_ahead
from benchmarks.machine import matrix_product
from benchmarks.rounds import Options, contender, measure, present
from benchmarks.sections.section import Measurement, Rows, Section, percent, ratio, speed, times

WIDTHS, DEPTHS = (2, 4, 8, 16, 32), (1, 10, 50)
EPOCHS, EPOCH = 5, 47  # updates of an epoch
RIVALS = ("torch", "loop", "vmap", "jax, tuned")


def networks_at_once(name: str, flop: int, units: int) -> int:
    """Networks in a stack: as many as were quickest in trials at widths 2, 8 and 32.

    Args:
        name: The competitor.
        flop: Of one network's training.
        units: Hidden units of one network.
    """
    if name == "loop":
        return 1
    if name == "narrow":  # any number will do: enough for a turn
        return max(64, min(2000, int(3e10 / flop)))
    if name == "jax, tuned":  # all activations of a batch in second-level cache
        return max(16, min(256, 1 << int(math.log2(8000 / units))))
    return max(32, min(1000, 20_000 // units))


def case(width: int, depth: int, replicas: int, steps: int) -> Case:
    """relu networks on x sin 5x, sgd, five epochs of 3,000 points, of which `steps` updates are run."""
    network = {"hidden": {"width": width, "depth": depth}, "activation": "relu", "weights": "he_normal"}
    recipe = {"optimizer": "sgd(lr=0.001)", "loss": "mse", "batch_size": 64, "epochs": EPOCHS}
    return case_of(network, recipe, replicas=replicas, looks=(0, steps))


def _measure(options: Options) -> list[dict[str, Any]]:
    found = []
    # one loop for every depth above 1
    compile_ahead([case(width, depth, 1, EPOCHS * EPOCH) for width in WIDTHS for depth in DEPTHS[:2]], options)
    for width in WIDTHS:
        for depth in DEPTHS:
            whole = EPOCHS * EPOCH
            flop = case(width, depth, 1, whole).flop
            contenders = [matrix_product(flop, options)]
            for name in present(["narrow", *RIVALS]):
                networks = options.fewer(networks_at_once(name, flop, width * depth))
                steps = whole if name == "narrow" else 12 if name == "vmap" and depth > 1 else EPOCH
                contenders.append(contender(name, case(width, depth, networks, steps)))
            ratios = [("narrow", name) for name in (*RIVALS, "peak")]
            label = f"width {width}, depth {depth}"
            found.append(measure(label, contenders, ratios, options, width=width, depth=depth, steps=whole))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    return [
        [
            f"{each['width']}",
            f"{each['depth']}",
            *(times(ratio(each, "narrow", name)) for name in RIVALS),
            percent(ratio(each, "narrow", "peak")),
            speed(each, "narrow"),
        ]
        for each in measurements
    ]


SHAPES = Section(
    name="shapes",
    title="Widths and depths",
    text="""relu networks, mse, plain sgd, five epochs of 3,000 points (235 updates). The narrow engine runs them all;
the others run one epoch (`vmap` a quarter of one above depth 1) and are extrapolated. The columns say how many times as
fast the narrow engine is, and which part of the machine's float32 peak it reaches. The peak is torch's product of two
2048 x 2048 matrices in as many threads as there are cores, in the same rounds. The arithmetic of a training is counted
as 6 x weights x examples; activations, loss, order of examples and evaluations take time and are not counted.""",
    header=(
        "width", "depth", "over torch engine", "over PyTorch loop", "over vmap", "over JAX, tuned", "of peak",
        "for orientation: networks a second",
    ),
    measure=_measure,
    rows=_rows,
)  # fmt: skip
