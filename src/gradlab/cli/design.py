"""Lines about a study that has not run: its factors, its looks, and what running it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from gradlab.studies.plan import Plan


def print_design(plan: Plan, console: Console) -> None:
    """What is varied, and when training stands still to be measured."""
    from gradlab.reports.words import level_text

    if plan.study.is_exact:
        return
    for factor in plan.study.factors:
        levels = ", ".join(level_text(factor.label(level)) for level in factor.levels)
        rows = "" if factor.rows is None else f", rows {', '.join(factor.rows)}"
        say(console, f"Factor {factor.name} ({factor.role}{rows}): {levels}")
    counts = [len(plan.steps(cell.setup)) for cell in plan.cells]
    fewest, most = min(counts), max(counts)
    say(
        console,
        f"Looks: {fewest if fewest == most else f'{fewest} to {most}'} in each cell, at birth and at the end among them",
    )
    console.print()


def print_cost(plan: Plan, console: Console) -> None:
    """Networks, memory and time, as far as they can be told beforehand."""
    from gradlab.reports.words import count_text, seconds_text

    if plan.study.is_exact:
        say(console, "Nothing is trained: running it takes seconds, and little memory.")
        return
    seconds = "less than a second" if plan.seconds < 1 else f"about {seconds_text(plan.seconds)}"
    say(console, f"networks  {count_text(plan.networks)} in {count_text(len(plan.cells))} cells")
    say(console, f"chunks    {count_text(len(plan.chunks))}, each kept when it is done")
    say(console, f"memory    about {plan.bytes / 1e9:.1f} GB at most")
    say(console, f"time      {seconds} on two cores, roughly")


def say(console: Console, line: str) -> None:
    """One line as it is, however long."""
    console.print(Text(line), soft_wrap=True, highlight=False)
