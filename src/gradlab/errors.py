"""Every exception gradlab raises on purpose, and the one place where their messages are put together.

    GradlabError                 whatever gradlab raises on purpose
    `-- UserError                something a person wrote or asked for is wrong (also a ValueError)
        |-- SpecError            a network, recipe, task or study holds a wrong value
        |-- UnknownName          a name that no catalog holds (also a KeyError)
        |-- StudyFileError       a study file cannot be read (file, line)
        |-- StoreError           a store cannot be opened, read or written
        |-- UnreadableModel      a live model holds a part that no description has
        |-- DataError            a data set is absent, cut short or not what its checksum says
        `-- MissingExtra         an optional dependency is not installed

A message says what was wrong with what; got this; expected that; do this. Programmers' mistakes are `assert`, not
exceptions of this tree. This module imports nothing outside the standard library; pydantic is imported only when one of
its errors is translated.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import ValidationError

_MOST_NAMES_LISTED = 12
_MOST_CHARACTERS_SHOWN = 80


class GradlabError(Exception):
    """Whatever gradlab raises on purpose."""

    def __reduce__(self) -> tuple[Callable[..., GradlabError], tuple[Any, ...]]:
        """Rebuild from message and attributes: constructors differ, and errors cross process borders."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[GradlabError], args: tuple[object, ...], attributes: dict[str, object]) -> GradlabError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class UserError(GradlabError, ValueError):
    """Something a person wrote or asked for is wrong.

    Each piece is text, printed as it is, except that `got` may be any value and is then shortened. A piece that ends in
    a full stop is a sentence and stands alone; otherwise "got" and "expected" are put in front. To quote what the
    user typed, pass `got=shown(text)`.

    Args:
        what: What is wrong: a dotted path, an option, or a sentence.
        got: What was given.
        expected: What would have been right.
        do: What to do about it, a sentence.

    Example:
        >>> print(UserError("network.widths", got=[10, 0, 1], expected="every width at least 1", do='Write "10-5-1"'))
        network.widths: got [10, 0, 1]; expected every width at least 1. Write "10-5-1".
        >>> print(UserError("network.widths", got=[10, 0, 1], expected="Every width must be at least 1."))
        network.widths: got [10, 0, 1]. Every width must be at least 1.
    """

    def __init__(self, what: str, *, got: object = None, expected: str | None = None, do: str | None = None) -> None:
        self.what, self.got, self.expected, self.do = what, got, expected, do
        super().__init__(_message(what, got, expected, do))

    def __str__(self) -> str:
        """The message as it is (KeyError, a base of UnknownName, would put it in quotes)."""
        return str(self.args[0])

    @classmethod
    def from_message(cls, message: str) -> Self:
        """An error of this class with a message that is already complete, word for word."""
        error = cls.__new__(cls, message)
        error.what, error.got, error.expected, error.do = message, None, None, None
        return error


class SpecError(UserError):
    """A network, recipe, task or study holds a wrong value."""


class StoreError(UserError):
    """A store cannot be opened, read or written."""


class DataError(UserError):
    """A data set is absent, cut short or not what its checksum says."""


class UnreadableModel(UserError):
    """A live model holds a part that no description has.

    Args:
        place: The module's name in the model.
        kind: Its class.
        got: What is in the way; by default that class itself.
        expected: What can be read.
        do: What to do about it, a sentence.

    Example:
        >>> print(UnreadableModel("3", "LSTM", expected="a sequence of dense layers"))
        module 3 (LSTM) cannot be read into a description: expected a sequence of dense layers.
    """

    def __init__(
        self, place: str, kind: str, *, got: object = None, expected: str | None = None, do: str | None = None
    ) -> None:
        self.place, self.kind = place, kind
        where = f"module {place} ({kind})" if place else f"module {kind}"
        super().__init__(f"{where} cannot be read into a description", got=got, expected=expected, do=do)


