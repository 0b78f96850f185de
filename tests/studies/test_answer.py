"""A study's answer: what its placeholders become."""

from __future__ import annotations

from typing import Any

import pytest

from gradlab.studies.answer import answer_text
from gradlab.studies.claims import ClaimResult

NUMBER: dict[str, Any] = {"unit": "number", "measured": 2.66, "low": 2.61, "high": 2.72, "replicas": 5}
ALIKE = {**NUMBER, "measured": 0.0, "low": 0.0, "high": 0.0}
LARGE = {**ALIKE, "measured": 12_000.0, "low": 12_000.0, "high": 12_000.0}
RATE = {"unit": "share", "measured": 0.953, "low": 0.938, "high": 0.964, "replicas": 1000}
LENT = {**NUMBER, "replicas": 1, "borrowed": (1, 3)}


def result(**found: Any) -> ClaimResult:
    fields: dict[str, Any] = {
        "id": "A", "statement": "s", "published": None, "kind": "bound", "prediction": None, "verdict": "held", "why": "",
    }  # fmt: skip
    return ClaimResult(**{**fields, **found})


@pytest.mark.parametrize(
    ("found", "whole", "rate", "interval"),
    [
        (NUMBER, "2.66 [2.61, 2.72] (n = 5)", "2.66", "[2.61, 2.72]"),
        (ALIKE, "0, all alike (n = 5)", "0", "all alike"),
        (LARGE, "12,000, all alike (n = 5)", "12,000", "all alike"),
        (RATE, "95.3 % [93.8, 96.4] of 1,000", "95.3 %", "[93.8, 96.4]"),
        (LENT, "2.66 [2.61, 2.72], spread borrowed (n = 1)", "2.66", "[2.61, 2.72], spread borrowed"),
    ],
)
def test_a_placeholder_is_the_whole_number_or_a_part_of_it(
    found: dict[str, Any], whole: str, rate: str, interval: str
) -> None:
    one = result(**found)
    assert answer_text("{A}", [one]) == whole
    assert answer_text("{A:rate}; {A:interval}; {A:n}", [one]) == f"{rate}; {interval}; {found['replicas']:,}"
