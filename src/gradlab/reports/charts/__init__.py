"""Few, generic plotly figures from plain data: the chart layer of report, notebook and app.

A chart takes labelled proportions and curves, never a study, and returns one `go.Figure` (small multiples: one per
panel, all with the same axes, so that a page can wrap them). What every chart keeps: measured is solid with its
interval, theory dashed in the same colour, a published number an open diamond, collapsed hatched, one replica thin and
30 % opaque. Missing data draws no figure (None or an empty list); NaN and Inf never reach plotly.

The neutral colours `INK`, `MUTED`, `GRID` and `PANEL` stand for roles; a page may remap them (see `templates/report.css`)
to follow the reader's light or dark system.
"""

from gradlab.reports.charts.bands import BANDS_KEY
from gradlab.reports.charts.boundaries import BoundaryColumn, boundary_map
from gradlab.reports.charts.classes import CONFUSION_KEY, confusion
from gradlab.reports.charts.computed import count_bars, number_grids, plane
from gradlab.reports.charts.curves import Curve, Losses, loss_curves, survival
from gradlab.reports.charts.densities import LayerHistograms
from gradlab.reports.charts.depth import DepthCurve, rate_by_depth
from gradlab.reports.charts.effects import EffectBar, GridCell, effect_bars, effect_grids
from gradlab.reports.charts.heat import LayerHistory, by_layer_and_step
from gradlab.reports.charts.history import TrainingCurve, training_curves
from gradlab.reports.charts.layers import LayerValues, by_layer
from gradlab.reports.charts.numbers import NumberCell, least_width, number_map
from gradlab.reports.charts.rates import RateRow, Series, rates
from gradlab.reports.charts.readings import ReadingRow, readings
from gradlab.reports.charts.style import colour_of
from gradlab.reports.charts.violins import VIOLINS_KEY, violins

__all__ = [
    "BANDS_KEY",
    "CONFUSION_KEY",
    "VIOLINS_KEY",
    "BoundaryColumn",
    "Curve",
    "DepthCurve",
    "EffectBar",
    "GridCell",
    "LayerHistograms",
    "LayerHistory",
    "LayerValues",
    "Losses",
    "NumberCell",
    "RateRow",
    "ReadingRow",
    "Series",
    "TrainingCurve",
    "boundary_map",
    "by_layer",
    "by_layer_and_step",
    "colour_of",
    "confusion",
    "count_bars",
    "effect_bars",
    "effect_grids",
    "least_width",
    "loss_curves",
    "number_grids",
    "number_map",
    "plane",
    "rate_by_depth",
    "rates",
    "readings",
    "survival",
    "training_curves",
    "violins",
]
