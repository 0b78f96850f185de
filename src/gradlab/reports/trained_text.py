"""What trained the networks, in words: versions and hardware of every machine that did."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports.words import seconds_text
from gradlab.stats.text import counted_text
from gradlab.studies.environment import Trained


def trained_lines(trained: Sequence[Trained]) -> list[tuple[str, str]]:
    """Name and value of every version and of the hardware; where environments differ, a line for each of them."""
    if not differ(trained):
        return [
            (name, str(value))
            for part in trained[:1]
            for name, value in {**part.environment.versions, **part.environment.hardware}.items()
        ]
    return [(f"{counted_text(part.networks, 'network')} trained by", environment_text(part)) for part in trained]


def differ(trained: Sequence[Trained]) -> bool:
    """Whether more than one environment trained the networks."""
    return any(part.environment != trained[0].environment for part in trained)


def environment_text(part: Trained) -> str:
    """What trained some networks, and how long it took, in a line."""
    hardware, versions = part.environment.hardware, part.environment.versions
    machine = [value if isinstance(value, str) else f"{name} {value}" for name, value in hardware.items()]
    versioned = [f"{name} {number}" for name, number in versions.items()]
    where = f"{part.engine} on {part.device}, {', '.join(machine)}"
    return f"{where}; {', '.join(versioned)}; in {seconds_text(part.seconds)}"
