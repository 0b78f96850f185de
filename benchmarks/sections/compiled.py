"""The strongest rivals on torch: compiled updates of a whole stack, on one core and on all."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.case import Case, case_of, made_up
from benchmarks.competitors import missing
from benchmarks.machine import cores
from benchmarks.rounds import Options, contender, measure, present
from benchmarks.sections.section import Measurement, Rows, Section, number, ratio, times

RIVALS = ("loop", "vmap", "vmap, compiled", "stack, compiled")
NARROW, WIDE = "1-2x10-1", "784-100x5-10"
AT_ONCE = {NARROW: 1000, WIDE: 30}  # networks; the loop has few, one after another


def narrow(options: Options, name: str) -> Case:
    """relu networks of ten hidden layers of width 2 on x sin 5x: two epochs of 20 whole batches of 64."""
    network = {"hidden": "2 x 10", "activation": "relu", "weights": "he_normal"}
    recipe = {"optimizer": "sgd(lr=0.001)", "loss": "mse", "batch_size": 64, "epochs": 2}
    replicas = 1 if name == "loop" else options.fewer(AT_ONCE[NARROW])
    return case_of(network, recipe, task="x_sin_5x(points=1280)", replicas=replicas)


def wide(options: Options, name: str) -> Case:
    """relu networks on random images of MNIST's shape: ten whole batches of 128."""
    network = {"hidden": "100 x 5", "activation": "relu", "weights": "glorot_uniform"}
    recipe = {"optimizer": "sgd(lr=0.01)", "loss": "cross_entropy", "batch_size": 128, "epochs": 1}
    replicas = 2 if name == "loop" else options.fewer(AT_ONCE[WIDE])
    return made_up(network, recipe, inputs=784, outputs=10, points=1280, replicas=replicas, is_shared=True)


def _measure(options: Options) -> list[dict[str, Any]]:
    found = []
    for shape, case, ours in ((NARROW, narrow, ("narrow", "torch")), (WIDE, wide, ("torch",))):
        for count in dict.fromkeys((1, os.cpu_count() or 1)):
            with cores(count):  # what is compiled is compiled for so many threads
                contenders = [
                    contender(
                        name,
                        case(options, name),
                        from_first_look=shape == WIDE,
                        # of one core: processor time, so that a second thread is no gain and other programs no loss
                        clock=time.process_time if count == 1 else time.perf_counter,
                    )
                    for name in present([*ours, *RIVALS])
                ]
                ratios = [(ours[0], name) for name in (*ours[1:], *RIVALS)]
                left_out = {name: reason for name in RIVALS if (reason := missing(name)) is not None}
                label = f"{shape}, {count} core{'s' * (count > 1)}"
                facts = {"shape": shape, "cores": count, "ours": ours[0], "left_out": left_out}
                found.append(measure(label, contenders, ratios, options, **facts))
    return found


def leads(found: dict[str, float] | None) -> str:
    """Whether ours is the faster one: in every round, in none, or in some."""
    if found is None:
        return "-"
    return "yes" if found["low"] > 1 else "no" if found["high"] < 1 else "level"


def _rows(measurements: Sequence[Measurement]) -> Rows:
    rows = []
    for each in measurements:
        for name, made in each["contenders"].items():
            if name != each["ours"]:
                found = ratio(each, each["ours"], name)
                start = number(max(0.0, made["startup_seconds"]))
                counts = (f"{made['networks']:,}", start)
                where = (each["shape"], f"{each['cores']}", each["ours"], name)
                rows.append([*where, times(found), "" if name == "torch" else leads(found), *counts])
        for name, reason in each["left_out"].items():
            rows.append([each["shape"], f"{each['cores']}", each["ours"], name, f"left out: {reason}", "-", "-", "-"])
    return rows


COMPILED = Section(
    name="compiled",
    title="Compiled rivals, on one core and on all",
    text="""relu networks. Width 2: x sin 5x, mse, plain sgd, 40 updates of batches of 64, two evaluations included. Images:
random ones of MNIST's shape, cross-entropy, plain sgd, ten updates of batches of 128 from the first evaluation on. A whole
update of the stack, optimizer included, is one graph of `torch.compile`, compiled before the clock starts for the shapes and
threads it is measured with; batches divide the examples, so that there is one shape. On one core the clock is the
processor's: seconds of all threads together, so that nobody gains by a second one. The loop has one network at a time, so
that on all cores it uses a second one only inside an operation. "gradlab leads" says whether our engine is the faster one in
every round (yes), in none (no), or in some (level). gradlab's engines do not compile with `torch.compile` themselves: a
compiled update rounds differently from a plain one, and what they store must not depend on whether a C++ compiler is there
(`docs/decisions/0011`).""",
    header=(
        "networks", "cores", "our engine", "beside", "our engine, times as fast", "gradlab leads", "networks at once",
        "start-up, s",
    ),
    measure=_measure,
    rows=_rows,
)  # fmt: skip
