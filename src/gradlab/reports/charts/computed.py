"""`plane`, `number_grids` and `count_bars`: what an exact computation finds, as a picture."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from gradlab.reports.charts.effects import BRIGHT
from gradlab.reports.charts.style import BLUE, INK, MUTED, OKABE_ITO, PANEL, TEXT_PX, empty, safe, see_through
from gradlab.studies.exact import Plane, Table

_PLANE_PX, _GRID_PX, _BAR_PX = 150, 140, 26
_LEAST_BARS = 4  # height that axis and legend need to stay apart
_BLUES = [[0.0, see_through(BLUE, 0)], [1.0, see_through(BLUE, 0.75)]]
_GREYS = [[0.0, "rgb(40, 40, 40)"], [1.0, "rgb(232, 232, 232)"]]  # neither is the page's own
_TABLE_PX, _DIGIT_PX = 310, 9  # all tables of a panel where it is narrowest; one digit
_GAP = 0.06  # of the width, between tables


def plane(panel: Plane) -> go.Figure:
    """A function of two inputs as colour, 0 without colour and 1 at its darkest, and points that are true or not.

    Without a function the plane says "none".
    """
    ticks, points = panel.ticks, panel.points
    figure = empty(_PLANE_PX + 50, x_title="x1", y_title="x2", legend=False)
    # plotly would weigh margins against the shape of the plane for ever
    figure.update_layout(meta={"plot_px": _PLANE_PX}, margin={"l": 44, "r": 4, "t": 4, "b": 46, "autoexpand": False})
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    if panel.outputs is not None:
        figure.add_trace(
            go.Heatmap(
                x=list(ticks), y=list(ticks), z=[[round(z, 4) for z in row] for row in panel.outputs], zmin=0, zmax=1,
                colorscale=_BLUES, showscale=False, zsmooth="best", hovertemplate="(%{x:.1f}, %{y:.1f}): %{z}<extra></extra>",
            )
        )  # fmt: skip
    else:
        figure.add_annotation(text="none", x=0.5, y=0.5, showarrow=False, font={"size": TEXT_PX, "color": MUTED})
    x, y = [[point[k] for point in points] for k in (0, 1)]
    said = [f"{value:g}" for value in panel.values] if panel.values is not None else []
    hover = [
        f"({a:g}, {b:g}): {'true' if true else 'false'}" for (a, b), true in zip(points, panel.is_true, strict=True)
    ]
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="markers+text", text=said, textposition="top center", hovertext=hover, hoverinfo="text",
            marker={
                "size": 11, "color": [INK if true else PANEL for true in panel.is_true], "line": {"color": INK, "width": 1.5},
            },
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


def number_grids(tables: Mapping[str, Table], low: float, high: float) -> go.Figure:
    """Numbers over an image and over places of it, side by side; the numbers are printed where they find room.

    Args:
        tables: Title, in two lines where it has a comma -> numbers; the first table is the image itself.
        low: The number that is darkest.
        high: The number that is brightest.
    """
    figure = empty(_GRID_PX + 56, legend=False)
    figure.update_layout(meta={"plot_px": _GRID_PX}, margin={"t": 46, "b": 0})
    image = next(iter(tables.values())).rows
    width = (1 - _GAP * (len(tables) - 1)) / len(tables)
    for k, (title, table) in enumerate(tables.items()):
        x, y, left = f"x{k + 1 if k else ''}", f"y{k + 1 if k else ''}", k * (width + _GAP)
        shades = [[(value - low) / (high - low) if high > low else 1.0 for value in row] for row in table.rows]
        across, down = ([table.first + table.step * i for i in range(n)] for n in (len(shades[0]), len(shades)))
        figure.add_trace(
            go.Heatmap(
                x0=table.first, dx=table.step, y0=table.first, dy=table.step, z=shades, zmin=0, zmax=1, xgap=1, ygap=1,
                colorscale=_GREYS, showscale=False, customdata=[list(row) for row in table.rows],
                hovertemplate="%{customdata}<extra></extra>", xaxis=x, yaxis=y,
            )
        )  # fmt: skip
        cells = [(i, j, f"{value:.3g}") for i, row in enumerate(table.rows) for j, value in enumerate(row)]
        room = _TABLE_PX / len(tables) * table.step / len(image[0])
        if max(len(text) for *_, text in cells) * _DIGIT_PX <= room:
            figure.add_trace(
                go.Scatter(
                    x=[across[j] for _, j, _ in cells], y=[down[i] for i, *_ in cells], text=[text for *_, text in cells],
                    mode="text", hoverinfo="skip", xaxis=x, yaxis=y,
                    textfont={
                        "size": TEXT_PX, "color": ["black" if shades[i][j] > BRIGHT else "white" for i, j, _ in cells],
                    },
                )
            )  # fmt: skip
        hidden = {"visible": False, "fixedrange": True}
        columns = {"domain": [left, left + width], "range": [-0.5, len(image[0]) - 0.5], **hidden}
        rows = {"anchor": x, "range": [len(image) - 0.5, -0.5], **hidden}
        figure.update_layout({f"xaxis{x[1:]}": columns, f"yaxis{y[1:]}": rows})
        figure.add_annotation(
            text="<br>".join(map(safe, title.split(", "))), x=left, y=1, xref="paper", yref="paper", xanchor="left",
            yanchor="bottom", align="left", showarrow=False, font={"size": TEXT_PX, "color": MUTED},
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
                hoverinfo="text", text=[f"{n:,}" if n and len(parts) > 1 else "" for n in found], textposition="inside",
                insidetextanchor="middle", textangle=0, textfont={"color": "white"},
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
