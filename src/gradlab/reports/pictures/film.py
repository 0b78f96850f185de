"""`Film`: the grids of one network at the same steps; `reels`: films as sprites, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jaxtyping import Int
from numpy import ndarray

from gradlab.reports.pictures.grids import Grid
from gradlab.reports.pictures.sprites import Sprite, encode
from gradlab.reports.words import count_text
from gradlab.signals.thinning import evenly
from gradlab.stats.text import number_text, percent_text

# With plotly's script, which takes 4.7 MB, and the charts a page then stays below 8 MB.
BUDGET_BYTES = 3_000_000
_FEWEST = 2  # frames: before and after


@dataclass(frozen=True, slots=True)
class Film:
    """What one figure shows over the steps of training.

    Attributes:
        id: Unique on its page: letters, digits and hyphens.
        title: What it shows, a phrase.
        caption: What to see in it, and n.
        grids: What is drawn, in order; all at the same steps.
        steps: Steps of training, ascending [S].
        losses: At these steps [S].
        accuracies: Share of right answers at these steps [S], or nothing.
        loss_name: What the loss is measured on: "training loss".
        accuracy_name: The same for the accuracy.
    """

    id: str
    title: str
    caption: str
    grids: Sequence[Grid]
    steps: Sequence[int]
    losses: Sequence[float]
    accuracies: Sequence[float] = ()
    loss_name: str = "loss"
    accuracy_name: str = "accuracy"

    def __post_init__(self) -> None:
        assert len(self.steps) and len(self.grids)
        assert {len(self.losses), len(self.accuracies) or len(self.steps)} == {len(self.steps)}
        assert all(len(grid.values) == len(self.steps) for grid in self.grids)

    def at(self, frames: Int[ndarray, " K"]) -> Film:
        """The same film with some of its frames."""
        return replace(
            self,
            grids=[grid.at(frames) for grid in self.grids],
            steps=[self.steps[k] for k in frames],
            losses=[self.losses[k] for k in frames],
            accuracies=[self.accuracies[k] for k in frames] if len(self.accuracies) else (),
        )

    def words(self, k: int) -> str:
        """What is printed with frame k.

        Example:
            >>> import numpy as np
            >>> grid = Grid("weights", "layer 1", "", np.zeros((1, 1, 2, 2)), 1, True)
            >>> Film("a", "", "", [grid], [1200], [0.51], [0.9]).words(0)
            'step 1,200, loss 0.51, accuracy 90 %'
        """
        words = f"step {count_text(self.steps[k])}, {self.loss_name} {number_text(self.losses[k])}"
        return words + (f", {self.accuracy_name} {percent_text(self.accuracies[k])}" if len(self.accuracies) else "")


@dataclass(frozen=True, slots=True)
class Reel:
    """A film as a page holds it.

    Attributes:
        film: With the frames that are shown.
        sprites: One for each grid.
        recorded: Frames there were.
    """

    film: Film
    sprites: Sequence[Sprite]
    recorded: int

    @property
    def bytes(self) -> int:
        """Bytes that the sprites take in a page."""
        return sum(len(sprite.uri) for sprite in self.sprites)

    @property
    def left_out(self) -> str:
        """What a reader must be told is missing; "" if nothing is."""
        shown = len(self.film.steps)
        if shown == self.recorded:
            return ""
        return f"To keep the page small, {shown} of {self.recorded} recorded steps are shown, evenly spread."


def reels(films: Sequence[Film], budget_bytes: int = BUDGET_BYTES) -> list[Reel]:
    """All films of a page as sprites.

    If they take more than the budget, every film loses the same share of its frames; the first and the last stay, even if
    they alone are more than the budget.

    Args:
        films: What the page shows.
        budget_bytes: For all sprites together, as text in the page.
    """
    recorded = [len(film.steps) for film in films]
    share = 1.0
    while True:
        kept = [max(_FEWEST, int(share * count)) for count in recorded]
        made = [_reel(film, keep) for film, keep in zip(films, kept, strict=True)]
        taken = sum(reel.bytes for reel in made)
        if taken <= budget_bytes or all(keep == _FEWEST for keep in kept):
            return made
        # frames farther apart resemble each other less, so that the first cut may not be enough
        share *= 0.98 * budget_bytes / taken


def _reel(film: Film, keep: int) -> Reel:
    recorded = len(film.steps)
    shown = film if keep >= recorded else film.at(evenly(recorded, keep))
    return Reel(shown, [encode(grid.values, grid.is_signed) for grid in shown.grids], recorded)
