"""The options that several verbs share, each with its help text and its check at the border."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from gradlab.errors import UserError, shown

STORE = Path("gradlab-store")


def whole(low: int, high: int | None = None) -> Callable[[Any, Sequence[Token]], int]:
    """A converter for whole numbers in a range; "1.5" and "1e3" are none."""
    expected = f"a whole number, at least {low}" if high is None else f"a whole number from {low} to {high}"

    def convert(_: Any, tokens: Sequence[Token]) -> int:
        text = tokens[0].value
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low or (high is not None and number > high):
            raise UserError(tokens[0].keyword or "number", got=shown(text), expected=expected)
        return number

    return convert


def number(
    low: float, high: float = math.inf, *, excludes_low: bool = False
) -> Callable[[Any, Sequence[Token]], float]:
    """A converter for finite numbers in a range."""
    bounds = [f"{'above' if excludes_low else 'at least'} {low:g}"] + ([f"at most {high:g}"] if high < math.inf else [])
    expected = f"a number {' and '.join(bounds)}"

    def convert(_: Any, tokens: Sequence[Token]) -> float:
        text = tokens[0].value
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < low or value > high or (excludes_low and value == low):
            raise UserError(tokens[0].keyword or "number", got=shown(text), expected=expected)
        return value

    return convert


def path(_: Any, tokens: Sequence[Token]) -> Path:
    """A converter for paths; an empty text would silently mean the current folder."""
    if not tokens[0].value:
        raise UserError(tokens[0].keyword or "path", got='""', expected="the path of a file or folder")
    return Path(tokens[0].value)


def store_folder(kind: Any, tokens: Sequence[Token]) -> Path:
    """As `path`, but a variable of the environment that is set to nothing counts as not set."""
    return STORE if tokens[0].source == "env" and not tokens[0].value else path(kind, tokens)


def flag(name: str | tuple[str, ...], help: str) -> Parameter:
    """An option without a value."""
    return Parameter(name=name, help=help, negative=(), show_default=False)


AsJson = Annotated[bool, flag("--json", "Print one JSON document instead of tables.")]
Output = Annotated[Path | None, Parameter(converter=path, help="Write to this file instead.")]
Seed = Annotated[
    int, Parameter(converter=whole(0, 2**64 - 1), help="Root seed of every random number, 0 <= seed < 2^64.")
]
Settings = Annotated[
    list[str] | None,
    Parameter(
        name="--set",
        help="KEY=VALUE: change the study before it runs: row, replicas, task, or a dotted path such as recipe.epochs "
        "or network.layers.0.l2. A comma list or a range first..last runs every value. May be given several times.",
        negative=(),
    ),
]
StoreFolder = Annotated[
    Path,
    Parameter(name="--store", converter=store_folder, env_var="GRADLAB_STORE", help="Folder that keeps the results."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda", "mps"],
    Parameter(env_var="GRADLAB_DEVICE", help="Where to train; auto takes CUDA where there is one."),
]
Name = Annotated[str, Parameter(help="A shipped study's name, or the path of a TOML file.")]
StoredName = Annotated[str, Parameter(help="Name of a study that the store holds.")]
Count = Parameter(converter=whole(1))
Workers = Parameter(converter=whole(1, 1024))
