"""Progress of a run on stderr: what is being trained, done of all, networks per second, time left.

A moving bar where stderr is a terminal; otherwise plain lines, at most one in ten seconds and a last one.
"""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from gradlab.reports.words import count_text, seconds_text
from gradlab.stats.text import counted_text, number_text

SECONDS_BETWEEN_LINES = 10.0
_LONGEST = 30  # characters of names
_WINDOW = 30.0  # seconds over which the rate is measured


class Progress:
    """Shows how far a run is, between `with` and its end.

    Args:
        total: Networks wanted in all.
        done: Networks recorded before this session.
        quiet: Show nothing.
        console: Where to; stderr by default.
    """

    def __init__(self, total: int, done: int, quiet: bool = False, console: Console | None = None) -> None:
        self.total, self.done, self.quiet = total, done, quiet
        self._console = console or Console(stderr=True)
        self._is_live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar: Bar | None = None
        self._started_with = done
        self._share = 0.0
        self._began = self._last_line = time.monotonic()
        self._seen: deque[tuple[float, int]] = deque([(self._began, done)])

    def __enter__(self) -> Self:
        """Start the clock and show the bar."""
        self._began = self._last_line = time.monotonic()
        self._seen = deque([(self._began, self.done)])
        if not self.quiet and self._is_live:
            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[numbers]}", markup=False),
                console=self._console,
                expand=True,
                transient=True,
            )
            self._bar.add_task("starting", total=1.0, completed=0, numbers=self.numbers())
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away and say where the run stands."""
        if self._bar is not None:
            self._bar.stop()
        if not self.quiet and self.done > self._started_with:
            session = seconds_text(time.monotonic() - self._began)
            state = "done" if self.done >= self.total else "stopped"
            new = count_text(self.done - self._started_with)
            self._say(f"{state}: {self._counts()}, {new} of them in {session}")

    def advance(self, networks: int, what: str, share: float) -> None:
        """Count networks just recorded.

        Args:
            networks: How many.
            what: What they are, for the reader: "B1, width 2".
            share: Part of this session's work that is done, between 0 and 1; networks differ in what they cost.
        """
        now, what = time.monotonic(), _shortened(what)
        self.done += networks
        self._share = share
        self._seen.append((now, self.done))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=share, description=what, numbers=self.numbers())
        elif not self.quiet and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._say(f"{self.numbers()}, {what}")

    def per_second(self) -> float | None:
        """Networks per second over the last half minute; None before anything was recorded."""
        (then, before), (now, after) = self._seen[0], self._seen[-1]
        return (after - before) / (now - then) if after > before and now > then else None

    def numbers(self) -> str:
        """Done of all, rate and time left, as far as they are known."""
        parts = [self._counts()]
        rate = self.per_second()
        if rate is not None:
            parts.append(f"{number_text(rate)} per s")
            if self.done < self.total and self._share > 0:
                left = (time.monotonic() - self._began) * (1.0 - self._share) / self._share
                parts.append(f"{seconds_text(left)} left")
        return ", ".join(parts)

    def _counts(self) -> str:
        return f"{count_text(self.done)} / {counted_text(self.total, 'network')}"

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True, highlight=False)


def _shortened(what: str) -> str:
    """A list of names, cut after those that leave room for the numbers.

    Example:
        >>> _shortened("B4 0.3 zeros, B4 0.3 own, B4 0.2 zeros, B4 0.2 own")
        'B4 0.3 zeros, B4 0.3 own and 2 more'
    """
    names = what.split(", ")
    kept = 1
    while kept < len(names) and len(", ".join(names[: kept + 1])) <= _LONGEST:
        kept += 1
    left = len(names) - kept
    return ", ".join(names[:kept]) + (f" and {left} more" if left else "")
