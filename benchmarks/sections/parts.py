"""Where the narrow engine's time goes on row B1, by leaving parts out or adding more of them.

One part is left out of the generated loop itself: a loop without its backward pass computes everything else as before, on
weights that stay where they are.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.case import Case, Run, Seen
from benchmarks.competitors.gradlab_engines import narrow
from benchmarks.machine import matrix_product
from benchmarks.rounds import Options, contender, measure
from benchmarks.sections import b1
from benchmarks.sections.section import Measurement, Rows, Section, percent, times
from gradlab.training.narrow import kernel

DEPTH, UPDATES, UPDATES_OF_128, LOOKS = 10, 470, 240, 30


def cases(replicas: int) -> dict[str, Case]:
    """What is compared; each differs from "whole" in one thing."""

    def case(**changes: Any) -> Case:
        return b1.case(DEPTH, replicas, **changes)

    thirty = tuple(int(step) for step in np.linspace(0, UPDATES, LOOKS).round())
    return {
        "whole": case(),
        "given order": case(recipe={"order": "sequential"}),
        "batches of 128": case(recipe={"batch_size": 128}),
        "30 looks": case(looks=thirty),
        "start": case(looks=(0,)),
    }


def without_backward(case: Case) -> Run:
    """The narrow engine with a loop that has no backward pass."""
    run = narrow(case)

    def ablated() -> Iterator[Seen]:
        with patch.object(kernel, "backward_pass", lambda *_: ""):  # read when a run writes its loop
            yield from run()

    return ablated


def _measure(options: Options) -> list[dict[str, Any]]:
    made = cases(options.fewer(2000))
    contenders = [contender(name, each, "narrow") for name, each in made.items()]
    start, end = without_backward(made["whole"])()
    assert np.array_equal(start.loss, end.loss), "the backward pass was not left out"
    contenders.append(contender("no backward", made["whole"], without_backward))
    contenders.append(matrix_product(made["whole"].flop, options))
    ratios = [(each.name, "whole") for each in contenders[1:-1]] + [("whole", "peak")]
    facts = {"needed_share": made["whole"].least_flop / made["whole"].flop}
    return [measure(f"B1, depth {DEPTH}", contenders, ratios, options, **facts)]


def parts(seconds: dict[str, float]) -> dict[str, float]:
    """Seconds of every part, from the seconds of every case (all per network)."""
    whole = seconds["whole"]
    look = (seconds["30 looks"] - whole) / (LOOKS - 2)
    found = {
        "backward": whole - seconds["no backward"],
        "optimizer": (whole - seconds["batches of 128"]) * UPDATES / (UPDATES - UPDATES_OF_128),
        "order of examples": whole - seconds["given order"],
        "looks": 2 * look,
        "preparation": seconds["start"] - look,
    }
    return {"forward": whole - sum(found.values()), **found}


HOW = {
    "forward": "what is left; with fetching the batch and the loss and its gradient",
    "backward": "less by a loop compiled without its backward pass",
    "optimizer": "less by half as many updates in batches of 128, doubled; with all else that is done once an update",
    "order of examples": "less by examples in their given order",
    "looks": "28 more looks, divided by 14",
    "preparation": "a look at the start and no training, less the look: copies of the data, starting threads",
}


def _rows(measurements: Sequence[Measurement]) -> Rows:
    rows = []
    for each in measurements:
        rates = {name: made["networks_per_second"] for name, made in each["contenders"].items()}
        rounds = [{name: 1 / values[i] for name, values in rates.items()} for i in range(each["rounds"])]
        # shares of the 6 x weights x examples that "peak" stands for: a third forward, the rest needed backward
        arithmetic = {"forward": 1 / 3, "backward": each["needed_share"] - 1 / 3}
        for name, how in HOW.items():
            share = [parts(seconds)[name] / seconds["whole"] for seconds in rounds]
            limit = "-"
            if name in arithmetic:
                limit = times(
                    _spread([parts(seconds)[name] / (seconds["peak"] * arithmetic[name]) for seconds in rounds])
                )
            rows.append([name, percent(_spread(share)), limit, how])
    return rows


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


PARTS = Section(
    name="parts",
    title="Where the narrow engine's time goes",
    text="""Row B1 with ten hidden layers. The loop is one compiled function, so its parts are found by differences
between trainings that differ in one thing, taken in the same rounds; a share is known no better than its spread says,
and what is left after all other parts is called forward. The last number is the time of a part divided by the time
that its multiplications and additions would take at the speed of the large matrix product, the limit of the fused
multiply-add units: 1 would be the limit.""",
    header=("part", "share of the training", "times the limit of multiply-add", "how it was found"),
    measure=_measure,
    rows=_rows,
)
