"""Films in a real browser: the slider moves the pictures, colours are those of the values, keys and play work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gradlab.reports.pictures.colours import table
from gradlab.reports.pictures.grids import frame_pixels
from gradlab.reports.pictures.sprites import LEVELS, ranges_of
from tests.reports.fake_film import film, page_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

FRAMES = 7
LAST = f"step {10 * (FRAMES - 1)}, "
# the page's policy forbids to evaluate text, so that tests wait by looking, never by a text of script
PIXELS = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return [...copy.getImageData(0, 0, canvas.width, canvas.height).data];
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "films.html"
    path.write_text(page_of([film("first", FRAMES), film("second", 3)]), encoding="utf-8")
    return path


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def tab(browser: Browser, page: Path, complaints: list[str]) -> Iterator[Tab]:
    """The page in a tab of its own; at the end nothing was complained about and nothing asked for."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, color_scheme="light")
    tab = context.new_page()
    tab.clock.install()  # time stands still but for `run_for`
    tab.clock.pause_at(1_000_000_000_000)
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page.as_uri())
    for id in ("first", "second"):
        tab.locator(f"#{id}[data-ready]").wait_for()
    yield tab
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [page.as_uri()]
    context.close()


def picture(tab: Tab, grid: int, id: str = "first") -> Locator:
    return tab.locator(f"#{id} [data-grid='{grid}'] .scrub-picture")


def pixels(tab: Tab, grid: int, id: str = "first") -> np.ndarray[Any, Any]:
    canvas = picture(tab, grid, id)
    wide = int(str(canvas.get_attribute("width")))
    return np.array(canvas.evaluate(PIXELS), np.uint8).reshape(-1, wide, 4)


def now(tab: Tab, id: str = "first") -> str:
    return tab.locator(f"#{id} .scrub-now").inner_text()


@pytest.mark.parametrize("grid", [0, 1, 4])  # an image, a matrix, activations
@pytest.mark.parametrize("frame", [0, 3, FRAMES - 1])
def test_colours_are_those_of_the_values_in_both_scales(tab: Tab, grid: int, frame: int) -> None:
    shown = film("first", FRAMES).grids[grid]
    ranges = ranges_of(shown.values, shown.is_signed)
    values = frame_pixels(shown, shown.values[frame])
    colours = table("diverging" if shown.is_signed else "viridis", LEVELS).astype(int)
    slider = tab.locator("#first .scrub-slider")
    slider.focus()
    tab.keyboard.press("Home")
    for _ in range(frame):
        tab.keyboard.press("ArrowRight")
    for low, high in (ranges.fixed(), ranges.frame(frame)):
        drawn = pixels(tab, grid)
        wanted = np.clip((values - low) / (high - low), 0, 1) * (LEVELS - 1)
        is_gap = np.isnan(values)
        assert (drawn[is_gap, 3] == 0).all() and (drawn[~is_gap, 3] == 255).all()
        nearest = np.abs(colours[None] - drawn[~is_gap, None, :3].astype(int)).sum(axis=-1)
        assert (nearest.min(axis=1) == 0).all()
        # half a step from the quantiser, half from the table
        assert np.abs(nearest.argmin(axis=1) - wanted[~is_gap]).max() <= 1.01
        printed = tab.locator(f"#first [data-grid='{grid}'] .scrub-ends span").all_inner_texts()
        numbers = [float(text.replace("\u2212", "-")) for text in (printed[0], printed[2])]
        assert numbers == pytest.approx([low, high], rel=0.006)
        tab.locator("#first .scrub-scale").click()


def test_the_slider_moves_all_pictures_of_its_own_film_only(tab: Tab) -> None:
    assert now(tab).startswith(LAST) and "test loss" in now(tab) and "test accuracy" in now(tab)
    before = [pixels(tab, grid) for grid in range(6)]
    other = pixels(tab, 0, "second")
    box = tab.locator("#first .scrub-slider").bounding_box()
    assert box is not None
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert now(tab).startswith("step 30,")
    assert tab.locator("#first .scrub-slider").get_attribute("aria-valuetext") == now(tab)
    assert all((pixels(tab, grid) != was).any() for grid, was in enumerate(before))
    assert (pixels(tab, 0, "second") == other).all() and now(tab, "second").startswith("step 20,")


def test_keys_work_on_the_slider_and_on_the_buttons(tab: Tab) -> None:
    for where in (".scrub-slider", ".scrub-scale"):
        tab.locator(f"#first {where}").focus()
        for key, step in (("Home", 0), ("ArrowRight", 10), ("ArrowRight", 20), ("ArrowLeft", 10), ("End", 60)):
            tab.keyboard.press(key)
            assert now(tab).startswith(f"step {step},"), (where, key)
    picture(tab, 0).click()
    tab.keyboard.press("ArrowLeft")
    assert now(tab).startswith("step 50,")


def test_play_runs_to_the_end_and_stops(tab: Tab) -> None:
    play = tab.locator("#first .scrub-play")
    play.click()
    assert play.inner_text() == "Pause" and now(tab).startswith("step 0,")
    tab.clock.run_for(600)
    assert now(tab).startswith("step 20,")
    play.click()
    tab.clock.run_for(600)
    assert now(tab).startswith("step 20,") and play.inner_text() == "Play"
    play.click()
    tab.clock.run_for(1100)
    assert now(tab).startswith(LAST) and play.inner_text() == "Play"


def test_who_wants_less_motion_gets_a_frame_a_second(tab: Tab) -> None:
    tab.emulate_media(reduced_motion="reduce")
    tab.locator("#first .scrub-play").click()
    tab.clock.run_for(900)
    assert now(tab).startswith("step 0,")
    tab.clock.run_for(200)
    assert now(tab).startswith("step 10,")


def test_pictures_follow_light_and_dark_and_paper_shows_the_end(tab: Tab) -> None:
    end = pixels(tab, 0)
    tab.locator("#first .scrub-slider").focus()
    tab.keyboard.press("Home")
    light = pixels(tab, 0)
    tab.emulate_media(color_scheme="dark")
    dark = pixels(tab, 0)
    assert (dark != light).any() and dark[..., :3].mean() < light[..., :3].mean()
    tab.locator("#first .scrub-scale").click()
    tab.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print", color_scheme="dark")
    assert (pixels(tab, 0) == end).all() and now(tab).startswith(LAST)
    assert not tab.locator("#first .scrub-play").is_visible()
    tab.set_viewport_size({"width": 680, "height": 900})
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 680
    tab.emulate_media(media="screen", color_scheme="dark")
    tab.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert now(tab).startswith("step 0,")
    assert tab.locator("#first .scrub-scale").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("width", [400, 1200])
def test_pictures_fit_and_are_named(tab: Tab, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    for grid in range(6):
        box = picture(tab, grid).bounding_box()
        assert box is not None and 20 <= box["width"] <= width - 32 and box["height"] >= 10
        name = str(picture(tab, grid).get_attribute("aria-label"))
        assert ("layer 1" in name or "output layer" in name) and "units" in name
    controls = tab.locator("#first .scrub-controls button, #first .scrub-slider")
    for k in range(controls.count()):
        box = controls.nth(k).bounding_box()
        assert box is not None and box["width"] >= 40 and box["height"] >= 24
    smallest = tab.evaluate(
        "() => Math.min(...[...document.querySelectorAll('.scrubber *')].filter((e) => e.innerText && e.innerText.trim())"
        ".map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 13.9
