"""`training_curves`: loss, accuracy or any other number of whole networks over training steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool, Float
from numpy import ndarray

from gradlab.reports.charts.axes import StepAxis, ValueAxis, exact, floor_line
from gradlab.reports.charts.bands import (
    LOST,
    MOST_REPLICAS,
    band,
    interval_words,
    keys_of_kinds,
    keys_of_nothing,
    means_of,
    thin_lines,
)
from gradlab.reports.charts.points import thinned
from gradlab.reports.charts.style import INK, SYMBOLS, empty, legend_key, safe

PLOT_PX = 320
_MOST_LOOKS = 300  # of a mean line: more than a pixel apart on a telephone
_MOST_POINTS = 6000  # of all thin lines of a setting together, so that a page stays small
_MARKERS = 7  # symbols along a line, to tell lines of one colour apart


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """A number of R networks of one setting at S looks.

    Attributes:
        label: The setting, for the legend.
        colour: "#rrggbb".
        steps: Training steps of the looks, increasing.
        values: [R, S] in the unit of the axis; NaN or Inf where a network diverged.
        published: Steps and values that a source gives.
    """

    label: str
    colour: str
    steps: Sequence[int]
    values: Float[ndarray, "R S"]
    published: Sequence[tuple[int, float]] = ()


def training_curves(
    settings: Sequence[TrainingCurve],
    y_title: str,
    *,
    x_title: str = "training steps",
    has_log_steps: bool = False,
    is_log: bool | None = None,
    most_lines: int = MOST_REPLICAS,
    beside: Sequence[TrainingCurve] = (),
) -> go.Figure | None:
    """Mean over networks at each look with Student's 95 % interval as a band; the networks themselves as thin lines.

    A network that diverges (ends NaN or infinite) is drawn until its last finite value, where a cross stands, and is no
    part of the mean at any step: a mean that loses members would jump. The legend says how many those are. Of many
    looks as many are drawn as can be told apart; the first and the last always. Looks that no network has a finite
    value at were not measured.

    Args:
        settings: What to compare.
        y_title: Quantity and unit.
        x_title: What the steps are.
        has_log_steps: Whether the steps are logarithmic, with step 0 set apart.
        is_log: None makes the values' axis logarithmic where they span two decades. A negative value makes it linear.
        most_lines: Networks of a setting that are drawn as thin lines, the first ones.
        beside: What the panels show that this one is compared with: given all of it, panels have the same axes.

    Returns:
        The figure, or None where no setting has two looks and a finite value. `meta.plot_px` is the height that the
        plot needs. A caption should hold `BANDS_KEY`.

    Assumes:
        Independent networks; what `student_mean` assumes of the values.
    """
    found = [_measured(one) for one in settings]
    nothing = [one.label for one in found if len(one.steps) < 2]
    settings = [one for one in found if len(one.steps) > 1]
    if not settings:
        return None
    framed = [*settings, *(one for one in map(_measured, beside) if len(one.steps) > 1)]
    published = [point for one in framed for point in one.published]
    steps = StepAxis(
        [*(step for one in framed for step in one.steps), *(step for step, _ in published)], is_log=has_log_steps
    )
    axis = ValueAxis([*_calm_values(framed), *(value for _, value in published)], is_log=is_log)
    figure = empty(PLOT_PX + 95, x_title=f"{x_title}{', logarithmic after 0' if steps.is_log else ''}")
    figure.update_layout(meta={"plot_px": PLOT_PX})
    for i, one in enumerate(settings):
        _draw(figure, one, steps, axis, SYMBOLS[i % len(SYMBOLS)], most_lines)
    if any(one.published for one in settings):
        marker = {"symbol": "diamond-open", "size": 12, "color": INK, "line": {"width": 2}}
        legend_key(figure, "published", mode="markers", marker=marker)
    keys_of_kinds(figure, [int(calm(one.values).sum()) for one in settings], is_geometric=axis.is_log)
    if not all(calm(one.values).all() for one in settings):
        legend_key(figure, "diverged: last finite value", mode="markers", marker=LOST)
    keys_of_nothing(figure, nothing)
    steps.apply(figure)
    axis.apply(figure, y_title)
    floor_line(figure, axis)
    return figure


def _measured(one: TrainingCurve) -> TrainingCurve:
    """Without the looks at which no network has a finite value."""
    there = np.flatnonzero(np.isfinite(one.values).any(axis=0))
    if len(there) == len(one.steps):
        return one
    # what every network lost before the end is divergence: one look is kept to show it
    last = [int(there[-1]) + 1] if len(there) and there[-1] + 1 < len(one.steps) else []
    kept = [*map(int, there), *last]
    return (
        replace(one, steps=[one.steps[k] for k in kept], values=one.values[:, kept])
        if len(there)
        else replace(one, steps=[], values=one.values[:, :0])
    )


def calm(values: Float[ndarray, "R S"]) -> Bool[ndarray, " R"]:
    """Which networks are finite at every look."""
    return np.asarray(np.isfinite(values).all(axis=1))


def _calm_values(settings: Sequence[TrainingCurve]) -> list[float]:
    """Values that set the axis: of the networks that stayed finite, or of all where none did."""
    rows = [row for one in settings for row in one.values[calm(one.values)]]
    rows = rows or [row for one in settings for row in one.values]
    return [float(value) for row in rows for value in row]


def _draw(
    figure: go.Figure, one: TrainingCurve, steps: StepAxis, axis: ValueAxis, symbol: str, most_lines: int
) -> None:
    at, stayed = [steps(step) for step in one.steps], calm(one.values)
    if len(one.values) > 1 or not stayed.all():
        few = thinned(at, min(_MOST_LOOKS, _MOST_POINTS // min(len(one.values), MOST_REPLICAS)))
        thin_lines(figure, [at[k] for k in few], one.values[:most_lines, few], axis, one.colour)
    lost = int((~stayed).sum())
    name = f"{safe(one.label)}{f' ({lost:,} of {len(stayed):,} diverged)' if lost else ''}"
    marker = {"symbol": symbol, "size": 8, "color": one.colour}
    legend_key(figure, name, mode="lines+markers", line={"color": one.colour, "width": 2}, marker=marker)
    if stayed.any():
        looks = thinned(at, _MOST_LOOKS)
        x, values = [at[k] for k in looks], one.values[stayed][:, looks]
        means = means_of(values, is_log=axis.is_log)
        if len(values) > 1:
            band(figure, x, means, axis, one.colour)
        # a geometric mean has no place for networks that are all exactly 0; their line lies where zeros stand
        y = [axis(mean.mean if values[:, k].any() else 0.0) for k, mean in enumerate(means)]
        words = [
            f"<b>{safe(one.label)}</b>, step {one.steps[look]:,}<br>{interval_words(values[:, k], means[k])}"
            f"{f'; {lost:,} more diverged' if lost else ''}"
            for k, look in enumerate(looks)
        ]
        line = {"color": one.colour, "width": 2}
        figure.add_trace(
            go.Scatter(x=x, y=y, mode="lines", line=line, hovertext=words, hoverinfo="text", showlegend=False)
        )
        marked = thinned(x, _MARKERS)
        figure.add_trace(
            go.Scatter(
                x=[x[k] for k in marked], y=[y[k] for k in marked], mode="markers", marker=marker, hoverinfo="skip",
                showlegend=False,
            )
        )  # fmt: skip
    _last_finite(figure, one, steps, axis)
    _published(figure, one, steps, axis)


def _last_finite(figure: go.Figure, one: TrainingCurve, steps: StepAxis, axis: ValueAxis) -> None:
    """A cross where a network that diverged was last seen."""
    ends = []
    for row in one.values[~calm(one.values)][:MOST_REPLICAS]:
        finite = np.flatnonzero(np.isfinite(row))
        if len(finite):
            ends.append((one.steps[int(finite[-1])], float(row[finite[-1]])))
    if ends:
        figure.add_trace(
            go.Scatter(
                x=[steps(step) for step, _ in ends],
                y=[axis(min(max(value, axis.low), axis.high)) for _, value in ends],
                mode="markers",
                marker=LOST,
                hovertext=[
                    f"<b>{safe(one.label)}</b><br>last finite value {exact(value)}, step {step:,}"
                    for step, value in ends
                ],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )


def _published(figure: go.Figure, one: TrainingCurve, steps: StepAxis, axis: ValueAxis) -> None:
    shown = [(step, value) for step, value in one.published if axis(value) is not None]
    if shown:
        figure.add_trace(
            go.Scatter(
                x=[steps(step) for step, _ in shown],
                y=[axis(value) for _, value in shown],
                mode="markers",
                marker={"symbol": "diamond-open", "size": 13, "color": one.colour, "line": {"width": 2}},
                hovertext=[
                    f"<b>{safe(one.label)}</b>, step {step:,}<br>published: {exact(value)}" for step, value in shown
                ],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )
