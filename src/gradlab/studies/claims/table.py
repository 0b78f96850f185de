"""A table of claims: one template for many cells and numbers.

    [[claims]]
    columns = ["data", "published"]
    rows = [
      ["xor", 0.4],
      ["spiral", 0.38],
    ]
    id = "E3 loss, {data}"
    statement = "the loss, read as on {data}"
    measure = { mean = "test_loss", where = { data = "{data}" } }
    published = "{published}"

makes two claims. A text that is a placeholder and nothing else becomes the value itself, with its type; inside a longer text the
value is written out. The study holds the claims, not the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from gradlab.errors import SpecError, UnknownName, shown
from gradlab.studies.levels import LevelValue
from gradlab.studies.strict import Strict

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class ClaimTable(Strict):
    """Claims that differ in some values only: a template with placeholders such as "{depth}", and a row for each claim.

    A text that is a placeholder and nothing else becomes the row's value, with its type; inside a longer text the value is
    written out.

    Attributes:
        columns: Names of the placeholders.
        rows: For each claim a value for every column.
        id: As of a claim, like all that follow, with placeholders.
        statement: In words.
        measure: What is measured.
        published: The published number.
        published_replicas: How many networks a published rate rests on.
        resolution: The factor within which the published number has to be known.
        source: Where it stands.
        expected: What is expected where nothing is published.
        min_replicas: Fewer leave the claim undecided.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple[LevelValue | list[Any], ...], ...] = Field(min_length=1)
    id: str
    statement: str
    measure: dict[str, Any]
    published: float | str | None = None
    published_replicas: int | str = 1000
    resolution: float | str | None = None
    source: str = ""
    expected: dict[str, Any] | str | None = None
    min_replicas: int | str = 0


def expanded(claims: Sequence[object]) -> list[Any]:
    """Claims as a file lists them, each table replaced by the claims that it stands for.

    Raises:
        SpecError: A table without rows or columns, or a row of another length; named by its place and the row's.
        UnknownName: A placeholder that is no column.
    """
    found: list[Any] = []
    for place, entry in enumerate(claims, start=1):
        is_table = isinstance(entry, Mapping) and ("rows" in entry or "columns" in entry)
        found += _claims(entry, f"claims, table {place}") if is_table else [entry]
    return found


def _claims(table: Any, where: str) -> list[dict[str, Any]]:
    template = {key: value for key, value in table.items() if key not in ("columns", "rows")}
    where = f'{where} "{template["id"]}"' if isinstance(template.get("id"), str) else where
    columns, rows = table.get("columns"), table.get("rows")
    if not isinstance(columns, list | tuple) or not columns or not all(isinstance(name, str) for name in columns):
        raise SpecError(f"{where}: columns", got=shown(columns), expected='names, such as ["depth", "published"]')
    if len(set(columns)) < len(columns):
        raise SpecError(f"{where}: columns", got=shown(columns), expected="each name once")
    if not isinstance(rows, list | tuple) or not rows:
        raise SpecError(f"{where}: rows", got=shown(rows), expected="a list of values for each claim")
    made = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list | tuple) or len(row) != len(columns):
            got = f"{len(row)} values" if isinstance(row, list | tuple) else shown(row)
            raise SpecError(f"{where}: row {number}", got=got, expected=f"{len(columns)}: {', '.join(columns)}")
        values = dict(zip(columns, row, strict=True))
        made.append(_filled(template, values, f"{where}, row {number}"))
    unused = set(columns) - {name for text in _texts(template) for name in _PLACEHOLDER.findall(text)}
    if unused:
        raise SpecError(f"{where}: columns", got=", ".join(sorted(unused)), expected="columns that the template uses")
    return made


def _filled(part: Any, values: Mapping[str, Any], where: str) -> Any:
    """The template with a row's values in their places."""
    if isinstance(part, Mapping):
        return {key: _filled(value, values, where) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_filled(value, values, where) for value in part]
    if not isinstance(part, str):
        return part
    for name in _PLACEHOLDER.findall(part):
        if name not in values:
            raise UnknownName("column", name, tuple(values), do=f"{where[:1].upper()}{where[1:]} names it")
    whole = _PLACEHOLDER.fullmatch(part)
    return values[whole[1]] if whole else _PLACEHOLDER.sub(lambda match: _text(values[match[1]]), part)


def _text(value: object) -> str:
    """A value inside a text, as TOML writes numbers and switches."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        return [text for value in part.values() for text in _texts(value)]
    if isinstance(part, list | tuple):
        return [text for value in part for text in _texts(value)]
    return [part] if isinstance(part, str) else []
