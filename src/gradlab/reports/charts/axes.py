"""Axes that several charts share: training steps, layers, and values with a place for exact zeros.

Positions are what plotly gets, so that ticks, cells and lines of one chart agree; nothing here draws data.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from gradlab.reports.charts.style import GRID, safe, spans_two_decades

_GAP = 0.45  # decades between step 0 and the first step after it
_MOST_TICKS = 9  # labels that fit under a chart on a telephone


def exact(value: float) -> str:
    """A number for the pointer: 4 significant digits; NaN and infinities by name.

    Example:
        >>> exact(0.97623), exact(12345.6), exact(1e-9), exact(float("-inf"))
        ('0.9762', '12,350', '1e-9', '-Inf')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Inf" if value > 0 else "-Inf")
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if 1000 <= abs(rounded) < 1e7 else f"{rounded:.4g}".replace("e-0", "e-").replace("e+", "e")


def power_text(value: float) -> str:
    """A number at a tick of a logarithmic axis.

    Example:
        >>> power_text(0.001), power_text(1e-7), power_text(2e5)
        ('0.001', '1e-7', '2e5')
    """
    mantissa, _, power = (f"{value:e}" if abs(value) >= 1e5 else f"{value:g}").partition("e")
    return f"{float(mantissa):g}e{int(power)}" if power else mantissa


class StepAxis:
    """Training steps -> positions: the steps themselves, or their log10 with step 0 a gap before the first after it."""

    def __init__(self, steps: Iterable[int], *, is_log: bool) -> None:
        steps = sorted(set(steps))
        positive = [step for step in steps if step > 0]
        self.steps, self.is_log = steps, is_log and bool(positive)
        self.first, self.last = (positive[0], positive[-1]) if positive else (1, 1)

    def __call__(self, step: int) -> float:
        if not self.is_log:
            return float(step)
        return round(math.log10(step) if step > 0 else math.log10(self.first) - _GAP, 4)

    def borders(self, steps: Sequence[int]) -> list[float]:
        """Borders of columns around each of increasing steps, half-way to its neighbours: one more than steps."""
        at = [self(step) for step in steps]
        if len(at) == 1:
            return [at[0] - 0.5, at[0] + 0.5]
        inner = [(a + b) / 2 for a, b in itertools.pairwise(at)]
        return [2 * at[0] - inner[0], *inner, 2 * at[-1] - inner[-1]]

    def apply(self, figure: go.Figure) -> None:
        """Set ticks and range: where logarithmic 0 and the powers of ten, with 2 and 5 between where there are few."""
        if not self.is_log:
            pad = 0.02 * (self.steps[-1] - self.steps[0]) or 0.5
            figure.update_xaxes(
                range=[self.steps[0] - pad, self.steps[-1] + pad],
                nticks=6,
                tickformat=",~r",
                zeroline=False,
                tickangle=0,
            )
            return
        powers = range(math.floor(math.log10(self.first)), math.ceil(math.log10(self.last)) + 1)
        every = [10**power for power in powers]
        if math.log10(self.last / self.first) < 1.5:
            every = sorted(k * 10**power for power in powers for k in (1, 2, 5))
        ticks = [step for step in every if self.first <= step <= self.last] or [self.first]
        zero = [0] if self.steps[0] == 0 else []
        figure.update_xaxes(
            tickvals=[self(step) for step in (*zero, *ticks)],
            ticktext=[f"{step:,}" for step in (*zero, *ticks)],
            range=[self(self.steps[0]) - 0.08, math.log10(self.last) + 0.06],
            zeroline=False,
            tickangle=0,
        )


