"""Few, generic plotly figures from plain data: the chart layer of report, notebook and app.

A chart takes labelled proportions and curves, never a study, and returns one `go.Figure` (small multiples: one per
panel, all with the same axes, so that a page can wrap them). What every chart keeps: measured is solid with its
interval, theory dashed in the same colour, a published number an open diamond, collapsed hatched, one replica thin and
30 % opaque. Missing data draws no figure (None or an empty list); NaN and Inf never reach plotly.

The neutral colours `INK`, `MUTED`, `GRID` and `PANEL` stand for roles; a page may remap them (see `templates/report.css`)
to follow the reader's light or dark system.
"""

from gradlab.reports.charts.curves import Curve, Losses, loss_curves, survival
from gradlab.reports.charts.depth import DepthCurve, rate_by_depth
from gradlab.reports.charts.effects import EffectBar, GridCell, effect_bars, effect_grids
from gradlab.reports.charts.rates import RateRow, Series, rates
from gradlab.reports.charts.readings import ReadingRow, readings
from gradlab.reports.charts.style import colour_of

__all__ = [
    "Curve",
    "DepthCurve",
    "EffectBar",
    "GridCell",
    "Losses",
    "RateRow",
    "ReadingRow",
    "Series",
    "colour_of",
    "effect_bars",
    "effect_grids",
    "loss_curves",
    "rate_by_depth",
    "rates",
    "readings",
    "survival",
]
