"""The page in a real browser: draws every figure, asks for nothing, fits a telephone, follows light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradlab.reports.page import write_page
from tests.reports import fake

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

FIT = """() => [...document.querySelectorAll(".chart")].map((chart) => {
  const svg = chart.querySelector("svg.main-svg"), box = svg ? svg.getBoundingClientRect() : null;
  const wanted = chart.layout.meta ? chart.layout.meta.plot_px : 0;
  return {
    id: chart.id, width: box ? box.width : 0, height: box ? box.height : 0,
    marks: chart.querySelectorAll(".trace, .heatmaplayer image").length,
    short: wanted ? wanted - chart._fullLayout._size.h : 0,
  };
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {"dying": fake.dying(100), "leaky": fake.leaky(50), "hostile": fake.hostile()}
    for name, analysis in made.items():
        write_page(analysis, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


def opened(browser: Browser, page: Path, width: int) -> tuple[Tab, list[str], list[str]]:
    """The page in a tab of its own, what it complained about, and what it asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
    tab = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda dialog: complaints.append(dialog.message))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page.as_uri())
    return tab, complaints, requests


@pytest.mark.parametrize("name", ["dying", "leaky", "hostile"])
def test_a_narrow_page_draws_everything_and_does_not_scroll_sideways(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    tab, complaints, requests = opened(browser, pages[name], 420)
    charts = tab.evaluate(FIT)
    assert charts
    for chart in charts:
        assert chart["width"] > 250 and chart["height"] > 100 and chart["marks"] > 0, chart
        assert abs(chart["short"]) <= 4, chart
    assert tab.evaluate("document.documentElement.scrollWidth") <= 420
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [pages[name].as_uri()]
    tab.context.close()


def test_a_wide_page_has_contents_at_the_side_and_fills_figures(browser: Browser, pages: dict[str, Path]) -> None:
    tab, complaints, _ = opened(browser, pages["dying"], 1400)
    nav, main = tab.locator("nav").bounding_box(), tab.locator("main").bounding_box()
    assert nav is not None and main is not None and nav["x"] + nav["width"] < main["x"]
    for chart in tab.evaluate(FIT):
        assert chart["marks"] > 0 and abs(chart["short"]) <= 4, chart
    widths = {
        round(chart["width"]) for chart in tab.evaluate(FIT) if chart["id"].startswith(("rates", "survival", "map"))
    }
    assert len(widths) == 1 and min(widths) > 800
    smallest = tab.evaluate(
        "Math.min(...[...document.querySelectorAll('body *')].filter((e) => e.childNodes.length && e.textContent.trim()"
        " && e.closest('main, nav') && !e.closest('sup, sub')).map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 13.9
    assert complaints == []
    tab.context.close()


def test_charts_follow_light_and_dark_and_paper(browser: Browser, pages: dict[str, Path]) -> None:
    tab, complaints, _ = opened(browser, pages["leaky"], 1400)
    seen = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.xtick text')).fill]"
    light = tab.evaluate(seen)
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate(seen)
    assert light == ["rgb(255, 255, 255)", "rgb(31, 35, 40)"]
    assert dark[0] != light[0] and dark[1] != light[1]
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print", color_scheme="dark")
    tab.set_viewport_size({"width": 680, "height": 900})
    assert tab.evaluate(seen) == light
    assert tab.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= 680
    assert complaints == []
    tab.context.close()