class UnknownName(UserError, KeyError):
    """A name that a catalog (or any other closed list) does not hold.

    Args:
        kind: What the name should have named, singular: "activation".
        name: What was given.
        known: The names that exist.
        do: Where to look, a sentence.

    Example:
        >>> print(UnknownName("activation", "relo", ["relu", "tanh"], do='See "gradlab list activations".'))
        activation "relo" is unknown; did you mean "relu"? See "gradlab list activations".
        >>> print(UnknownName("loss", "x", ["mse", "mae"]))
        loss "x" is unknown; known: mae, mse.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str], do: str | None = None) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(f"{kind} {shown(name)} is unknown; {suggestion(name, self.known)}", do=do)
        self.got = name


class StudyFileError(UserError):
    """A study file cannot be read: absent, not TOML, or with a wrong key.

    Args:
        what: What is wrong.
        file: The file, as the user named it.
        line: The line, counted from 1, where known.
        got: What was given.
        expected: What would have been right.
        do: What to do about it, a sentence.

    Example:
        >>> print(StudyFileError("not TOML", file="a.toml", line=3, expected="'=' after a key", do="Mend the line."))
        a.toml:3: not TOML: expected '=' after a key. Mend the line.
    """

    def __init__(
        self,
        what: str,
        *,
        file: str | os.PathLike[str],
        line: int | None = None,
        got: object = None,
        expected: str | None = None,
        do: str | None = None,
    ) -> None:
        self.file, self.line = os.fspath(file), line
        place = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{place}: {what}", got=got, expected=expected, do=do)
        self.what = what


class MissingExtra(UserError):
    """An optional dependency is not installed.

    Args:
        extra: The extra that brings it.
        needed_for: What was asked for that needs it.

    Example:
        >>> print(MissingExtra("bench", "the comparison with jax"))
        the comparison with jax needs an optional dependency. Install it with: pip install 'gradlab[bench]'
    """

    def __init__(self, extra: str, needed_for: str) -> None:
        self.extra, self.needed_for = extra, needed_for
        command = f"pip install 'gradlab[{extra}]'"
        super().__init__(f"{needed_for} needs an optional dependency")
        # The command closes the message without a full stop, so that it can be copied with the line.
        self.args = (f"{self.args[0]} Install it with: {command}",)
        self.do = command


def shown(value: object) -> str:
    """A value as messages show it: text in double quotes, everything on one line, long values cut.

    Example:
        >>> print(shown("relo"), shown([10, 0]), shown("x" * 200) == shown("x" * 300))
        "relo" [10, 0] True
    """
    if isinstance(value, str):
        return f'"{_shortened(value)}"'
    return _shortened(repr(value))


def suggestion(name: object, known: Iterable[str]) -> str:
    """`did you mean "relu"?` when a known name is close, else a list of known names.

    Example:
        >>> suggestion("epoch", ["epochs", "lr"])
        'did you mean "epochs"?'
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(str(name).lower(), names, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    if not names:
        return "there are none."
    listed = ", ".join(names[:_MOST_NAMES_LISTED])
    left = len(names) - _MOST_NAMES_LISTED
    return f"known: {listed}" + (f" and {left} more." if left > 0 else ".")


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


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS_SHOWN else text[: _MOST_CHARACTERS_SHOWN - 3] + "..."


def _message(what: str, got: object, expected: str | None, do: str | None) -> str:
    facts = []
    if got is not None:
        facts.append(_fact("got", got) if isinstance(got, str) else f"got {shown(got)}")
    if expected is not None:
        facts.append(_fact("expected", expected))
    message = f"{what.removesuffix('.')}: {facts[0]}" if facts else what
    for fact in facts[1:]:
        if message.endswith(".") or fact.endswith("."):
            message = f"{_sentence(message)} {fact[:1].upper()}{fact[1:]}"
        else:
            message += f"; {fact}"
    return " ".join(_sentence(piece) for piece in (message, do) if piece)


def _fact(label: str, text: str) -> str:
    return text if text.endswith(".") else f"{label} {text}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else text + "."
