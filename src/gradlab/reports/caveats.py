"""What was held fixed: everything that no row and no factor varies, read off the cells' Setups."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.reports.network_text import DIGITS, call_text, network_texts, number
from gradlab.reports.words import count_text
from gradlab.spec import Setup
from gradlab.stats.text import counted_text
from gradlab.studies.results import Analysis

EXACT_DIGITS = 17  # of a double: no two are the same text


def held_fixed(analysis: Analysis) -> list[tuple[str, str]]:
    """(what, value) of everything that is the same in every cell."""
    setups = [cell.setup for cell in analysis.cells]
    return [(name, texts[0]) for name, texts in described(setups).items() if len(set(texts)) == 1]


def varied(analysis: Analysis) -> list[tuple[str, str]]:
    """(what, its values) of everything that differs between cells."""
    setups = [cell.setup for cell in analysis.cells]
    return [
        (name, _listed(list(dict.fromkeys(texts)))) for name, texts in described(setups).items() if len(set(texts)) > 1
    ]


def described(setups: Sequence[Setup]) -> dict[str, list[str]]:
    """Name -> a text for each Setup, "none" for what it does not have and another does.

    Different Setups differ in at least one text.

    Numbers are as short as they can be to tell apart what differs: two gains may share six digits.
    """
    exact = _tables(setups, EXACT_DIGITS)
    tries = [_tables(setups, digits) for digits in (DIGITS, 10)]
    return {
        name: next((table[name] for table in tries if len(set(table[name])) == len(set(texts))), texts)
        for name, texts in exact.items()
    }


def _tables(setups: Sequence[Setup], digits: int) -> dict[str, list[str]]:
    tables = [_described(setup, digits) for setup in setups]
    names = dict.fromkeys(name for table in tables for name in table)
    columns = {name: [table.get(name, "") for table in tables] for name in names}
    return {name: [text or "none" for text in texts] for name, texts in columns.items() if any(texts)}


def _listed(values: Sequence[str], most: int = 8) -> str:
    left = len(values) - most
    # a value that is itself a list is set apart by a bar
    between = " | " if any("; " in value for value in values) else "; "
    return between.join(values[:most]) + (f"{between}and {left} more" if left > 0 else "")


def _described(setup: Setup, digits: int) -> dict[str, str]:
    """A Setup as named texts, one for everything a study can vary."""
    recipe, task = setup.recipe, setup.task
    shown = network_texts(setup.network, digits)
    shown["optimizer"] = call_text(recipe.optimizer, digits)
    shown["learning-rate schedule"] = call_text(recipe.schedule, digits)
    shown["loss"] = call_text(recipe.loss, digits)
    shown["batch size"] = str(recipe.batch_size)
    if recipe.epochs is None:
        shown["length"] = counted_text(recipe.steps or 0, "step")
    else:
        epochs = f"{count_text(recipe.epochs)} epoch{'s' * (recipe.epochs != 1)}"
        shown["length"] = f"{epochs} = {counted_text(setup.total_steps, 'update')}"
    shown["order of examples"] = recipe.order
    shown["precision"] = recipe.precision
    shown["task"] = task.name
    for name, value in task.params:
        shown[f"task {name}"] = number(value, digits)
    return shown
