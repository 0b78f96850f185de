"""A depth that theory gives, beside the boundary that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from gradlab.stats import wilson
from gradlab.studies.claims.criterion import Expected, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Kind, Unit, Verdict
from gradlab.studies.compare import DEPTHS
from gradlab.studies.levels import levels_said

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Boundary:
    """A measured boundary beside the expected one.

    Attributes:
        measured: Its `value` is the greatest level that passes, its ends that and the first level that fails.
        theory: Where theory expects the boundary; infinity for nowhere.
    """

    measured: Estimate
    theory: float

    def agrees(self, factor: float) -> bool:
        """Whether theory's boundary lies between the two levels, give or take a factor."""
        return self.measured.low / factor <= self.theory <= self.measured.high * factor


class TheoryDepth(Expected):
    """A depth that theory gives: held where every boundary lies there, give or take a factor.

    Attributes:
        theory: Its name; see `gradlab list depths`.
        within: The factor.
    """

    key: ClassVar[str] = "within"
    kind: ClassVar[Kind] = "theory"
    several: ClassVar[bool] = True
    theory: str
    within: float = Field(ge=1.0, allow_inf_nan=False)

    def check(self, measure: Measure, where: str) -> None:
        """Whether there is such a theory of a depth."""
        _ = DEPTHS[self.theory]

    def beside(self, estimates: Sequence[Estimate]) -> list[Boundary] | str:
        """Every boundary with theory's, or why there is none."""
        found = []
        for one in estimates:
            expected = None if one.setup is None else DEPTHS[self.theory].value(one.setup)
            if expected is None:
                return "the theory does not apply to every cell"
            found.append(Boundary(one, expected))
        return found

    def judge(self, estimates: Sequence[Estimate]) -> Judged | str:
        """How many boundaries lie where theory expects them."""
        found = self.beside(estimates)
        if isinstance(found, str):
            return found
        agree = [boundary.agrees(self.within) for boundary in found]
        why = (
            f"{sum(agree)} of {len(found)} boundaries within a factor {self.within:g} of {DEPTHS[self.theory].meaning}"
        )
        if len(found) > 1:
            best = best_constant(found, self.within)
            why += f", one {estimates[0].of} for all within it of {best} at best"
        off = [levels_said(one.measured.levels) for one, fits in zip(found, agree, strict=True) if not fits]
        more = f" and {len(off) - MOST_NAMED} more" * (len(off) > MOST_NAMED)
        why += f"; not {'; '.join(off[:MOST_NAMED])}{more}" if off else ""
        share, n = wilson(sum(agree), len(found)), sum(one.networks for one in estimates)
        shown = Estimate(value=share.rate, low=share.low, high=share.high, n=n, networks=n, of="share of boundaries")
        verdict: Verdict = "held" if all(agree) else "not held"
        return Judged(verdict, why, "boundaries", shown, 1.0, (sum(agree), len(found)))

    def text(self, unit: Unit) -> str:
        """What it is."""
        return f"theory, up to x {self.within:g}"


def best_constant(found: Sequence[Boundary], factor: float) -> int:
    """With how many boundaries one and the same level for all agrees at best: what a theory has to surpass."""
    ends = [boundary.measured.low / factor for boundary in found]
    return max(sum(Boundary(one.measured, end).agrees(factor) for one in found) for end in ends)
