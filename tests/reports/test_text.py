"""Terminal output at 80 and 200 columns, in a pipe and without colour; numbers are never cut."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gradlab.data import TASKS
from gradlab.parts import CATALOGS
from gradlab.reports import catalog_text, text
from gradlab.reports.tables import print_table
from gradlab.studies.results import Analysis
from tests.reports import fake

PAGE = Path("a store/fake-dying.html")


@pytest.fixture(scope="module")
def dying() -> Analysis:
    return fake.dying()


def shown(
    show: Callable[[Console], None], width: int | None, *, terminal: bool = False, encoding: str = "utf-8"
) -> str:
    """What a function of `text` prints."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    show(Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None))
    out.flush()
    return raw.getvalue().decode(encoding)


def shown_analysis(analysis: Analysis, width: int | None, page: Path | None = PAGE, **options: Any) -> str:
    return shown(lambda console: text.print_analysis(analysis, console, page), width, **options)


@pytest.mark.parametrize("width", [80, 200, 30])
def test_all_numbers_are_whole_at_every_width(dying: Analysis, width: int) -> None:
    printed = shown_analysis(dying, width, PAGE)
    for claim in dying.claims:
        assert f"{claim.replicas:,}" in printed
        assert claim.verdict in printed
    assert "1,000,000" in printed and "95.5 % [94.0, 96.6]" in printed and "-61.8 points [-65.1, -58.5]" in printed
    assert "…" not in printed and "..." not in printed


@pytest.mark.parametrize(("width", "label", "longest"), [(60, 17, 60), (54, 11, 54), (40, 16, 59)])
def test_words_take_what_numbers_leave_and_may_overrun_what_is_too_narrow(width: int, label: int, longest: int) -> None:
    out = io.StringIO()
    rows = [["one two three four five", "1" * 20, "2" * 17]]
    print_table(Console(file=out, width=width), rows, ["cell"], ["a", "b"])
    lines = [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]
    assert max(map(len, lines)) == longest
    assert " ".join(" ".join(line[:label] for line in lines[2:]).split()) == "one two three four five"


@pytest.mark.parametrize("width", [60, 80, 160])
def test_lists_of_numbers_fold_between_numbers(width: int) -> None:
    out, layers = io.StringIO(), str([1_179_776, 0, 16512] * 7)
    interval = "-61.8 points [-65.1, -58.5]" if width > 60 else "1.8 [1, 2]"  # not folded, and at 60 it has no room
    rows = [["by layer", layers, layers, "-", "held"], ["one", interval, "608", "9", "held"]]
    print_table(Console(file=out, width=width), rows, ["claim"], ["published", "measured", "n"], ["verdict"])
    lines = [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]
    assert max(map(len, lines)) <= width
    assert interval in out.getvalue()
    # no number is cut, none is lost
    assert len(re.findall(r"\b1179776\b", out.getvalue())) == len(re.findall(r"\b16512\b", out.getvalue())) == 14


@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal_is_not_overrun(dying: Analysis, width: int) -> None:
    printed = shown_analysis(dying, width, PAGE, terminal=True)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= width


def test_a_wide_terminal_has_statement_and_reason_in_the_table(dying: Analysis) -> None:
    line = next(line for line in shown_analysis(dying, 200, None).splitlines() if line.startswith("B2 "))
    assert (
        "leaky relu networks hardly ever collapse" in line and "at most 1 %" in line and line.rstrip().endswith("held")
    )


def test_the_last_lines_say_answer_page_and_command(dying: Analysis) -> None:
    *_, answer, page, command = shown_analysis(dying, 80, PAGE).rstrip().splitlines()
    assert answer == dying.answer  # in a pipe a sentence is one line
    assert page == f"page: {PAGE}"
    assert command.startswith("open: ") and "'a store/fake-dying.html'" in command


def test_a_pipe_gets_plain_text_and_no_colour_is_respected(dying: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in shown_analysis(dying, None, PAGE)
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    text.print_analysis(dying, Console(file=out, force_terminal=True, width=80), PAGE)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", out.getvalue())


def test_a_pipe_that_takes_only_ascii_gets_it(dying: Analysis) -> None:
    assert shown_analysis(dying, 80, PAGE, encoding="ascii").isascii()


def test_grids_are_summed_up_and_fitting_readings_named() -> None:
    printed = shown_analysis(fake.leaky(), 100, None)
    assert "40 cells, collapsed from" in printed
    assert "B4 readings fits 83 %: slope 0.01, sigma 0.5, bias own" in printed
    assert re.search(r"slope +69\.\d points on average +40", printed)


def test_an_incomplete_study_says_what_is_missing() -> None:
    printed = shown_analysis(fake.dying(1000, 0.01), 80, None)
    assert "10 of 1,000" in printed
    assert printed.rstrip().splitlines()[-1].startswith("Not complete: 10,120 of 1,012,000 networks")


def test_markup_in_names_is_text() -> None:
    printed = shown_analysis(fake.hostile(), 200, None)
    assert '<script>alert("x")</script> & <b>[bold]</b>' in printed


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("kind", [*CATALOGS, "tasks"])
def test_catalogs_list_every_record_with_its_parameters(kind: str, width: int) -> None:
    catalog = {**CATALOGS, "tasks": TASKS}[kind]
    printed = shown(lambda console: catalog_text.print_catalog(kind, catalog, console), width)
    words = " ".join(printed.split())
    for name, record in catalog.items():
        assert name in words
        for param in record.params:
            assert f"{param.name} = " in words or f"{param.name} (must be given" in words
    assert f"{len(catalog)} {kind}" in printed


def test_optimizers_show_their_learning_rate() -> None:
    printed = shown(lambda console: catalog_text.print_catalog("optimizers", CATALOGS["optimizers"], console), 80)
    assert "lr = 0.001 (above 0): learning rate" in printed


def test_studies_plans_and_status_are_tables(dying: Analysis) -> None:
    assert "fake-dying" in shown(lambda console: text.print_studies([dying.study], console), 80)
    rows = [("B1", 1_000_000, 470), ("born, width 2, depth 1", 10_000, 0)]
    printed = shown(lambda console: text.print_study(dying.study, rows, console), 80)
    assert "1,000,000" in printed and "2 cells, 1,010,000 networks." in printed
    assert all(" ".join(claim.statement.split()[:2]) in printed for claim in dying.study.claims)
    half, full = [("B1", 400, 1000), ("B2", 1000, 1000)], [("B2", 1000, 1000)]
    status = shown(lambda console: text.print_status(half, console), 80)
    assert "1,400 of 2,000 networks recorded, 600 left." in status
    assert "complete" in shown(lambda console: text.print_status(full, console), 80)


def test_the_command_that_opens_a_page_is_the_systems_own() -> None:
    assert text.open_command(PAGE, "win32") == 'start "" "a store/fake-dying.html"'
    assert text.open_command(PAGE, "darwin") == "open 'a store/fake-dying.html'"
