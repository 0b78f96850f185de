"""Tables of a study file: merging a row's changes, setting one dotted path, applying `--set key=value`.

A table with a `name` replaces what stood there (another optimizer has other parameters), and so does a layer of another
`kind`; any other table is merged. A dotted path may go through a short form, which becomes a table on the way ("2 x 9",
"sgd(lr=0.1)", the layer "conv2d(32, 3)"), and through a list by its indices: `network.layers.0.norm` is the norm of the
first layer in the file.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from gradlab.errors import SpecError, UnknownName
from gradlab.spec.choice import name_in, parse_call
from gradlab.spec.layers import layer_table
from gradlab.studies.left_out import without_lost_levels

SETUP_KEYS = ("network", "recipe", "task")
SETTINGS = ("row", "replicas", *SETUP_KEYS, "looks", "inputs")
_HIDDEN = re.compile(r"\s*(\d+)\s*x\s*(\d+)\s*")
_LAYER = re.compile(r"(^|\.)layers\.\d+$")
_RANGE = re.compile(r"\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*")
_LENGTHS = {"recipe.epochs": "recipe.steps", "recipe.steps": "recipe.epochs"}
_TASK = ("task", "task.name")
MOST_LEVELS = 10_000


def merged(base: Any, change: Any, path: str = "") -> Any:
    """`base` with `change` laid over it, both untouched.

    Args:
        base: What stands there.
        change: What is to be laid over it.
        path: Where that is, for messages and for what a short form there means.

    Raises:
        SpecError: Nothing can lie below what stands there.
    """
    if not isinstance(change, Mapping) or "name" in change:
        return copy.deepcopy(change)
    result = as_table(base, path)
    if change.get("kind", result.get("kind")) != result.get("kind"):
        return copy.deepcopy(dict(change))
    below = {key: merged(result.get(key), value, _below(path, key)) for key, value in change.items()}
    return _like(base, {**copy.deepcopy(result), **below}, path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def as_table(value: Any, path: str) -> dict[str, Any]:
    """A table that says the same as a short form, so that a path can go through it; a list by its indices.

    Raises:
        SpecError: Nothing can lie below this value.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    if _LAYER.search(path):
        return layer_table(value)
    widths = _HIDDEN.fullmatch(value) if isinstance(value, str) else None
    if widths:
        return {"width": int(widths[1]), "depth": int(widths[2])}
    if isinstance(value, str):
        try:
            name, given = parse_call(value, path)
        except SpecError:
            pass  # what is expected here is more than a call
        else:
            return {"name": name, **given}
    raise SpecError(path, got=repr(value), expected='a table, a name or "2 x 9", for a path to go through it')


def _like(base: Any, table: dict[str, Any], path: str) -> dict[str, Any] | list[Any]:
    """The table as a list again, where `base` is one."""
    if not isinstance(base, list):
        return table
    indices = [str(index) for index in range(len(base))]
    for key in table:
        if key not in indices:
            raise SpecError(_below(path, key), got=f'index "{key}"', expected=f"an index from 0 to {len(base) - 1}")
    return [table[index] for index in indices]


def with_path(table: Mapping[str, Any], path: str, value: Any, above: str = "") -> dict[str, Any]:
    """`table` with the value at a dotted path changed, the original untouched; errors name the path behind `above`."""
    head, _, rest = path.partition(".")
    if not rest:
        return {**table, head: copy.deepcopy(value)}
    below, here = table.get(head), _below(above, head)
    return {**table, head: _like(below, with_path(as_table(below, here), rest, value, here), here)}


def overrides(row: Any, path: str) -> bool:
    """Whether a row's changes decide what stands at a dotted path: they name it, something below, or a part above it."""
    head, _, rest = path.partition(".")
    if not isinstance(row, Mapping):
        return row is not None
    if rest and "name" in row and head not in row:
        return True  # a named table replaces the base's, this key with it
    return head in row and (not rest or overrides(row[head], rest) or "name" in _table_or_empty(row[head]))


