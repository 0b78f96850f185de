"""`class_counts`: how often each class is predicted; `confusion`: which class is taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.reports.charts.axes import exact
from gradlab.reports.charts.bands import means_of
from gradlab.reports.charts.style import GREY, GRID, INK, TEXT_PX, empty, legend_key, safe, see_through
from gradlab.stats.text import counted_text, interval_text

ROW_PX = 28  # of a class in `class_counts`
CELL_PX = 42  # height of a cell of `confusion`: two lines of text
MOST_PRINTED = 12  # classes whose numbers fit into cells on a telephone
BRIGHT = 0.48  # share of viridis from which black is easier to read on it than white
HALO = "0 0 2px white, 0 0 3px white, 0 0 4px white"

CONFUSION_KEY = (
    "In each cell the number of inputs (the mean over networks), below it the percentage of its row; empty cells are 0."
)


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """How often R networks of one setting predict each of C classes.

    Attributes:
        label: The setting, for the panel's title.
        colour: "#rrggbb".
        predicted: Number of inputs given each class [R, C].
    """

    label: str
    colour: str
    predicted: Int[ndarray, "R C"]


def class_counts(
    settings: Sequence[ClassCounts],
    classes: Sequence[str],
    true: Int[ndarray, " C"] | None = None,
    *,
    x_title: str = "share of predictions (%)",
    y_title: str = "class",
) -> Mapping[str, go.Figure]:
    """A bar for each class: its share of the predictions, as the mean over networks with Student's 95 % interval.

    Args:
        settings: What to compare, a panel each.
        classes: Their names.
        true: Number of inputs that belong to each class, drawn as a thin mark.
        x_title: Quantity and unit.
        y_title: What the classes are.

    Returns:
        Label -> figure, all with the same axis; empty without predictions.

    Assumes:
        Independent networks. Bounds of intervals are cut at 0 and 100 %.
    """
    settings = [one for one in settings if one.predicted.sum()]
    shares = [_shares(one.predicted) for one in settings]
    truth = None if true is None or not true.sum() else true / true.sum()
    highest = max((float(np.nanmax(share)) for share in shares), default=0.0)
    highest = 100 * max(highest, 0.0 if truth is None else float(truth.max()))
    return {
        one.label: _class_panel(one, share, classes, truth, highest, (x_title, y_title))
        for one, share in zip(settings, shares, strict=True)
    }


def _shares(counts: Int[ndarray, "R C"]) -> Float[ndarray, "R C"]:
    """Row by row; NaN for a network without predictions."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0))


def _class_panel(
    one: ClassCounts,
    shares: Float[ndarray, "R C"],
    classes: Sequence[str],
    truth: Float[ndarray, " C"] | None,
    highest: float,
    titles: tuple[str, str],
) -> go.Figure:
    count, networks = len(classes), len(shares)
    figure = empty(ROW_PX * count + 110, x_title=titles[0], y_title=titles[1])
    figure.update_layout(meta={"plot_px": ROW_PX * count})
    means, rows = means_of(shares, is_log=False), list(range(count))
    numbers = [100 * mean.mean for mean in means]
    lows, highs = ([min(1.0, max(0.0, getattr(mean, end))) for mean in means] for end in ("low", "high"))
    whiskers = {
        "type": "data", "symmetric": False, "color": INK, "thickness": 1.5, "width": 4,
        "array": [round(100 * high - n, 3) for high, n in zip(highs, numbers, strict=True)],
        "arrayminus": [round(n - 100 * low, 3) for low, n in zip(lows, numbers, strict=True)],
    }  # fmt: skip
    words = []
    for k, name in enumerate(classes):
        interval = interval_text(means[k].mean, lows[k], highs[k]) if networks > 1 else f"{exact(numbers[k])} %"
        of = (
            f"mean of {networks:,} networks"
            if networks > 1
            else f"{counted_text(int(one.predicted[0, k]), 'input')}, 1 network"
        )
        right = "" if truth is None else f"<br>true share {exact(100 * float(truth[k]))} %"
        words.append(f"<b>{safe(one.label)}</b>, class {safe(name)}<br>{interval}<br>{of}{right}")
    figure.add_trace(
        go.Bar(
            orientation="h", x=[round(n, 3) for n in numbers], y=rows, width=0.66, error_x=whiskers if networks > 1 else None,
            marker={"color": see_through(one.colour, 0.55), "line": {"color": one.colour, "width": 1.5}},
            hovertext=words, hoverinfo="text", showlegend=False,
        )
    )  # fmt: skip
    name = f"mean of {networks:,} networks" if networks > 1 else "1 network, no interval"
    square = {"symbol": "square", "size": 12, "color": see_through(GREY, 0.55), "line": {"color": GREY, "width": 1.5}}
    legend_key(figure, name, mode="markers", marker=square)
    if truth is not None:
        mark = {"symbol": "line-ns-open", "size": 18, "color": INK, "line": {"width": 2}}
        x = [round(100 * float(share), 3) for share in truth]
        figure.add_trace(go.Scatter(x=x, y=rows, mode="markers", marker=mark, hoverinfo="skip", showlegend=False))
        legend_key(figure, "true share", mode="markers", marker=mark)
    figure.update_xaxes(range=[0, min(104.0, 1.12 * highest)], nticks=6, zeroline=False)
    figure.update_yaxes(
        tickvals=rows,
        ticktext=[safe(name) for name in classes],
        range=[count - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure


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
