"""A published number: the run of a source."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from gradlab.errors import SpecError
from gradlab.stats.text import number_text, percent_text
from gradlab.studies.claims.criterion import Criterion, Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Kind, Unit


class Published(Criterion):
    """A published number, which is one run's: held where it lies in the prediction interval for another such run.

    It is no expectation of the file; a claim makes it of its keys.

    Attributes:
        published: The number.
        networks: How many networks a published rate rests on.
    """

    key: ClassVar[str] = "published"
    kind: ClassVar[Kind] = "published"
    published: float
    networks: int = 1000

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
        """Whether the prediction interval holds the number."""
        (one,) = estimates
        assert one.prediction is not None
        low, high = one.prediction
        run = "one more network" if one.of == "mean" or one.of == "ratio" else f"another {self.networks:,} networks"
        why = f"95 % prediction interval for {run}: [{low:.3g}, {high:.3g}]"
        if one.is_share and low <= 0.0 and high >= 1.0:  # two networks far apart decide nothing
            return Judged("undecided", f"{why}, which leaves no share out{one.where}", "prediction interval", one)
        slack = 0.0 if one.of == "rate" else self.rounding
        holds = low - slack <= self.published <= high + slack
        return Judged("held" if holds else "not held", why + one.where, "prediction interval", one)

    def text(self, unit: Unit) -> str:
        """The number."""
        return percent_text(self.published) if unit in ("share", "points") else number_text(self.published)
