"""Narrow against torch engine for every part in the catalogs: the automatic choice must never be the slower one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.case import Case, made_up
from benchmarks.compiling import compile_ahead
from benchmarks.rounds import Options, contender, measure
from benchmarks.sections.section import Measurement, Rows, Section, ratio, times
from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS

# variants with buffers that the record's defaults do not have
VARIANTS = ("sgd(lr=0.01, momentum=0.9)", "sgd(lr=0.01, momentum=0.9, nesterov=true)", "rmsprop(momentum=0.9)")
BATCHES = (1, 4, 16)
NETWORKS = 1000


def items() -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, name, what differs from a tanh network with mse and sgd) of every line."""
    lines: list[tuple[str, str, dict[str, Any]]] = [("activation", name, {"activation": name}) for name in ACTIVATIONS]
    lines += [("optimizer", name, {"optimizer": name}) for name in (*OPTIMIZERS, *VARIANTS) if name != "sgd"]
    lines += [("loss", name, {"loss": name}) for name in LOSSES if name != "mse"]
    lines += [("batch size", str(size), {"activation": "relu", "batch_size": size}) for size in BATCHES]
    return lines


def case(changes: dict[str, Any], replicas: int) -> Case:
    """Three layers of width 4 on 1,024 made-up examples with two inputs, 16 updates or more."""
    size = changes.get("batch_size", 64)
    wanted = {"activation": "tanh", "optimizer": "sgd(lr=0.01)", "loss": "mse", "batch_size": size, **changes}
    if LOSSES[wanted["loss"]].reduction == "sum":
        wanted["optimizer"] = "sgd(lr=0.0001)"  # of 64 examples, so that nobody diverges
    wanted["steps"] = 16 * min(4, 64 // size)
    outputs = 3 if LOSSES[wanted["loss"]].targets == "one_hot" else 1
    network = {"hidden": "4 x 3", "activation": wanted.pop("activation"), "weights": "glorot_uniform"}
    return made_up(network, wanted, inputs=2, outputs=outputs, points=1024, replicas=replicas)


def _measure(options: Options) -> list[dict[str, Any]]:
    found = []
    options = replace(options, rounds=min(3, options.rounds))
    compile_ahead([case(changes, 1) for _, _, changes in items()], options)
    for kind, name, changes in items():
        made = case(changes, options.fewer(NETWORKS))
        contenders = [contender(who, made) for who in ("narrow", "torch")]
        label = f"{kind} {name}"
        found.append(measure(label, contenders, [("narrow", "torch")], options, kind=kind, part=name))
    return found


def _rows(measurements: Sequence[Measurement]) -> Rows:
    found = [(each, ratio(each, "narrow", "torch")) for each in measurements]
    return [[each["kind"], each["part"], times(value)] for each, value in found]


SWEEP = Section(
    name="sweep",
    title="Every part, narrow against torch engine",
    text="""Three hidden layers of width 4, 1,000 networks at once in both engines, batches of 64, mse, sgd and tanh
(relu for the batch sizes) unless the line says otherwise. A number above 1 means that the narrow engine, which `auto`
picks wherever it can train the network and compiling is worth it, is the faster one.""",
    header=("kind", "part", "narrow over torch engine"),
    measure=_measure,
    rows=_rows,
)
