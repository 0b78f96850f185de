"""What a page says of one study beside its figures: claims, how it was run, and the table of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradlab.reports.selection import MOST_OF_A_ROW, grouped, notes, outcome_columns
from gradlab.reports.trained_text import trained_lines
from gradlab.reports.words import (
    NOTHING,
    cell_rate,
    claim_count_text,
    claim_name,
    count_text,
    level_text,
    measured_text,
    metric_text,
    published_text,
    rate_text,
    seconds_text,
)
from gradlab.stats.text import counted_text, value_text
from gradlab.studies.claims.result import VERDICTS
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.results import Analysis, CellResult

_SHAPES = {verdict: verdict.replace(" ", "-") for verdict in VERDICTS}


@dataclass(frozen=True, slots=True)
class CellTable:
    """Cells that share their level names.

    Attributes:
        title: Their row, or "".
        note: The study's note on it.
        head: Headings.
        lines: For each cell a (text, interval or "") under every heading.
        is_folded: Whether the table is long.
    """

    title: str
    note: str
    head: Sequence[str]
    lines: Sequence[Sequence[tuple[str, str]]]
    is_folded: bool


def claim_lines(analysis: Analysis) -> list[dict[str, str]]:
    """Every claim in words, with the class of its verdict's shape."""
    return [
        {
            "id": claim_name(claim.id, analysis.study),
            "statement": claim.statement,
            "why": claim.reason,
            "source": claim.source,
            "published": published_text(claim, analysis),
            "measured": measured_text(claim),
            "n": claim_count_text(claim),
            "verdict": claim.verdict,
            "judgement": claim.judgement,
            "shape": _SHAPES[claim.verdict],
        }
        for claim in analysis.claims
    ]


def verdicts_text(analysis: Analysis) -> str:
    """How many claims of each verdict there are; "" without claims."""
    found = [claim.verdict for claim in analysis.claims]
    counted = [f"{found.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in found]
    return f"{counted_text(len(found), 'claim')}: {', '.join(counted)}" if found else ""


def how_run(analysis: Analysis) -> list[tuple[str, str]]:
    """Name and value of everything needed to repeat the run."""
    if analysis.study.is_exact:
        counted = count_text(len(analysis.computed))
        facts = [("computations", counted), ("time", f"{seconds_text(analysis.seconds)} for all of them")]
        return [*facts, *(fact for part in analysis.trained for fact in part.environment.versions.items())]
    return [
        ("networks", f"{count_text(analysis.networks)} of {count_text(analysis.wanted)}"),
        ("time", f"{seconds_text(analysis.seconds)} for all networks, looks included"),
        ("compiling", seconds_text(analysis.compile_seconds)),
        ("engine", f"{analysis.engine} on {analysis.device}"),
        ("root seed", str(analysis.seed)),
        *trained_lines(analysis.trained),
    ]


def computation_lines(analysis: Analysis) -> list[dict[str, Any]]:
    """Every computation of an exact study: its name, what it is, what it was given and what it found."""
    lines = []
    for each in analysis.computed:
        record = COMPUTATIONS[each.compute]
        found = [(part.replace("_", " "), record.finds[part], value_text(value)) for part, value in each.found.items()]
        given = [(name, value_text(value)) for name, value in each.given.items()]
        lines.append({"name": each.name, "meaning": record.meaning, "given": given, "found": found})
    return lines


def cell_tables(analysis: Analysis) -> list[CellTable]:
    """Every cell: the named ones in one table, a long row in one of its own."""
    said = notes(analysis.study)
    groups = grouped(analysis.cells)
    short = [cell for cells in groups.values() if len(cells) <= MOST_OF_A_ROW for cell in cells]
    tables = [_table(analysis, short, "", "", False)] if short else []
    for row, cells in groups.items():
        if len(cells) > MOST_OF_A_ROW:
            tables.append(_table(analysis, cells, row, said.get(row, ""), True))
    return tables


def _table(analysis: Analysis, cells: Sequence[CellResult], title: str, note: str, is_folded: bool) -> CellTable:
    names = list(dict.fromkeys(name for cell in cells for name in cell.levels))
    columns = outcome_columns(analysis.study, cells)
    lines = []
    for cell in cells:
        n = count_text(cell.replicas)
        lines.append(
            [
                *((level_text(cell.levels[name]) if name in cell.levels else NOTHING, "") for name in names),
                (n, "" if cell.replicas >= cell.wanted else f"of {count_text(cell.wanted)}"),
                *(_split(metric_text(cell, *metric)) for metric in analysis.study.metrics.items()),
                *(_split(rate_text(cell_rate(cell, outcome, at_birth=birth))) for _, outcome, birth in columns),
            ]
        )
    metrics = [metric.replace("_", " ") for metric in analysis.study.metrics]
    head = [*names, "n", *metrics, *(heading for heading, _, _ in columns)]
    return CellTable(title, note, head, lines, is_folded)


def _split(rate: str) -> tuple[str, str]:
    """Rate and interval apart, so that many columns fit."""
    number, bracket, interval = rate.partition("[")
    return number.strip(), bracket + interval
