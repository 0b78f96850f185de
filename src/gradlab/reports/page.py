"""A study's page: one self-contained HTML file that answers first and shows its evidence after.

Nothing is loaded from anywhere (plotly's script is inside), every text a user wrote is escaped, and the page's own
content security policy forbids requests. This is the only module of `reports` that touches the disk.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gradlab.errors import StoreError
from gradlab.reports.caveats import held_fixed, varied
from gradlab.reports.figures import Figure, figures_of
from gradlab.reports.selection import MOST_OF_A_ROW, counts_outcomes, grouped, notes
from gradlab.reports.words import (
    NOTHING,
    cell_rate,
    count_text,
    level_text,
    measured_text,
    metric_text,
    published_text,
    rate_text,
    seconds_text,
    status_text,
)
from gradlab.studies.results import Analysis, CellResult

_TEMPLATES = Path(__file__).parent / "templates"
_SHAPES = {"held": "held", "not held": "not-held", "undecided": "undecided"}
_COLUMNS = (
    ("collapsed", "collapsed", False),
    ("at birth", "collapsed", True),
    ("dead", "dead", False),
    ("constant", "constant", False),
    ("diverged", "diverged", False),
    ("trained", "trained", False),
    ("stalled", "stalled", False),
)  # heading, outcome, whether at birth
_OF_TRAINING = ("at birth", "diverged", "trained", "stalled")  # headings without a meaning where nothing was trained


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


def write_page(analysis: Analysis, path: Path) -> None:
    """Write the page; whoever reads the file sees the old page or the new one, never half of one.

    Args:
        analysis: What to show.
        path: The HTML file; its folder must exist.

    Raises:
        StoreError: The file cannot be written.
    """
    content = page_html(analysis).encode()
    part = ""
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
        ) as file:
            part = file.name
            file.write(content)
        os.chmod(part, 0o644)  # temporary files are private; a report is to be shared
        os.replace(part, path)
    except OSError as error:
        Path(part).unlink(missing_ok=True) if part else None
        reason = error.strerror or str(error)
        raise StoreError(
            f"report {path}",
            got=reason,
            expected="a folder that can be written",
            do="Free space or choose another folder",
        ) from None


def page_html(analysis: Analysis) -> str:
    """The whole page as text."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tied"] = lambda text: str(text).replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0")
    figures = figures_of(analysis)
    ids = {id(panel): f"{figure.id}-{k}" for figure in figures for k, panel in enumerate(figure.panels.values(), 1)}
    return environment.get_template("report.html.j2").render(
        analysis=analysis,
        study=analysis.study,
        status=status_text(analysis),
        claims=_claims(analysis),
        figures=figures,
        panel_id=lambda panel: ids[id(panel)],
        fixed=held_fixed(analysis),
        varied=varied(analysis),
        how=_how(analysis),
        tables=cell_tables(analysis),
        paragraphs=[part.strip() for part in analysis.study.text.split("\n\n") if part.strip()],
        plotly=Markup(get_plotlyjs()),  # plotly's own script, not a user's text
        figures_json=_figures_json(figures, ids),
    )


def _claims(analysis: Analysis) -> list[dict[str, str]]:
    return [
        {
            "id": claim.id,
            "statement": claim.statement,
            "why": claim.why,
            "source": claim.source,
            "published": published_text(claim, analysis),
            "measured": measured_text(claim, analysis),
            "n": count_text(claim.replicas),
            "verdict": claim.verdict,
            "shape": _SHAPES[claim.verdict],
        }
        for claim in analysis.claims
    ]


def _how(analysis: Analysis) -> list[tuple[str, str]]:
    """Name and value of everything needed to repeat the run."""
    named = [(name.replace("_", " "), str(value)) for name, value in {**analysis.versions, **analysis.hardware}.items()]
    return [
        ("networks", f"{count_text(analysis.networks)} of {count_text(analysis.wanted)}"),
        ("time", f"{seconds_text(analysis.seconds)} for all networks, looks included"),
        ("compiling", seconds_text(analysis.compile_seconds)),
        ("engine", f"{analysis.engine} on {analysis.device}"),
        ("root seed", str(analysis.seed)),
        *named,
    ]


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
    extra = [(name.replace("_", " "), name, False) for name in analysis.study.outcomes if name != "collapsed"]
    columns = [
        (heading, outcome, birth)
        for heading, outcome, birth in (*_COLUMNS, *extra)
        if counts_outcomes(analysis.study)
        and any(cell_rate(cell, outcome, at_birth=birth) is not None for cell in cells)
        and (heading not in _OF_TRAINING or any(len(cell.steps) > 1 for cell in cells))
    ]
    lines = []
    for cell in cells:
        n = count_text(cell.replicas)
        lines.append(
            [
                *((level_text(cell.levels[name]) if name in cell.levels else NOTHING, "") for name in names),
                (n, "" if cell.replicas >= cell.wanted else f"of {count_text(cell.wanted)}"),
                *(_split(metric_text(cell, metric)) for metric in analysis.study.metrics),
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


def _figures_json(figures: Sequence[Figure], ids: dict[int, str]) -> Markup:
    """Panel id -> plotly's data and layout; `<` is written so that no text can close the script element."""
    panels: dict[str, Any] = {
        ids[id(panel)]: json.loads(panel.to_json()) for figure in figures for panel in figure.panels.values()
    }
    text = json.dumps(panels, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
