"""A film as an animated GIF: the page's pictures and numbers, for places where no page can go.

Colours are looked up in one palette that all frames share, text is drawn in shades of grey from that palette: nothing is
left to a program that chooses colours, so that the same film gives the same bytes with the same version of pillow.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from gradlab.reports.pictures.colours import NOT_FINITE_COLOUR, table
from gradlab.reports.pictures.film import Film
from gradlab.reports.pictures.grids import Grid, frame_pixels
from gradlab.reports.pictures.sprites import NOT_FINITE, Ranges, quantised, ranges_of
from gradlab.stats.text import number_text

FRAME_MS, LAST_FRAME_MS = 250, 2000
TEXT_PX = 14
MARGIN, LINE, BAR = 16, 20, 8  # pixels
GRID_PX, CELL_PX = 256, 12  # what a grid is enlarged to, and what a cell is at most
LEAST_MATRIX_PX, LEAST_BAR_PX = 72, 200
MOST_COLUMNS = 4

# At most 128 colours take one bit less a pixel than 256 would.
_LEVELS = 57
_GREYS = 12  # paper to ink, for smooth letters
_VIRIDIS, _DIVERGING = _GREYS, _GREYS + _LEVELS
_LOST = _DIVERGING + _LEVELS
_GAP = _LOST + 1


@dataclass(frozen=True, slots=True)
class _Place:
    """A grid with its place in the picture.

    Attributes:
        grid: What is drawn.
        ranges: What its frames span.
        left: First column of pixels that the grid covers.
        top: First row; its title stands above.
        across: Columns of pixels for each of the grid's own.
        down: Rows of pixels for each of the grid's own.
        notes: The grid's note, cut into lines.
    """

    grid: Grid
    ranges: Ranges
    left: int
    top: int
    across: int
    down: int
    notes: Sequence[str]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the drawn grid."""
        high, wide = self.grid.shape
        return high * self.down, wide * self.across

    @property
    def bottom(self) -> int:
        """Where the next may begin."""
        return self.top + self.size[0] + BAR + LINE * (2 + len(self.notes))


def animated(film: Film, *, per_frame: bool = False) -> bytes:
    """The film as a GIF that repeats for ever and rests on its last frame.

    Args:
        film: What to draw; the title stands on top, the step, loss and accuracy below it.
        per_frame: Whether colours span what each frame holds, instead of one scale for all.
    """
    places, wide, high = _layout(film)
    frames = [_frame(film, k, places, (wide, high), per_frame) for k in range(len(film.steps))]
    file = io.BytesIO()
    frames[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS],
        loop=0,
        optimize=False,  # the palette is ours
    )
    return file.getvalue()


def _layout(film: Film) -> tuple[list[_Place], int, int]:
    """Grids of a quantity side by side, quantities below each other; the width and height of all."""
    lines = []
    for _, row in groupby(film.grids, key=lambda grid: grid.quantity):
        grids = list(row)
        lines += [grids[k : k + MOST_COLUMNS] for k in range(0, len(grids), MOST_COLUMNS)]
    # columns stand below each other: a layer has the same place in every line
    wides = [
        max(GRID_PX, *(line[column].shape[1] for line in lines if column < len(line)))
        for column in range(max(len(line) for line in lines))
    ]
    lefts = [MARGIN + sum(wides[:column]) + 2 * MARGIN * column for column in range(len(wides))]
    places: list[_Place] = []
    top = MARGIN + 3 * LINE
    for line in lines:
        made = [_placed(grid, left, top + LINE, wide) for grid, left, wide in zip(line, lefts, wides, strict=False)]
        places += made
        top = max(place.bottom for place in made)
    said = [film.title, *(film.words(k) for k in range(len(film.steps)))]
    wide = max(lefts[-1] + wides[-1], *(MARGIN + _text_width(text) for text in said)) + MARGIN
    return places, wide, top


