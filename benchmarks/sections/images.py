"""What looks cost in the studies on images: measured inside run_chunk, with metrics, signals and histograms as shipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.machine import matrix_product
from benchmarks.rounds import Contender, Options, measure, say
from benchmarks.sections.section import Measurement, Rows, Section, percent
from gradlab.data.images import MNIST, find
from gradlab.nets import Slice
from gradlab.studies.chunk import ChunkTask, run_chunk
from gradlab.studies.load import load_study
from gradlab.studies.plan import Plan, make_plan

STUDY = "learning-rate"
CELL: dict[str, str | int | float | bool] = {"row": "C2", "lr": 1e-5}
TURNS = {"2 updates": (0, 2), "4 updates": (0, 4), "4 updates, 5 looks": (0, 1, 2, 3, 4)}


def _measure(options: Options) -> list[dict[str, Any]]:
    task = "digits" if options.is_quick else "mnist"
    if task == "mnist" and find(MNIST) is None:
        say('  left out: MNIST is not here; see "gradlab data fetch mnist"')
        return []
    plan = make_plan(load_study(STUDY, [f"task={task}"]))
    (cell,) = plan.matching(CELL)
    steps, setup = plan.steps(cell.setup), cell.setup
    flop = 6 * setup.network.parameters * setup.points * 4
    contenders = [_contender(plan, cell.id, setup, name, looks) for name, looks in TURNS.items()]
    names = list(TURNS)
    return [
        measure(
            f"{STUDY}, {setup.points:,} images",
            [*contenders, matrix_product(flop, options)],
            [(names[1], names[0]), (names[1], names[2]), (names[1], "peak")],
            options,
            looks=len(steps),
            updates=steps[-1],
        )
    ]


def _contender(plan: Plan, id: str, setup: Any, name: str, looks: tuple[int, ...]) -> Contender:
    study = plan.study
    task = ChunkTask(
        ((id, Slice(setup, 0, 1)),), plan.seed, looks, study.inputs, {"collapsed": study.outcomes["collapsed"].over},
        "torch", "cpu", None, study.metrics, study.signals,
    )  # fmt: skip

    def call() -> float:
        return run_chunk(task).seconds

    call()
    return Contender(name, 1, call)


def _rows(measurements: Sequence[Measurement]) -> Rows:
    """Per round: an update is half of what two more of them take, a look a third of what three more take."""
    rows = []
    for each in measurements:
        two, four, looked, peak = (
            1.0 / np.array(contender["networks_per_second"]) for contender in each["contenders"].values()
        )
        update, look = (four - two) / 2, (looked - four) / 3
        share, of_peak = look * each["looks"] / (update * each["updates"]), peak / 4 / update
        rows.append(
            [
                each["label"],
                f"{each['looks']} in {each['updates']} updates",
                *(percent(_spread(values)) for values in (look / update, share, of_peak)),
            ]
        )
    return rows


def _spread(values: np.ndarray) -> dict[str, float]:
    return {"median": float(np.median(values)), "low": float(values.min()), "high": float(values.max())}


IMAGES = Section(
    name="images",
    title="What looks cost on MNIST",
    text="""One network of the study as shipped: 784-256-128-10 sigmoid units, full batches. A look evaluates loss and
accuracy on all training and test images, and every quantity and histogram on 500 images. Updates and looks are told
apart by differences between trainings of two and four updates, with two and five looks. 6 x weights x examples is
counted, a product that nobody needs included.""",
    header=("study", "looks as shipped", "a look, of an update", "all looks, of the updates", "updates, of peak"),
    measure=_measure,
    rows=_rows,
)
