"""What looking costs: thirty looks against two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.rounds import Options, contender, measure
from benchmarks.sections import b1
from benchmarks.sections.section import Measurement, Rows, Section, percent
from gradlab.data.inputs import InputSet

SETS = {"train": InputSet.model_validate({"from": "task", "count": 100}), "line": InputSet(linspace=(-3, 3, 100))}
MOMENTS = (2, 30, 100)


def _measure(options: Options) -> list[dict[str, Any]]:
    networks, found = options.fewer(2000), []
    for depth in (9, 10):
        contenders = []
        for moments in MOMENTS:
            steps = tuple(int(step) for step in np.linspace(0, 470, moments).round())
            case = b1.case(depth, networks, inputs=SETS, looks=steps)
            contenders.append(contender(f"{moments} looks", case, "narrow"))
        ratios = [("2 looks", f"{moments} looks") for moments in MOMENTS[1:]]
        found.append(measure(f"B1, depth {depth}", contenders, ratios, options, depth=depth))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    return [
        [
            f"{each['depth']}",
            found["to"].split()[0],
            percent({key: found[key] - 1 for key in ("median", "low", "high")}),
        ]
        for each in measurements
        for found in each["ratios"]
    ]


LOOKS = Section(
    name="looks",
    title="What looks cost",
    text="""Row B1 in the narrow engine, looked at at 30 and at 100 moments, against the start and the end only. A look
evaluates two input sets of 100 points, finds live units and copies the weights.""",
    header=("hidden layers", "looks", "more time than with 2"),
    measure=_measure,
    rows=_rows,
)
