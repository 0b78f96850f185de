"""What a study's cells give, in the terminal: a table of named ones, a line for a map or grid; and what factors move."""

from __future__ import annotations

from rich.console import Console

from gradlab.reports.selection import (
    BRIEF,
    MOST_OF_A_ROW,
    grouped,
    happened_text,
    labels,
    outcome_columns,
    spans_text,
)
from gradlab.reports.tables import WIDE, fits, print_line, print_table
from gradlab.reports.words import NOTHING, cell_rate, count_text, metric_text, rate_text
from gradlab.stats.text import counted_text
from gradlab.studies.results import Analysis, CellResult

_WIDE = (*BRIEF, "dead", "constant", "diverged", "trained")  # headings of outcomes on a wide terminal


def print_cells(analysis: Analysis, console: Console) -> None:
    """Named cells in a table; a map or grid in one line."""
    groups = grouped(analysis.cells)
    short = [cell for cells in groups.values() if len(cells) <= MOST_OF_A_ROW for cell in cells]
    if short:
        wanted = _WIDE if console.width >= WIDE else BRIEF
        columns = outcome_columns(analysis.study, short, wanted)
        besides = [column for column in columns if column[0] not in wanted]
        metrics = analysis.study.metrics
        names = labels(short)
        rows = [
            [label, _progress(cell), *(metric_text(cell, *metric) for metric in metrics.items())]
            + [rate_text(cell_rate(cell, outcome, at_birth=birth)) for _, outcome, birth in columns]
            for cell, label in zip(short, names, strict=True)
        ]
        headings = ["n", *(name.replace("_", " ") for name in metrics), *(heading for heading, _, _ in columns)]
        if besides and not fits(console, rows, ["cell"], headings):  # counts take less room than rates
            counts = [[_count_of(cell, outcome) for _, outcome, _ in besides] for cell in short]
            kept = len(headings) - len(besides)
            slim = [[*row[: kept + 1], *counted] for row, counted in zip(rows, counts, strict=True)]
            if fits(console, slim, ["cell"], headings):
                rows = slim
            else:
                print_table(console, [row[: kept + 1] for row in rows], ["cell"], headings[:kept])
                rows = [[label, *row[kept + 1 :]] for label, row in zip(names, rows, strict=True)]
                headings = headings[kept:]
        print_table(console, rows, ["cell"], headings)
    for row, cells in groups.items():
        if len(cells) > MOST_OF_A_ROW:
            name, found = f"{row}: " if row else "", spans_text(analysis.study, cells)
            others = f"; {happened}" if (happened := happened_text(cells)) else ""
            said = f"{found}{others}; each of them stands on the page" if found else "none recorded yet"
            print_line(console, f"{name}{counted_text(len(cells), 'cell')}, {said}.", indent=2)
            console.print()


def _count_of(cell: CellResult, outcome: str) -> str:
    rate = cell_rate(cell, outcome)
    return NOTHING if rate is None else count_text(rate.count)


def _progress(cell: CellResult) -> str:
    done = count_text(cell.replicas)
    return done if cell.replicas >= cell.wanted else f"{done} of {count_text(cell.wanted)}"


def print_factors(analysis: Analysis, console: Console) -> None:
    """How much each factor moves the rate."""
    rows = [
        (effect.factor, f"{100 * effect.largest:.1f} points on average", count_text(effect.cells))
        for effect in analysis.effects
    ]
    if rows:
        print_table(console, rows, ["factor"], ["moves the rate by", "cells"])
