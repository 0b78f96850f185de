"""`plane`, `number_grids` and `count_bars`: what an exact computation finds, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gradlab.reports.charts.effects import BRIGHT
from gradlab.reports.charts.style import BLUE, INK, MUTED, OKABE_ITO, PANEL, TEXT_PX, empty, safe, see_through

_PLANE_PX, _GRID_PX, _BAR_PX = 150, 140, 26
_LEAST_BARS = 4  # height that axis and legend need to stay apart
_BLUES = [[0.0, see_through(BLUE, 0)], [1.0, see_through(BLUE, 0.75)]]
_GREYS = [[0.0, "rgb(40, 40, 40)"], [1.0, "rgb(232, 232, 232)"]]  # neither is the page's own
_MOST_PRINTED = 12  # columns of a table whose numbers find room
_GAP = 0.06  # of the width, between tables


def plane(
    ticks: Sequence[float],
    outputs: Sequence[Sequence[float]] | None,
    points: Sequence[tuple[float, float]],
    is_true: Sequence[bool],
    values: Sequence[float] | None,
) -> go.Figure:
    """A function of two inputs as colour, 0 without colour and 1 at its darkest, and points that are true or not.

    Without a function the plane says "none".

    Args:
        ticks: Values of either input, G of them, evenly spaced.
        outputs: [G, G] a row for each value of the second input; None leaves the plane empty.
        points: Inputs to mark.
        is_true: Which of them are filled.
        values: Numbers to print beside them, if any.
    """
    figure = empty(_PLANE_PX + 50, x_title="x1", y_title="x2", legend=False)
    figure.update_layout(meta={"plot_px": _PLANE_PX})
    if outputs is not None:
        figure.add_trace(
            go.Heatmap(
                x=list(ticks), y=list(ticks), z=[[round(z, 4) for z in row] for row in outputs], zmin=0, zmax=1,
                colorscale=_BLUES, showscale=False, zsmooth="best", hovertemplate="(%{x:.1f}, %{y:.1f}): %{z}<extra></extra>",
            )
        )  # fmt: skip
    else:
        figure.add_annotation(text="none", x=0.5, y=0.5, showarrow=False, font={"size": TEXT_PX, "color": MUTED})
    x, y = [[point[k] for point in points] for k in (0, 1)]
    said = [f"{value:g}" for value in values] if values is not None else []
    hover = [f"({a:g}, {b:g}): {'true' if true else 'false'}" for (a, b), true in zip(points, is_true, strict=True)]
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="markers+text", text=said, textposition="top center", hovertext=hover, hoverinfo="text",
            marker={"size": 11, "color": [INK if true else PANEL for true in is_true], "line": {"color": INK, "width": 1.5}},
        )
    )  # fmt: skip
    figure.update_xaxes(
        range=[ticks[0], ticks[-1]], tickvals=[0, 1], showgrid=False, zeroline=False, constrain="domain"
    )
    figure.update_yaxes(
        range=[ticks[0], ticks[-1]],
        tickvals=[0, 1],
        showgrid=False,
        zeroline=False,
        scaleanchor="x",
        constrain="domain",
    )
    return figure


def number_grids(tables: Mapping[str, Sequence[Sequence[float]]]) -> go.Figure:
    """Tables of numbers side by side, all equally large, dark for the least number of all and bright for the greatest.

    Args:
        tables: Title -> rows from the top, all of one length in a table.
    """
    figure = empty(_GRID_PX + 40, legend=False)
    figure.update_layout(meta={"plot_px": _GRID_PX}, margin={"t": 30, "b": 0})
    every = np.concatenate([np.ravel(table) for table in tables.values()])
    low, high = float(every.min()), float(max(every.max(), every.min() + 1e-9))
    width = (1 - _GAP * (len(tables) - 1)) / len(tables)
    for k, (title, table) in enumerate(tables.items()):
        x, y, left = f"x{k + 1 if k else ''}", f"y{k + 1 if k else ''}", k * (width + _GAP)
        printed = table if len(table[0]) <= _MOST_PRINTED else []
        cells = [(row, column, value) for row, values in enumerate(printed) for column, value in enumerate(values)]
        bright = ["black" if (value - low) / (high - low) > BRIGHT else "white" for *_, value in cells]
        figure.add_trace(
            go.Heatmap(
                z=[list(row) for row in table], zmin=low, zmax=high, xgap=1, ygap=1, colorscale=_GREYS, showscale=False,
                hoverinfo="skip", xaxis=x, yaxis=y,
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=[column for _, column, _ in cells], y=[row for row, _, _ in cells], mode="text", hoverinfo="skip",
                text=[f"{value:g}" for *_, value in cells], textfont={"size": TEXT_PX, "color": bright}, xaxis=x, yaxis=y,
            )
        )  # fmt: skip
        hidden = {"visible": False, "fixedrange": True}
        across = {"domain": [left, left + width], "range": [-0.5, len(table[0]) - 0.5], **hidden}
        down = {"anchor": x, "range": [len(table) - 0.5, -0.5], **hidden}
        figure.update_layout({f"xaxis{x[1:]}": across, f"yaxis{y[1:]}": down})
        figure.add_annotation(
            text=safe(title), x=left, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", showarrow=False,
            font={"size": TEXT_PX, "color": MUTED},
        )  # fmt: skip
    return figure


def count_bars(counts: Mapping[str, Mapping[str, int]], unit: str) -> go.Figure:
    """Counts as stacked bars from the top, each sum printed behind its bar.

    Args:
        counts: Bar -> part -> how many; every bar has the same parts.
        unit: What is counted.
    """
    names = list(counts)
    parts = list(counts[names[0]])
    height = _BAR_PX * max(len(names), _LEAST_BARS)
    figure = empty(height + 92, x_title=unit, legend=len(parts) > 1)
    figure.update_layout(barmode="stack", meta={"plot_px": height}, legend={"traceorder": "normal"})
    for part, colour in zip(parts, (BLUE, *OKABE_ITO), strict=False):
        found = [counts[name][part] for name in names]
        figure.add_trace(
            go.Bar(
                x=found, y=[*range(len(names))], name=safe(part), orientation="h", marker={"color": colour}, width=0.7,
                hovertext=[f"{safe(name)}: {n:,} {safe(part)}" for name, n in zip(names, found, strict=True)],
                hoverinfo="text",
            )
        )  # fmt: skip
    sums = [sum(counts[name].values()) for name in names]
    figure.add_trace(
        go.Scatter(
            x=sums, y=[*range(len(names))], text=[f" {n:,}" for n in sums], mode="text", textposition="middle right",
            showlegend=False, hoverinfo="skip", cliponaxis=False,
        )
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.45 * max(*sums, 1)], nticks=5, zeroline=False)
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5], tickvals=[*range(len(names))], ticktext=[*map(safe, names)], showgrid=False,
        zeroline=False,
    )  # fmt: skip
    return figure
