"""What pictures of exact computations show, as plain data: planes of two inputs, grids of numbers, bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plane:
    """A function of two inputs over a square, and a truth value at some points.

    Attributes:
        ticks: Values of either input, G of them.
        outputs: [G, G] the function at (ticks[column], ticks[row]); None where there is none.
        points: Inputs (x1, x2).
        is_true: Whether the point is to be true.
        values: Outputs at the points, to be printed; None where there are none.
    """

    ticks: Sequence[float]
    outputs: Sequence[Sequence[float]] | None
    points: Sequence[tuple[float, float]]
    is_true: Sequence[bool]
    values: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers over an image, or over places of one.

    Attributes:
        rows: From the top, all of one length.
        first: Where the first number stands, in places of the image along either axis.
        step: How far it is to the next.
    """

    rows: Sequence[Sequence[float]]
    first: float = 0.0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Grids:
    """Tables side by side by their titles, the first of them the whole image."""

    tables: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts: name of the bar -> name of the part -> how many. Every bar has the same parts."""

    counts: Mapping[str, Mapping[str, int]]
    unit: str


Panel = Plane | Grids | Bars


@dataclass(frozen=True, slots=True)
class Done:
    """A computation that was made: what the study calls it, its arguments and its results."""

    name: str
    given: Any
    found: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How all computations of one kind in a study are drawn.

    Attributes:
        title: What is to be seen, a phrase.
        caption: How to read it, true of any arguments.
        figures: `figures(done)` -> what tells one figure from the next, "" where there is one -> panels by their titles.
    """

    title: str
    caption: str
    figures: Callable[[Sequence[Done]], Mapping[str, Mapping[str, Panel]]]