def _table_or_empty(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def parse_setting(text: str) -> tuple[str, list[Any]]:
    """Read `key=value`: a TOML value or bare text; a comma list or a range `1..20` gives several values.

    Raises:
        SpecError: No "=", no key, or no value.
    """
    key, equals, raw = text.partition("=")
    key, raw = key.strip(), raw.strip()
    if not equals or not key or not raw:
        raise SpecError("--set", got=f'"{text}"', expected="key=value", do="For example --set replicas=200")
    span = _RANGE.fullmatch(raw)
    if span:
        first, last = int(span[1]), int(span[2])
        if last < first:
            do = f"Write {key}={last}..{first}, or list the values: {key}={first},{last}"
            raise SpecError(f"--set {key}", got=f"{raw}, which ends before it begins", expected="first..last", do=do)
        if last - first >= MOST_LEVELS:
            raise SpecError(f"--set {key}", got=raw, expected=f"a range first..last of at most {MOST_LEVELS:,} values")
        return key, list(range(first, last + 1))
    pieces = _pieces(raw)
    if not all(piece.strip() for piece in pieces):
        raise SpecError(f"--set {key}", got=raw, expected="values between the commas")
    return key, [_value(piece.strip()) for piece in pieces]


def _pieces(raw: str) -> list[str]:
    """What stands between commas that are neither quoted nor in brackets."""
    pieces, depth, is_quoted = [""], 0, False
    for sign in raw:
        if sign == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (sign in "[{(") - (sign in ")}]")
        if sign == "," and depth <= 0 and not is_quoted:
            pieces.append("")
        else:
            pieces[-1] += sign
    return pieces


def _value(raw: str) -> Any:
    try:
        return tomllib.loads(f"v = {raw}")["v"]
    except (ValueError, RecursionError):  # no TOML value, or one of thousands of digits or brackets
        return raw


def apply_settings(table: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """A study file's table with `--set` applied; settings win over rows and replace the levels of a factor.

    Raises:
        SpecError: A setting is malformed or its value wrong.
        UnknownName: No such key or row.
    """
    if isinstance(table.get("study"), Mapping):  # the study's own keys lie in a table of their own
        table = {**{key: value for key, value in table.items() if key != "study"}, **table["study"]}
    parsed = [parse_setting(text) for text in settings]
    if {key for key, _ in parsed} >= set(_LENGTHS):
        raise SpecError("--set", got="recipe.epochs and recipe.steps", expected="either epochs or steps")
    for key, values in sorted(parsed, key=lambda setting: setting[0] != "row"):  # rows are chosen first
        root = key.split(".")[0]
        if root not in SETTINGS:
            raise UnknownName(
                "setting", key, SETTINGS, do="A setting is row, replicas, or a dotted path like recipe.epochs"
            )
        if _moves_looks(key, table):  # the third look is another moment then
            kept = [claim for claim in table.get("claims", []) if not _is_of_a_later_look(claim)]
            table = {**table, "claims": kept}
        if key == "row":
            table = _with_rows(table, [str(value) for value in values])
        elif key == "replicas":
            table = _with_replicas(table, values)
        elif root in SETUP_KEYS:
            table = _with_setup_path(table, key, values)
            if key in _TASK:  # a number published of one task says nothing of another
                table["claims"] = [claim for claim in table.get("claims", []) if "published" not in claim]
                table = merged(table, table.get("variants", {}).get(name_in(values[0]) or "", {}))
        else:
            table = with_path(table, key, values if len(values) > 1 else values[0])
    return without_lost_levels(table) if parsed else table


def _moves_looks(key: str, table: Mapping[str, Any]) -> bool:
    """Whether a look's number may stand for another moment once that is set; with one after every epoch, epochs count."""
    return (
        key.split(".")[0] == "looks"
        or key == "recipe.steps"
        or (key == "recipe.epochs" and table.get("looks") != {"every_epoch": True})
    )


def _is_of_a_later_look(claim: object) -> bool:
    """Whether a claim is about a look by its number, birth left out."""
    measure = _table_or_empty(_table_or_empty(claim).get("measure"))
    return bool(measure.get("look") or measure.get("to_look"))


def _with_rows(table: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    known = [str(row.get("id")) for row in table.get("rows", [])]
    for row in wanted:
        if row not in known:
            raise UnknownName("row", row, known)
    factors = []
    for factor in table.get("factors", []):
        if "rows" in factor:
            kept = [row for row in factor["rows"] if row in wanted]
            if not kept:
                continue
            factor = {**factor, "rows": kept}
        factors.append(factor)

    def stays(claim: Mapping[str, Any]) -> bool:
        measure = claim.get("measure", {})
        named = [measure.get(side, {}).get("row") for side in ("where", "minus", "to", "spread")]
        return all(row is None or row in wanted for row in named)

    snapshots = table.get("snapshots", {})
    if "rows" in snapshots:
        pictured = [row for row in snapshots["rows"] if row in wanted]
        table = {key: value for key, value in table.items() if key != "snapshots"}
        if pictured:
            table["snapshots"] = {**snapshots, "rows": pictured}
    return {
        **table,
        "rows": [row for row in table.get("rows", []) if row.get("id") in wanted],
        "factors": factors,
        "claims": [claim for claim in table.get("claims", []) if stays(claim)],
    }


def _with_replicas(table: dict[str, Any], values: list[Any]) -> dict[str, Any]:
    if len(values) != 1:
        raise SpecError("--set replicas", got=values, expected="one number")
    rows = [{key: value for key, value in row.items() if key != "replicas"} for row in table.get("rows", [])]
    study = {key: value for key, value in table.get("study", {}).items() if key != "replicas"}
    result = {**table, "replicas": values[0]}
    return {**result, **({"rows": rows} if rows else {}), **({"study": study} if study else {})}


def _with_setup_path(table: dict[str, Any], key: str, values: list[Any]) -> dict[str, Any]:
    factors = [dict(factor) for factor in table.get("factors", [])]
    if key in _TASK:  # another task has other parameters to vary
        factors = [factor for factor in factors if not str(factor.get("change")).startswith("task.")]
    for factor in factors:
        if key.startswith(f"{factor.get('change')}.") and "rows" not in factor:
            got = f'a part of "{factor["change"]}", which factor {factor["name"]} replaces in every cell'
            raise SpecError(
                f"--set {key}", got=got, expected="something that holds", do=f"Set {factor['change']} itself"
            )
    varied = [f for f in factors if f.get("change") == key or str(f.get("change")).startswith(key + ".")]
    for factor in varied:
        if factor["change"] != key:
            raise SpecError(
                f"--set {key}",
                got=values,
                expected=f'a value for "{factor["change"]}", which factor {factor["name"]} varies',
            )
        factor["levels"] = values
        factor.pop("labels", None)
    if any("rows" not in factor for factor in varied):
        return {**table, "factors": factors}
    table = {**table, "factors": factors}
    if len(values) > 1:
        factors.append({"name": key, "role": "scientific", "change": key, "levels": values})
        return {**table, "factors": factors}
    changed = with_path(table, key, values[0])
    rows = [with_path(row, key, values[0]) if overrides(row, key) else row for row in table.get("rows", [])]
    if key in _LENGTHS:  # a training has one length, and this is it
        changed = _without_path(changed, _LENGTHS[key])
        rows = [_without_path(_without_path(row, key), _LENGTHS[key]) for row in rows]
    return {**changed, **({"rows": rows} if rows else {})}


def _without_path(table: Mapping[str, Any], path: str) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    if not rest:
        return {name: value for name, value in table.items() if name != head}
    return {**table, head: _without_path(table[head], rest)} if isinstance(table.get(head), Mapping) else dict(table)
