"""Terminal output of a catalog: its records with formulas, parameters and sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from gradlab.parts.param import Param
from gradlab.reports.tables import WIDE, print_line, print_table
from gradlab.reports.words import level_text


def print_catalog(kind: str, catalog: Mapping[str, Any], console: Console) -> None:
    """Every record of a catalog: name, formula, parameters with default and range, source.

    Args:
        kind: What they are, plural: "activations".
        catalog: The records by name.
        console: Where to.
    """
    if console.width < WIDE:
        for name, record in catalog.items():
            print_line(console, name, style="bold")
            for text in (_formula(record), *map(param_text, _params(record)), _source(record)):
                if text:
                    print_line(console, f"    {text}", indent=4)
    else:
        rows = [
            (name, _formula(record), "\n".join(map(param_text, _params(record))), _source(record))
            for name, record in catalog.items()
        ]
        print_table(console, rows, [kind, "formula", "parameters", "source"], [])
    print_line(console, f"{len(catalog)} {kind}")


def _source(record: Any) -> str:
    """Where a record comes from, and what is wrong with it on purpose."""
    mistake = getattr(record, "mistake", "")
    return str(getattr(record, "source", "")) + (f"; a mistake: {mistake}" if mistake else "")


def param_text(param: Param) -> str:
    """A parameter with its default, its range and its meaning.

    Example:
        >>> param_text(Param("alpha", 1.0, "scale", low=0.0))
        'alpha = 1 (at least 0): scale'
    """
    default = "must be given" if param.default is None else None
    limits = {"bool": "true or false", "int": f"whole, {param.range}"}.get(param.kind, param.range)
    value = "" if param.default is None else f" = {level_text(param.default)}"
    return f"{param.name}{value} ({', '.join(filter(None, (default, limits)))}): {param.meaning}"


def _formula(record: Any) -> str:
    return str(getattr(record, "formula", getattr(record, "meaning", "")))


def _params(record: Any) -> tuple[Param, ...]:
    """A record's parameters, an optimizer's learning rate first."""
    rate = getattr(record, "lr", None)
    return (*((rate,) if isinstance(rate, Param) else ()), *getattr(record, "params", ()))
