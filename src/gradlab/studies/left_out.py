"""`leave_out`: combinations of levels that make no cell, such as a rule that says nothing of some activations.

Each entry is a table of levels, `{ gain = "torch", activation = ["elu", "gelu"] }`: a cell that has one of the levels named
under every key is left out. Levels are called as in claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradlab.errors import SpecError, UnknownName
from gradlab.studies.levels import LevelValue

if TYPE_CHECKING:
    from gradlab.studies.study import Study

LeftOut = dict[str, LevelValue | tuple[LevelValue, ...]]


def is_left_out(entries: Sequence[LeftOut], levels: Mapping[str, LevelValue]) -> bool:
    """Whether a combination of levels has one of those of every key of an entry.

    Example:
        >>> is_left_out([{"gain": "torch", "activation": ("elu", "gelu")}], {"gain": "torch", "activation": "elu"})
        True
    """
    return any(all(levels.get(name) in _several(value) for name, value in entry.items()) for entry in entries)


def check_left_out(study: Study) -> None:
    """Whether every entry names levels that the study has.

    Raises:
        SpecError: An empty entry, which all cells match.
        UnknownName: No such factor, or no such level of it.
    """
    known = _levels_by_name(study)
    for entry in study.leave_out:
        if not entry:
            raise SpecError("leave_out", got="an entry without levels", expected='such as { gain = "torch" }')
        for name, value in entry.items():
            if name not in known:
                raise UnknownName("factor", name, known, do="leave_out names it")
            for level in _several(value):
                if level not in known[name]:
                    raise UnknownName(f"level of {name}", str(level), map(str, known[name]), do="leave_out names it")


def without_lost_levels(table: dict[str, Any]) -> dict[str, Any]:
    """A study's table less what its `leave_out` says of levels that settings have taken away; wrong content is kept."""
    entries = table.get("leave_out")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        return table
    known: dict[str, list[Any]] = {"row": [row.get("id") for row in table.get("rows", [])]}
    for factor in table.get("factors", []):
        known[str(factor.get("name"))] = list(factor.get("labels") or factor.get("levels") or [])
    kept = []
    for entry in entries:
        found = {
            name: [each for each in (value if isinstance(value, list) else [value]) if each in known.get(name, [])]
            for name, value in entry.items()
        }
        if all(found.values()):
            kept.append(found)
    return {**table, "leave_out": kept}


def _levels_by_name(study: Study) -> dict[str, list[LevelValue]]:
    rows: dict[str, list[LevelValue]] = {"row": [row.id for row in study.rows]} if study.rows else {}
    return rows | {factor.name: list(factor.names) for factor in study.factors}


def _several(value: LevelValue | tuple[LevelValue, ...]) -> tuple[LevelValue, ...]:
    return value if isinstance(value, tuple) else (value,)
