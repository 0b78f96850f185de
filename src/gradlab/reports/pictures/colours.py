"""Colour maps of pictures, as tables: viridis for what has no sign, and a diverging map with 0 in the middle.

The diverging map runs from blue over the page's own tone to vermillion, the two of Okabe and Ito's colours that everybody
tells apart. On a dark page zero is dark, so that large values stand out there too; paper and GIFs take the light one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

NOT_FINITE_COLOUR = "#7f7f7f"  # in none of the maps

# Every colour at the same distance from the next; viridis (Smith and van der Walt, matplotlib) sampled at ten places,
# between which straight lines differ from it by less than the eye sees.
ANCHORS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "viridis": (
            *("#440154", "#482878", "#3e4989", "#31688e", "#26828e"),
            *("#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"),
        ),
        "diverging": ("#042a5c", "#0067ab", "#80b9e2", "#f7f7f7", "#f2aa7c", "#c95500", "#5c1d00"),
        "diverging-dark": ("#c4e6ff", "#4fa9e6", "#155383", "#1a1d21", "#8a3c05", "#e8792c", "#ffdcbf"),
    }
)


def table(name: str, levels: int) -> UInt8[ndarray, "K 3"]:
    """A colour map as K evenly spaced colours.

    Args:
        name: A key of `ANCHORS`.
        levels: K, at least 2; odd, so that a diverging map has a middle.

    Returns:
        Red, green, blue from 0 to 255.

    Example:
        >>> table("diverging", 127)[63].tolist(), table("viridis", 2).tolist()
        ([247, 247, 247], [[68, 1, 84], [253, 231, 37]])
    """
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in ANCHORS[name]])
    places = np.linspace(0.0, len(anchors) - 1, levels)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    colours: UInt8[ndarray, "K 3"] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


def hex_table(name: str, levels: int) -> str:
    """The same as text, six digits a colour, as the page's script reads it."""
    return table(name, levels).tobytes().hex()
