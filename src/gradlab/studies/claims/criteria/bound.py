"""Bounds: a number that the estimate's interval stays above or below.

A bound speaks of a mean or a rate, and is judged by the mean's or the rate's own interval, which narrows with the number of
networks: held where all of it respects the bound, not held where all of it breaks it, undecided in between.

A bound is a round number, such as "nine in ten", and means no more than its digits say. It is read with two digits at least, and
an interval that holds the bound itself respects it where all of it does give or take half a unit of the last digit: 90 % as
89.5 %. So an interval narrower than that half unit always decides, whatever the truth is, and no number of networks leaves a
claim undecided for ever. A bound of 0 has no digits and is taken as it is; one that the whole interval breaks is broken,
however near.

`of = "one more network"` asks for what nearly every network does: then the prediction interval is judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Literal

from gradlab.errors import SpecError
from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Kind, Unit, Verdict

BOUNDS = frozenset({"at_most", "at_least", "below", "above"})
LEAST_DIGITS = 2


class Bound(Expected):
    """A number that the estimate's interval stays above or below: held where all of it does, not held where none of it does.

    Of several estimates, as of the layers of a network, the one that is farthest from it counts.

    Attributes:
        of: "one more network" to judge by the 95 % prediction interval for one more network; left out, by the interval of the
            mean, rate, ratio or difference itself.
    """

    kind: ClassVar[Kind] = "bound"
    is_upper: ClassVar[bool]
    is_strict: ClassVar[bool] = False
    words: ClassVar[str]
    of: Literal["one more network"] | None = None

    @property
    def number(self) -> float:
        """The bound."""
        return float(getattr(self, self.key))

    @property
    def slack(self) -> float:
        """Half a unit of the last digit of the bound, read with two digits at least; 0 for a bound of 0.

        Example:
            >>> [AtLeast(at_least=bound).slack for bound in (0.9, 0.905, 1000.0, 0.0)]
            [0.005, 0.0005, 50.0, 0.0]
        """
        if not self.number:
            return 0.0
        given = int(Decimal(repr(self.number)).normalize().as_tuple().exponent)
        return 0.5 * 10.0 ** min(given, math.floor(math.log10(abs(self.number))) + 1 - LEAST_DIGITS)

    def check(self, measure: Measure, where: str) -> None:
        """One more network has numbers, but no rate."""
        if self.of is not None and not measure.is_of_numbers:
            raise SpecError(f"{where}.expected.of", got=self.of, expected="nothing: it is for a mean or a ratio")

    def judge(self, estimates: Sequence[Estimate]) -> Judged:
        """Whether the interval lies on the right side."""
        one = max(estimates, key=lambda each: self._ends(each)[1] if self.is_upper else -self._ends(each)[0])
        low, high = self._ends(one)
        name = self.of or f"interval of the {one.of}"
        if one.borrowed is not None:
            name += ", spread borrowed"
        interval = "prediction interval for one more network" if self.of is not None else f"interval of the {one.of}"
        said = f"{one.said}; " if one.said else ""
        why = f"{said}95 % {interval} [{low:.3g}, {high:.3g}] against {self.words} {self.number:g}{one.where}"
        verdict = self._verdict(low, high)
        beyond = high > self.number if self.is_upper else low < self.number
        if verdict == "held" and beyond:
            why += f"; {self.number + (self.slack if self.is_upper else -self.slack):g} rounds to it"
        return Judged(verdict, why, name, one, counted=one.counted)

    def _verdict(self, low: float, high: float) -> Verdict:
        if math.isnan(low):
            return "undecided"
        sign, bound, slack = (1.0 if self.is_upper else -1.0), self.number, self.slack
        near, far = sorted((sign * (low - bound), sign * (high - bound)))  # above 0 breaks the bound
        if near > 0.0 or (near == 0.0 and self.is_strict):
            return "not held"
        return "held" if far < slack or (far == slack and not (self.is_strict and slack == 0.0)) else "undecided"

    def text(self, unit: Unit) -> str:
        """The bound in words, without a unit where it is 0."""
        if unit == "number":
            return f"{self.words} {self.number:.4g}"
        said = f"{100 * self.number:.4g}"
        told = {"share": "%", "points": "point" if said in ("1", "-1") else "points"}.get(unit, "")
        return f"{self.words} {said}" + (f" {told}" if self.number else "")

    def _ends(self, one: Estimate) -> tuple[float, float]:
        return one.prediction if self.of is not None and one.prediction is not None else (one.low, one.high)


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
    is_strict: ClassVar[bool] = True
    words: ClassVar[str] = "below"
    below: float


class Above(Bound):
    """A bound from below, most often of a difference.

    Attributes:
        above: The interval lies above this.
    """

    key: ClassVar[str] = "above"
    is_upper: ClassVar[bool] = False
    is_strict: ClassVar[bool] = True
    words: ClassVar[str] = "above"
    above: float
