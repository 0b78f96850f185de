"""Levels of cells: what they may be, which cells have them, and how they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol, TypeVar

LevelValue = str | int | float | bool
Levels = dict[str, LevelValue]


class HasLevels(Protocol):
    """A cell of a plan, or what a run found of it."""

    @property
    def levels(self) -> Mapping[str, LevelValue]:
        """Its row and the level of each factor, by name."""
        ...


T = TypeVar("T", bound=HasLevels)


def matching(cells: Iterable[T], where: Mapping[str, LevelValue]) -> list[T]:
    """The cells whose levels include all of `where`.

    By levels and not by content: cells of the same content share an id, and are told apart.
    """
    return [cell for cell in cells if all(cell.levels.get(name) == level for name, level in where.items())]


def others(levels: Mapping[str, LevelValue], names: Collection[str]) -> tuple[tuple[str, LevelValue], ...]:
    """The levels of all factors but the named ones: the key by which cells are grouped or paired."""
    return tuple((name, level) for name, level in levels.items() if name not in names)


def levels_said(levels: Mapping[str, LevelValue]) -> str:
    """Levels in a sentence.

    Example:
        >>> levels_said({"gain": "he", "depth": 3})
        'gain he and depth 3'
    """
    return " and ".join(f"{name} {level}" for name, level in levels.items())
