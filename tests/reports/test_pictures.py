"""Pictures of training: values survive the sprite, grids say what they leave out, films keep to their budget."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image

from gradlab.reports.pictures import Film, activation_grid, fragment, network_grids, reels, script, style, weight_grid
from gradlab.reports.pictures.colours import ANCHORS, table
from gradlab.reports.pictures.gif import FRAME_MS, LAST_FRAME_MS, animated
from gradlab.reports.pictures.grids import frame_pixels
from gradlab.reports.pictures.sprites import LEVELS, NOT_FINITE, Sprite, encode
from gradlab.signals.thinning import evenly
from tests.reports.fake_film import film


def indices(sprite: Sprite, pixels: int) -> UInt8[ndarray, "S P"]:
    """The frames of a sheet, read back as the page's script does."""
    sheet = np.asarray(Image.open(io.BytesIO(sprite.png)))
    steps = len(sprite.ranges.least)
    pieces = sheet.reshape(-1, steps, sheet.shape[1]).swapaxes(0, 1)
    return pieces.reshape(steps, -1)[:, :pixels]


def decoded(sprite: Sprite, pixels: int) -> Float[ndarray, "S P"]:
    ends = np.array([sprite.ranges.frame(k) for k in range(len(sprite.ranges.least))])
    found = indices(sprite, pixels)
    values = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * found / (LEVELS - 1)
    return np.where(found == NOT_FINITE, np.nan, values)


@given(st.integers(1, 5), st.integers(1, 9000), st.floats(-30, 30), st.booleans())
def test_a_sprite_keeps_values_to_half_a_step_of_each_frames_own_range(
    steps: int, pixels: int, decade: float, is_signed: bool
) -> None:
    values = np.random.default_rng(pixels).normal(size=(steps, pixels)) * 10.0**decade
    values *= np.geomspace(1.0, 1e4, steps)[:, None]  # frames of very different size
    sprite = encode(values, is_signed)
    for k, (found, frame) in enumerate(zip(decoded(sprite, pixels), values, strict=True)):
        low, high = sprite.ranges.frame(k)
        assert np.abs(found - frame).max() <= 0.5001 * (high - low) / (LEVELS - 1)


def test_zero_is_exact_where_signs_matter() -> None:
    values = np.array([[0.0, -3.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1e-9, 2e-9]])
    found = decoded(encode(values, is_signed=True), 3)
    assert (found[:, 0] == 0.0).all() and (found[1] == 0.0).all()


def test_what_is_not_finite_has_an_index_of_its_own_and_leaves_the_scale_alone() -> None:
    values = np.array([[1.0, np.nan, -2.0, np.inf], [np.nan, np.nan, -np.inf, np.nan]])
    sprite = encode(values, is_signed=True)
    assert (indices(sprite, 4) == NOT_FINITE).tolist() == [[False, True, False, True], [True] * 4]
    assert sprite.ranges.lost.tolist() == [2, 4]
    assert sprite.ranges.fixed() == sprite.ranges.frame(0) == (-2.0, 2.0)
    assert np.isnan(sprite.ranges.frame(1)).all()
    assert np.isnan(encode(values[1:], is_signed=False).ranges.fixed()).all()


def test_slow_changes_cost_less_than_new_pictures() -> None:
    rng = np.random.default_rng(0)
    start, change = rng.normal(size=5000), rng.normal(size=5000)
    slow = start + 0.3 * np.linspace(0, 1, 20)[:, None] * change
    new = rng.normal(size=(20, 5000))
    assert len(encode(slow, True).png) < 0.4 * len(encode(new, True).png)


