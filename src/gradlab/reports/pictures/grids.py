"""What is drawn of a layer: arrays over steps, arranged as tiles of pixels.

Weights of the first layer are an image for every unit, of the shape of the input; those of later layers are the matrix
itself; a mean activation is one cell a unit. Weight changes are drawn as the weights are. Layers too large for a screen are
cut, and `note` says how many of how many are shown. Units have no order, so that the first ones are as good as any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

MOST_IMAGES = 64
MOST_ROWS, MOST_COLUMNS = 128, 256  # of a matrix
MOST_CELLS = 1024
_LARGE_TILE = 16  # pixels: such tiles, full of noise, are told apart by a wider gap only


@dataclass(frozen=True, slots=True)
class Points:
    """Examples on top of a picture.

    Attributes:
        x: Pixels from its left edge [P].
        y: Pixels from its upper edge [P].
        is_positive: Which of two classes each belongs to [P].
    """

    x: Float[ndarray, " P"]
    y: Float[ndarray, " P"]
    is_positive: Bool[ndarray, " P"]

    def path(self, *, of_positive: bool) -> str:
        """Those of one class as an SVG path of dots."""
        chosen = self.is_positive == of_positive
        return "".join(f"M{x:.2f} {y:.2f}h0" for x, y in zip(self.x[chosen], self.y[chosen], strict=True))


@dataclass(frozen=True, slots=True)
class Grid:
    """Something drawn at every step, as U tiles of H x W pixels.

    Attributes:
        quantity: What is drawn; grids of the same quantity stand side by side.
        title: Of what: "layer 1".
        note: What a tile, a row and a column are, and how many of how many are shown.
        values: At S steps [S, U, H, W], row by row.
        columns: Tiles in a row.
        is_signed: Whether colours say the sign: the scale is symmetric about 0.
        is_image: Whether a tile is a picture, whose pixels are square.
        points: Examples that lie on a picture of the plane.
        lines: For each step, an SVG path in tenths of a pixel drawn on top: where the values change sign.
    """

    quantity: str
    title: str
    note: str
    values: Float[ndarray, "S U H W"]
    columns: int
    is_signed: bool
    is_image: bool = False
    points: Points | None = None
    lines: Sequence[str] = ()

    @property
    def gap(self) -> int:
        """Pixels between tiles: those of a single pixel stand close together."""
        smaller = min(self.values.shape[2:])
        return 0 if smaller == 1 else 1 if smaller < _LARGE_TILE else 2

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels, gaps included."""
        tiles, high, wide = self.values.shape[1:]
        rows = -(-tiles // self.columns)
        return rows * (high + self.gap) - self.gap, self.columns * (wide + self.gap) - self.gap

    def at(self, frames: Int[ndarray, " K"]) -> Grid:
        """The same grid with some of its frames."""
        lines = [self.lines[k] for k in frames] if self.lines else ()
        return replace(self, values=self.values[frames], lines=lines)


def weight_grid(
    weights: Float[ndarray, "S N M"],
    title: str,
    *,
    quantity: str = "weights",
    image: tuple[int, int] | None = None,
) -> Grid:
    """The weights of a layer, or anything of their shape: their changes, their gradients.

    Args:
        weights: N units out, M units in, at S steps.
        title: Which layer.
        quantity: What it is, plural: "weights", "weight changes".
        image: Height and width of the input, for a layer that sees an image: each unit's weights are drawn as one.
    """
    steps, units, inputs = weights.shape
    if image is not None:
        assert inputs == image[0] * image[1], (inputs, image)
        shown = min(units, MOST_IMAGES)
        note = f"{_of(shown, units, 'unit')}, each an image of its {image[0]} x {image[1]} {quantity}"
        values = weights[:, :shown].reshape(steps, shown, *image)
        return Grid(quantity, title, note, values, _columns(shown), is_signed=True, is_image=True)
    rows, columns = min(units, MOST_ROWS), min(inputs, MOST_COLUMNS)
    note = f"rows: {_of(rows, units, 'unit')}; columns: {_of(columns, inputs, 'input')}"
    return Grid(quantity, title, note, weights[:, None, :rows, :columns], 1, is_signed=True)


def activation_grid(
    means: Float[ndarray, "S N"], title: str, *, quantity: str = "mean activation", is_signed: bool | None = None
) -> Grid:
    """One number a unit, such as its activation averaged over inputs.

    Args:
        means: N units at S steps.
        title: Which layer.
        quantity: What it is.
        is_signed: Whether colours say the sign; None asks the numbers whether any is negative.
    """
    units = means.shape[1]
    shown = min(units, MOST_CELLS)
    signed = bool((means[:, :shown] < 0).any()) if is_signed is None else is_signed
    note = f"{_of(shown, units, 'unit')}, one cell each, row by row"
    return Grid(quantity, title, note, means[:, :shown, None, None], _columns(shown), is_signed=signed)


def boundary_grid(
    outputs: Float[ndarray, "S Y X"],
    low: float,
    high: float,
    points: Float[ndarray, "P 2"],
    targets: Float[ndarray, " P"],
) -> Grid:
    """The output of a network on a square of the plane, with training examples on top.

    Args:
        outputs: At S steps, on equally spaced points, edges included, the upper edge first.
        low: Least of both coordinates.
        high: Greatest of both.
        points: Training examples.
        targets: Theirs; a line and points are drawn where they are two classes.
    """
    across = f"x1 from {low:g} to {high:g} to the right, x2 upwards"
    levels = np.unique(targets)
    if not (len(levels) == 2 and levels[1] == 1.0 and levels[0] in (-1.0, 0.0)):
        return Grid("output", "on the plane", across, outputs[:, None], 1, is_signed=True, is_image=True)
    scale = (outputs.shape[2] - 1) / (high - low)  # the middle of a pixel is a point of the square
    x, y = (points[:, 0] - low) * scale + 0.5, (high - points[:, 1]) * scale + 0.5
    inside = (x >= 0) & (x <= outputs.shape[2]) & (y >= 0) & (y <= outputs.shape[1])
    shown = f"{len(points):,} training examples" if inside.all() else f"{inside.sum():,} of {len(points):,} examples"
    note = f"{across}; line: where the output changes sign; {shown}: round those of class 1, square the others"
    drawn = Points(x[inside].astype(float), y[inside].astype(float), targets[inside] > 0)
    picture = Grid(
        "output and decision boundary", "on the plane", note, outputs[:, None], 1, is_signed=True, is_image=True
    )
    return replace(picture, points=drawn, lines=[sign_changes(frame) for frame in outputs])


def sign_changes(values: Float[ndarray, "Y X"]) -> str:
    """The line between values above 0 and others, as an SVG path in tenths of a pixel.

    In every square of four neighbouring values it is straight between the places where the edges pass 0, found by linear
    interpolation from the middle of one pixel to that of the next.

    Example:
        >>> sign_changes(np.array([[1.0, -1.0], [1.0, -3.0]]))
        'M10 5L8 15'
    """
    pieces = []
    above = values > 0
    mixed = above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    finite = np.isfinite(values[:-1, :-1] + values[:-1, 1:] + values[1:, :-1] + values[1:, 1:])
    for top, left in zip(*np.nonzero((mixed > 0) & (mixed < 4) & finite), strict=True):
        corners = [(top, left), (top, left + 1), (top + 1, left + 1), (top + 1, left), (top, left)]
        ends = []
        for (y, x), (y_next, x_next) in pairwise(corners):
            if above[y, x] != above[y_next, x_next]:
                share = float(values[y, x]) / (float(values[y, x]) - float(values[y_next, x_next]))
                place = x + share * (x_next - x) + 0.5, y + share * (y_next - y) + 0.5
                ends.append(" ".join(str(round(10 * coordinate)) for coordinate in place))
        pieces += [f"M{a}L{b}" for a, b in zip(ends[::2], ends[1::2], strict=True)]
    return "".join(pieces)


def network_grids(
    weights: Sequence[Float[ndarray, "S _ _"]],
    updates: Sequence[Float[ndarray, "S _ _"]] = (),
    activations: Sequence[Float[ndarray, "S _"]] = (),
    *,
    image: tuple[int, int] | None = None,
) -> list[Grid]:
    """Everything of a network, layer by layer from the input: weights, weight changes, mean activations.

    Args:
        weights: Of each layer [S, N, M].
        updates: Their changes by the step that follows [S, N, M], or none.
        activations: Mean over inputs of every unit of each layer [S, N], or none.
        image: Height and width of the input, if it is an image.
    """
    count = len(weights)
    titles = [*(f"layer {place}" for place in range(1, count)), "output layer"]
    grids = []
    assert len(updates) in (0, count) and len(activations) in (0, count)
    for quantity, arrays in (("weights", weights), ("weight changes", updates)):
        for place, array in enumerate(arrays):
            grids.append(weight_grid(array, titles[place], quantity=quantity, image=None if place else image))
    signed = any(bool((means < 0).any()) for means in activations[:-1])
    for place, means in enumerate(activations):
        # hidden layers share one activation, hence one kind of scale; outputs are scores
        grids.append(activation_grid(means, titles[place], is_signed=signed if place < count - 1 else None))
    return grids


def frame_pixels(grid: Grid, frame: Float[ndarray, "U H W"], gap: float = np.nan) -> Float[ndarray, "Y X"]:
    """One frame with its tiles in place and `gap` between and behind them.

    Example:
        >>> one = activation_grid(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), "layer 1")
        >>> frame_pixels(one, one.values[0], gap=0.0).tolist()
        [[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]
    """
    high, wide = frame.shape[1:]
    pixels = np.full(grid.shape, gap)
    for place, tile in enumerate(frame):
        top, left = place // grid.columns * (high + grid.gap), place % grid.columns * (wide + grid.gap)
        pixels[top : top + high, left : left + wide] = tile
    return pixels


def _columns(tiles: int) -> int:
    """A row length that fills a rectangle, at most four times as wide as high; else the nearest to a square.

    Example:
        >>> [_columns(n) for n in (1, 7, 10, 64, 100, 128, 200, 256)]
        [1, 3, 5, 8, 10, 16, 20, 16]
    """
    square = math.ceil(math.sqrt(tiles))
    full = [n for n in range(square, 2 * square + 1) if tiles % n == 0 and n * n <= 4 * tiles]
    return full[0] if full else square


def _of(shown: int, total: int, noun: str) -> str:
    """How many of how many.

    Example:
        >>> _of(64, 256, "unit"), _of(1, 1, "input")
        ('the first 64 of 256 units', '1 input')
    """
    words = f"{total:,} {noun}" + ("s" if total != 1 else "")
    return words if shown == total else f"the first {shown:,} of {words}"
