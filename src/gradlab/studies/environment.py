"""What trained a network, as far as its numbers may depend on it: versions of what computed, and the machine."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from gradlab import __version__

_PACKAGES = ("torch", "numpy", "numba", "scipy")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Environment:
    """Versions and hardware.

    Attributes:
        versions: Of gradlab, python, torch, numpy, numba, scipy; of gradlab alone, as "unknown", where nothing is known.
        hardware: Processor, cores, threads of the process, system; processor alone, as "unknown", where nothing is known.
    """

    versions: Mapping[str, str]
    hardware: Mapping[str, str | int]

    @classmethod
    def here(cls, threads: int | None = None) -> Environment:
        """This process on this machine.

        Args:
            threads: Threads it uses; None is one per core.
        """
        return cls(versions(), hardware(threads))

    @classmethod
    def from_json(cls, versions: str, hardware: str) -> Environment:
        """What a store holds of one."""
        return cls(json.loads(versions), json.loads(hardware))

    def to_json(self) -> tuple[str, str]:
        """What a store holds of it: the same text of the same environment."""
        return json.dumps(self.versions), json.dumps(self.hardware)


@dataclass(frozen=True, slots=True)
class Trained:
    """Some networks and what trained them.

    Attributes:
        environment: Versions and hardware.
        engine: "torch" or "narrow"; "exact" for computations.
        device: "cpu", "cuda", ...
        networks: How many.
        seconds: Of training them and looking at them: of every chunk the part that is theirs. Chunks that ran side by side
            in several processes are added.
        compile_seconds: Of compiling, in the same way.
    """

    environment: Environment
    engine: str
    device: str
    networks: int
    seconds: float
    compile_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "networks": self.networks,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "engine": self.engine,
            "device": self.device,
            "versions": dict(self.environment.versions),
            "hardware": dict(self.environment.hardware),
        }


def added(parts: Iterable[Trained]) -> list[Trained]:
    """One for each environment, engine and device, the most networks first."""
    sums: dict[tuple[str, ...], Trained] = {}
    for part in parts:
        key = (*part.environment.to_json(), part.engine, part.device)
        if key in sums:
            so_far = sums[key]
            part = replace(
                part,
                networks=so_far.networks + part.networks,
                seconds=so_far.seconds + part.seconds,
                compile_seconds=so_far.compile_seconds + part.compile_seconds,
            )
        sums[key] = part
    return sorted(sums.values(), key=lambda part: -part.networks)


def network_seconds(parts: Sequence[Trained]) -> float:
    """Seconds of one network, the mean over all; NaN without any."""
    networks = sum(part.networks for part in parts)
    return sum(part.seconds for part in parts) / networks if networks else math.nan


UNKNOWN_ENVIRONMENT = Environment({"gradlab": UNKNOWN}, {"processor": UNKNOWN})


def versions() -> dict[str, str]:
    """Versions a result depends on."""
    return {"gradlab": __version__, "python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def hardware(threads: int | None) -> dict[str, str | int]:
    """The machine, and the threads that are used of it."""
    cores = os.cpu_count() or 1
    return {"processor": _processor(), "cores": cores, "threads": threads or cores, "system": platform.system()}


_version = lru_cache(version)


@lru_cache(maxsize=1)
def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), UNKNOWN)
    except OSError:
        return platform.processor() or platform.machine()
