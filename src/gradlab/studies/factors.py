"""`Factor`: what a study varies over levels, one path of the Setup each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gradlab.errors import SpecError, shown
from gradlab.studies.levels import LevelValue
from gradlab.studies.strict import Strict

Level = str | int | float | bool | dict[str, Any] | list[Any]


class Factor(Strict):
    """One path of the Setup over several levels.

    `role` says how the analysis treats it: scientific (the question), nuisance (varied so that the answer does not hang on
    it). What no factor varies is fixed, and is listed among the caveats.

    A label belongs to a level's place: equal levels with different labels make cells of their own, which share their trials
    as all cells of equal content do. Two levels of one name could not be told apart, and are refused.

    Attributes:
        name: What it is called in tables and claims.
        role: "scientific" if the question is about it, "nuisance" if it is varied so that the answer does not hang on it.
        change: Dotted path of what changes: "recipe.optimizer.lr", "network.hidden.depth",
            "network.layers.0.channels", "task.noise".
        levels: The values that it takes; every combination of the levels of all factors is a cell.
        labels: How the levels are called in tables and claims, one for each; the values themselves when left out.
        rows: Rows that it is varied in; all when left out.
    """

    name: str = Field(min_length=1)
    role: Literal["scientific", "nuisance"] = "scientific"
    change: str = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    labels: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _labelled(self) -> Self:
        if self.labels is not None and len(self.labels) != len(self.levels):
            raise SpecError(
                f"factor {self.name}.labels",
                got=f"{len(self.labels)} labels",
                expected=f"{len(self.levels)}, one a level",
            )
        for place, name in enumerate(self.names):
            if name in self.names[:place]:
                is_labelled = self.labels is not None
                raise SpecError(
                    f"factor {self.name}.{'labels' if is_labelled else 'levels'}",
                    got=f"{shown(str(name))} {self.names.count(name)} times",
                    expected=f"each {'label' if is_labelled else 'level'} once",
                    do="Leave it out" if is_labelled else "Leave it out, or give every level a label",
                )
        return self

    @property
    def names(self) -> tuple[LevelValue, ...]:
        """How its levels are called in tables and claims, one after the other: by label, or by the value itself."""
        if self.labels is not None:
            return self.labels
        return tuple(level if isinstance(level, LevelValue) else str(level) for level in self.levels)

    @property
    def named(self) -> tuple[tuple[Level, LevelValue], ...]:
        """Its levels, each with its name."""
        return tuple(zip(self.levels, self.names, strict=True))


def check_changes(factors: Sequence[Factor]) -> None:
    """Two factors of one row change different things: of two that change the same, the first would have no effect.

    Raises:
        SpecError: They change the same.
    """
    for place, factor in enumerate(factors):
        for other in factors[:place]:
            apart = factor.rows is not None and other.rows is not None and set(factor.rows).isdisjoint(other.rows)
            if factor.change == other.change and not apart:
                got = f"{shown(factor.change)}, which factor {other.name} changes too"
                do = "Leave one out, or give them different rows"
                raise SpecError(f"factor {factor.name}.change", got=got, expected="a path of its own", do=do)
