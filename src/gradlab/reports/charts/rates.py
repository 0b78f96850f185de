"""`rates`: a rate with its interval per row, as bars and dots, with the published numbers as open diamonds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import plotly.graph_objects as go

from gradlab.reports.charts.style import INK, TEXT_PX, empty, lanes, legend_key, safe, whiskers
from gradlab.stats import Proportion
from gradlab.stats.text import counted_text, interval_text, percent_text

LABEL, BAR, DOT, GAP = 23, 17, 14, 14  # heights in pixels
LONG_LABEL = 24  # characters that fit beside the printed number on a narrow screen


@dataclass(frozen=True, slots=True)
class Series:
    """One outcome, drawn in every row.

    Attributes:
        name: What it is, for the legend.
        mark: A bar, or a dot where a bar would compete with it.
        hatch: Plotly's pattern of a bar for a collapsed or dead outcome, "" for none.
        symbol: Shape of a dot.
    """

    name: str
    mark: Literal["bar", "dot"] = "bar"
    hatch: Literal["", "/", "x", "-", "."] = "/"
    symbol: Literal["circle", "square"] = "circle"


@dataclass(frozen=True, slots=True)
class RateRow:
    """One row of the chart.

    Attributes:
        label: Its name.
        colour: "#rrggbb".
        rates: Series name -> measured proportion.
        published: Series name -> published rate.
        theory: Series name -> closed form.
    """

    label: str
    colour: str
    rates: Mapping[str, Proportion]
    published: Mapping[str, float] = field(default_factory=dict)
    theory: Mapping[str, float] = field(default_factory=dict)


def rates(
    rows: Sequence[RateRow],
    series: Sequence[Series],
    x_title: str = "share of networks (%)",
    groups: Mapping[str, str] | None = None,
) -> go.Figure | None:
    """Rows from top to bottom, the label and the bars' numbers above each.

    Args:
        rows: What to draw; rows without any measured rate are left out.
        series: Outcomes, each in a lane of its own.
        x_title: Quantity and unit.
        groups: Legend of the row colours: name -> colour.

    Returns:
        The figure, or None when nothing was measured.
    """
    rows = [row for row in rows if any(one.name in row.rates for one in series)]
    series = [one for one in series if any(one.name in row.rates for row in rows)]
    if not rows:
        return None
    two_lines = any(len(row.label) > LONG_LABEL for row in rows) or sum(one.mark == "bar" for one in series) > 1
    label_height = LABEL * (2 if two_lines else 1)
    heights = [BAR if one.mark == "bar" else DOT for one in series]
    row_height = label_height + sum(heights) + GAP
    figure = empty(x_title=x_title)
    for i, row in enumerate(rows):
        _caption(figure, row, [one.name for one in series if one.mark == "bar"], i * row_height, two_lines)
    tops = [i * row_height + label_height for i in range(len(rows))]
    for k, one in enumerate(series):
        middles = [top + sum(heights[:k]) + heights[k] / 2 for top in tops]
        shown = [(row, y) for row, y in zip(rows, middles, strict=True) if one.name in row.rates]
        (_bars if one.mark == "bar" else _dots)(figure, one, shown)
        _theory(figure, one, zip(rows, middles, strict=True), heights[k])
        _published(figure, one, zip(rows, middles, strict=True))
    _legend(figure, rows, series, groups or {})
    lanes(figure, row_height * len(rows))
    return figure


def _caption(figure: go.Figure, row: RateRow, bars: Sequence[str], top: float, two_lines: bool) -> None:
    found = [row.rates[name] for name in bars if name in row.rates]
    number = "; ".join(interval_text(rate.rate, rate.low, rate.high) for rate in found)
    common = {
        "showarrow": False,
        "xref": "paper",
        "yref": "y",
        "yanchor": "middle",
        "font": {"size": TEXT_PX, "color": INK},
    }
    y = top + LABEL * 0.55
    figure.add_annotation(x=0, y=y, text=f"<b>{safe(row.label)}</b>", xanchor="left", **common)
    if two_lines:
        figure.add_annotation(x=0, y=y + 0.85 * LABEL, text=number, xanchor="left", **common)
    else:
        figure.add_annotation(x=1, y=y, text=number, xanchor="right", **common)


def _hover(row: RateRow, name: str) -> str:
    rate = row.rates[name]
    return (
        f"<b>{safe(row.label)}</b><br>{safe(name)}: {interval_text(rate.rate, rate.low, rate.high)}"
        f"<br>{rate.count:,} of {counted_text(rate.n, 'network')}"
    )


def _bars(figure: go.Figure, one: Series, shown: Sequence[tuple[RateRow, float]]) -> None:
    found = [row.rates[one.name] for row, _ in shown]
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=[100 * rate.rate for rate in found],
            y=[y for _, y in shown],
            width=BAR - 4,
            marker={
                "color": [row.colour for row, _ in shown],
                "line": {"color": [row.colour for row, _ in shown], "width": 1.5},
                "pattern": {"shape": one.hatch, "fillmode": "replace", "size": 7, "solidity": 0.35},
            },
            error_x=whiskers(found),
            hovertext=[_hover(row, one.name) for row, _ in shown],
            hoverinfo="text",
            showlegend=False,
        )
    )


def _dots(figure: go.Figure, one: Series, shown: Sequence[tuple[RateRow, float]]) -> None:
    found = [row.rates[one.name] for row, _ in shown]
    figure.add_trace(
        go.Scatter(
            mode="markers",
            x=[100 * rate.rate for rate in found],
            y=[y for _, y in shown],
            marker={
                "symbol": one.symbol,
                "size": 9,
                "color": [row.colour for row, _ in shown],
                "line": {"color": INK, "width": 1},
            },
            error_x=whiskers(found),
            hovertext=[_hover(row, one.name) for row, _ in shown],
            hoverinfo="text",
            showlegend=False,
            cliponaxis=False,
        )
    )


def _theory(figure: go.Figure, one: Series, placed: zip[tuple[RateRow, float]], lane: float) -> None:
    for row, y in placed:
        if one.name in row.theory:
            x = 100 * row.theory[one.name]
            figure.add_trace(
                go.Scatter(
                    mode="lines",
                    x=[x, x],
                    y=[y - 0.6 * lane, y + 0.6 * lane],
                    line={"color": row.colour, "width": 2.5, "dash": "4px,2px"},
                    hovertext=f"<b>{safe(row.label)}</b><br>theory, {safe(one.name)}: {percent_text(row.theory[one.name])}",
                    hoverinfo="text",
                    showlegend=False,
                )
            )


def _published(figure: go.Figure, one: Series, placed: zip[tuple[RateRow, float]]) -> None:
    shown = [(row, y) for row, y in placed if one.name in row.published]
    if shown:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                x=[100 * row.published[one.name] for row, _ in shown],
                y=[y for _, y in shown],
                marker={"symbol": "diamond-open", "size": 13, "color": INK, "line": {"width": 2}},
                hovertext=[
                    f"<b>{safe(row.label)}</b><br>published: {percent_text(row.published[one.name])}"
                    for row, _ in shown
                ],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )


def _legend(figure: go.Figure, rows: Sequence[RateRow], series: Sequence[Series], groups: Mapping[str, str]) -> None:
    marker: dict[str, Any]
    neutral = groups[next(iter(groups))] if len(groups) == 1 else "#7F7F7F"
    for one in series:
        if one.mark == "bar":
            pattern = {"shape": one.hatch, "fillmode": "replace", "size": 7, "solidity": 0.35}
            marker = {"color": neutral, "line": {"color": neutral, "width": 1.5}, "pattern": pattern}
            figure.add_trace(go.Bar(orientation="h", x=[None], y=[None], name=safe(one.name), marker=marker))
        else:
            marker = {"symbol": one.symbol, "size": 9, "color": neutral, "line": {"color": INK, "width": 1}}
            legend_key(figure, safe(one.name), mode="markers", marker=marker)
    if any(row.published for row in rows):
        marker = {"symbol": "diamond-open", "size": 12, "color": INK, "line": {"width": 2}}
        legend_key(figure, "published", mode="markers", marker=marker)
    if any(row.theory for row in rows):
        legend_key(figure, "theory", mode="lines", line={"color": neutral, "width": 2.5, "dash": "4px,2px"})
    if len(groups) > 1:
        for name, colour in groups.items():
            marker = {"symbol": "square", "size": 12, "color": colour}
            legend_key(figure, safe(name), mode="markers", marker=marker)
