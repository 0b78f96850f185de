"""`Criterion`: what a claim is judged by, the family of which each kind is one file of `criteria`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, SerializeAsAny

from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.member import Member, SchemaOf
from gradlab.studies.claims.result import Kind, Unit, Verdict
from gradlab.studies.exact import Value
from gradlab.studies.strict import Strict


@dataclass(frozen=True, slots=True)
class Judged:
    """What a criterion says of estimates.

    Attributes:
        verdict: The verdict.
        why: How it came about, in one line.
        judgement: By what it was judged, in a word or two.
        shown: The estimate that is shown for all of them.
        against: The number it was judged by; None for none.
        counted: Where estimates are counted: how many agree, of how many.
        values: Of an exact result: what is expected and what was found.
    """

    verdict: Verdict
    why: str
    judgement: str
    shown: Estimate
    against: float | None = None
    counted: tuple[int, int] | None = None
    values: tuple[Value, Value] | None = None


class Criterion(Strict):
    """What estimates are judged by.

    Attributes:
        key: What measures call it in `judged_by`.
        kind: Where the number they are judged by comes from.
        several: Whether it judges a claim of any number of cells.
    """

    key: ClassVar[str] = ""
    kind: ClassVar[Kind]
    several: ClassVar[bool] = False

    @property
    def number(self) -> float | None:
        """The number itself, where it is known without a run."""
        return None

    def resolution(self, one: Estimate) -> float | None:
        """The factor within which the number has to be known; None where that is not asked."""
        return None

    def check(self, measure: Measure, where: str) -> None:
        """Whether it can judge this measure; what it names exists.

        Args:
            measure: The measure, which says that this kind of criterion can judge it.
            where: What the claim is called, for messages.

        Raises:
            SpecError: It cannot.
        """

    @abstractmethod
    def judge(self, estimates: Sequence[Estimate]) -> Judged | str:
        """The verdict on all estimates together, or why nothing can be said."""

    @abstractmethod
    def text(self, unit: Unit) -> str:
        """What it is, before anything is measured."""


class Expected(Criterion, Member):
    """A criterion that a file names: what is expected where no number is published."""

    family: ClassVar[dict[str, type[Member]]] = {}
    table: ClassVar[str] = "expected"


Expectation = Annotated[SerializeAsAny[Expected], BeforeValidator(Expected.read), SchemaOf(Expected)]
