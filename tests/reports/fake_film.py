"""A made-up film of a small network: 10 units seeing 6 x 5 pixels, then 4 units."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradlab.reports import page
from gradlab.reports.pictures import Film, fragment, network_grids, reels, script, style

IMAGE = (6, 5)


def film(id: str, frames: int, *, title: str = "A network as it trains", caption: str = "n = 1 network.") -> Film:
    """Weights that drift, updates that shrink and activations that grow, at steps 0, 10, 20..."""
    rng = np.random.default_rng(0)
    times = np.arange(frames)
    starts = [rng.normal(size=(10, 30)), rng.normal(size=(4, 10))]
    drifts = [rng.normal(size=start.shape) for start in starts]
    weights = [start + 0.1 * times[:, None, None] * drift for start, drift in zip(starts, drifts, strict=True)]
    updates = [rng.normal(size=one.shape) * 0.8 ** times[:, None, None] for one in weights]
    means = [rng.uniform(size=(frames, 10)) * (1 + times[:, None]), rng.normal(size=(frames, 4))]
    return Film(
        id,
        title,
        caption,
        network_grids(weights, updates, means, image=IMAGE),
        [10 * k for k in range(frames)],
        [2.3 * 0.9**k for k in range(frames)],
        [1 - 0.9 * 0.9**k for k in range(frames)],
        "test loss",
        "test accuracy",
    )


def page_of(films: list[Film]) -> str:
    """A page like a report's, with nothing but films."""
    sheet = (Path(page.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    figures = "".join(
        f"<section><h2>{reel.film.title}</h2>{fragment(reel, f'Figure {k}.')}</section>"
        for k, reel in enumerate(reels(films), 1)
    )
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>films</title><style>{sheet}{style()}</style></head><body><nav></nav><main>{figures}</main>"
        f"<script>{script()}</script></body></html>"
    )
