"""`confusion`: which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.reports.charts.axes import exact
from gradlab.reports.charts.bands import means_of
from gradlab.reports.charts.style import GRID, TEXT_PX, empty, safe
from gradlab.stats.text import interval_text

CELL_PX = 42  # height of a cell of `confusion`: two lines of text
MOST_PRINTED = 12  # classes whose numbers fit into cells on a telephone
BRIGHT = 0.48  # share of viridis from which black is easier to read on it than white
HALO = "0 0 2px white, 0 0 3px white, 0 0 4px white"

CONFUSION_KEY = (
    "In each cell the number of inputs (the mean over networks), below it the percentage of its row; empty cells are 0."
)


def _shares(counts: Int[ndarray, "R C"]) -> Float[ndarray, "R C"]:
    """Row by row; NaN for a network without predictions."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0))


def confusion(
    counts: Int[ndarray, "R C C"],
    classes: Sequence[str],
    *,
    x_title: str = "predicted class",
    y_title: str = "true class",
) -> go.Figure | None:
    """Rows are true classes, columns predicted ones; in every cell the count and below it its percentage of the row.

    The counts of several networks are averaged; a cell that is empty for all of them stays without numbers. With more
    than 12 classes the numbers stand under the pointer only.

    Args:
        counts: Number of inputs of each true class that are given each class, by network.
        classes: Their names.
        x_title: What the columns are.
        y_title: What the rows are.

    Returns:
        The figure, or None without counts. A row without inputs is grey. A caption should hold `CONFUSION_KEY`.
    """
    if not counts.sum():
        return None
    rates = np.stack([_shares(counts[:, k]) for k in range(len(classes))], axis=1)
    mean_counts, mean_rates = counts.mean(axis=0), _mean(rates)
    prints = len(classes) <= MOST_PRINTED
    height = CELL_PX * len(classes) if prints else min(620, 16 * len(classes))
    figure = empty(height + 60, x_title=x_title, y_title=y_title, legend=False)
    figure.update_layout(meta={"plot_px": height})
    at = list(range(len(classes)))
    figure.add_trace(
        go.Heatmap(
            x=at,
            y=at,
            z=[[None if np.isnan(rate) else round(100 * float(rate), 2) for rate in row] for row in mean_rates],
            hovertext=[[_words(counts[:, i, k], rates[:, i, k], classes, i, k) for k in at] for i in at],
            hoverinfo="text",
            colorscale="Viridis",
            zmin=0,
            zmax=100,
            xgap=1,
            ygap=1,
            showscale=not prints,
            colorbar={"title": {"text": "% of the row", "side": "top"}, "thickness": 12, "outlinewidth": 0},
        )
    )
    if prints:
        shown = [(k, i) for i in at for k in at if mean_counts[i, k] > 0]
        figure.add_trace(
            go.Scatter(
                x=[k for k, _ in shown],
                y=[i for _, i in shown],
                text=[f"{_whole(mean_counts[i, k])}<br>{_whole(100 * mean_rates[i, k], 100.0)}" for k, i in shown],
                mode="text",
                textfont={
                    "size": TEXT_PX,
                    "color": ["black" if mean_rates[i, k] > BRIGHT else "white" for k, i in shown],
                    # four digits are a little wider than a cell on a telephone
                    "shadow": [HALO if mean_rates[i, k] > BRIGHT else "none" for k, i in shown],
                },
                hoverinfo="skip",
            )
        )
    names = [safe(name) for name in classes]
    figure.update_xaxes(tickvals=at, ticktext=names, showgrid=False, zeroline=False, range=[-0.5, len(at) - 0.5])
    figure.update_yaxes(tickvals=at, ticktext=names, showgrid=False, zeroline=False, range=[len(at) - 0.5, -0.5])
    figure.update_layout(plot_bgcolor=GRID)
    return figure


def _mean(rates: Float[ndarray, "R C C"]) -> Float[ndarray, "C C"]:
    """Over networks; NaN where none has inputs of the class."""
    known = np.isfinite(rates)
    sums, n = np.where(known, rates, 0.0).sum(axis=0), known.sum(axis=0)
    return np.asarray(np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0))


def _whole(value: float, most: float = float("inf")) -> str:
    """A number without decimals, never 0 for what is more, nor 100 % for what is less.

    Example:
        >>> _whole(0.2), _whole(99.7, 100.0), _whole(100.0, 100.0), _whole(1234.4)
        ('<1', '>99', '100', '1234')
    """
    if 0 < value < 0.5:
        return "<1"
    if most - 0.5 <= value < most:
        return f">{most - 1:.0f}"
    return f"{value:.0f}"


def _words(counts: Int[ndarray, " R"], rates: Float[ndarray, " R"], classes: Sequence[str], i: int, k: int) -> str:
    head = f"true {safe(classes[i])}, predicted {safe(classes[k])}"
    (mean,) = means_of(rates[:, None], is_log=False)
    if not mean.n:
        return f"{head}<br>no inputs of this class"
    if len(counts) == 1:
        return f"{head}<br>{int(counts[0]):,}, {exact(100 * mean.mean)} % of the row<br>1 network, no interval"
    interval = interval_text(mean.mean, max(0.0, mean.low), min(1.0, mean.high))
    return f"{head}<br>{exact(float(counts.mean()))} on average of {len(counts):,} networks<br>{interval} of the row"
