"""An exact value: what a computation finds, with nothing rounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from gradlab.stats.text import value_text
from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.result import Kind, Unit, Verdict
from gradlab.studies.exact import Value


class Equals(Expected):
    """An exact value: held where the computation finds the same, bit for bit.

    Attributes:
        equals: What a computation finds, as TOML writes it; nothing is rounded.
    """

    key: ClassVar[str] = "equals"
    kind: ClassVar[Kind] = "exact"
    equals: Value

    def judge(self, estimates: Sequence[Estimate]) -> Judged:
        """Whether they are the same."""
        (one,) = estimates
        assert one.found is not None
        verdict: Verdict = "held" if self.equals == one.found else "not held"
        return Judged(verdict, one.said, "exact", one, values=(self.equals, one.found))

    def text(self, unit: Unit) -> str:
        """The value."""
        return value_text(self.equals)
