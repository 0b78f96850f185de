"""Tables of cells say under each heading what the heading says, on the page and in the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from gradlab.reports import text
from gradlab.reports.sections import cell_tables
from gradlab.reports.words import rate_text
from gradlab.stats import Proportion
from gradlab.studies.results import Analysis, CellResult
from tests.reports import fake

# heading -> the rate that stands under it
RATES: dict[str, Callable[[CellResult], Proportion]] = {
    "collapsed": lambda cell: cell.outcomes["collapsed"],
    "at birth": lambda cell: cell.at_birth["collapsed"],
    "dead": lambda cell: cell.outcomes["dead"],
    "constant": lambda cell: cell.outcomes["constant"],
}


@pytest.fixture(scope="module")
def dying() -> Analysis:
    return fake.dying()


def named(analysis: Analysis) -> dict[str, CellResult]:
    """The cells of rows without factors, whose rates at birth and at the end differ."""
    found = {str(cell.levels["row"]): cell for cell in analysis.cells if "width" not in cell.levels}
    differing = {row: cell for row, cell in found.items() if RATES["collapsed"](cell) != RATES["at birth"](cell)}
    assert len(differing) > 5
    return differing


@pytest.mark.parametrize("heading", RATES)
def test_a_column_of_the_page_shows_the_rate_of_its_heading(dying: Analysis, heading: str) -> None:
    table = cell_tables(dying)[0]
    place, row = table.head.index(heading), table.head.index("row")
    lines = {line[row][0]: " ".join(line[place]) for line in table.lines}
    for name, cell in named(dying).items():
        assert lines[name] == rate_text(RATES[heading](cell)), (name, heading)


def test_the_terminal_shows_the_same(dying: Analysis) -> None:
    out = io.StringIO()
    text.print_analysis(dying, Console(file=out, width=200), None)
    lines = out.getvalue().splitlines()
    start = next(k for k, line in enumerate(lines) if "at birth" in line and "constant" in line)
    headings = sorted(RATES, key=lines[start].index)
    for name, cell in named(dying).items():
        line = next(line for line in lines[start:] if line.split("  ")[0].strip() == name)
        place = 0
        for heading in headings:
            wanted = rate_text(RATES[heading](cell))
            place = line.find(wanted, place) + len(wanted)
            assert place >= len(wanted), f"{name}: {wanted} does not follow under {heading}: {line}"
