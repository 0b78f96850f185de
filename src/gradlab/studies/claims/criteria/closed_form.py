"""A closed form: a probability that theory gives for every cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from gradlab.stats import standard_error, wilson
from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Kind, Unit, Verdict
from gradlab.studies.compare import THEORIES

STANDARD_ERRORS = 4.0


class ClosedForm(Expected):
    """A closed form: held where every matching cell lies within 4 standard errors of it, or not below it for a lower bound.

    Attributes:
        theory: Its name; see `gradlab list theories`.
    """

    key: ClassVar[str] = "theory"
    kind: ClassVar[Kind] = "theory"
    several: ClassVar[bool] = True
    theory: str

    def check(self, measure: Measure, where: str) -> None:
        """Whether there is such a theory."""
        _ = THEORIES[self.theory]

    def judge(self, estimates: Sequence[Estimate]) -> Judged | str:
        """How far every cell lies from its closed form."""
        theory = THEORIES[self.theory]
        expected = [None if one.setup is None else theory.value(one.setup) for one in estimates]
        far: list[float] = []
        for one, p in zip(estimates, expected, strict=True):
            if p is None:
                return f"{self.theory} does not apply to every cell"
            distance = (one.value - p) / max(standard_error(p, one.n), 1.0 / one.n)
            far.append(min(distance, 0.0) if theory.kind == "lower bound" else distance)
        inside, worst = sum(abs(each) <= STANDARD_ERRORS for each in far), max([*far, 0.0], key=abs)
        verdict: Verdict = "held" if inside == len(far) else "not held"
        if len(far) == 1:
            why = f"{worst:+.2f} standard errors from the closed form"
            return Judged(verdict, why, "closed form", estimates[0], against=expected[0])
        why = f"{inside} of {len(far)} cells within {STANDARD_ERRORS:g} standard errors of the closed form; farthest {worst:+.2f}"
        share, n = wilson(inside, len(far)), sum(one.n for one in estimates)
        shown = Estimate(value=share.rate, low=share.low, high=share.high, n=n, networks=n, of="share of cells")
        return Judged(verdict, why, "closed form", shown, 1.0, (inside, len(far)))

    def text(self, unit: Unit) -> str:
        """What it is."""
        return "closed form"
