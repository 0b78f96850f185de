"""What all charts share: colours, the empty figure, whiskers, text that is safe in plotly."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from gradlab.parts import ACTIVATIONS
from gradlab.stats import Proportion, Share

# Roles, not tastes: a page remaps exactly these four in the dark, so nothing else may use them.
INK, MUTED, GRID, PANEL = "rgb(31, 35, 40)", "rgb(92, 99, 106)", "rgb(222, 226, 230)", "rgb(246, 247, 249)"
CLEAR = "rgba(0, 0, 0, 0)"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
TEXT_PX = 14

VERMILLION, ORANGE, BLUE, GREEN = "#D55E00", "#E69F00", "#0072B2", "#009E73"
SKY, PURPLE, YELLOW, GREY = "#56B4E9", "#CC79A7", "#C9B800", "#7F7F7F"
# Okabe and Ito's palette; its yellow is darkened to be seen on white.
OKABE_ITO = (VERMILLION, ORANGE, BLUE, GREEN, SKY, PURPLE, YELLOW, GREY)
_FIRST = {"relu": VERMILLION, "leaky_relu": ORANGE, "tanh": BLUE, "sigmoid": GREEN}
_OTHERS = (SKY, PURPLE, YELLOW, GREY)
SYMBOLS = ("circle", "square", "triangle-up", "x", "star", "triangle-down", "cross", "hexagon", "pentagon", "bowtie")


def colour_of(activation: str) -> str:
    """The colour of an activation, the same on every page.

    Example:
        >>> colour_of("relu"), colour_of("sigmoid") == colour_of("tanh")
        ('#D55E00', False)
    """
    if activation in _FIRST:
        return _FIRST[activation]
    others = [name for name in ACTIVATIONS if name not in _FIRST]
    return _OTHERS[others.index(activation) % len(_OTHERS)] if activation in others else GREY


def see_through(colour: str, opacity: float) -> str:
    """A `#rrggbb` colour with an opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def safe(text: object) -> str:
    """Text that plotly, which reads a little HTML, shows as it is."""
    return html.escape(str(text), quote=False)


def empty(height: int = 400, *, x_title: str = "", y_title: str = "", legend: bool = True) -> go.Figure:
    """A figure without data: transparent, no frame, light grid, legend above the plot."""
    font = {"family": FONT, "size": TEXT_PX, "color": INK}

    def axis(title: str) -> dict[str, Any]:
        return {
            "gridcolor": GRID,
            "zerolinecolor": GRID,
            "linecolor": MUTED,
            "tickcolor": MUTED,
            "fixedrange": True,
            "automargin": True,
            "title": {"text": title, "font": {"size": TEXT_PX, "color": INK}, "standoff": 10},
        }

    return go.Figure(  # all at once: updating a layout takes ten times as long
        layout={
            "template": {},
            "height": height,
            "autosize": True,
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": font,
            "hoverlabel": {"bgcolor": PANEL, "bordercolor": MUTED, "font": font, "align": "left"},
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "bgcolor": CLEAR,
                       "itemclick": False, "itemdoubleclick": False},
            "dragmode": False,
            "hovermode": "closest",
            "xaxis": axis(x_title),
            "yaxis": axis(y_title),
            "barmode": "overlay",
        }
    )  # fmt: skip


def lanes(figure: go.Figure, height: float, *, top: float = 0.0) -> None:
    """Axes of a chart with labels above horizontal marks: percent across, a pixel a unit downward, no vertical axis.

    `meta.plot_px` is the height the plot itself needs; a page keeps it when a narrow screen wraps the legend.
    """
    figure.update_layout(height=height + top + 92, meta={"plot_px": height + top})
    figure.update_xaxes(range=[-0.8, 101.2], tickvals=[0, 25, 50, 75, 100], zeroline=False)
    figure.update_yaxes(
        range=[height, -top], showgrid=False, zeroline=False, showticklabels=False, showline=False, ticks=""
    )


def whiskers(rates: Sequence[Proportion | Share]) -> dict[str, Any]:
    """Error bars from rate to both ends of the interval, in percent."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * max(0.0, rate.high - rate.rate) for rate in rates],
        "arrayminus": [100 * max(0.0, rate.rate - rate.low) for rate in rates],
        "color": INK,
        "thickness": 1.5,
        "width": 4,
    }


def finite(value: float | None) -> float | None:
    """The value, or None (a gap) for NaN and infinities, rounded to 6 significant digits to keep pages small."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def spans_two_decades(values: Iterable[float]) -> bool:
    """Whether the positive values reach over a factor of 100 or more: then the axis is logarithmic."""
    positive = [value for value in values if math.isfinite(value) and value > 0]
    return bool(positive) and max(positive) >= 100 * min(positive)


def legend_key(figure: go.Figure, name: str, **style: Any) -> None:
    """An entry of the legend that belongs to no single trace."""
    figure.add_trace(go.Scatter(x=[None], y=[None], name=name, showlegend=True, hoverinfo="skip", **style))
