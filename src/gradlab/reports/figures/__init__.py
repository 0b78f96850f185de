"""Which figures a study has: each with a title, panels or a film, and a caption that says what to see and n.

Everything is decided from what the `Analysis` holds (named rows, a map of widths and depths, a grid of factors,
readings, looks, snapshots), never from a study's name. Missing data leaves a figure out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gradlab.reports.figures.boundaries import boundary_figures
from gradlab.reports.figures.computed import computed_figures
from gradlab.reports.figures.factors import factor_figures, reading_figures
from gradlab.reports.figures.functions import function_figure
from gradlab.reports.figures.levels import level_figures
from gradlab.reports.figures.maps import map_figures
from gradlab.reports.figures.pictures import films_of, picture_figures
from gradlab.reports.figures.reaching import reaching_figures
from gradlab.reports.figures.record import Figure
from gradlab.reports.figures.rows import loss_figure, rate_figures, survival_figure
from gradlab.reports.figures.signals import metric_figures, signal_figures
from gradlab.reports.figures.sizes import size_figures
from gradlab.reports.figures.theory import gradients_beside_theory
from gradlab.reports.pictures import Film
from gradlab.studies.outcome_names import counts_outcomes
from gradlab.studies.results import Analysis

__all__ = ["Figure", "figures_of", "films_of"]


def figures_of(analysis: Analysis) -> list[Figure | Film]:
    """All figures of a study, each of another title; the first is the one that decides its question.

    Where a study counts outcomes that is the rates of the named rows; where there are none the grid of factors, else the
    map. Where it measures numbers, it is these. Pictures follow the metrics, for they show the same networks.
    """
    return _apart(_figures(analysis))


def _apart(figures: Sequence[Figure | Film]) -> list[Figure | Film]:
    """The figures, those of one title counted, so that a list of contents tells them apart."""
    counts, seen = Counter(figure.title for figure in figures), Counter[str]()
    apart = []
    for figure in figures:
        seen[figure.title] += 1
        of = f", {seen[figure.title]} of {counts[figure.title]}" if counts[figure.title] > 1 else ""
        apart.append(replace(figure, title=f"{figure.title}{of}"))
    return apart


def _figures(analysis: Analysis) -> Sequence[Figure | Film]:
    if analysis.study.is_exact:
        return computed_figures(analysis)
    theory = gradients_beside_theory(analysis)
    numbers = [
        *reaching_figures(analysis),
        *boundary_figures(analysis),
        *size_figures(analysis),
        *level_figures(analysis),
        *metric_figures(analysis),
        *picture_figures(analysis),
        *([theory] if theory else []),
        *signal_figures(analysis),
    ]
    if not counts_outcomes(analysis.study):
        functions = function_figure(analysis)
        return [*numbers, *([functions] if functions and numbers else [])]
    rates = rate_figures(analysis)
    survival = survival_figure(analysis)
    factors = factor_figures(analysis)
    figures = [
        *rates,
        *([survival] if survival else []),
        *map_figures(analysis),
        *factors,
        *reading_figures(analysis),
        *numbers,
    ]
    losses = loss_figure(analysis)
    return [*figures, losses] if losses else figures
