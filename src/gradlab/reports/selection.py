"""Which cells a figure shows, and what they are called: decided from the data, never from a study's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradlab.reports.words import (
    cell_rate,
    cells_of,
    claim_of,
    count_text,
    levels_text,
    metric_mean,
    metric_text,
    rate_text,
)
from gradlab.stats.text import counted_text
from gradlab.studies.claims import ClaimResult
from gradlab.studies.claims.criteria.closed_form import ClosedForm
from gradlab.studies.claims.measures.rate import Rate
from gradlab.studies.levels import LevelValue
from gradlab.studies.outcome_names import counts_outcomes
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.study import Study

Levels = tuple[tuple[str, LevelValue], ...]
MOST_OF_A_ROW = 12  # cells; a row with more is summed up, or folded
MOST_ROWS = 40
OUTCOMES = (
    ("collapsed", "collapsed", False),
    ("at birth", "collapsed", True),
    ("dead", "dead", False),
    ("constant", "constant", False),
    ("diverged", "diverged", False),
    ("trained", "trained", False),
    ("stalled", "stalled", False),
)  # heading, outcome, whether at birth
BRIEF = ("collapsed", "at birth")
ALWAYS = ("diverged", "stalled")  # shown wherever they happen: other numbers of such networks mislead without them
_OF_TRAINING = ("at birth", "diverged", "trained", "stalled")  # headings without a meaning where nothing was trained


def outcome_columns(
    study: Study, cells: Sequence[CellResult], wanted: Sequence[str] | None = None
) -> list[tuple[str, str, bool]]:
    """Heading, outcome and whether at birth, for the columns of a table of cells.

    Networks that diverged or stalled have a column wherever there are any, whatever the study is about.

    Args:
        study: Whose outcomes they are.
        cells: What the table shows.
        wanted: Headings to choose from where outcomes are what the study is about; by default all.
    """
    extra = [(name.replace("_", " "), name, False) for name in study.outcomes if name != "collapsed"]
    is_trained = any(len(cell.steps) > 1 for cell in cells)
    columns = []
    for heading, outcome, birth in (*OUTCOMES, *extra):
        rates = [cell_rate(cell, outcome, at_birth=birth) for cell in cells]
        happened = any(rate is not None and rate.count for rate in rates)
        is_asked = counts_outcomes(study) and (wanted is None or heading in wanted) and any(rates)
        has_meaning = is_trained or heading not in _OF_TRAINING
        if (is_asked or (happened and heading in ALWAYS)) and (has_meaning or (happened and heading == "diverged")):
            columns.append((heading, outcome, birth))
    return columns


def happened_text(cells: Sequence[CellResult]) -> str:
    """How many networks of several cells diverged or stalled, in words; "" where none did."""
    is_trained = any(len(cell.steps) > 1 for cell in cells)
    said = []
    for outcome in ALWAYS if is_trained else ALWAYS[:1]:
        rates = [rate for rate in (cell_rate(cell, outcome) for cell in cells) if rate is not None]
        if count := sum(rate.count for rate in rates):
            said.append(f"{count_text(count)} of {counted_text(sum(rate.n for rate in rates), 'network')} {outcome}")
    return " and ".join(said)


def others_text(cells: Sequence[CellResult]) -> str:
    """The same as a sentence behind a caption's others."""
    happened = happened_text(cells)
    return f" {happened}." if happened else ""


def spans_text(study: Study, cells: Sequence[CellResult]) -> str:
    """The least and the largest number of several cells, with their intervals: what a table of them would show.

    The rate of collapse where outcomes are what the study is about, else the metrics; "" where nothing is recorded.
    """
    if counts_outcomes(study):
        rates = [rate for rate in (cell_rate(cell, "collapsed") for cell in cells) if rate is not None]
        found = {"collapsed": [(rate.rate, rate_text(rate)) for rate in rates]}
    else:
        found = {
            name.replace("_", " "): [
                (mean.mean, metric_text(cell, name, metric))
                for cell in cells
                if (mean := metric_mean(cell, name, metric))
            ]
            for name, metric in study.metrics.items()
        }
    said = []
    for name, numbers in found.items():
        if numbers:
            (least, low), (most, high) = min(numbers), max(numbers)
            said.append(f"{name} {low} in each" if least == most else f"{name} from {low} to {high}")
    return ", ".join(said)


def activation_of(cell: CellResult) -> str:
    """The activation most hidden layers have, linear ones not counted."""
    names = [layer.activation.name for layer in cell.setup.network.blocks[:-1]]
    shaped = [name for name in names if name != "identity"]
    return Counter(shaped or ["identity"]).most_common(1)[0][0]


