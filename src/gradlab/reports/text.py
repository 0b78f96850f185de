"""Terminal output: what a study found, what a catalog holds, what is still to be run. Rich tables, no markup in texts.

Columns of numbers are as wide as their numbers, always: where the terminal is too narrow, or output goes into a pipe, a
line grows beyond it, so that no count is ever cut. Words wrap. No line needs its colour to be understood.
"""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gradlab.reports.cells_text import print_cells, print_factors
from gradlab.reports.tables import WIDE, print_line, print_table
from gradlab.reports.trained_text import differ, trained_lines
from gradlab.reports.words import (
    changed_text,
    claim_count_text,
    claim_name,
    count_text,
    expected_text,
    levels_text,
    measured_text,
    published_text,
    rate_text,
    seconds_text,
    status_text,
)
from gradlab.stats.text import counted_text, percent_text
from gradlab.studies.claims.result import VERDICTS
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.results import Analysis
from gradlab.studies.study import Study


def print_analysis(analysis: Analysis, console: Console, page: Path | None) -> None:
    """Claims, cells, factors; then the answer, where the page is and the command that opens it.

    Args:
        analysis: What to show.
        console: Where to; its width, colours and encoding are respected.
        page: The written report, or None.
    """
    print_line(console, analysis.study.question, style="bold")
    console.print()
    if analysis.claims:
        _claims(analysis, console)
    print_cells(analysis, console)
    print_factors(analysis, console)
    _how(analysis, console)
    console.print()
    print_line(console, analysis.answer or status_text(analysis) or "Everything is recorded.", style="bold")
    if changed := changed_text(analysis):
        print_line(console, changed, style="dim")
    if page is not None:
        console.print(Text(f"page: {page}"), soft_wrap=True)
        console.print(Text(f"open: {open_command(page)}"), soft_wrap=True)


def print_verdicts(analyses: Sequence[Analysis], console: Console, folder: Path | None) -> None:
    """A line a study: how many of its claims held; then where the pages are.

    Args:
        analyses: The studies.
        console: Where to.
        folder: Folder of the pages, or None.
    """
    rows = []
    for analysis in analyses:
        verdicts = Counter(claim.verdict for claim in analysis.claims)
        counts = (count_text(verdicts[verdict]) for verdict in VERDICTS)
        rows.append((analysis.study.name, count_text(analysis.networks), *counts, seconds_text(analysis.seconds)))
    print_table(console, rows, ["study"], ["networks", *VERDICTS, "time"])
    if folder is not None:
        console.print(Text(f"pages: {folder}/*.html"), soft_wrap=True)


def _how(analysis: Analysis, console: Console) -> None:
    """How much was run, and how, in a line."""
    seconds = seconds_text(analysis.seconds)
    if analysis.study.is_exact:
        print_line(console, f"{counted_text(len(analysis.computed), 'computation')} in {seconds}; nothing was trained.")
        return
    done = f"{count_text(analysis.networks)} of {counted_text(analysis.wanted, 'network')}"
    print_line(console, f"{done} in {seconds}, {analysis.engine} on {analysis.device}, seed {analysis.seed}.")
    for counted, environment in trained_lines(analysis.trained) if differ(analysis.trained) else ():
        print_line(console, f"{counted} {environment}", indent=2)


def open_command(page: Path, platform: str = sys.platform) -> str:
    """The shell command that shows a page in the reader's browser.

    Example:
        >>> open_command(Path("a b.html"), "linux"), open_command(Path("a.html"), "darwin")
        ("xdg-open 'a b.html'", 'open a.html')
    """
    if platform == "win32":
        return f'start "" "{page}"'
    return f"{'open' if platform == 'darwin' else 'xdg-open'} {shlex.quote(str(page))}"


def print_studies(studies: Iterable[Study], console: Console) -> None:
    """Name, question and size of each study."""
    rows = [
        (one.name, one.question, "exact" if one.is_exact else count_text(one.replicas), count_text(len(one.claims)))
        for one in studies
    ]
    print_table(console, rows, ["study", "question"], ["replicas", "claims"])


