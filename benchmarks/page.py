"""docs/performance.md, from the measurements."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.competitors import WHO
from benchmarks.sections import SECTIONS
from benchmarks.sections.section import Rows

_TOP = """# Performance

Written by `make bench` from [benchmarks/results.json](../benchmarks/results.json); do not edit.

**How to read the numbers.** In every round each contender trains in turn, and ratios are formed within a round, so
that whatever slows the machine down slows both sides. A cell is the median over rounds, with the least and the largest
in brackets. Networks a second are given for our own engines only, as orientation: they belong to this machine, and the
ratios are what carries over.

**Who competes.** All use every core, start from the same weights and examples, and draw a new order of examples for
every epoch by the cheapest means they have; the drawing counts for everybody. Weights and examples are drawn, and
programs compiled, before the clock starts; start-up (building, compiling or reading what was compiled before, the
first run) is reported apart. Stacks have the size at which each was quickest in trials. The PyTorch loop uses the
cores only as torch does inside an operation; two loops side by side would train up to twice as many networks.
"""


def page(document: Mapping[str, Any]) -> str:
    """The whole page, from what results.json holds."""
    lines = [_TOP]
    lines += [f"- **{name}**: {who}" for name, who in WHO.items()]
    machine = f"**Machine.** {_machine(document['machine'])}."
    lines += ["", _filled(_checked(document["checks"])), "", _filled(machine)]
    for name, section in SECTIONS.items():
        measured = document["sections"].get(name)
        if measured is None:
            continue
        other = "" if measured["machine"] == document["machine"] else f" Measured on {_machine(measured['machine'])}."
        rounds = sorted({each["rounds"] for each in measured["measurements"]})
        many = f"{rounds[0]}" if len(rounds) == 1 else f"{rounds[0]} to {rounds[-1]}"
        text = f"{section.text} {many} round{'' if rounds == [1] else 's'}.{other}"
        lines += ["", f"## {section.title}", "", _filled(text), ""]
        lines += markdown(section.header, section.rows(measured["measurements"]))
    return "\n".join(lines) + "\n"


def markdown(header: Sequence[str], rows: Rows) -> list[str]:
    """A table."""
    return ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *rows)]


def _filled(text: str) -> str:
    """A paragraph in lines of at most 119 characters."""
    return textwrap.fill(" ".join(text.split()), 119, break_long_words=False, break_on_hyphens=False)


def _machine(machine: Mapping[str, Any]) -> str:
    hardware, versions = machine["hardware"], machine["versions"]
    return (
        f"{hardware['processor']}, {hardware['cores']} cores, {hardware['system']}; "
        f"{', '.join(f'{name} {number}' for name, number in versions.items())}"
    )


def _checked(checks: Sequence[Mapping[str, Any]]) -> str:
    if not checks:
        return "The comparison of updates was left out of this run."
    worst: dict[str, float] = {}
    for row in checks:
        worst[row["name"]] = max(worst.get(row["name"], 0.0), row["gap"])
    gaps = ", ".join(f"{name} {gap:.1g}" for name, gap in worst.items())
    return (
        "**Checked.** Before anything was timed, one update of everybody was compared with the torch engine's. Largest "
        "relative gap of the change of all parameters, beyond float32's rounding of the parameters, over "
        f"{checks[0]['networks']} live networks of ten hidden layers of width 2, sgd and RMSprop: {gaps}."
    )
