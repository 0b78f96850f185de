"""Lines about a study that has not run: its factors, its looks, and what running it would cost."""

from __future__ import annotations

from collections.abc import Sequence
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
        levels = ", ".join(level_text(name) for name in factor.names)
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
    from gradlab.stats.text import counted_text

    if plan.study.is_exact:
        say(console, "Nothing is trained: running it takes seconds, and little memory.")
        return
    seconds = "less than a second" if plan.seconds < 1 else f"about {seconds_text(plan.seconds)}"
    say(console, f"networks  {count_text(plan.networks)} in {counted_text(len(plan.cells), 'cell')}")
    say(console, f"chunks    {count_text(len(plan.chunks))}, each kept when it is done")
    say(console, f"memory    about {plan.bytes / 1e9:.1f} GB at most")
    say(console, f"time      {seconds} on two cores, roughly")


def say(console: Console, line: str) -> None:
    """One line as it is, however long."""
    console.print(Text(line), soft_wrap=True, highlight=False)


def print_plans(plans: Sequence[Plan], as_json: bool) -> None:
    """What running one study would cost, or several and all of them together."""
    from gradlab.cli.documents import plan_document, plans_document
    from gradlab.cli.output import print_json
    from gradlab.reports.tables import print_table
    from gradlab.reports.words import count_text, seconds_text

    if as_json:
        print_json(plan_document(plans[0]) if len(plans) == 1 else plans_document(plans))
        return
    console = Console()
    if len(plans) == 1:
        print_cost(plans[0], console)
        return
    rows = [
        (plan.study.name, count_text(plan.networks), f"{plan.bytes / 1e9:.1f} GB", seconds_text(plan.seconds))
        for plan in plans
    ]
    print_table(console, rows, ["study"], ["networks", "memory", "time"])
    say(console, f"About {seconds_text(sum(plan.seconds for plan in plans))} on two cores, roughly.")
