"""Pages with pictures, pages of several studies, and how both stay within their size."""

from __future__ import annotations

import json
import re

import pytest

from gradlab.reports import page as page_module
from gradlab.reports.fit import Shown, fitted
from gradlab.reports.page import MOST_BYTES, page_html
from gradlab.reports.pictures import BUDGET_BYTES, Reel, reels
from gradlab.reports.sections import verdicts_text
from gradlab.studies.results import Analysis
from tests.reports import fake, fake_pictures
from tests.reports.fake_film import film
from tests.reports.test_page import Page

PLOTLY = "/* plotly stands here */"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without the 4.7 MB that are the same in all of them."""
    monkeypatch.setattr(page_module, "get_plotlyjs", lambda: PLOTLY)


@pytest.fixture(scope="module")
def pictures() -> Analysis:
    return fake_pictures.pictured()


def ids(page: Page) -> list[str]:
    return [str(attrs["id"]) for _, attrs in page.tags if "id" in attrs]


def check_anchors(page: Page) -> None:
    """Every id once, every link to one of them, every chart with its data, figures numbered on."""
    assert len(ids(page)) == len(set(ids(page)))
    assert {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"} <= set(ids(page))
    charts = {str(attrs["id"]) for _, attrs in page.tags if attrs.get("class") == "chart"}
    (data,) = [json.loads(code) for code in page.code if code.startswith('{"') and '"layout"' in code]
    assert set(data) == charts
    numbers = [int(number) for number in re.findall(r"Figure (\d+)\.", page.text)]
    assert numbers == list(range(1, len(numbers) + 1))
    sections = [attrs for tag, attrs in page.tags if tag == "section" and "figure" in str(attrs.get("class"))]
    assert len(numbers) == len(sections) > 0


def test_films_are_numbered_figures_of_the_contents(pictures: Analysis) -> None:
    page = Page(page_html(pictures))
    check_anchors(page)
    assert {"film-1", "film-1-film", "film-2", "confusion", "plane-1", "plane-2"} <= set(ids(page))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert "#film-1" in links and "#plane-2" in links
    assert "Figure 4. Weights of layer 1 are images" in page.text
    assert page.text.count("Weights and activations in training: A") == 2  # contents and heading
    policy = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in str(policy[0]) and "img-src data: blob:" in str(policy[0])


def test_what_runs_films_is_there_only_with_films(pictures: Analysis) -> None:
    with_films, without = page_html(pictures), page_html(fake.dying(20))
    for sign in ("scrub-controls {", "FRAME_MS"):
        assert with_films.count(sign) >= 1 and sign not in without


def test_several_studies_share_one_page_one_contents_list_and_one_plotly(pictures: Analysis) -> None:
    other = fake_pictures.pictured(["A"], [0, 1], name="fake-pictures-2")
    studies = [fake.dying(20), pictures, other]
    html = page_html(studies)
    page = Page(html)
    check_anchors(page)
    assert html.count(PLOTLY) == 1
    links = [str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"]
    contents = links[: links.index("fake-pictures-2--file") + 1]
    starts = [contents.index(f"{study.study.name}--answer") for study in studies]
    assert starts == sorted(starts) and contents[starts[1] : starts[2]].count("fake-pictures--film-1") == 1
    for study in studies:
        assert page.text.count(study.study.question) == 2 and study.answer in page.text
    assert verdicts_text(studies[0]) and verdicts_text(studies[0]) in page.text
    assert [attrs for tag, attrs in page.tags if tag == "article"] == [{}, {}, {}]
    assert page.text.count("All cells") == 6


def test_one_study_of_a_list_has_the_page_it_has_alone(pictures: Analysis) -> None:
    assert page_html([pictures]) == page_html(pictures)


def test_names_of_studies_that_begin_alike_have_different_anchors() -> None:
    studies = [fake_pictures.pictured(["A"], [0, 1], name=name) for name in ("a", "a-", "a--b")]
    check_anchors(Page(page_html(studies)))


def test_what_users_wrote_is_text_on_a_page_of_several(pictures: Analysis) -> None:
    page = Page(page_html([fake.hostile(), pictures]))
    assert 'alert("x")' in page.text and not [tag for tag, _ in page.tags if tag == "b" and "[bold]" in page.words]


def test_a_page_that_is_too_large_loses_frames_then_films_then_charts() -> None:
    pictures = fake_pictures.pictured(steps=range(30))
    whole = len(page_html(pictures).encode())
    for less, said, unsaid in (
        (8_000, "of 30 recorded steps are shown, evenly spread.", "left out"),
        (25_000, "1 figure is left out: Weights and activations in training: B.", "2 figures"),
        (whole, "8 figures are left out", "Figure 1"),
    ):
        html = page_html(pictures, whole - less)
        text = Page(html).text
        assert said in text and unsaid not in text, less
        if less < whole:
            assert len(html.encode()) <= whole - less
            check_anchors(Page(html))
    assert "scrub-controls {" not in html


def test_a_page_of_several_that_is_too_large_points_to_the_studies_own(pictures: Analysis) -> None:
    text = Page(page_html([pictures, fake_pictures.pictured(["A"], [0, 1], name="other")], 100_000)).text
    assert "More fits on the study's own page, which gradlab report other writes." in text
    assert "More fits" not in Page(page_html(pictures, 60_000)).text


def test_budgets_leave_room_for_plotly() -> None:
    assert MOST_BYTES <= 8_000_000 and BUDGET_BYTES < MOST_BYTES


def test_films_go_from_the_study_that_has_most_and_the_rest_keep_two_frames() -> None:
    films = {"a": 1, "b": 3}
    studies = [Shown(reels([film(f"{name}{k}", 4, title=f"{name}{k}") for k in range(n)])) for name, n in films.items()]

    def of(shown: Shown) -> list[Reel]:
        return [figure for figure in shown.figures if isinstance(figure, Reel)]

    enough = sum(reel.bytes for shown in studies for reel in of(shown))
    kept = fitted(studies, enough)
    assert [list(one.left_out) for one in kept] in ([[], ["b2"]], [[], ["b2", "b1"]])
    assert all(len(reel.film.steps) >= 2 and reel.recorded == 4 for one in kept for reel in of(one))
    assert [list(one.figures) for one in fitted(studies, 10**9)] == [[], []]
    assert fitted(studies, 0) == studies