def _placed(grid: Grid, left: int, top: int, room: int) -> _Place:
    """A grid, enlarged by whole pixels to fill its column."""
    high, wide = grid.shape
    most = max(1, GRID_PX // wide)
    across = most if grid.is_image else min(most, CELL_PX)
    down = across if grid.is_image else max(across, min(CELL_PX, LEAST_MATRIX_PX // high))
    return _Place(grid, ranges_of(grid.values, grid.is_signed), left, top, across, down, _lines(grid.note, room))


def _frame(film: Film, k: int, places: Sequence[_Place], size: tuple[int, int], per_frame: bool) -> Image.Image:
    """One frame, as indices of the palette."""
    ink = Image.new("L", size, 0)
    pen = ImageDraw.Draw(ink)
    _write(pen, MARGIN, MARGIN - 4, film.title)
    _write(pen, MARGIN, MARGIN - 4 + LINE, film.words(k))
    pixels = np.zeros((size[1], size[0]), np.uint8)
    for place in places:
        low, high = place.ranges.frame(k) if per_frame else place.ranges.fixed()
        rows, columns = place.size
        first = _DIVERGING if place.grid.is_signed else _VIRIDIS
        _put(pixels, place.top, place.left, _coloured(place, k, low, high, first))
        _dots(pen, place)
        wide = max(columns, LEAST_BAR_PX)
        strip = first + np.rint(np.linspace(0, _LEVELS - 1, wide)).astype(np.uint8)
        below = place.top + rows + 6
        _put(pixels, below, place.left, np.tile(strip, (BAR, 1)))
        _write(pen, place.left, place.top - LINE, f"{place.grid.quantity}, {place.grid.title}")
        _write(pen, place.left, below + BAR, number_text(low))
        _write(pen, place.left + wide, below + BAR, number_text(high), "ra")
        if place.grid.is_signed:
            _write(pen, place.left + wide // 2, below + BAR, "0", "ma")
        for line, text in enumerate(place.notes, 1):
            _write(pen, place.left, below + BAR + line * LINE, text)
    letters = np.rint(np.asarray(ink) / 255.0 * (_GREYS - 1)).astype(np.uint8)
    picture = Image.fromarray(np.where(letters > 0, letters, pixels))
    picture.putpalette(_palette())
    return picture


def _coloured(place: _Place, k: int, low: float, high: float, first: int) -> UInt8[ndarray, "Y X"]:
    """The palette indices of a grid's frame, enlarged."""
    values = frame_pixels(place.grid, place.grid.values[k].astype(np.float64))
    covered = frame_pixels(place.grid, np.ones(place.grid.values.shape[1:]))
    levels = quantised(values, low, high, _LEVELS)
    indices = np.where(levels == NOT_FINITE, _LOST, first + levels.astype(np.int64))
    indices = np.where(np.isnan(covered), _GAP, indices).astype(np.uint8)
    return indices.repeat(place.down, axis=0).repeat(place.across, axis=1)


def _dots(pen: ImageDraw.ImageDraw, place: _Place) -> None:
    """Examples on top of a picture: discs for one class, rings of a square for the other."""
    points = place.grid.points
    if points is None:
        return
    for x, y, is_positive in zip(points.x, points.y, points.is_positive, strict=True):
        left, top = place.left + int(x * place.across) - 2, place.top + int(y * place.down) - 2
        if is_positive:
            pen.ellipse((left, top, left + 4, top + 4), fill=255)
        else:
            pen.rectangle((left, top, left + 4, top + 4), outline=255)


def _put(pixels: UInt8[ndarray, "_ _"], top: int, left: int, part: UInt8[ndarray, "Y X"]) -> None:
    pixels[top : top + part.shape[0], left : left + part.shape[1]] = part


@lru_cache(maxsize=1)
def _palette() -> bytes:
    """Red, green, blue of every index."""
    paper, ink = np.array([255, 255, 255]), np.array([31, 35, 40])
    shares = np.linspace(0.0, 1.0, _GREYS)[:, None]
    greys = np.rint(paper * (1 - shares) + ink * shares).astype(np.uint8)
    lost = bytes.fromhex(NOT_FINITE_COLOUR.removeprefix("#"))
    maps = table("viridis", _LEVELS).tobytes() + table("diverging", _LEVELS).tobytes()
    return greys.tobytes() + maps + lost + bytes([222, 226, 230])


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with pillow: the same on every machine."""
    return ImageFont.load_default(TEXT_PX)


def _write(pen: ImageDraw.ImageDraw, left: int, top: int, text: str, anchor: str = "la") -> None:
    pen.text((left, top), text, fill=255, font=_font(), anchor=anchor)


def _text_width(text: str) -> int:
    return int(_font().getlength(text)) + 1


def _lines(text: str, room: int) -> list[str]:
    """The text in lines that fit."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if _text_width(longer) <= room or not lines[-1] else [*lines, word]
    return [line for line in lines if line]
