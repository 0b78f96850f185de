"""Pictures of training: weights, weight changes and activations as grids of pixels over steps, and maps of activations.

    colours     tables of colours
    sprites     an array over steps -> one small PNG and its scales
    grids       weights and activations of a layer -> tiles of pixels
    film        grids of a network at its steps; many films within a budget of bytes
    scrubber    a film -> HTML with a slider
    gif         a film -> an animated GIF
    embedding   points in the plane -> their chart

Plain arrays in, text or bytes or a chart out: nothing here knows studies, trains anything or touches a disk (but for
the package's own templates). Shape legend: S steps, N units out, M units in, U tiles of H x W pixels, P points.
"""

from gradlab.reports.pictures.embedding import embedding_chart
from gradlab.reports.pictures.film import BUDGET_BYTES, Film, Reel, reels
from gradlab.reports.pictures.gif import animated
from gradlab.reports.pictures.grids import Grid, activation_grid, boundary_grid, network_grids, weight_grid
from gradlab.reports.pictures.scrubber import fragment, script, style

__all__ = [
    "BUDGET_BYTES",
    "Film",
    "Grid",
    "Reel",
    "activation_grid",
    "animated",
    "boundary_grid",
    "embedding_chart",
    "fragment",
    "network_grids",
    "reels",
    "script",
    "style",
    "weight_grid",
]
