"""What pydantic found wrong, as errors in the words of a study file. pydantic itself is not imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradlab.errors.kinds import SpecError, UserError, shown, suggestion

if TYPE_CHECKING:
    from pydantic import ValidationError


def from_validation(
    error: ValidationError, where: str = "", known: Mapping[str, Sequence[str]] | None = None
) -> SpecError:
    """All the problems pydantic found, as one error in gradlab's words.

    A `UserError` that a validator raised keeps its own message. A record of one of several kinds gives its own keys with
    the error: "known" in its context, and its kind as "of".

    Args:
        error: What pydantic raised.
        where: Dotted path of the validated value, put in front of every path ("" for none).
        known: For "did you mean": path of a table (`where` included, list positions left out) -> its keys.

    Returns:
        One line for one problem; for several a first line with their number and an indented line for each.
    """
    entries = _choices_joined([dict(details) for details in error.errors(include_url=False)])
    problems = [_problem(details, where, known or {}) for details in entries]
    problems = list({str(problem): problem for problem in problems}.values())  # a law of every layer is told once
    if len(problems) == 1:
        return problems[0]
    lines = "".join(f"\n  {str(problem).replace(chr(10), chr(10) + '  ')}" for problem in problems)
    return SpecError.from_message(f"{where or error.title}: {len(problems)} problems" + lines)


def _problem(details: Mapping[str, Any], where: str, known: Mapping[str, Sequence[str]]) -> SpecError:
    """One entry of pydantic's `errors()` as an error."""
    context = details.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, UserError):
        return inner if isinstance(inner, SpecError) else SpecError.from_message(str(inner))
    path = _dotted(where, details["loc"])
    if isinstance(inner, Exception):
        return SpecError(f"{path}: {inner}" if path else str(inner))
    if details["type"] == "missing":
        return SpecError(path, got="nothing", expected="a value")
    if details["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        table = _dotted(where, [part for part in details["loc"][:-1] if isinstance(part, str)])
        keys = context.get("known") or known.get(table)
        unknown = f"{path}: unknown key" + (f" of {context['of']}" if "of" in context else "")
        return SpecError(f"{unknown}; {suggestion(details['loc'][-1], keys)}" if keys else unknown)
    return SpecError(path or "value", got=shown(details["input"]), expected=_wanted(details))


# What pydantic calls by Python's names, as TOML calls it; the limits stand in the context of its errors.
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number, and no endless one",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_too_short": "a text of at least {min_length} character",
    "string_too_long": "a text of at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "missing_argument": "a value",
}
_OF_A_CHOICE = re.compile(
    r"str|int|float|bool|constrained-(int|str|float)|(dict|list|tuple|literal)\[.*|[A-Z][A-Za-z]*"
)


def _wanted(details: Mapping[str, Any]) -> str:
    """What would have been right, in the words of a study file."""
    wanted = _WANTED.get(details["type"])
    if wanted is not None:
        return wanted.format(**details.get("ctx", {}))
    message = str(details["msg"])
    wanted = message.removeprefix("Input should be ").removeprefix("Input should ")
    return wanted if wanted != message else wanted[:1].lower() + wanted[1:]


def _choices_joined(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Errors with those of one value that may be of several types made one: it is none of them."""
    joined: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for k, entry in enumerate(entries):
        place, last = tuple(entry["loc"][:-1]), entry["loc"][-1] if entry["loc"] else ""
        is_choice = entry["type"] in _WANTED or entry["type"] in ("literal_error", "string_pattern_mismatch")
        is_choice = is_choice and isinstance(last, str) and _OF_A_CHOICE.fullmatch(last) is not None
        joined.setdefault((place, id(entry["input"])) if is_choice else (k,), []).append(entry)
    found = []
    for members in joined.values():
        first = members[0]
        if len(members) > 1:
            wanted = list(dict.fromkeys(_wanted(member) for member in members))
            said = ", ".join(wanted[:-1]) + f" or {wanted[-1]}" if len(wanted) > 1 else wanted[0]
            first = {**first, "loc": first["loc"][:-1], "type": "none of several types", "msg": said}
        found.append(first)
    return found


def _dotted(where: str, location: Iterable[str | int]) -> str:
    """`("layers", 2, "width")` after "network" -> `network.layers[2].width`."""
    path = where
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif "[" not in part:  # pydantic names its own wrappers "function-after[...]": nothing the user wrote
            path += f".{part}" if path else part
    return path
