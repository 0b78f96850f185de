"""`Estimate`: what a measure makes of the cells, ready to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradlab.spec import Setup
from gradlab.stats import IDENTITY, Scale
from gradlab.studies.exact import Value
from gradlab.studies.levels import LevelValue


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Where the spread over networks was taken from, if not from the cell itself.

    Attributes:
        own: Networks of the cell's own.
        lent: Networks of the cell that lends its spread.
        levels: The levels in which that cell differs.
    """

    own: int
    lent: int
    levels: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its intervals.

    Attributes:
        value: The number.
        low: Lower end of its own 95 % interval.
        high: Upper end.
        prediction: 95 % prediction interval: of a rate for another run of the published size, else for one more network; None
            where a run again would mean nothing, as for a difference of means.
        n: Networks of the cell with fewest.
        networks: Of all cells it rests on.
        of: What the interval is of, for words: "mean", "rate".
        place: Which layer, where there are several; "" otherwise.
        borrowed: Where the spread comes from, if from another cell.
        said: What it rests on, in words; "" where n says it all.
        levels: Of the cell, or what is common to its cells.
        setup: The cell's, that of the greatest level for a boundary; None where several cells are counted.
        found: Of an exact computation, its result.
        scale: On which it is judged.
        counted: Where cells are counted: how many, of how many.
    """

    value: float
    low: float
    high: float
    n: int
    networks: int
    of: str
    prediction: tuple[float, float] | None = None
    place: str = ""
    borrowed: Borrowed | None = None
    said: str = ""
    levels: Mapping[str, LevelValue] = field(default_factory=dict)
    setup: Setup | None = None
    found: Value | None = None
    scale: Scale = IDENTITY
    counted: tuple[int, int] | None = None

    @property
    def where(self) -> str:
        """Which layer it is of and where its spread comes from, to go behind a reason."""
        lent = self.borrowed
        borrowed = (
            "" if lent is None else f"; spread borrowed from {lent.lent} with {lent.levels} for {lent.own} of its own"
        )
        return (f" in {self.place}" if self.place else "") + borrowed