def layer_ticks(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Positions 1 .. L and names of the layers that are labelled: all of a few, else evenly spaced ones and the last.

    Example:
        >>> layer_ticks(["1", "2", "output"])
        ([1, 2, 3], ['1', '2', 'output'])
        >>> layer_ticks([*map(str, range(1, 41)), "output"])[1]
        ['1', '5', '10', '15', '20', '25', '30', '35', 'output']
    """
    count = len(names)
    every = 1
    while count > _MOST_TICKS * every:
        every = next(k for k in (2, 5, 10, 20, 50, 100, 10**6) if k > every)
    kept = [k for k in range(1, count) if k % every == 0 and (every == 1 or count - k > 0.6 * every)]
    first = [1] if every > 2 else []
    places = [*first, *kept, count]
    return places, [safe(names[k - 1]) for k in places]


def layer_axis(figure: go.Figure, names: Sequence[str]) -> None:
    """The layers on the horizontal axis at 1 .. L, the one next to the input at the left."""
    places, texts = layer_ticks(names)
    # names of one word stand upright; plotly turns long ones where they do not fit
    angle = 0 if sum(map(len, texts)) <= 40 else None
    figure.update_xaxes(
        tickvals=places, ticktext=texts, range=[0.5, len(names) + 0.5], zeroline=False, showgrid=False, tickangle=angle,
        ticklabeloverflow="allow",
    )  # fmt: skip
    # the last name stands at the very edge where lanes are thin
    figure.update_layout(margin={"r": max(12, 4 * len(texts[-1]) if len(names) > 10 else 0)})


class ValueAxis:
    """Values on the vertical axis; where logarithmic, exact zeros have a labelled place below the smallest value.

    Attributes:
        is_log: Whether it is logarithmic: where asked for, or where the positive values span two decades; never with a
            negative value.
        floor: Where zeros stand on a logarithmic axis; None where there are none.
    """

    def __init__(self, values: Iterable[float], *, is_log: bool | None = None) -> None:
        known = [value for value in values if math.isfinite(value)] or [0.0]
        positive = [value for value in known if value > 0]
        wanted = spans_two_decades(positive) if is_log is None else is_log
        self.is_log = wanted and bool(positive) and min(known) >= 0
        self.low, self.high = (min(positive), max(positive)) if self.is_log else (min(known), max(known))
        self.floor: float | None = None
        if self.is_log and min(known) == 0:
            decades = math.log10(self.high) - math.log10(self.low)
            # the smallest of doubles is 5e-324: stay above it
            self.floor = 10.0 ** max(-320.0, math.log10(self.low) - max(0.5, 0.1 * decades))

    def __call__(self, value: float) -> float | None:
        """Where plotly draws the value; None, a gap, for what is not finite or has no place."""
        if not math.isfinite(value):
            return None
        if self.is_log and value <= 0:
            return self.floor if value == 0 else None
        return float(f"{value:.5g}")

    def height(self, value: float) -> float:
        """Height of a value in percent of the axis."""
        low, high = self.limits()
        at = math.log10(value) if self.is_log and value > 0 else (low if self.is_log else value)
        return 100 * (at - low) / (high - low)

    def limits(self) -> tuple[float, float]:
        """Ends of the axis as plotly takes them: log10 where logarithmic."""
        if not self.is_log:
            pad = 0.05 * (self.high - self.low) or 0.1 * abs(self.high) or 0.5
            return self.low - pad, self.high + pad
        low, high = math.log10(self.floor or self.low), math.log10(self.high)
        pad = 0.05 * (high - low) or 0.3
        return low - pad, high + pad

    def apply(self, figure: go.Figure, title: str) -> None:
        """Set title, range and ticks."""
        figure.update_yaxes(title_text=f"{title}{', logarithmic' if self.is_log else ''}", range=list(self.limits()))
        if not self.is_log:
            figure.update_yaxes(zeroline=False, nticks=7)
            return
        ticks = decades(self.low, self.high)
        floor = [] if self.floor is None else [self.floor]
        figure.update_yaxes(
            type="log", tickvals=[*floor, *ticks], ticktext=[*("0" for _ in floor), *map(power_text, ticks)]
        )


def decades(low: float, high: float) -> list[float]:
    """Powers of ten within low .. high, at most 7 of them; with 2 and 5 between where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / 6))
    kinds = (1, 2, 5) if last - first < 3 else (1,)
    ticks = [float(f"{k}e{power}") for power in range(first, last + 1) if power % every == 0 for k in kinds]
    inside = [tick for tick in ticks if 0.7 * low <= tick <= 1.4 * high]
    return inside or [float(f"{low:.1g}")]


def spread(values: Sequence[float], gap: float, low: float = 0.0, high: float = 100.0) -> list[float]:
    """Increasing values moved apart to at least `gap`, as little as possible, within low and high where they fit.

    Example:
        >>> spread([1.0, 2.0, 50.0], 5.0)
        [0.0, 5.0, 50.0]
    """
    clusters: list[list[float]] = []  # [sum of wanted starts, members]
    for i, value in enumerate(values):
        clusters.append([value - i * gap, 1])
        while len(clusters) > 1 and clusters[-2][0] / clusters[-2][1] >= clusters[-1][0] / clusters[-1][1]:
            total, members = clusters.pop()
            clusters[-1] = [clusters[-1][0] + total, clusters[-1][1] + members]
    top = max(low, high - gap * (len(values) - 1))
    starts = [min(max(total / members, low), top) for total, members in clusters for _ in range(int(members))]
    return [start + i * gap for i, start in enumerate(starts)]


def floor_line(figure: go.Figure, axis: ValueAxis) -> None:
    """What sets the zeros of a logarithmic axis apart from its values."""
    if axis.floor is not None:
        line = {"color": GRID, "width": 2, "dash": "dot"}
        middle = 10.0 ** ((math.log10(axis.floor) + math.log10(axis.low)) / 2)
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=middle, y1=middle, line=line, layer="below")
