"""A film as a piece of a page: pictures side by side, one slider for all of them, play, and the scale printed.

`fragment` gives the HTML of one figure with its data inside, `style` and `script` what a page needs once, however many
it holds. Nothing is loaded from anywhere; the pictures are drawn on canvases by looking colours up, so that light and dark,
paper, and the choice of scale cost no second copy. Without a script a page says that there is a picture, and shows none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from gradlab.reports.environment import TEMPLATES, environment, tied
from gradlab.reports.pictures.colours import ANCHORS, NOT_FINITE_COLOUR, hex_table
from gradlab.reports.pictures.film import Reel
from gradlab.reports.pictures.grids import Grid
from gradlab.reports.pictures.sprites import LEVELS, NOT_FINITE, SHEET_WIDTH, Sprite


def fragment(reel: Reel, label: str = "") -> Markup:
    """The figure: a `<figure>` element whose id is the film's.

    Args:
        reel: What to show; it opens at the last step.
        label: What stands before the caption: "Figure 3.".
    """
    film = reel.film
    numbered = list(enumerate(film.grids))
    return Markup(
        environment()
        .get_template("scrubber.html.j2")
        .render(
            film=film,
            label=label,
            levels=LEVELS,
            left_out=reel.left_out,
            last=len(film.steps) - 1,
            words=tied(film.words(len(film.steps) - 1)),
            rows=[(name, list(row)) for name, row in groupby(numbered, key=lambda pair: pair[1].quantity)],
            data=_json(
                {
                    "words": [tied(film.words(k)) for k in range(len(film.steps))],
                    "grids": [_record(*pair) for pair in zip(film.grids, reel.sprites, strict=True)],
                }
            ),
        )
    )


def style() -> Markup:
    """The rules of all scrubbers of a page, for a `<style>` element; the page's own style sheet has the colours."""
    return Markup((TEMPLATES / "scrubber.css").read_text(encoding="utf-8"))


def script() -> Markup:
    """What runs all scrubbers of a page, for a `<script>` element behind the last of them."""
    settings = {
        "levels": LEVELS,
        "notFinite": NOT_FINITE,
        "notFiniteColour": NOT_FINITE_COLOUR.removeprefix("#"),
        "sheetWidth": SHEET_WIDTH,
        "maps": {name: hex_table(name, LEVELS) for name in ANCHORS},
    }
    return Markup(environment().get_template("scrubber.js").render(settings=_json(settings)))


def _record(grid: Grid, sprite: Sprite) -> dict[str, Any]:
    """What the script needs to know of a grid."""
    tiles, high, wide = grid.values.shape[1:]
    ranges = sprite.ranges
    return {
        "name": f"{grid.quantity}, {grid.title}",
        "tiles": tiles,
        "high": high,
        "wide": wide,
        "columns": grid.columns,
        "gap": grid.gap,
        "shape": grid.shape,
        "isImage": grid.is_image,
        "isSigned": ranges.is_signed,
        "lines": list(grid.lines),
        "least": _numbers(ranges.least.tolist()),
        "most": _numbers(ranges.most.tolist()),
        "lost": ranges.lost.tolist(),
        "sheet": sprite.uri,
    }


def _numbers(values: Sequence[float]) -> list[float | None]:
    """Rounded far below a step of the quantiser; null where there is no number."""
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values]


def _json(data: dict[str, Any]) -> Markup:
    """JSON that may stand inside a script element: `<` is written so that no text can close it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
