"""`Section`: one table, with what fills it and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.rounds import Options

Measurement = Mapping[str, Any]  # as `rounds.measure` returns it
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table.

    Attributes:
        name: What `--only` calls it.
        title: Heading.
        text: Method and limits, above the table.
        header: Of the table.
        measure: Takes the time.
        rows: Of the table, from the measurements.
    """

    name: str
    title: str
    text: str
    header: Sequence[str]
    measure: Callable[[Options], list[dict[str, Any]]]
    rows: Callable[[Sequence[Measurement]], Rows]


def ratio(measurement: Measurement, of: str, to: str, scale: float = 1.0) -> dict[str, float] | None:
    """Median, least and largest of a ratio, or None where someone was missing."""
    for found in measurement["ratios"]:
        if (found["of"], found["to"]) == (of, to):
            return {key: found[key] * scale for key in ("median", "low", "high")}
    return None


def times(found: dict[str, float] | None) -> str:
    """A ratio in words: median [least, largest]."""
    if found is None:
        return "-"
    return f"{number(found['median'])} [{number(found['low'])}, {number(found['high'])}]"


def percent(found: dict[str, float] | None) -> str:
    """A fraction in per cent: median [least, largest]."""
    if found is None:
        return "-"
    return times({key: 100 * value for key, value in found.items()}) + " %"


def number(value: float) -> str:
    """Three digits, or all digits of a large whole number."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.3g}"


def speed(measurement: Measurement, name: str) -> str:
    """Median networks a second of a contender, for orientation."""
    rates = sorted(measurement["contenders"][name]["networks_per_second"])
    return number(rates[len(rates) // 2])
