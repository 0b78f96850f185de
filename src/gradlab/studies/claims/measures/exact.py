"""A result of an exact computation."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import ClassVar

from gradlab.errors import SpecError, UnknownName
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Unit


class Exact(Measure):
    """A result of a computation of an exact study.

    Attributes:
        exact: Name of the computation.
        part: Which of its results.
    """

    key: ClassVar[str] = "exact"
    judged_by: ClassVar[frozenset[str]] = frozenset({"equals"})
    unit: ClassVar[Unit] = "exact"
    exact: str
    part: str

    @property
    def needed(self) -> int:
        """Nothing is drawn."""
        return 0

    def names(self, known: Known) -> Sequence[str]:
        """Computations."""
        return list(known.computations)

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """The computation exists, and so does its result."""
        if known.kind != "exact":
            got = f"an exact computation in a study of kind {known.kind}"
            raise SpecError(f"{where}.measure", got=got, expected="an outcome, metric or quantity")
        do = f"{where[:1].upper()}{where[1:]} names it"
        if self.exact not in self.names(known):
            raise UnknownName("computation", self.exact, self.names(known), do=do)
        if self.part not in known.computations[self.exact]:
            raise UnknownName("result", self.part, known.computations[self.exact], do=do)

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The result as it is."""
        of = found.computed[self.exact]
        said = f"computed by {of.compute}: {self.part}"
        return [
            Estimate(value=nan, low=nan, high=nan, n=0, networks=0, of="result", said=said, found=of.found[self.part])
        ]
