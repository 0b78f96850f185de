"""`readings`: the rate under each admissible reading of a source's missing parameters, against the published number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from gradlab.reports.charts.style import (
    BLUE,
    INK,
    MUTED,
    TEXT_PX,
    empty,
    lanes,
    legend_key,
    safe,
    see_through,
    whiskers,
)
from gradlab.stats import Proportion, Share
from gradlab.stats.text import counted_text, interval_text, percent_text

LABEL, LANE = 21, 20
LONG_LABEL = 33  # characters that fit beside the printed number on a narrow screen

_STATES: dict[bool | None, tuple[str, str]] = {
    True: ("compatible", "circle"),
    False: ("not compatible", "circle-open"),
    None: ("undecided: too wide to tell, or too few networks", "circle-open-dot"),
}


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading.

    Attributes:
        label: Its levels in words.
        rate: What was measured.
        prediction: 95 % prediction interval for a run of the published size.
        compatible: Whether it reproduces the published number; None where it is too wide to tell, or of too few networks.
    """

    label: str
    rate: Proportion | Share
    prediction: tuple[float, float]
    compatible: bool | None


def readings(rows: Sequence[ReadingRow], published: float | None, x_title: str) -> go.Figure | None:
    """Rows by rate, highest first: discs and the word for compatible ones, rings for others, dotted where nothing is decided.

    Returns:
        The figure, or None without readings.
    """
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: -row.rate.rate)
    two_lines = any(len(row.label) > LONG_LABEL for row in rows)
    label_height = LABEL * (2 if two_lines else 1)
    height = label_height + LANE
    figure = empty(x_title=x_title)
    middles = [i * height + label_height + LANE / 2 for i in range(len(rows))]
    for i, row in enumerate(rows):
        _words(figure, row, i * height, middles[i], two_lines)
    _predictions(figure, rows, middles)
    for compatible in _STATES:
        shown = [(row, y) for row, y in zip(rows, middles, strict=True) if row.compatible == compatible]
        if shown or compatible is not None:
            _marks(figure, shown, compatible)
    if published is not None:
        x = 100 * published
        ticks = [(x, y + half) if half else (None, None) for y in middles for half in (-LANE / 2, LANE / 2, 0)]
        figure.add_trace(
            go.Scatter(
                mode="lines", x=[at for at, _ in ticks], y=[at for _, at in ticks], line={"color": MUTED, "width": 1.5},
                hoverinfo="skip", showlegend=False,
            )
        )  # fmt: skip
        diamond = {"symbol": "diamond-open", "size": 13, "color": INK, "line": {"width": 2}}
        figure.add_trace(
            go.Scatter(
                name=f"published {percent_text(published)}", mode="markers", x=[x], y=[-9], marker=diamond, cliponaxis=False,
                hovertext=[f"published: {percent_text(published)}"], hoverinfo="text",
            )
        )  # fmt: skip
    lanes(figure, height * len(rows), top=20)
    return figure


def _words(figure: go.Figure, row: ReadingRow, top: float, middle: float, two_lines: bool) -> None:
    """Label and number above the mark; "compatible" beside it, on the side that has room."""
    common = {"showarrow": False, "yanchor": "middle", "font": {"size": TEXT_PX, "color": INK}}
    y = top + 0.6 * LABEL
    label = f"<b>{safe(row.label)}</b>" if row.compatible else safe(row.label)
    number = interval_text(row.rate.rate, row.rate.low, row.rate.high)
    figure.add_annotation(x=0, xref="paper", y=y, xanchor="left", text=label, **common)
    if two_lines:
        figure.add_annotation(x=0, xref="paper", y=y + 0.9 * LABEL, xanchor="left", text=number, **common)
    else:
        figure.add_annotation(x=1, xref="paper", y=y, xanchor="right", text=number, **common)
    if row.compatible:
        left = row.rate.rate > 0.5
        edge = min(row.rate.low, row.prediction[0]) if left else max(row.rate.high, row.prediction[1])
        side, shift = ("right", -10) if left else ("left", 10)
        figure.add_annotation(x=100 * edge, y=middle, xanchor=side, xshift=shift, text="<b>compatible</b>", **common)


def _predictions(figure: go.Figure, rows: Sequence[ReadingRow], middles: Sequence[float]) -> None:
    band = {"color": see_through(BLUE, 0.35), "width": 9}
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row, y in zip(rows, middles, strict=True):
        xs += [100 * row.prediction[0], 100 * row.prediction[1], None]
        ys += [y, y, None]
    figure.add_trace(
        go.Scatter(
            name="where another run's rate would lie (95 %)", mode="lines", x=xs, y=ys, line=band,
            hoverinfo="skip", cliponaxis=False,
        )
    )  # fmt: skip


def _marks(figure: go.Figure, shown: Sequence[tuple[ReadingRow, float]], compatible: bool | None) -> None:
    words, symbol = _STATES[compatible]
    marker = {
        "symbol": symbol,
        "size": 10,
        "color": BLUE,
        "line": {"width": 2, "color": BLUE},
    }
    legend_key(figure, words, mode="markers", marker=marker)
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=[100 * row.rate.rate for row, _ in shown],
            y=[y for _, y in shown],
            marker=marker,
            error_x=whiskers([row.rate for row, _ in shown]),
            hovertext=[
                f"{safe(row.label)}<br>{interval_text(row.rate.rate, row.rate.low, row.rate.high)}"
                f"<br>{counted_text(row.rate.n, 'network')}<br>prediction for another run:"
                f" {100 * row.prediction[0]:.1f} to {100 * row.prediction[1]:.1f} %"
                for row, _ in shown
            ],
            hoverinfo="text",
            showlegend=False,
            cliponaxis=False,
        )
    )  # fmt: skip
