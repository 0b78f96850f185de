"""Row B1 of the experiments: what everybody makes of deep, narrow networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.case import Case, case_of
from benchmarks.competitors import WHO
from benchmarks.machine import matrix_product
from benchmarks.rounds import Options, contender, measure, present
from benchmarks.sections.section import Measurement, Rows, Section, number, percent, ratio, speed, times
from gradlab.data.inputs import InputSet

RECIPE = {
    "optimizer": {"name": "rmsprop", "lr": 0.0099, "alpha": 0.9, "eps": 1e-7},
    "loss": "mse",
    "batch_size": 64,
    "epochs": 10,
}
POINTS = {"points": InputSet(linspace=(1, 10, 10))}
EPOCH = 47  # updates
# networks at once and updates; each was quickest at about this size, of those tried between 64 and 2,000
SIZES = {
    "narrow": (2000, 10 * EPOCH),
    "torch": (1000, EPOCH),
    "loop": (1, 10 * EPOCH),
    "vmap": (1000, EPOCH),
    "jax": (1000, EPOCH),
    "jax, tuned": (256, 10 * EPOCH),
}


def case(depth: int, replicas: int, **changes: Any) -> Case:
    """Networks of row B1, on 3,000 points each; `changes` go to `case_of` or, as `recipe`, into the recipe."""
    network = {
        "hidden": {"width": 2, "depth": depth},
        "activation": "relu",
        "weights": "glorot_uniform",
        "bias": "zeros",
    }
    recipe = {**RECIPE, **changes.pop("recipe", {})}
    return case_of(network, recipe, **{"replicas": replicas, "inputs": POINTS, **changes})


def _measure(options: Options) -> list[dict[str, Any]]:
    found = []
    for depth in (9, 10):
        contenders = []
        for name in present(list(SIZES)):
            networks, steps = SIZES[name]
            steps = min(steps, EPOCH) if options.is_quick and name != "narrow" else steps
            contenders.append(contender(name, case(depth, options.fewer(networks), looks=(0, steps))))
        contenders.append(matrix_product(case(depth, 1).flop, options))
        ratios = [("narrow", name) for name in [*SIZES, "peak"] if name != "narrow"]
        label = f"{depth} hidden layers of width 2"
        found.append(measure(label, contenders, ratios, options, depth=depth, steps=10 * EPOCH))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    rows = []
    for each in measurements:
        for name in WHO:
            made = each["contenders"].get(name)
            if made is None:
                continue
            loss = made["final_loss"]
            rows.append(
                [
                    str(each["depth"]),
                    name,
                    "1" if name == "narrow" else times(ratio(each, "narrow", name)),
                    speed(each, name) if name in ("narrow", "torch") else "",
                    percent(ratio(each, "narrow", "peak")) if name == "narrow" else "",
                    f"{made['networks']:,}",
                    f"{made['steps']}",
                    number(max(0.0, made["startup_seconds"])),
                    "-" if loss is None else f"{loss[0]:.3f} ± {loss[1]:.3f}",
                ]
            )
    return rows


B1 = Section(
    name="b1",
    title="Deep narrow networks: row B1",
    text="""relu networks of nine or ten hidden layers of width 2 learn x sin 5x from 3,000 points of their own: mse,
RMSprop, batches of 64 in a new order every epoch, 10 epochs (470 updates). Everybody evaluates the same two input sets
(100 training points, 10 other points) before the first update and after the last. A training with fewer updates in the
table is extrapolated to 470, update by update; its loss is what it had reached by then, on its own number of networks,
and shows that it trained.""",
    header=(
        "hidden layers", "who", "narrow engine, times as fast", "for orientation: networks a second", "of peak",
        "networks at once", "updates run", "start-up, s", "mean final loss ± se",
    ),
    measure=_measure,
    rows=_rows,
)  # fmt: skip
