"""The activations that a study compares, and their slopes, as functions of the pre-activation."""

from __future__ import annotations

import numpy as np

from gradlab.parts import ACTIVATIONS
from gradlab.parts.namespace import NUMPY
from gradlab.reports.charts.functions import FunctionCurve, function_curves
from gradlab.reports.figures.record import Figure
from gradlab.reports.network_text import call_text
from gradlab.spec import Choice
from gradlab.studies.results import Analysis

MOST_FUNCTIONS = 8  # that can be told apart
FARTHEST = 8.0  # pre-activation drawn: beyond both kinks of relu6


def function_figure(analysis: Analysis) -> Figure | None:
    """Every activation of the study's networks and its slope; None where there are not several, or too many to tell apart."""
    chosen = activations_of(analysis)
    if not 2 <= len(chosen) <= MOST_FUNCTIONS:
        return None
    z = np.linspace(-FARTHEST, FARTHEST, 321)
    functions, slopes, mistakes = [], [], []
    for choice in chosen:
        record, label = ACTIVATIONS[choice.name], call_text(choice, 3)
        values = np.asarray(record.function(NUMPY, z, *choice.values), np.float64)
        slope = np.broadcast_to(np.asarray(record.derivative(NUMPY, z, values, *choice.values), np.float64), z.shape)
        functions.append(FunctionCurve(label, values))
        slopes.append(FunctionCurve(label, slope))
        if record.mistake:
            mistakes.append(f"that of {label} is the one training was run with: {record.mistake}")
    panels = {"activation": function_curves(z, functions, "activation"), "slope": function_curves(z, slopes, "slope")}
    caption = (
        "What a unit makes of its pre-activation, and the slope by which backpropagation multiplies its gradient: where the"
        " slope is 0 a unit passes none on. Drawn from the formulas, not measured."
    )
    if mistakes:
        caption += f" Of the slopes, {'; '.join(mistakes)}."
    drawn = {title: panel for title, panel in panels.items() if panel is not None}
    return Figure("functions", "The activations and their slopes", caption, drawn, least_px=400)


def activations_of(analysis: Analysis) -> list[Choice]:
    """The activations of all layers of all cells, each once, without the identity."""
    found = [
        block.activation
        for cell in analysis.cells
        for block in cell.setup.network.blocks
        if block.activation.name != "identity"
    ]
    return list(dict.fromkeys(found))
