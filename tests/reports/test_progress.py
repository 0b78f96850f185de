"""Progress: a bar on a terminal, few plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gradlab.reports import progress
from gradlab.reports.progress import Progress


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def run(clock: Clock, chunks: int, seconds: float, quiet: bool = False, done: int = 0, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with Progress(10_000, done, quiet, console) as shown:
        for i in range(chunks):
            clock.now += seconds
            shown.advance(100, "B1, width 2", 100 * (i + 1) / (10_000 - done))
    return out.getvalue()


def test_a_pipe_gets_a_line_in_ten_seconds_and_a_last_one(clock: Clock) -> None:
    lines = run(clock, chunks=10, seconds=4.0).splitlines()
    assert len(lines) == 4  # after 12, 24 and 36 of 40 seconds, and at the end
    assert lines[0] == "300 / 10,000 networks, 25 per s, 6 min 28 s left, B1, width 2"
    assert lines[-1] == "stopped: 1,000 / 10,000 networks, 1,000 of them in 40 s"


def test_resuming_counts_what_is_there_but_not_towards_the_rate(clock: Clock) -> None:
    lines = run(clock, chunks=10, seconds=2.0, done=9000).splitlines()
    assert lines[0].startswith("9,500 / 10,000 networks, 50 per s, 10 s left")
    assert lines[-1] == "done: 10,000 / 10,000 networks, 1,000 of them in 20 s"


def test_quiet_is_silent_and_so_is_a_run_with_nothing_to_do(clock: Clock) -> None:
    assert run(clock, chunks=50, seconds=4.0, quiet=True) == ""
    assert run(clock, chunks=50, seconds=4.0, quiet=True, terminal=True) == ""
    assert run(clock, chunks=0, seconds=0.0) == ""


def test_a_terminal_gets_a_bar_with_everything_in_it(clock: Clock) -> None:
    shown = run(clock, chunks=3, seconds=4.0, terminal=True)
    assert "B1, width 2" in shown and "300 / 10,000 networks, 25 per s" in shown


def test_markup_in_names_is_text(clock: Clock) -> None:
    out = io.StringIO()
    with Progress(10, 0, console=Console(file=out)) as shown:
        clock.now += 11.0
        shown.advance(1, "[bold]row[/] <b>", 0.1)
    assert "[bold]row[/] <b>" in out.getvalue()


def test_the_rate_is_that_of_the_last_half_minute(clock: Clock) -> None:
    shown = Progress(10_000, 0, quiet=True)
    assert shown.per_second() is None and shown.numbers() == "0 / 10,000 networks"
    for _ in range(100):
        clock.now += 1.0
        shown.advance(1, "slow", 0.001)
    for _ in range(40):
        clock.now += 1.0
        shown.advance(50, "fast", 0.01)
    assert shown.per_second() == pytest.approx(50, rel=0.05)


def test_time_that_stands_still_breaks_nothing(clock: Clock) -> None:
    assert "done" in run(clock, chunks=100, seconds=0.0)
