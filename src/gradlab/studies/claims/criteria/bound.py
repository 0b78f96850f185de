"""Bounds: a number that the estimate's interval stays above or below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.result import Kind, Unit, Verdict

BOUNDS = frozenset({"at_most", "at_least", "below", "above"})


class Bound(Expected):
    """A number that the estimate's interval stays above or below: held where all of it does, not held where none of it does.

    Of several estimates, as of the layers of a network, the one that is farthest from it counts.
    """

    kind: ClassVar[Kind] = "bound"
    is_upper: ClassVar[bool]
    words: ClassVar[str]

    @property
    def number(self) -> float:
        """The bound."""
        return float(getattr(self, self.key))

    def judge(self, estimates: Sequence[Estimate]) -> Judged:
        """Whether the interval lies on the right side."""
        one = max(estimates, key=lambda each: self._ends(each)[1] if self.is_upper else -self._ends(each)[0])
        (low, high), bound = self._ends(one), self.number
        holds = high <= bound if self.is_upper else low >= bound
        fails = low > bound if self.is_upper else high < bound
        verdict: Verdict = "held" if holds else "not held" if fails else "undecided"
        name = "prediction interval" if one.prediction is not None else f"interval of the {one.of}"
        said = f"{one.said}; " if one.said else ""
        side = "at most" if self.is_upper else "at least"
        why = f"{said}95 % {name} [{low:.3g}, {high:.3g}] against {side} {bound:g}{one.where}"
        return Judged(verdict, why, name, one, counted=one.counted)

    def text(self, unit: Unit) -> str:
        """The bound in words, without a unit where it is 0."""
        if unit == "number":
            return f"{self.words} {self.number:.4g}"
        told = {"share": "%", "points": "points"}.get(unit, "")
        return f"{self.words} {100 * self.number:.4g}" + (f" {told}" if self.number else "")

    @staticmethod
    def _ends(one: Estimate) -> tuple[float, float]:
        return one.prediction or (one.low, one.high)


class AtMost(Bound):
    """A bound from above.

    Attributes:
        at_most: The interval's upper end stays at or below this.
    """

    key: ClassVar[str] = "at_most"
    is_upper: ClassVar[bool] = True
    words: ClassVar[str] = "at most"
    at_most: float


class AtLeast(Bound):
    """A bound from below.

    Attributes:
        at_least: The interval's lower end stays at or above this.
    """

    key: ClassVar[str] = "at_least"
    is_upper: ClassVar[bool] = False
    words: ClassVar[str] = "at least"
    at_least: float


class Below(Bound):
    """A bound from above, most often of a difference.

    Attributes:
        below: The interval lies below this.
    """

    key: ClassVar[str] = "below"
    is_upper: ClassVar[bool] = True
    words: ClassVar[str] = "below"
    below: float


class Above(Bound):
    """A bound from below, most often of a difference.

    Attributes:
        above: The interval lies above this.
    """

    key: ClassVar[str] = "above"
    is_upper: ClassVar[bool] = False
    words: ClassVar[str] = "above"
    above: float
