"""A published number: the run of a source.

One run is another draw of what we drew, so that the number is judged by where another such run would lie: a rate by the 95 %
interval for another run of as many networks, a metric or a quantity by that for one more network. Three things decide:

1. the interval leaves the number out: not held;
2. it holds the number, but nearly anything else too: its half-width, on the scale of the number, is larger than the logarithm
   of the claim's resolution: too wide to tell;
3. it holds the number and is narrow: held, if at least 5 networks of the cell's own say so; undecided with fewer, wherever
   their spread comes from. A spread that another cell lends may leave a number out, and stands with the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from gradlab.errors import SpecError
from gradlab.stats.text import counted_text, given_text, percent_text
from gradlab.studies.claims.criterion import Criterion, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Kind, Unit

LEAST_NETWORKS = 5
FACTORS = {"logit": 3.0, "log": 1.5, "identity": 1.5}
"""Within which factor a number has to be known: odds of shares and rates, and other numbers."""


class Published(Criterion):
    """A published number, which is one run's: held where it lies in the prediction interval for another such run.

    It is no expectation of the file; a claim makes it of its keys.

    Attributes:
        published: The number.
        networks: How many networks a published rate rests on.
        factor: The factor within which a number has to be known to be reproduced; None for that of its scale.
    """

    key: ClassVar[str] = "published"
    kind: ClassVar[Kind] = "published"
    published: float
    networks: int = 1000
    factor: float | None = None

    @property
    def number(self) -> float:
        """The published number."""
        return self.published

    @property
    def rounding(self) -> float:
        """Half a unit of the last digit of the published number: how far rounding may have moved it.

        Example:
            >>> Published(published=0.114).rounding
            0.0005
        """
        return 0.5 * 10.0 ** int(Decimal(repr(self.published)).as_tuple().exponent)

    def check(self, measure: Measure, where: str) -> None:
        """A rate is one between 0 and 1."""
        if measure.unit == "share" and not measure.any_of and not 0.0 <= self.published <= 1.0:
            raise SpecError(f"{where}.published", got=self.published, expected="a rate between 0 and 1")

    def judge(self, estimates: Sequence[Estimate]) -> Judged:
        """Whether the prediction interval holds the number, and hardly anything else."""
        (one,) = estimates
        assert one.prediction is not None
        low, high = one.prediction
        name = "prediction interval" + (", spread borrowed" if one.borrowed is not None else "")
        if math.isnan(low):
            return Judged("undecided", f"{one.n} network, 2 needed to have a spread", name, one)
        run = f"another {self.networks:,} networks" if one.of == "rate" else "one more network"
        why = f"95 % prediction interval for {run}: [{low:.3g}, {high:.3g}]"
        slack = 0.0 if one.of == "rate" else self.rounding
        if not low - slack <= self.published <= high + slack:
            return Judged("not held", why + one.where, name, one)
        if self.is_too_wide(one):
            most, wide = self.resolution(one), "odds" if one.scale.kind == "logit" else "the number"
            return Judged("too wide to tell", f"{why}: not within a factor {most:g} of {wide}{one.where}", name, one)
        if one.n < LEAST_NETWORKS:
            few = f"{why}, of {counted_text(one.n, 'network')}, {LEAST_NETWORKS} needed"
            return Judged("undecided", few + one.where, name, one)
        return Judged("held", why + one.where, name, one)

    def is_too_wide(self, one: Estimate) -> bool:
        """Whether half of the prediction interval, on the scale of the number, is more than the factor allows.

        A number of no scale but its own has no factor; half of its interval may be as large as the factor takes the published
        number away from itself.
        """
        assert one.prediction is not None
        low, high = one.prediction
        if one.scale.kind == "identity":
            return self.published != 0.0 and (high - low) / 2 > (self.resolution(one) - 1.0) * abs(self.published)
        if one.scale.kind == "logit" and low <= 0.0 and high >= one.scale.top:
            return True  # nothing is left out
        return one.scale.half_width(low, high) > math.log(self.resolution(one))

    def resolution(self, one: Estimate) -> float:
        """The factor: the claim's, or that of the number's scale."""
        return FACTORS[one.scale.kind] if self.factor is None else self.factor

    def text(self, unit: Unit) -> str:
        """The number."""
        return percent_text(self.published) if unit in ("share", "points") else given_text(self.published)
