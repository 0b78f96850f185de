"""The jinja environment of all templates: everything a user wrote is escaped, and a name that is missing is an error."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment; `tied` is a filter of it."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["tied"] = tied
    return made


def tied(text: object) -> str:
    """Text in which no line ends before a percent sign or inside `n = 3` and `28 x 28`."""
    tight = str(text)
    for loose in (" %", "n = ", " x "):
        tight = tight.replace(loose, loose.replace(" ", "\u00a0"))
    return tight
