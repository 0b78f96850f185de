"""A page with pictures in a real browser, from a file: everything drawn, films run, light and dark, a telephone's width."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradlab.reports.page import write_page
from tests.reports import fake_pictures
from tests.reports.test_browser import FIT, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# how many different colours a canvas shows
COLOURS = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies with pictures on one page."""
    path = tmp_path_factory.mktemp("pictures") / "page.html"
    write_page([fake_pictures.pictured(["A"], name=name) for name in ("one", "two")], path)
    return path


@pytest.mark.parametrize("width", [400, 1200])
def test_a_page_with_pictures_is_drawn_runs_and_asks_for_nothing(browser: Browser, page: Path, width: int) -> None:
    tab, complaints, requests = opened(browser, page, width)
    for study in ("one", "two"):
        tab.locator(f"#{study}--film-1-film[data-ready]").wait_for()
    charts = tab.evaluate(FIT)
    assert len(charts) == 2 * 6  # metrics, a matrix, two maps
    for chart in charts:
        assert chart["width"] > 250 and chart["height"] > 100 and chart["marks"] > 0, chart
        assert abs(chart["short"]) <= 4, chart
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    pictures = tab.locator("#one--film-1-film .scrub-picture")
    assert pictures.count() == 9
    for k in range(9):
        box = pictures.nth(k).bounding_box()
        assert box is not None and 10 <= box["width"] <= width - 32
        assert pictures.nth(k).evaluate(COLOURS) > 1

    now = tab.locator("#one--film-1-film .scrub-now")
    assert now.inner_text().startswith("step 100, test loss ") and "test accuracy" in now.inner_text()
    tab.locator("#one--film-1-film .scrub-slider").focus()
    for key, step in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 10)):
        tab.keyboard.press(key)
        assert now.inner_text().startswith(f"step {step},")
    assert tab.locator("#two--film-1-film .scrub-now").inner_text().startswith("step 100,")
    tab.locator("#one--film-1-film .scrub-play").click()
    tab.locator("#one--film-1-film .scrub-now", has_text="step 100,").wait_for(timeout=5_000)
    tab.locator("#one--film-1-film .scrub-play", has_text="Play").wait_for(timeout=5_000)

    light = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != light == "rgb(255, 255, 255)"
    assert pictures.first.evaluate(COLOURS) > 1
    folded = tab.locator("nav details:not([open])").count()
    assert folded == (2 if width == 400 else 0)
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [page.as_uri()]
    tab.context.close()


def test_points_of_a_map_say_which_example_they_are(browser: Browser, page: Path) -> None:
    tab, complaints, _ = opened(browser, page, 1200)
    place = tab.evaluate(
        "(() => { const chart = document.getElementById('two--plane-1-1'); chart.scrollIntoView({behavior: 'instant'});"
        " const box = chart.querySelector('.scatterlayer .trace .points path').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    tab.mouse.move(*place)
    tab.wait_for_selector("#two--plane-1-1 .hoverlayer .hovertext")
    words = tab.locator("#two--plane-1-1 .hoverlayer .hovertext").first.text_content() or ""
    assert "class " in words and "example " in words
    assert complaints == []
    tab.context.close()
