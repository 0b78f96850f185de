"""A page's figures within a budget of bytes: films lose frames first, then films go, then charts, and what went is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradlab.reports.figures import Figure
from gradlab.reports.pictures import Reel, fragment, reels

_FEWEST = 2  # frames of a film: before and after


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of one study.

    Attributes:
        figures: In order.
        left_out: Titles of those that a page had no room for.
    """

    figures: Sequence[Figure | Reel]
    left_out: Sequence[str] = field(default=())

    def without(self, k: int) -> Shown:
        """The same without figure k."""
        gone = self.figures[k]
        title = gone.film.title if isinstance(gone, Reel) else gone.title
        return Shown([*self.figures[:k], *self.figures[k + 1 :]], [*self.left_out, title])


def fitted(studies: Sequence[Shown], excess: int) -> list[Shown]:
    """What is left of the figures when so many bytes have to go.

    Every film of the page loses the same share of its frames; if films of two frames are still too many, the last film of
    the study with most of them goes, one after the other. Charts go when no film is left: the largest first, and the first
    figure of a study, which decides its question, when there is nothing else.

    Args:
        studies: Everything, in order.
        excess: Bytes that have to go.
    """
    kept = list(studies)
    while excess > 0 and (films := [figure for shown in kept for figure in shown.figures if isinstance(figure, Reel)]):
        cut = _cut(films, sum(map(_bytes, films)) - excess)
        if cut is not None:
            by_film = {id(film): reel for film, reel in zip(films, cut, strict=True)}
            return [replace(one, figures=[by_film.get(id(figure), figure) for figure in one.figures]) for one in kept]
        at = [[k for k, figure in enumerate(shown.figures) if isinstance(figure, Reel)] for shown in kept]
        most = max(range(len(kept)), key=lambda study: (len(at[study]), study))
        excess -= _removed(kept, most, at[most][-1])
    while excess > 0 and any(shown.figures for shown in kept):
        sizes = [
            (k > 0, _bytes(figure), study, k)
            for study, shown in enumerate(kept)
            for k, figure in enumerate(shown.figures)
            if isinstance(figure, Figure)
        ]
        _, _, study, k = max(sizes)
        excess -= _removed(kept, study, k)
    return kept


def _bytes(figure: Figure | Reel) -> int:
    """What a figure takes in a page, or a little more."""
    if isinstance(figure, Reel):
        return len(fragment(figure).encode())
    return sum(len(panel.to_json().encode()) for panel in figure.panels.values())


def _removed(kept: list[Shown], study: int, k: int) -> int:
    """Take a figure out; the bytes that are gained."""
    gained = _bytes(kept[study].figures[k])
    kept[study] = kept[study].without(k)
    return gained


def _cut(films: Sequence[Reel], room: int) -> list[Reel] | None:
    """The films with as many frames as there is room for; None where two frames each are too many."""
    budget = room
    while budget > 0:
        made = reels([reel.film for reel in films], budget)
        made = [replace(cut, recorded=reel.recorded) for cut, reel in zip(made, films, strict=True)]
        excess = sum(map(_bytes, made)) - room
        if excess <= 0:
            return made
        if all(len(reel.film.steps) <= _FEWEST for reel in made):
            return None
        budget -= excess  # what stands around the sprites was not in the budget
    return None
