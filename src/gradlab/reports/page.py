"""The page of a study, or of several: one self-contained HTML file that answers first and shows its evidence after.

Nothing is loaded from anywhere (plotly's script is inside), every text a user wrote is escaped, and the page's own
content security policy forbids requests. This is the only module of `reports` that touches the disk.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gradlab import __version__
from gradlab.errors import StoreError
from gradlab.reports.caveats import held_fixed, varied
from gradlab.reports.environment import environment
from gradlab.reports.figures import Figure, figures_of
from gradlab.reports.fit import Shown, fitted
from gradlab.reports.pictures import Film, Reel, fragment, reels, script, style
from gradlab.reports.sections import CellTable, cell_tables, claim_lines, computation_lines, how_run, verdicts_text
from gradlab.reports.words import changed_text, status_text
from gradlab.studies.results import Analysis

MOST_BYTES = 8_000_000  # of a page; plotly's script alone takes 4.7 million


@dataclass(frozen=True, slots=True)
class Part:
    """One study as a page shows it.

    Attributes:
        analysis: What is shown.
        prefix: What its anchors begin with: "" where it has the page for itself.
        status: What is missing of it, or otherwise than in its file; or "".
        verdicts: How many claims of each verdict there are, or "".
        claims: Its claims in words.
        fixed: What all its cells share.
        varied: What they do not.
        how: How it was run.
        computations: Of an exact study, what was computed.
        tables: Its cells.
        paragraphs: Its text.
        shown: Its figures.
        first: The number of its first figure.
    """

    analysis: Analysis
    prefix: str
    status: str
    verdicts: str
    claims: Sequence[dict[str, str]]
    fixed: Sequence[tuple[str, str]]
    varied: Sequence[tuple[str, str]]
    how: Sequence[tuple[str, str]]
    computations: Sequence[dict[str, Any]]
    tables: Sequence[CellTable]
    paragraphs: Sequence[str]
    shown: Shown
    first: int = 1

    @property
    def entries(self) -> list[tuple[int, str, str, Figure | Reel]]:
        """Number, anchor, title and content of its figures."""
        named = [(figure.film if isinstance(figure, Reel) else figure, figure) for figure in self.shown.figures]
        return [
            (k, f"{self.prefix}{name.id}", name.title, figure) for k, (name, figure) in enumerate(named, self.first)
        ]


def write_page(analyses: Analysis | Sequence[Analysis], path: Path) -> None:
    """Write the page; whoever reads the file sees the old page or the new one, never half of one.

    Args:
        analyses: What to show: a study, or several of different names.
        path: The HTML file; its folder must exist.

    Raises:
        StoreError: The file cannot be written.
    """
    content = page_html(analyses).encode()
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


def page_html(analyses: Analysis | Sequence[Analysis], most_bytes: int = MOST_BYTES) -> str:
    """The whole page as text.

    Args:
        analyses: What to show: a study, or several of different names.
        most_bytes: What it may take; figures that have no room are left out, and named.
    """
    studies = [analyses] if isinstance(analyses, Analysis) else list(analyses)
    assert len({each.study.name for each in studies}) == len(studies) > 0
    parts = [_part(each, f"{each.study.name}--" if len(studies) > 1 else "") for each in studies]
    page, kept, excess = _rendered(parts), parts, 0
    while (over := len(page.encode()) - most_bytes) > 0 and any(part.shown.figures for part in kept):
        excess += over  # more than once at most because it takes some bytes to say what is left out
        shown = fitted([part.shown for part in parts], excess)
        kept = [replace(part, shown=one) for part, one in zip(parts, shown, strict=True)]
        page = _rendered(kept)
    return page


def _part(analysis: Analysis, prefix: str) -> Part:
    return Part(
        analysis=analysis,
        prefix=prefix,
        status=" ".join(filter(None, (status_text(analysis), changed_text(analysis)))),
        verdicts=verdicts_text(analysis),
        claims=claim_lines(analysis),
        fixed=held_fixed(analysis),
        varied=varied(analysis),
        how=how_run(analysis),
        computations=computation_lines(analysis),
        tables=cell_tables(analysis),
        paragraphs=[part.strip() for part in analysis.study.text.split("\n\n") if part.strip()],
        shown=Shown([_whole(figure, prefix) for figure in figures_of(analysis)]),
    )


def _whole(figure: Figure | Film, prefix: str) -> Figure | Reel:
    """A film with all of its frames, unless it alone is larger than a page may be."""
    if isinstance(figure, Figure):
        return figure
    (reel,) = reels([figure], MOST_BYTES)
    return reel


def _rendered(parts: Sequence[Part]) -> str:
    numbered, first = [], 1
    for part in parts:
        numbered.append(replace(part, first=first))
        first += len(part.shown.figures)
    entries = [entry for part in numbered for entry in part.entries]
    charts = {
        id(panel): (f"{anchor}-{k}", panel)
        for _, anchor, _, figure in entries
        if isinstance(figure, Figure)
        for k, panel in enumerate(figure.panels.values(), 1)
    }
    has_films = any(isinstance(figure, Reel) for *_, figure in entries)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            parts=numbered,
            version=__version__,
            film_of=_film_fragment,
            panel_id=lambda panel: charts[id(panel)][0],
            film_style=style() if has_films else "",
            film_script=script() if has_films else "",
            plotly=Markup(get_plotlyjs()),  # plotly's own script, not a user's text
            figures_json=_figures_json(dict(charts.values())),
        )
    )


def _film_fragment(reel: Reel | Figure, anchor: str, number: int) -> Markup:
    """The film's own piece of the page; "" for what is no film."""
    if isinstance(reel, Figure):
        return Markup("")
    return fragment(replace(reel, film=replace(reel.film, id=f"{anchor}-film")), f"Figure {number}.")


def _figures_json(panels: dict[str, go.Figure]) -> Markup:
    """Panel id -> plotly's data and layout; `<` is written so that no text can close the script element."""
    decoded: dict[str, Any] = {id: json.loads(panel.to_json()) for id, panel in panels.items()}
    text = json.dumps(decoded, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
