"""Figures of what a factor with numbers for levels does: metrics at the end of training against it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradlab.reports.charts.style import OKABE_ITO
from gradlab.reports.charts.trends import Trend, TrendPoint, trends
from gradlab.reports.figures.record import Figure
from gradlab.reports.words import levels_text, replicas_text
from gradlab.stats.text import counted_text, mean_text, number_text
from gradlab.studies.measured import Metric
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.study import Factor, Study

LEAST_LEVELS = 3
MOST_CURVES = len(OKABE_ITO)
_LONG = 30.0  # an axis of numbers above 0 that span more is logarithmic


def level_figures(analysis: Analysis) -> list[Figure]:
    """For everything that factors change to three numbers or more: the metrics at the end, one line for each of the rest."""
    figures = []
    for change in dict.fromkeys(factor.change for factor in analysis.study.factors):
        factors = [factor for factor in analysis.study.factors if factor.change == change and _is_numeric(factor)]
        curves = _curves(analysis, factors)
        levels = [x for members in curves.values() for x in members]
        if not levels:
            continue
        name = factors[0].name
        is_log = min(levels) > 0.0 and max(levels) / min(levels) >= _LONG
        panels = {}
        for title, rule in analysis.study.metrics.items():
            lines = [
                Trend(label, k, 0, [metric_point(cell, title, rule, x, f"{name} {x:g}") for x, cell in members.items()])
                for k, (label, members) in enumerate(curves.items())
            ]
            figure = trends(lines, name, title.replace("_", " "), is_log=is_log)
            if figure is not None:
                panels[f"{title.replace('_', ' ')}, by {name}"] = figure
        counts = [cell.replicas for members in curves.values() for cell in members.values()]
        caption = (
            f"Metrics at the end of training against {name}. Whiskers: 95 % interval of the mean over networks, "
            f"{replicas_text(counts)}; a single network has none."
        )
        figures.append(Figure(f"levels-{change.replace('.', '-')}", f"What {name} does", caption, panels, least_px=420))
    return [figure for figure in figures if figure.panels]


def _is_numeric(factor: Factor) -> bool:
    return factor.labels is None and all(
        isinstance(level, int | float) and not isinstance(level, bool) for level in factor.levels
    )


def _curves(analysis: Analysis, factors: Sequence[Factor]) -> dict[str, dict[float, CellResult]]:
    """Cells that differ in these factors alone, by level in increasing order; none where they would be too many to tell."""
    groups: dict[tuple[str, ...], dict[str, dict[float, CellResult]]] = {}  # by the names of the other factors
    names, rows = {factor.name for factor in factors}, _rows(analysis.study)
    for cell in analysis.cells:
        here = names & cell.levels.keys()
        if not cell.replicas or not here:
            continue
        levels = {**cell.levels, "row": rows[str(cell.levels["row"])]} if rows else cell.levels
        rest = {name: value for name, value in levels.items() if name not in names and (rows or name != "row")}
        same = groups.setdefault(tuple(rest), {}).setdefault(levels_text(rest), {})
        x = float(cell.levels[here.pop()])
        if x not in same or same[x].replicas < cell.replicas:
            same[x] = cell
    found: dict[str, dict[float, CellResult]] = {}
    for curves in groups.values():
        lines = {label: dict(sorted(same.items())) for label, same in curves.items() if len(same) >= LEAST_LEVELS}
        if len(found) + len(lines) <= MOST_CURVES:
            found |= lines
    return found


def _rows(study: Study) -> dict[str, str]:
    """Row -> what it is called in a line's name: the first row of the same networks; empty where all are of the same."""
    said = {row.id: row.model_dump(include={"network", "recipe", "task"}) for row in study.rows}
    first = {row: next(other for other in said if said[other] == said[row]) for row in said}
    return first if len(set(first.values())) > 1 else {}


def metric_point(cell: CellResult, name: str, metric: Metric, x: float, where: str) -> TrendPoint:
    """A metric's mean at the end over a cell's networks, with its interval where they are several.

    Args:
        cell: The networks.
        name: What the metric is called.
        metric: Its rule.
        x: Where the point stands.
        where: The same in words.
    """
    values = cell.metrics[name][:, -1]
    mean = metric.mean(values)
    if mean is None:
        return TrendPoint(x, math.nan, math.nan, math.nan, where)
    low, high = (bound if math.isfinite(bound) else mean.mean for bound in (mean.low, mean.high))
    number = mean_text(mean.mean, mean.low, mean.high) if mean.n > 1 else number_text(mean.mean)
    return TrendPoint(
        x, mean.mean, low, high, f"{where}<br>{number}<br>{mean.n} of {counted_text(len(values), 'network')}"
    )
