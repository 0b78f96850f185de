"""Numbers and names in words, the same on the page, in charts and on the terminal. Pure text, no markup.

Rates are percentages with their interval behind them; an interval shows two significant digits of its own width, so
that it never reads `[95.3, 95.3]`. Counts are written in full.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from gradlab.stats import Mean, Proportion, Share
from gradlab.stats.text import counted_text, interval_text, mean_text, percent_text
from gradlab.studies.claims import ClaimResult
from gradlab.studies.levels import LevelValue, matching
from gradlab.studies.load import QUICK
from gradlab.studies.measured import Metric
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.study import Claim, Study

NOTHING = "-"


def count_text(n: int) -> str:
    """A count in full: `12,000`."""
    return f"{n:,}"


def rate_text(rate: Proportion | Share | None) -> str:
    """A proportion with its interval; `-` where nothing was measured."""
    return NOTHING if rate is None else interval_text(rate.rate, rate.low, rate.high)


def measured_text(claim: ClaimResult) -> str:
    """What a claim measured, with its interval; cells, boundaries and readings as counts."""
    if claim.counted is not None:
        count, of, noun = claim.counted
        return f"{count_text(count)} of {count_text(of)} {noun}"
    return claim.measured_text or NOTHING


def published_text(claim: ClaimResult, analysis: Analysis) -> str:
    """What a claim is judged by: a published number, a closed form or a bound."""
    asked = claim_of(analysis.study, claim.id)
    if claim.kind == "theory" and claim.published is not None and len(cells_of(claim, analysis)) == 1:
        return f"{percent_text(claim.published)} (theory)"
    if asked is not None:
        return expected_text(asked)
    return NOTHING if claim.published is None else percent_text(claim.published)


def expected_text(claim: Claim) -> str:
    """What a study's claim is judged by, before anything is measured.

    Example:
        >>> expected_text(Claim(id="B2", statement="", measure={"rate": "collapsed"}, expected={"at_most": 0.01}))
        'at most 1 %'
    """
    return claim.criterion.text(claim.measure.told_in)


def cells_of(claim: ClaimResult, analysis: Analysis) -> list[CellResult]:
    """The cells a claim looks at."""
    asked = claim_of(analysis.study, claim.id)
    if asked is None:
        return []
    return matching(analysis.cells, asked.measure.cells.get("where", {}))


def claim_of(study: Study, id: str) -> Claim | None:
    """The study's claim of that id: what is measured, and where."""
    return next((claim for claim in study.claims if claim.id == id), None)


def claim_name(id: str, study: Study) -> str:
    """What a claim is called where its study is known: its id less the study's name."""
    return id.removeprefix(f"{study.name.removesuffix(QUICK)} ")


def claim_count_text(claim: ClaimResult) -> str:
    """The networks behind a claim; none where nothing was drawn."""
    return NOTHING if claim.values is not None else count_text(claim.replicas)


def level_text(value: LevelValue) -> str:
    """One level as TOML writes it, without quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def levels_text(levels: Mapping[str, LevelValue], leave_out: Sequence[str] = ()) -> str:
    """A cell's levels in one line; the row by its bare name.

    Example:
        >>> levels_text({"row": "B1", "width": 3, "bias": "own"})
        'B1, width 3, bias own'
    """
    parts = [
        level_text(value) if name == "row" else f"{name} {level_text(value)}"
        for name, value in levels.items()
        if name not in leave_out
    ]
    return ", ".join(parts) or "base"


def replicas_text(counts: Sequence[int]) -> str:
    """How many stand behind each of several numbers.

    Example:
        >>> replicas_text([1000, 1000]), replicas_text([200, 10000]), replicas_text([1]), replicas_text([])
        ('n = 1,000 networks each', 'n = 200 to 10,000 networks each', 'n = 1 network', 'n = 0')
    """
    if not counts:
        return "n = 0"
    low, high = min(counts), max(counts)
    span = "" if low == high else f"{count_text(low)} to "
    return f"n = {span}{counted_text(high, 'network')}" + (" each" if len(counts) > 1 else "")


def seconds_text(seconds: float) -> str:
    """A duration.

    Example:
        >>> seconds_text(0.42), seconds_text(75.2), seconds_text(3725)
        ('0.42 s', '1 min 15 s', '1 h 02 min')
    """
    if not math.isfinite(seconds):
        return NOTHING
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def cell_rate(cell: CellResult, outcome: str, *, at_birth: bool = False) -> Proportion | None:
    """One outcome's rate in a cell, or None where it was not measured."""
    return (cell.at_birth if at_birth else cell.outcomes).get(outcome)


def metric_mean(cell: CellResult, name: str, metric: Metric) -> Mean | None:
    """A metric's mean at the last look; None where it was not measured or no network is finite."""
    values = cell.metrics.get(name)
    return metric.mean(values[:, -1]) if values is not None and len(values) else None


def metric_text(cell: CellResult, name: str, metric: Metric) -> str:
    """A metric's mean at the last look with its interval; how many networks it is of, where it is not of all."""
    mean = metric_mean(cell, name, metric)
    if mean is None:
        return NOTHING
    some = f" of {count_text(mean.n)}" if mean.n < cell.replicas else ""
    return mean_text(mean.mean, mean.low, mean.high) + some


def status_text(analysis: Analysis) -> str:
    """What is missing, in a sentence; "" for a complete study."""
    if analysis.is_complete:
        return ""
    return (
        f"Not complete: {count_text(analysis.networks)} of {counted_text(analysis.wanted, 'network')} are recorded."
        " The same command goes on where it stopped."
    )


def changed_text(analysis: Analysis) -> str:
    """That a run is not the one which the study's file describes, in a sentence; "" where at most rows and n are others."""
    keys = re.findall(r"--set[ =]'?\s*([\w.]+)", analysis.command)
    if not analysis.study.name.endswith(QUICK) and set(keys) <= {"row", "replicas"}:
        return ""
    return (
        "This run was changed and is not the one that the study's file describes: sizes and lengths that the answer and the"
        " text name, and published numbers, are those of the full run."
    )
