"""The record of a figure as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        id: Anchor, unique on its page.
        title: What it shows, a phrase.
        caption: What to see in it, and n.
        panels: Panel title -> plotly figure; the title of a single panel is "".
        least_px: Smallest width of a panel beside others; None gives every panel the whole width.
    """

    id: str
    title: str
    caption: str
    panels: Mapping[str, go.Figure]
    least_px: int | None = None
