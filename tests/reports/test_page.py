"""The page: complete, self-contained, escaped, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gradlab.errors import StoreError, UserError
from gradlab.reports.page import page_html, write_page
from gradlab.reports.sections import claim_lines
from gradlab.studies.claims.result import VERDICTS
from gradlab.studies.results import Analysis
from tests.reports import fake


class Page(HTMLParser):
    """Tags with their attributes, text outside scripts and styles, and the contents of those."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.code: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        (self.code if self._inside else self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


@pytest.fixture(scope="module")
def dying() -> Analysis:
    return fake.dying(100)


@pytest.fixture(scope="module")
def page(dying: Analysis) -> Page:
    return Page(page_html(dying))


def test_the_answer_stands_first_and_everything_is_there(dying: Analysis, page: Page) -> None:
    text = page.text
    order = [
        dying.study.question,
        dying.answer,
        "Claims",
        "Figure 1.",
        "What was held fixed",
        "How it was run",
        "All cells",
    ]
    places = [text.index(part, text.index("fake-dying")) for part in order]
    assert places == sorted(places)
    for claim in dying.claims:
        assert claim.id in text and claim.statement in text and claim.why in text
        assert f"{claim.replicas:,}" in text
    assert {"held", "not held"} <= {claim.verdict for claim in dying.claims}
    for wanted in (
        *(claim.verdict for claim in dying.claims),
        dying.command,
        "2.13.0",
        "root seed",
        *dying.study.fixed,
        *dying.study.sources,
    ):
        assert wanted in text
    assert dying.study_toml.splitlines()[1] in text


def test_a_claim_that_cannot_be_decided_yet_says_so() -> None:
    early = fake.dying(share_done=0.05)
    assert "undecided" in {claim.verdict for claim in early.claims} and "undecided" in Page(page_html(early)).text


def test_verdicts_are_a_word_and_a_shape(page: Page, dying: Analysis) -> None:
    shapes = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("class") == "shape"]
    assert len(shapes) == len(dying.claims)


def test_the_page_needs_nothing_from_outside(page: Page) -> None:
    links = ("src", "href", "srcset", "data", "action", "poster", "xlink:href")
    for tag, attrs in page.tags:
        for name in links:
            address = attrs.get(name)
            assert address is None or address.startswith(("#", "data:")), (tag, name, address)
    styles = [code for code in page.code if "--ink" in code]
    assert styles and not re.search(r"@import|url\(", styles[0])
    own = [code for code in page.code if "Plotly.newPlot(" in code and len(code) < 10_000]
    assert own and "http" not in own[0] and "fetch(" not in own[0]
    policy = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy and "default-src 'none'" in str(policy[0])


def test_every_anchor_has_its_place_and_every_chart_its_data(page: Page) -> None:
    ids = [str(attrs["id"]) for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"} <= set(ids)
    charts = [str(attrs["id"]) for _, attrs in page.tags if attrs.get("class") == "chart"]
    (data,) = [code for code in page.code if code.startswith('{"rates-1"')]
    assert set(json.loads(data)) == set(charts)


def test_what_a_user_wrote_is_text() -> None:
    html = page_html(fake.hostile())
    page = Page(html)
    assert 'alert("x")' in page.text
    assert not [code for code in page.code if 'alert("x")' in code and "rates-1" not in code]
    charts = next(code for code in page.code if "rates-1" in code and "newPlot" not in code)
    assert "<" not in charts
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 3


def test_the_names_in_charts_are_no_markup() -> None:
    charts = next(code for code in Page(page_html(fake.hostile())).code if code.startswith('{"rates-1"'))
    texts = [
        annotation.get("text", "")
        for panel in json.loads(charts).values()
        for annotation in panel["layout"]["annotations"]
    ]
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script" in text for text in texts)


def test_an_incomplete_study_says_so() -> None:
    text = Page(page_html(fake.dying(1000, 0.01))).text
    assert "Not complete: 10,120 of 1,012,000 networks are recorded." in text
    assert "10 of 1,000" in text and "undecided" in text


def test_a_study_without_claims_cells_and_text_still_has_a_page(dying: Analysis) -> None:
    study = dying.study.model_copy(update={"claims": (), "text": "", "sources": (), "fixed": ()})
    bare = replace(dying, study=study, cells=(), claims=(), effects=(), answer="", command="")
    page = Page(page_html(bare))
    assert study.question in page.text and "Figure 1" not in page.text


def test_writing_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_page(fake.hostile(), path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert os.listdir(tmp_path) == ["report.html"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_page_that_cannot_be_written_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match=r"absent.*report\.html"):
        write_page(fake.hostile(), tmp_path / "absent" / "report.html")
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left on device") as caught:
        write_page(fake.hostile(), path)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["report.html"] and path.read_text() == "old"


def test_every_verdict_has_its_word_its_shape_and_its_judgement(dying: Analysis) -> None:
    claims = [
        replace(claim, verdict=verdict, judgement=f"judged {verdict}")
        for claim, verdict in zip(dying.claims, VERDICTS, strict=False)
    ]
    lines = claim_lines(replace(dying, claims=claims))
    assert len({line["shape"] for line in lines}) == len(VERDICTS) == 4
    page = page_html(replace(dying, claims=claims, cells=(), effects=()))
    for verdict in VERDICTS:
        assert f"judged {verdict}" in page and f'class="verdict {verdict.replace(" ", "-")}"' in page
    drawn = re.findall(r'<svg class="shape".*?</svg>', page, re.DOTALL)
    assert len(set(drawn)) == 4
