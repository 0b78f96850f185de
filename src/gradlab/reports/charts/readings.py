"""`readings`: the rate under each admissible reading of a source's missing parameters, against the published number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from gradlab.reports.charts.style import BLUE, INK, MUTED, TEXT_PX, empty, legend_key, safe, see_through, whiskers
from gradlab.reports.words import interval_text, percent_text
from gradlab.stats import Proportion

LABEL, LANE = 24, 20


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading.

    Attributes:
        label: Its levels in words.
        rate: What was measured.
        prediction: 95 % prediction interval for a run of the published size.
        compatible: Whether it holds the published number.
    """

    label: str
    rate: Proportion
    prediction: tuple[float, float]
    compatible: bool


def readings(rows: Sequence[ReadingRow], published: float | None, x_title: str = "share of networks (%)") -> go.Figure | None:
    """Rows by rate, highest first; a full disc and the word for compatible ones, a ring for the others.

    Returns:
        The figure, or None without readings.
    """
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: -row.rate.rate)
    height = LABEL + LANE
    figure = empty(height * len(rows) + 150, x_title=x_title)
    middles = [i * height + LABEL + LANE / 2 for i in range(len(rows))]
    for i, row in enumerate(rows):
        _words(figure, row, i * height, middles[i])
    _predictions(figure, rows, middles)
    for compatible in (True, False):
        _marks(figure, [(row, y) for row, y in zip(rows, middles, strict=True) if row.compatible == compatible], compatible)
    if published is not None:
        x = 100 * published
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=height * len(rows), line={"color": MUTED, "width": 1}, layer="below")
        diamond = {"symbol": "diamond-open", "size": 13, "color": INK, "line": {"width": 2}}
        figure.add_trace(
            go.Scatter(
                name=f"published {percent_text(published)}", mode="markers", x=[x], y=[0], marker=diamond, cliponaxis=False,
                hovertext=[f"published: {percent_text(published)}"], hoverinfo="text",
            )
        )  # fmt: skip
    figure.update_xaxes(range=[-1.5, 101.5], tickvals=[0, 25, 50, 75, 100], zeroline=False)
    figure.update_yaxes(range=[height * len(rows), -12], showgrid=False, zeroline=False, showticklabels=False)
    return figure


def _words(figure: go.Figure, row: ReadingRow, top: float, middle: float) -> None:
    """The label above, the verdict at its right, the number beside the mark on the side that has room."""
    common = {"showarrow": False, "yanchor": "middle", "font": {"size": TEXT_PX, "color": INK}}
    y = top + 0.6 * LABEL
    label = f"<b>{safe(row.label)}</b>" if row.compatible else safe(row.label)
    figure.add_annotation(x=0, xref="paper", y=y, xanchor="left", text=label, **common)
    word = "<b>compatible</b>" if row.compatible else "not"
    figure.add_annotation(x=1, xref="paper", y=y, xanchor="right", text=word, **common)
    left = row.rate.rate > 0.5
    edge = min(row.rate.low, row.prediction[0]) if left else max(row.rate.high, row.prediction[1])
    number = interval_text(row.rate.rate, row.rate.low, row.rate.high)
    figure.add_annotation(
        x=100 * edge, y=middle, xanchor="right" if left else "left", xshift=-10 if left else 10, text=number, **common
    )


def _predictions(figure: go.Figure, rows: Sequence[ReadingRow], middles: Sequence[float]) -> None:
    band = {"color": see_through(BLUE, 0.25), "width": 9}
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row, y in zip(rows, middles, strict=True):
        xs += [100 * row.prediction[0], 100 * row.prediction[1], None]
        ys += [y, y, None]
    figure.add_trace(
        go.Scatter(
            name="where another run's rate would lie (95 %)", mode="lines", x=xs, y=ys, line=band, hoverinfo="skip", cliponaxis=False
        )
    )  # fmt: skip


def _marks(figure: go.Figure, shown: Sequence[tuple[ReadingRow, float]], compatible: bool) -> None:
    marker = {"symbol": "circle" if compatible else "circle-open", "size": 10, "color": BLUE, "line": {"width": 2, "color": BLUE}}
    legend_key(figure, "compatible" if compatible else "not compatible", mode="markers", marker=marker)
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=[100 * row.rate.rate for row, _ in shown],
            y=[y for _, y in shown],
            marker=marker,
            error_x=whiskers([row.rate for row, _ in shown]),
            hovertext=[
                f"{safe(row.label)}<br>{interval_text(row.rate.rate, row.rate.low, row.rate.high)}"
                f"<br>{row.rate.count:,} of {row.rate.n:,} networks<br>prediction for another run:"
                f" {100 * row.prediction[0]:.1f} to {100 * row.prediction[1]:.1f} %"
                for row, _ in shown
            ],
            hoverinfo="text",
            showlegend=False,
            cliponaxis=False,
        )
    )  # fmt: skip
