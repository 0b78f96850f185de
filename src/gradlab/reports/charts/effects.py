"""`effect_grids`: a rate over two factors, a panel per level of a third; `effect_bars`: how much each factor moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from gradlab.reports.charts.style import BLUE, INK, TEXT_PX, empty, lanes, legend_key, safe, see_through
from gradlab.reports.words import level_text
from gradlab.stats import Proportion
from gradlab.stats.text import counted_text, interval_text
from gradlab.studies.levels import LevelValue

LABEL, BAR, GAP = 24, 18, 16
BRIGHT = 0.48  # share of viridis from which black is easier to read on it than white


@dataclass(frozen=True, slots=True)
class GridCell:
    """A measured rate and where it stands: levels of the horizontal and vertical factor, and its panel."""

    x: LevelValue
    y: LevelValue
    panel: str
    rate: Proportion


@dataclass(frozen=True, slots=True)
class EffectBar:
    """How much one factor moves a rate.

    Attributes:
        factor: Its name.
        mean: Mean over the combinations of the other factors.
        combinations: Largest minus smallest rate over this factor's levels, one for each combination.
        by_level: Level -> mean rate.
    """

    factor: str
    mean: float
    combinations: Sequence[float]
    by_level: Mapping[LevelValue, float]


def effect_grids(cells: Sequence[GridCell], x_title: str, y_title: str) -> Mapping[str, go.Figure]:
    """Heat maps with one colour scale and the same axes; the rate is printed in every cell.

    Returns:
        Panel name -> figure; empty without cells.
    """
    columns, lines = _levels([cell.x for cell in cells]), _levels([cell.y for cell in cells])
    panels: dict[str, dict[tuple[LevelValue, LevelValue], Proportion]] = {}
    for cell in cells:
        panels.setdefault(cell.panel, {})[cell.x, cell.y] = cell.rate
    return {name: _grid(found, columns, lines, x_title, y_title) for name, found in panels.items()}


def _levels(values: Sequence[LevelValue]) -> list[LevelValue]:
    """Different levels: numbers by size, names in the order they came."""
    found = list(dict.fromkeys(values))
    numeric = [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    return [*sorted(numeric)] if len(numeric) == len(found) else found


def _grid(
    found: Mapping[tuple[LevelValue, LevelValue], Proportion],
    columns: Sequence[LevelValue],
    lines: Sequence[LevelValue],
    x_title: str,
    y_title: str,
) -> go.Figure:
    figure = empty(46 * len(lines) + 130, x_title=x_title, y_title=y_title, legend=False)
    rates = [[found.get((x, y)) for x in columns] for y in lines]
    figure.add_trace(
        go.Heatmap(
            x=list(range(len(columns))),
            y=list(range(len(lines))),
            z=[[None if rate is None else 100 * rate.rate for rate in line] for line in rates],
            hovertext=[
                [
                    "" if rate is None else _hover(rate, x_title, x, y_title, y)
                    for x, rate in zip(columns, line, strict=True)
                ]
                for y, line in zip(lines, rates, strict=True)
            ],
            hoverinfo="text",
            colorscale="Viridis",
            zmin=0,
            zmax=100,
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": "%", "side": "top"},
                "thickness": 12,
                "outlinewidth": 0,
                "tickvals": [0, 50, 100],
            },
        )
    )
    printed = [(i, k, rate) for k, line in enumerate(rates) for i, rate in enumerate(line) if rate is not None]
    figure.add_trace(
        go.Scatter(
            x=[i for i, _, _ in printed],
            y=[k for _, k, _ in printed],
            text=[_short(rate.rate) for _, _, rate in printed],
            mode="text",
            textfont={"size": TEXT_PX, "color": ["black" if rate.rate > BRIGHT else "white" for _, _, rate in printed]},
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=[safe(level_text(x)) for x in columns])
    figure.update_yaxes(tickvals=list(range(len(lines))), ticktext=[safe(level_text(y)) for y in lines])
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False)
    return figure


def _short(rate: float) -> str:
    """The rate in percent, as short as a cell needs."""
    percent = 100 * rate
    return f"{percent:.0f}" if percent in (0.0, 100.0) else f"{percent:.1f}"


def _hover(rate: Proportion, x_title: str, x: LevelValue, y_title: str, y: LevelValue) -> str:
    where = f"{safe(x_title)} {safe(level_text(x))}, {safe(y_title)} {safe(level_text(y))}"
    return f"{where}<br>{interval_text(rate.rate, rate.low, rate.high)}<br>{rate.count:,} of {counted_text(rate.n, 'network')}"


def effect_bars(bars: Sequence[EffectBar]) -> go.Figure | None:
    """A bar per factor: the mean over all combinations of the others, each of which is a pale tick.

    Returns:
        The figure, or None without factors.
    """
    if not bars:
        return None
    height = LABEL + BAR + GAP
    figure = empty(x_title="largest minus smallest rate (points)")
    middles = [i * height + LABEL + BAR / 2 for i in range(len(bars))]
    for i, bar in enumerate(bars):
        common = {"showarrow": False, "xref": "paper", "yanchor": "middle", "font": {"size": TEXT_PX, "color": INK}}
        y = i * height + 0.55 * LABEL
        figure.add_annotation(x=0, y=y, xanchor="left", text=f"<b>{safe(bar.factor)}</b>", **common)
        low, high = min(bar.combinations), max(bar.combinations)
        spread = f"{100 * bar.mean:.1f} points, from {100 * low:.1f} to {100 * high:.1f}"
        figure.add_annotation(x=1, y=y, xanchor="right", text=spread, **common)
    figure.add_trace(
        go.Bar(
            orientation="h",
            x=[100 * bar.mean for bar in bars],
            y=middles,
            width=BAR - 4,
            marker={"color": see_through(BLUE, 0.55), "line": {"color": BLUE, "width": 1.5}},
            hovertext=[_levels_hover(bar) for bar in bars],
            hoverinfo="text",
            showlegend=False,
        )
    )
    points = [(100 * value, y) for bar, y in zip(bars, middles, strict=True) for value in bar.combinations]
    ticks = {"symbol": "line-ns-open", "size": 16, "color": INK, "opacity": 0.45, "line": {"width": 1.5}}
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in points], y=[y for _, y in points], mode="markers", marker=ticks, hoverinfo="skip", showlegend=False
        )
    )  # fmt: skip
    square = {"symbol": "square", "size": 12, "color": see_through(BLUE, 0.55), "line": {"color": BLUE, "width": 1.5}}
    legend_key(figure, "mean", mode="markers", marker=square)
    legend_key(figure, "one combination of the other factors", mode="markers", marker=ticks)
    lanes(figure, height * len(bars))
    return figure


def _levels_hover(bar: EffectBar) -> str:
    levels = "<br>".join(f"{safe(level_text(level))}: {100 * rate:.1f} %" for level, rate in bar.by_level.items())
    return f"<b>{safe(bar.factor)}</b>, mean rate by level<br>{levels}"
