"""The chart of an `Embedding`: points coloured and shaped by class, and what hovering says of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from numpy import ndarray

from gradlab.reports.charts.style import INK, OKABE_ITO, PANEL, SYMBOLS, empty, safe
from gradlab.reports.words import count_text
from gradlab.signals.embedding import Embedding

# ten classes: Okabe and Ito's eight, and two that stand apart from them on white and on black
COLOURS = (*OKABE_ITO, "#7A6FE0", "#A0662D")


def embedding_chart(embedding: Embedding, classes: Sequence[str] = ()) -> go.Figure:
    """Points coloured and shaped by class, each class named in the middle of its points; hovering says which example.

    Args:
        embedding: What to draw.
        classes: Names of the classes; their numbers if there are none.
    """
    axes = (
        ("first component", "second component")
        if embedding.method == "PCA"
        else ("first (no unit)", "second (no unit)")
    )
    figure = empty(520, x_title=axes[0], y_title=axes[1])
    names = [safe(classes[k] if classes else k) for k in range(int(embedding.labels.max()) + 1)]
    taken: list[tuple[float, float]] = []
    for k, name in enumerate(names):
        here = embedding.labels == k
        if not here.any():
            continue
        colour = COLOURS[k % len(COLOURS)]
        figure.add_trace(
            go.Scatter(
                x=_short(embedding.points[here, 0]),
                y=_short(embedding.points[here, 1]),
                mode="markers",
                name=f"{name} ({count_text(int(here.sum()))})",
                customdata=embedding.rows[here].tolist(),
                hovertemplate=f"class {name}, example %{{customdata}}<extra></extra>",
                marker={"color": colour, "symbol": SYMBOLS[k % len(SYMBOLS)], "size": 5, "opacity": 0.75},
            )
        )
        x, y = _free_place(
            np.median(embedding.points[here], axis=0), taken, float(0.045 * np.ptp(embedding.points, axis=0).max())
        )
        taken.append((x, y))
        figure.add_annotation(
            x=x, y=y, text=f"<b>{name}</b>", showarrow=False,
            font={"size": 15, "color": INK}, bgcolor=PANEL, opacity=0.85, borderpad=1,
        )  # fmt: skip
    # both axes have one scale, and the plot is no wider than the points
    figure.update_xaxes(constrain="domain", constraintoward="left", zeroline=False)
    figure.update_yaxes(constrain="domain", constraintoward="top", scaleanchor="x", scaleratio=1, zeroline=False)
    # room for tick labels that does not depend on them: with both scales tied, plotly would look for it again and again
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    if embedding.method != "PCA":
        figure.update_xaxes(showticklabels=False, showgrid=False, ticks="")
        figure.update_yaxes(showticklabels=False, showgrid=False, ticks="")
    figure.update_layout(
        legend={"itemsizing": "constant"}, margin={"l": 84 if embedding.method == "PCA" else 36, "b": 56}
    )
    return figure


def _free_place(
    wanted: Float[ndarray, " 2"], taken: Sequence[tuple[float, float]], distance: float
) -> tuple[float, float]:
    """Where a name goes: right of those that would hide it."""
    x, y = float(wanted[0]), float(wanted[1])
    while any(max(abs(x - other), abs(y - level)) < distance for other, level in taken):
        x += distance
    return x, y


def _short(values: Float[ndarray, " P"]) -> list[float]:
    return [float(f"{value:.4g}") for value in values]