def print_study(study: Study, plan_rows: Sequence[tuple[str, int, int]], console: Console) -> None:
    """A study before it is run: question, text, claims and cells.

    Args:
        study: The study.
        plan_rows: For each cell its levels in words, its networks and its training steps.
        console: Where to.
    """
    print_line(console, study.question, style="bold")
    for paragraph in (study.text, *(f"Source: {source}" for source in study.sources)):
        if paragraph.strip():
            console.print()
            print_line(console, paragraph.strip())
    console.print()
    if study.is_exact:
        computed = [
            (name, each.compute, COMPUTATIONS[each.compute].meaning) for name, each in study.computations.items()
        ]
        print_table(console, computed, ["name", "computation", "what it is"], [])
        print_line(console, f"{counted_text(len(computed), 'computation')}; nothing is trained.")
    else:
        rows = [(cell, count_text(networks), count_text(steps)) for cell, networks, steps in plan_rows]
        print_table(console, rows, ["cell"], ["networks", "steps"])
        total = sum(networks for _, networks, _ in plan_rows)
        print_line(console, f"{counted_text(len(plan_rows), 'cell')}, {counted_text(total, 'network')}.")
    console.print()
    if study.claims:
        claims = [(claim_name(claim.id, study), claim.statement, expected_text(claim)) for claim in study.claims]
        print_table(console, claims, ["claim", "statement"], ["published"])
    for caveat in study.fixed:
        print_line(console, f"Held fixed: {caveat}")


def print_status(rows: Sequence[tuple[str, int, int]], console: Console) -> None:
    """How far a study is.

    Args:
        rows: For each cell its levels in words, the networks recorded and those wanted.
        console: Where to.
    """
    texts = [
        (cell, count_text(done), count_text(wanted), count_text(max(0, wanted - done))) for cell, done, wanted in rows
    ]
    print_table(console, texts, ["cell"], ["done", "wanted", "left"])
    recorded, planned = sum(min(done, wanted) for _, done, wanted in rows), sum(wanted for _, _, wanted in rows)
    state = "complete" if recorded >= planned else f"{count_text(planned - recorded)} left"
    print_line(console, f"{count_text(recorded)} of {counted_text(planned, 'network')} recorded, {state}.")


def _claims(analysis: Analysis, console: Console) -> None:
    """Numbers and verdicts; statements and reasons beside them, or below where the terminal is narrow."""
    wide = console.width >= WIDE
    rows = []
    for claim in analysis.claims:
        numbers = (published_text(claim, analysis), measured_text(claim), claim_count_text(claim))
        sentences = (claim.statement, claim.reason) if wide else ()
        rows.append(
            (claim_name(claim.id, analysis.study), *sentences, *numbers, claim.judged_text if wide else claim.verdict)
        )
    words = ["claim", "statement", "why"] if wide else ["claim"]
    print_table(console, rows, words, ["published", "measured", "n"], ["verdict"])
    if not wide:
        for claim in analysis.claims:
            name = claim_name(claim.id, analysis.study)
            why = ": ".join(filter(None, (claim.judgement, claim.reason)))
            print_line(console, f"{name}: {claim.statement}" + (f" ({why})" if why else ""), indent=2)
        console.print()
    for claim in analysis.claims:
        for reading in claim.readings:
            if reading.compatible and claim.published is not None:
                fits = f"fits {percent_text(claim.published)}: {levels_text(reading.levels)}, {rate_text(reading.rate)}"
                networks = counted_text(reading.rate.n, "network") + ", spread borrowed" * (
                    reading.borrowed is not None
                )
                tried = f"; {count_text(claim.readings_tried)} readings tried"
                print_line(console, f"{claim.id} {fits} of {networks}{tried}", indent=2)
    if any(reading.compatible for claim in analysis.claims for reading in claim.readings):
        console.print()
