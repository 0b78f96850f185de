"""Tables and sentences on a terminal, the same for every verb. Rich tables, no markup in texts.

Columns of numbers are as wide as their numbers, always: where the terminal is too narrow, or output goes into a pipe, a
line grows beyond it, so that no count is ever cut. Long lists of numbers go on in the next line, between two numbers. Words
wrap. No line needs its colour to be understood.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import product

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segments
from rich.table import Table
from rich.text import Text

_READABLE, _SYLLABLE = 16, 6  # columns in which words can be read well, and at all
_LONG, _SHORT = 32, 12  # columns above which numbers are a list, and that a line of a list may be folded to
_GAP = 3  # between columns, one of them the place of a divider
WIDE = 120  # columns from which what matters less has columns of its own beside the numbers


def print_table(
    console: Console,
    rows: Sequence[Sequence[str]],
    words: Sequence[str],
    numbers: Sequence[str],
    last: Sequence[str] = (),
) -> None:
    """Print a table and an empty line: columns of words, which wrap, then of numbers and `last`, which do not.

    Only lists, as of a network's layers, wrap among the numbers: between two of them.

    Args:
        console: Where to.
        rows: A text for every column.
        words: Headings of the columns that wrap.
        numbers: Headings of those to the right.
        last: Headings of those behind them, to the left.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, _GAP - 1, 0, 0))
    names = (*words, *numbers, *last)
    least, texts = _fitted(rows, names, len(words), len(numbers), console.width)
    widest = _widest(texts, names)
    for k, name in enumerate(names):
        if k < len(words):
            table.add_column(name, overflow="fold", min_width=min(least, widest[k]))
        else:
            table.add_column(name, no_wrap=True, min_width=widest[k], justify="left" if name in last else "right")
    for row in texts:
        # Text: square brackets are intervals, not markup. Lines of a list begin below each other
        table.add_row(*(Text(text, justify="left" if "\n" in text else None) for text in row))
    needed = Measurement.get(console, console.options.update(width=10_000), table).minimum
    options = console.options.update(width=max(console.width, needed))
    console.print(Segments(console.render(table, options)), soft_wrap=True)
    console.print()


def fits(console: Console, rows: Sequence[Sequence[str]], words: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether a table has room for its numbers, and for words that can be read well."""
    widest = _widest(rows, (*words, *numbers))
    taken = sum(min(_READABLE, one) for one in widest[: len(words)]) + sum(widest[len(words) :])
    return taken + _GAP * (len(widest) - 1) <= console.width


def _fitted(
    rows: Sequence[Sequence[str]], names: Sequence[str], words: int, numbers: int, width: int
) -> tuple[int, list[list[str]]]:
    """Least width of a column of words, and the rows with lists folded, so that the table fits where it can."""
    has_lists = any(len(text) > _LONG for row in rows for text in row[words : words + numbers])
    shortest = _SHORT if has_lists else _LONG
    # lists give way before words do
    for least, fold in product(range(_READABLE, _SYLLABLE - 1, -1), range(_LONG, shortest - 1, -1)):
        texts = _folded(rows, words, numbers, fold)
        widest = _widest(texts, names)
        taken = sum(min(least, one) for one in widest[:words]) + sum(widest[words:])
        if taken + _GAP * (len(names) - 1) <= width:
            return least, texts
    # words may as well be read where a line is too long anyhow
    return _READABLE, _folded(rows, words, numbers, shortest)


def _folded(rows: Sequence[Sequence[str]], words: int, numbers: int, fold: int) -> list[list[str]]:
    """The rows with long lists of numbers in lines, no number cut."""
    return [
        [
            textwrap.fill(text, fold, break_long_words=False, break_on_hyphens=False)
            if words <= k < words + numbers and len(text) > _LONG
            else text
            for k, text in enumerate(row)
        ]
        for row in rows
    ]


def _widest(rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[int]:
    """Characters of the longest line of every column."""
    return [
        max(len(line) for text in (name, *(row[k] for row in rows)) for line in text.split("\n"))
        for k, name in enumerate(names)
    ]


def print_line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """A sentence: wrapped on a terminal, one line in a pipe."""
    if not console.is_terminal:
        console.print(Text(text), soft_wrap=True, highlight=False)
        return
    lines = Text(text, style=style).wrap(console, max(20, console.width - indent))
    for k, line in enumerate(lines):
        console.print(Text(" " * (indent if k else 0)) + line, soft_wrap=True, highlight=False)
