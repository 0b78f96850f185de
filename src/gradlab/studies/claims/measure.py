"""`Measure`: what a claim measures, the family of which each kind is one file of `measures`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, SerializeAsAny

from gradlab.errors import SpecError
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.member import Member, SchemaOf
from gradlab.studies.claims.result import Unit
from gradlab.studies.levels import Levels, matching


class Measure(Member):
    """What a claim measures.

    Attributes:
        judged_by: Keys of the criteria that can judge it; "published" stands for a published number.
        needed: Fewest networks of a cell that decide a claim about it.
        unit: What its numbers are told in.
        is_of_numbers: Whether numbers are measured rather than outcomes or cells counted.
        any_of: Whether one estimate out of several is enough: they are readings of one source.
        noun: What its cells are called where they are counted.
    """

    family: ClassVar[dict[str, type[Member]]] = {}
    table: ClassVar[str] = "measure"
    judged_by: ClassVar[frozenset[str]]
    unit: ClassVar[Unit] = "share"
    is_of_numbers: ClassVar[bool] = False
    any_of: ClassVar[bool] = False
    noun: ClassVar[str] = "cells"

    @property
    def name(self) -> str:
        """Name of the outcome, metric, quantity or computation."""
        return str(getattr(self, self.key))

    @property
    def needed(self) -> int:
        """Fewest networks of a cell that decide a claim about it."""
        return 100

    @property
    def told_in(self) -> Unit:
        """What its numbers are told in."""
        return self.unit

    @property
    def cells(self) -> dict[str, Levels]:
        """Levels of every cell it names, by the key that names it."""
        return {key: levels for key in ("where", "minus", "to") if (levels := getattr(self, key, None)) is not None}

    def takes_several(self, side: str) -> bool:
        """Whether the levels under that key may match several cells."""
        return False

    @abstractmethod
    def names(self, known: Known) -> Sequence[str]:
        """What its name may be in a study."""

    @abstractmethod
    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """What the cells hold, one estimate for each thing that is judged by itself; or why nothing can be said.

        Args:
            found: What the run found.
            again: Networks of another run, for which a rate is predicted.
        """

    def check_criterion(self, criterion_key: str, where: str) -> None:
        """Whether this criterion, one of `judged_by`, fits the measure's other keys.

        Raises:
            SpecError: It does not.
        """

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """Whether it names what the study measures, in cells that it has.

        Args:
            known: The study.
            where: What the claim is called, for messages.
            several: Whether the criterion judges any number of cells.

        Raises:
            SpecError: No such outcome, number, layer or cell.
            UnknownName: No such computation, or result of it.
        """
        if known.kind == "exact":
            expected = "exact and part"
            raise SpecError(f"{where}.measure", got=f'"{self.name}" in a study of kind {known.kind}', expected=expected)
        names = self.names(known)
        if self.name not in names:
            expected = f"one of {', '.join(names)}" if names else "metrics or signals in the study"
            raise SpecError(f"{where}.measure", got=f'"{self.name}"', expected=expected)
        for side, levels in self.cells.items():
            matched, single = len(matching(known.cells, levels)), not (several or self.takes_several(side))
            if not matched or (single and matched != 1):
                raise SpecError(
                    f"{where}.measure.{side}",
                    got=f"{dict(levels)}, which {matched} cells match",
                    expected="exactly one cell" if single else "at least one cell",
                    do='See "gradlab study show" for the cells',
                )


AnyMeasure = Annotated[SerializeAsAny[Measure], BeforeValidator(Measure.read), SchemaOf(Measure)]
