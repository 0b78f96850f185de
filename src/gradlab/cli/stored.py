"""Finding a study among those that a store holds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradlab.errors import StoreError, UnknownName

if TYPE_CHECKING:
    from gradlab.studies.plan import Plan
    from gradlab.studies.store import Store


def stored_plan(store: Store, name: str) -> tuple[Plan, int]:
    """The plan a store holds under a study's name, and the number of its trials that are recorded.

    Raises:
        UnknownName: It holds no study of that name.
        StoreError: It holds none at all, or cannot be read.
    """
    from gradlab.studies.stored import stored_plans

    found = {stored: (plan, done) for stored, plan, done in stored_plans(store)}
    if not found:
        raise StoreError(f"store {store.path}: holds no study yet", do=f'Run "gradlab study run {name}" first')
    if name not in found:
        raise UnknownName(f"store {store.path}: study", name, found, do='See "gradlab study status", or run it first')
    return found[name]


def note_replaced(store: Store, plan: Plan) -> None:
    """Say on stderr that a plan takes a name over from another study in the store, and how to see that one again."""
    from gradlab.cli.output import note
    from gradlab.stats.text import counted_text
    from gradlab.studies.stored import lost_cells

    name = plan.study.name
    gone, cells = lost_cells(store, plan)
    if gone:
        again = store.command(plan)
        note(
            f"warning: store {store.path}: of the {counted_text(cells, 'cell')} that it holds under the name {name}, {gone:,} "
            f"{'is' if gone == 1 else 'are'} not in this study. Name, page and export now are this one's; what was trained is "
            "kept" + (f', and "{again}" shows it again.' if again else ".")
        )


def run_command(name: str, plan: Plan, settings: Sequence[str] = (), *, quick: bool = False) -> str:
    """The command that repeats a plan."""
    words = ["gradlab", "study", "run", name, *(["--quick"] if quick else [])]
    if plan.study.is_exact:
        return shlex.join(words[:4])
    for setting in settings:
        words += ["--set", setting]
    for option, value, default in (("--seed", plan.seed, 0), ("--engine", plan.engine, "auto")):
        if value != default:
            words += [option, str(value)]
    return shlex.join([*words, "--device", plan.device])
