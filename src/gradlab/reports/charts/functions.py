"""`function_curves`: functions of one number on the same axes, such as activations and their slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from jaxtyping import Float
from numpy import isfinite, ndarray

from gradlab.reports.charts.style import OKABE_ITO, empty, finite, safe
from gradlab.stats.text import number_text

_DASHES = ("solid", "dash", "dot", "dashdot")  # so that curves are told apart without colours, too


@dataclass(frozen=True, slots=True)
class FunctionCurve:
    """One function: what it is called, and its values [Z] at the points that all share."""

    label: str
    values: Float[ndarray, " Z"]


def function_curves(z: Float[ndarray, " Z"], curves: Sequence[FunctionCurve], y_title: str) -> go.Figure | None:
    """A line for each function, with the largest and the smallest of its values under the pointer.

    Returns:
        The figure, or None where no curve has a finite value.
    """
    curves = [curve for curve in curves if isfinite(curve.values).any()]
    if not curves:
        return None
    figure = empty(360, x_title="pre-activation z", y_title=y_title)
    for k, curve in enumerate(curves):
        reached = curve.values[isfinite(curve.values)]
        figure.add_trace(
            go.Scatter(
                x=[finite(float(one)) for one in z],
                y=[finite(float(one)) for one in curve.values],
                name=safe(curve.label),
                mode="lines",
                line={
                    "color": OKABE_ITO[k % len(OKABE_ITO)],
                    "width": 2,
                    "dash": _DASHES[k % len(_DASHES)],
                },
                hovertext=f"<b>{safe(curve.label)}</b><br>from {number_text(float(reached.min()))} to"
                f" {number_text(float(reached.max()))} here",
                hoverinfo="text",
            )
        )
    figure.update_xaxes(range=[float(z[0]), float(z[-1])])
    return figure