def test_colour_maps_have_their_middle_at_zero_and_even_lightness() -> None:
    for name in ANCHORS:
        colours = table(name, LEVELS).astype(float)
        steps = np.abs(np.diff(colours, axis=0)).max(axis=1)
        assert steps.max() < 12
    light, dark = table("diverging", LEVELS)[LEVELS // 2], table("diverging-dark", LEVELS)[LEVELS // 2]
    assert light.min() > 240 and dark.max() < 40


def test_evenly_keeps_both_ends() -> None:
    for count in range(1, 40):
        for keep in range(2, 45):
            places = evenly(count, keep)
            assert places[0] == 0 and places[-1] == count - 1 and len(set(places)) == min(keep, count)


def test_first_layer_weights_are_images_of_the_input() -> None:
    weights = np.arange(2 * 70 * 12, dtype=np.float32).reshape(2, 70, 12)
    grid = weight_grid(weights, "layer 1", image=(3, 4))
    assert grid.values.shape == (2, 64, 3, 4) and grid.columns == 8 and grid.is_image and grid.is_signed
    assert "the first 64 of 70 units" in grid.note and "3 x 4" in grid.note
    pixels = frame_pixels(grid, grid.values[1].astype(np.float64))
    assert pixels.shape == grid.shape == (8 * 4 - 1, 8 * 5 - 1)
    assert pixels[4:7, 5:9].ravel().tolist() == weights[1, 9].tolist()
    assert np.isnan(pixels[3]).all()


def test_later_layers_are_the_matrix_and_large_ones_are_cut_and_say_so() -> None:
    small = weight_grid(np.zeros((1, 10, 128)), "output layer")
    assert small.shape == (10, 128) and small.note == "rows: 10 units; columns: 128 inputs"
    large = weight_grid(np.zeros((1, 500, 300)), "layer 2", quantity="weight changes")
    assert large.shape == (128, 256)
    assert large.note == "rows: the first 128 of 500 units; columns: the first 256 of 300 inputs"


def test_activations_are_a_cell_a_unit() -> None:
    grid = activation_grid(np.linspace(0, 1, 14).reshape(1, 14), "layer 1")
    assert grid.shape == (2, 7) and not grid.is_signed
    assert activation_grid(np.array([[-1.0, 1.0]]), "layer 1").is_signed


def test_a_network_has_all_its_layers_in_order() -> None:
    weights = [np.zeros((3, 6, 4)), np.zeros((3, 5, 6)), np.zeros((3, 2, 5))]
    means = [np.ones((3, 6)), -np.ones((3, 5)), np.ones((3, 2))]
    grids = network_grids(weights, weights, means, image=(2, 2))
    titles = ["layer 1", "layer 2", "output layer"]
    assert [grid.title for grid in grids] == titles * 3
    assert [grid.quantity for grid in grids[::3]] == ["weights", "weight changes", "mean activation"]
    assert [grid.is_image for grid in grids[:3]] == [True, False, False]
    assert [grid.is_signed for grid in grids[6:]] == [True, True, False]
    assert len(network_grids(weights[:1])) == 1


def test_films_lose_frames_evenly_until_they_fit_and_say_so() -> None:
    films = [film("a", 30), film("b", 12)]
    whole = reels(films)
    assert [reel.left_out for reel in whole] == ["", ""]
    size = sum(reel.bytes for reel in whole)
    cut = reels(films, size // 2)
    assert sum(reel.bytes for reel in cut) <= size // 2
    for reel, one in zip(cut, films, strict=True):
        shown = len(reel.film.steps)
        assert 2 <= shown < len(one.steps)
        assert (reel.film.steps[0], reel.film.steps[-1]) == (one.steps[0], one.steps[-1])
        assert f"{shown} of {len(one.steps)} recorded steps" in reel.left_out
        assert len(reel.film.losses) == len(reel.film.accuracies) == shown
        assert f"{shown} of {len(one.steps)} recorded" in fragment(reel)
    assert [len(reel.film.steps) for reel in reels(films, 10)] == [2, 2]
    assert len(reels([film("a", 1)], 10)[0].film.steps) == 1


def test_a_fragment_is_one_escaped_self_contained_figure() -> None:
    (reel,) = reels([film("a", 3, title='</script><script>alert("x")</script>', caption="<b>n = 1 network</b>")])
    html = str(fragment(reel, "Figure 3."))
    assert html.count("<figure") == html.count("</figure>") == 1 and 'id="a"' in html
    assert "<script>alert" not in html and "&lt;b&gt;n\u00a0=\u00a01 network" in html
    (data,) = re.findall(r'<script type="application/json" class="scrub-data">(.*?)</script>', html, re.DOTALL)
    found = json.loads(data)
    assert len(found["words"]) == 3 and found["words"][-1].startswith("step 20,")
    assert [grid["sheet"][:22] for grid in found["grids"]] == ["data:image/png;base64,"] * len(reel.sprites)
    assert all(text not in html + script() + style() for text in ("http:", "https:", "url(", "@import", "fetch("))


def test_a_diverged_network_still_has_a_film() -> None:
    broken = film("a", 4)
    for grid in broken.grids:
        grid.values[2:] = np.nan
    (reel,) = reels([broken])
    data = re.findall(r'class="scrub-data">(.*?)</script>', str(fragment(reel)), re.DOTALL)[0]
    assert json.loads(data)["grids"][0]["least"][2:] == [None, None]
    assert animated(broken)


def test_words_tell_step_loss_and_accuracy() -> None:
    assert film("a", 2).words(0) == "step 0, test loss 2.3, test accuracy 10 %"
    silent = Film("a", "", "", film("a", 2).grids, [0, 10], [1.0, float("nan")])
    assert silent.words(1) == "step 10, loss NaN"


@pytest.mark.parametrize("per_frame", [False, True])
def test_a_gif_has_every_frame_and_the_same_bytes_each_time(per_frame: bool) -> None:
    one = film("a", 5)
    content = animated(one, per_frame=per_frame)
    assert content == animated(film("a", 5), per_frame=per_frame)
    picture = Image.open(io.BytesIO(content))
    assert picture.n_frames == 5 and picture.info["loop"] == 0  # type: ignore[attr-defined]
    seen, waits = [], []
    for k in range(5):
        picture.seek(k)
        seen.append(np.asarray(picture.convert("RGB")))
        waits.append(picture.info["duration"])
    assert waits == [FRAME_MS] * 4 + [LAST_FRAME_MS]
    assert len({frame.tobytes() for frame in seen}) == 5
    assert {tuple(frame[0, 0]) for frame in seen} == {(255, 255, 255)}
    assert all(frame.min() < 60 for frame in seen)  # letters


def test_a_gif_shows_the_colours_of_the_values() -> None:
    values = np.array([[-1.0, 0.0, 1.0], [0.5, np.nan, -1.0]])
    grid = weight_grid(values[:, None, :], "layer 1")
    content = animated(Film("a", "t", "", [grid], [0, 1], [1.0, 1.0]))
    picture = Image.open(io.BytesIO(content))
    ends = table("diverging", 57)
    picture.seek(0)
    colours = {tuple(int(part) for part in colour) for colour in np.unique(_flat(picture), axis=0)}
    assert {tuple(ends[0].tolist()), tuple(ends[28].tolist()), tuple(ends[56].tolist())} <= colours
    picture.seek(1)
    assert (127, 127, 127) in {tuple(int(part) for part in colour) for colour in np.unique(_flat(picture), axis=0)}


def _flat(picture: Image.Image) -> UInt8[ndarray, "_ 3"]:
    return np.asarray(picture.convert("RGB")).reshape(-1, 3)
