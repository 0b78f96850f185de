"""A study's films as animated GIFs, one a cell, under names of files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.reports.figures.pictures import films_of, pictured
from gradlab.reports.pictures import animated
from gradlab.studies.results import Analysis


def gifs(analysis: Analysis) -> Iterator[tuple[str, bytes]]:
    """Name of a file and its content, for each of the first cells that kept snapshots; drawn one after the other."""
    taken: set[str] = set()
    cells = pictured(analysis)
    for label, film in zip(cells, films_of(analysis), strict=True):
        stem = _stem(analysis.study.name, label if len(cells) > 1 else "")
        name = next(name for name in (stem, *(f"{stem}-{k}" for k in range(2, len(cells) + 1))) if name not in taken)
        taken.add(name)
        yield f"{name}.gif", animated(film)


def _stem(study: str, label: str) -> str:
    """A name that every file system takes.

    Example:
        >>> _stem("c10", "C10 tanh, lr 1e-06"), _stem("c10", "")
        ('c10-c10-tanh-lr-1e-06', 'c10')
    """
    words = re.findall(r"[a-z0-9.]+", label.lower())
    return "-".join([study, *(word.strip(".") for word in words)])[:120].strip("-")
