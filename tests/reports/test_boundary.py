"""The decision boundary over steps: where its line runs, which examples lie on top, and that a browser draws both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.reports.figures import films_of
from gradlab.reports.gifs import gifs
from gradlab.reports.page import write_page
from gradlab.reports.pictures import Film, boundary_grid
from gradlab.reports.pictures.grids import sign_changes
from gradlab.studies.plan import make_plan
from gradlab.studies.results import Analysis
from tests.reports.test_browser import opened
from tests.reports.test_picture_browser import COLOURS
from tests.studies.small import run, small_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PLANE: dict[str, Any] = {
    "network": {"hidden": "8", "activation": "tanh", "weights": "glorot_normal"},
    "recipe": {"optimizer": {"name": "sgd", "lr": 0.3}, "loss": "half_mse", "batch_size": 10, "epochs": 30},
    "task": {"name": "gauss", "points": 40}, "replicas": 2, "claims": [], "rows": [], "looks": {"at": [1, 10, 50]},
    "inputs": {"test": {"from": "test"}}, "outcomes": {"collapsed": {"over": "train"}},
    "metrics": {"test_loss": {"kind": "loss", "over": "test"}, "accuracy": {"kind": "accuracy", "over": "test"}},
    "snapshots": {"over": "test", "boundary": {"low": -5.0, "high": 5.0, "count": 21}},
}  # fmt: skip


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return run(make_plan(small_study(**PLANE), engine="torch"), tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def page(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(analysis, path)
    return path


def test_outputs_on_the_square_are_the_networks(analysis: Analysis) -> None:
    arrays = [each.arrays for each in analysis.cells[0].snapshots]
    assert [a["boundary/outputs"].shape for a in arrays] == [(1, 21, 21)] * 5
    w1, w2 = arrays[0]["weights/1"][0], arrays[0]["weights/output"][0]  # biases are 0 at birth
    corner = np.tanh(w1 @ [-5.0, 5.0]) @ w2[0], np.tanh(w1 @ [5.0, -5.0]) @ w2[0]  # upper left, lower right
    found = arrays[0]["boundary/outputs"][0]
    assert (found[0, 0], found[-1, -1]) == pytest.approx(corner, rel=1e-5)
    assert arrays[0]["boundary/points"].shape == (1, 40, 2) and "boundary/points" not in arrays[1]


def test_the_line_lies_where_a_plane_is_zero() -> None:
    x, y = np.meshgrid(np.arange(9.0), np.arange(9.0))
    path = sign_changes(x - 0.5 * y - 2.25)
    places = np.array([[float(a), float(b)] for a, b in re.findall(r"[ML](\d+) (\d+)", path)]) / 10 - 0.5
    assert len(places) > 16
    # rounded to a tenth of a pixel
    assert np.abs(places[:, 0] - 0.5 * places[:, 1] - 2.25).max() <= 0.05 * 1.5 + 1e-9
    assert places[:, 1].min() == 0 and places[:, 1].max() == 8
    assert (
        sign_changes(np.ones((3, 3))) == sign_changes(np.full((3, 3), np.nan)) == sign_changes(np.zeros((3, 3))) == ""
    )


def test_points_lie_on_the_pixels_of_their_places() -> None:
    points, targets = np.array([[-1.0, 1.0], [1.0, -1.0], [0.0, 0.0], [7.0, 0.0]]), np.array([1.0, -1.0, 1.0, 1.0])
    grid = boundary_grid(np.zeros((2, 5, 5)), -1.0, 1.0, points, targets)
    assert grid.points is not None
    assert grid.points.x.tolist() == [0.5, 4.5, 2.5] and grid.points.y.tolist() == [0.5, 4.5, 2.5]
    assert "3 of 4 examples" in grid.note
    assert grid.points.path(of_positive=True) == "M0.50 0.50h0M2.50 2.50h0"
    assert len(grid.lines) == 2 and len(grid.at(np.array([1])).lines) == 1
    numbers = boundary_grid(np.zeros((2, 5, 5)), -1.0, 1.0, points, np.array([0.3, 1.0, -2.0, 0.1]))
    assert numbers.points is None and not numbers.lines  # no classes, no boundary


def test_a_film_begins_with_the_boundary(analysis: Analysis) -> None:
    (film,) = films_of(analysis)
    assert isinstance(film, Film)
    assert film.title.startswith("Decision boundary") and film.grids[0].quantity == "output and decision boundary"
    assert film.grids[0].lines[-1] and film.words(0).startswith("step 0, test loss")
    ((name, content),) = gifs(analysis)
    assert name.endswith(".gif") and content[:3] == b"GIF"


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
def test_line_and_points_are_drawn_and_follow_the_slider(browser: Browser, page: Path, width: int) -> None:
    tab, complaints, requests = opened(browser, page, width)
    tab.locator("#film-1-film[data-ready]").wait_for()
    picture, over = tab.locator(".scrub-plane .scrub-picture"), tab.locator(".scrub-over")
    assert picture.count() == over.count() == 1
    boxes = [part.bounding_box() for part in (picture, over)]
    assert boxes[0] is not None and boxes[1] is not None
    for side in ("x", "y", "width", "height"):
        assert boxes[0][side] == pytest.approx(boxes[1][side], abs=1)
    assert 200 <= boxes[0]["width"] == pytest.approx(boxes[0]["height"], abs=1) and boxes[0]["width"] <= width - 32
    assert picture.evaluate(COLOURS) > 10
    line = tab.locator(".scrub-boundary:not(.halo)")
    last = line.get_attribute("d")
    tab.locator("#film-1-film .scrub-slider").focus()
    tab.keyboard.press("Home")
    assert line.get_attribute("d") != last and (last or "").startswith("M")
    drawn = line.evaluate("(path) => { const box = path.getBoundingClientRect(); return [box.width, box.height]; }")
    assert max(drawn) > 50
    dots = tab.locator(".scrub-dots:not(.halo)")
    counts = [len(re.findall("M", dots.nth(k).get_attribute("d") or "")) for k in range(dots.count())]
    assert counts == [20, 20]
    assert dots.first.evaluate("(path) => getComputedStyle(path).strokeLinecap") == "round"
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [page.as_uri()]
    tab.context.close()


@pytest.mark.parametrize(
    ("changes", "pieces"),
    [
        ({"task": {"name": "abs_x", "points": 40}}, ["snapshots.boundary", "1 inputs", "two inputs"]),
        ({"snapshots": {"over": "test", "boundary": {"low": 1.0, "high": 1.0}}}, ["snapshots.boundary", "low below high"]),
        ({"snapshots": {"over": "test", "boundary": {"low": 1.0}}}, ["snapshots.boundary.high", "nothing"]),
    ],
)  # fmt: skip
def test_mistakes(changes: dict[str, Any], pieces: list[str]) -> None:
    with pytest.raises(UserError) as error:
        make_plan(small_study(**{**PLANE, **changes}))
    for piece in pieces:
        assert piece in str(error.value)