def grouped(cells: Sequence[CellResult]) -> dict[str, list[CellResult]]:
    """Cells by row; those without a row under ""."""
    groups: dict[str, list[CellResult]] = {}
    for cell in cells:
        groups.setdefault(str(cell.levels.get("row", "")), []).append(cell)
    return groups


def row_cells(analysis: Analysis) -> list[CellResult]:
    """The named settings, each of which a chart can give a line: cells of rows in which at most one factor varies."""
    groups = grouped(analysis.cells).values()
    return [cell for cells in groups if len(factors_of(cells)) < 2 for cell in cells if cell.outcomes][:MOST_ROWS]


def grid_groups(analysis: Analysis) -> dict[str, list[CellResult]]:
    """Rows in which two factors or more vary, without the maps over width and depth."""
    mapped = {id(cell) for cells in map_cells(analysis).values() for cell in cells}
    rest = {
        row: [cell for cell in cells if id(cell) not in mapped and cell.outcomes]
        for row, cells in grouped(analysis.cells).items()
    }
    return {row: cells for row, cells in rest.items() if len(factors_of(cells)) > 1}


def factors_of(cells: Sequence[CellResult]) -> list[str]:
    """Factors with more than one level among these cells, those with most levels first."""
    names = dict.fromkeys(name for cell in cells for name in cell.levels if name != "row")
    counts = {name: len({cell.levels.get(name) for cell in cells}) for name in names}
    return sorted((name for name, count in counts.items() if count > 1), key=lambda name: -counts[name])


def labels(cells: Sequence[CellResult]) -> list[str]:
    """A short different name for each cell: its row alone where that says enough."""
    rows = Counter(str(cell.levels.get("row", "")) for cell in cells)
    shared = {
        name
        for name in {name for cell in cells for name in cell.levels if name != "row"}
        if len({cell.levels.get(name) for cell in cells}) == 1
    }
    names = []
    for cell in cells:
        row = str(cell.levels.get("row", ""))
        names.append(row if row and rows[row] == 1 else levels_text(cell.levels, leave_out=sorted(shared)))
    return names


def notes(study: Study) -> dict[str, str]:
    """Row -> the study's note on it."""
    return {row.id: row.note for row in study.rows if row.note}


def claimed(analysis: Analysis, outcome: str, *, at_birth: bool, kind: str) -> dict[Levels, float]:
    """Levels of a cell -> the number that a claim about this one cell's rate is judged by.

    Args:
        analysis: Where claims and cells are.
        outcome: The outcome the claim measures.
        at_birth: Whether it measures at birth, or at the end.
        kind: "published" or "theory".
    """
    found = {}
    for claim in analysis.claims:
        asked = claim_of(analysis.study, claim.id)
        measure = None if asked is None else asked.measure
        if not isinstance(measure, Rate) or claim.kind != kind or claim.published is None or measure.rate != outcome:
            continue
        cells = cells_of(claim, analysis)
        if len(cells) == 1 and (measure.look == 0) == at_birth:
            found[tuple(cells[0].levels.items())] = claim.published
    return found


def theory_pairs(analysis: Analysis, names: Sequence[str]) -> dict[str, list[str]]:
    """Outcome at birth -> closed forms to set beside it: as the claims pair them, else "collapsed" with all.

    Args:
        analysis: Where the claims are.
        names: Closed forms that the cells have.
    """
    pairs: dict[str, list[str]] = {}
    for claim in analysis.study.claims:
        measure, form = claim.measure, claim.expected
        if isinstance(form, ClosedForm) and form.theory in names and isinstance(measure, Rate) and measure.look == 0:
            known = pairs.setdefault(measure.rate, [])
            if form.theory not in known:
                known.append(form.theory)
    return pairs or {"collapsed": list(names)}


def map_cells(analysis: Analysis) -> dict[str, list[CellResult]]:
    """Cells over width and depth with closed forms, by their other levels: at least three depths each."""
    groups: dict[str, list[CellResult]] = {}
    for cell in analysis.cells:
        width, depth = cell.levels.get("width"), cell.levels.get("depth")
        if is_number(width) and is_number(depth) and cell.theory and cell.at_birth:
            groups.setdefault(levels_text(cell.levels, leave_out=("width", "depth")), []).append(cell)
    return {name: cells for name, cells in groups.items() if len({cell.levels["depth"] for cell in cells}) >= 3}


def is_number(level: LevelValue | None) -> bool:
    """Whether a level is a number and not a name or a switch."""
    return isinstance(level, int | float) and not isinstance(level, bool)


def with_readings(analysis: Analysis) -> list[ClaimResult]:
    """Claims that try several readings of a source."""
    return [claim for claim in analysis.claims if claim.readings]
