"""Tables and sentences on a terminal, the same for every verb. Rich tables, no markup in texts.

Columns of numbers are as wide as their numbers, always: where the terminal is too narrow, or output goes into a pipe, a
line grows beyond it, so that no count is ever cut. Words wrap. No line needs its colour to be understood.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segments
from rich.table import Table
from rich.text import Text

_READABLE, _SYLLABLE = 16, 6  # columns in which words can be read well, and at all
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

    Args:
        console: Where to.
        rows: A text for every column.
        words: Headings of the columns that wrap.
        numbers: Headings of those to the right.
        last: Headings of those behind them, to the left.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, _GAP - 1, 0, 0))
    names = (*words, *numbers, *last)
    widest = [max(map(len, (name, *(row[k] for row in rows)))) for k, name in enumerate(names)]
    rest = sum(widest[len(words) :]) + _GAP * (len(names) - 1)
    fits = (
        least
        for least in range(_READABLE, _SYLLABLE - 1, -1)
        if rest + sum(min(least, width) for width in widest[: len(words)]) <= console.width
    )
    least = next(fits, _READABLE)  # a line that is too long anyhow may as well be read
    for k, name in enumerate(names):
        if k < len(words):
            table.add_column(name, overflow="fold", min_width=min(least, widest[k]))
        else:
            table.add_column(name, no_wrap=True, min_width=widest[k], justify="left" if name in last else "right")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: square brackets are intervals, not markup
    needed = Measurement.get(console, console.options.update(width=10_000), table).minimum
    options = console.options.update(width=max(console.width, needed))
    console.print(Segments(console.render(table, options)), soft_wrap=True)
    console.print()


def print_line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """A sentence: wrapped on a terminal, one line in a pipe."""
    if not console.is_terminal:
        console.print(Text(text), soft_wrap=True, highlight=False)
        return
    lines = Text(text, style=style).wrap(console, max(20, console.width - indent))
    for k, line in enumerate(lines):
        console.print(Text(" " * (indent if k else 0)) + line, soft_wrap=True, highlight=False)
