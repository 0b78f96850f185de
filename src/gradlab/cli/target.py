"""What a TARGET names: a described network, or code that makes a `torch.nn.Module`.

A description is a shipped study's name or a TOML file. Code is `package.module:name` or `path/file.py:name`, and the name a
module, or what makes one when it is called without arguments: a class or a function; `user_code` runs it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradlab.errors import StudyFileError, UnknownName, UserError, shown

if TYPE_CHECKING:
    from gradlab.spec import NetworkSpec, Setup


def is_code(target: str) -> bool:
    """Whether a target names code rather than a study or a TOML file.

    Example:
        >>> is_code("model.py:net"), is_code("package.models:Net"), is_code("dying-relu"), is_code("net.toml")
        (True, True, False, False)
    """
    return target.endswith(".py") or (":" in target.removeprefix(Path(target).drive) and not target.endswith(".toml"))


def load_networks(
    target: str, settings: Sequence[str] = (), input: tuple[int, ...] | None = None
) -> list[tuple[str, NetworkSpec]]:
    """The networks of a study that differ in what a summary shows, each with the name of its first cell.

    Args:
        target: A shipped study's name, or a TOML file: a study, a Setup, or a [network] table alone.
        settings: As behind `--set`, for a study.
        input: Shape of one example, for a [network] table alone that leaves it out.

    Raises:
        UserError: Neither a study nor a file, or wrong content.
    """
    from gradlab.nets.summary import summarize_spec
    from gradlab.spec import Setup

    found: dict[object, tuple[str, NetworkSpec]] = {}
    for name, one in load_setups(target, settings, input):
        spec = one.network if isinstance(one, Setup) else one
        summary = summarize_spec(spec)
        found.setdefault((summary.input, summary.layers), (name, spec))
    return list(found.values())


def load_setups(
    target: str, settings: Sequence[str] = (), input: tuple[int, ...] | None = None
) -> list[tuple[str, NetworkSpec | Setup]]:
    """The setups of a study whose networks or tasks differ, each with the name of its first cell.

    Args:
        target: As of `load_networks`; a [network] table alone gives a network without recipe and task.
        settings: As behind `--set`, for a study.
        input: As of `load_networks`.

    Raises:
        UserError: Neither a study nor a file, or wrong content.
    """
    from gradlab.spec import setup_from
    from gradlab.studies.load import load_study, read_table, shipped_studies
    from gradlab.studies.plan import make_plan

    if target not in shipped_studies() and target.endswith(".toml"):
        table = read_table(Path(target))
        if "study" not in table and "name" not in table:
            if "network" not in table:
                raise StudyFileError("no network", file=target, expected="a [network] table, or a study")
            refuse_settings(settings, f"{target}, which describes one network", "Change the file instead")
            is_alone = table.keys() == {"network"}
            return [(target, network_from(table["network"], input) if is_alone else setup_from(table))]
    from gradlab.reports.words import levels_text

    try:
        plan = make_plan(load_study(target, settings))
    except UnknownName as error:
        if error.kind != "study":
            raise
        do = 'See "gradlab study list", or name a TOML file, or code such as model.py:Net'
        raise UnknownName(error.kind, error.name, error.known, do=do) from None
    if plan.study.is_exact:
        expected = "a study that trains networks"
        raise UserError(f"target {shown(target)}", got="an exact study, which has no network", expected=expected)
    found: dict[object, tuple[str, NetworkSpec | Setup]] = {}
    for cell in plan.cells:
        key = (cell.setup.network, cell.setup.task)
        found.setdefault(key, (levels_text(cell.levels), cell.setup))
    return list(found.values())


def refuse_settings(settings: Sequence[str] | None, target: str, do: str) -> None:
    """Say that only a study's settings can be changed from the command line.

    Raises:
        UserError: There are settings.
    """
    if settings:
        raise UserError("--set", got=f"a setting for {target}", expected="one for a study", do=do)


def network_from(table: object, input: tuple[int, ...] | None = None) -> NetworkSpec:
    """A network described alone.

    Args:
        table: What stands in `[network]`.
        input: Shape of one example, where the table leaves it out.

    Raises:
        SpecError: With every problem found.
    """
    from pydantic import ValidationError

    from gradlab.errors.validation import from_validation
    from gradlab.spec import NetworkSpec
    from gradlab.spec.network import with_input

    try:
        return NetworkSpec.model_validate(table if input is None else with_input(table, input))
    except ValidationError as error:
        raise from_validation(error, "network") from None


def shape_of(text: str) -> tuple[int, ...]:
    """The shape that `--input` gives.

    Raises:
        UserError: Not whole numbers with an "x" between them, one below 1, or more numbers than an example can have.
    """
    from gradlab.spec.blocks import MOST_NUMBERS

    sides = re.split(r"\s*[x×*,]\s*", text.strip())  # noqa: RUF001  (the sign people paste)
    if not all(re.fullmatch("[0-9]*[1-9][0-9]*", side) for side in sides):
        raise UserError("--input", got=shown(text), expected="whole numbers of at least 1, such as 1x28x28")
    expected = f"at most {MOST_NUMBERS:,} numbers, the shape of one example"
    if any(len(side) > len(str(MOST_NUMBERS)) for side in sides):  # Python reads no number of thousands of digits
        raise UserError("--input", got=shown(text), expected=expected)
    shape = tuple(map(int, sides))
    if math.prod(shape) > MOST_NUMBERS:
        raise UserError("--input", got=f"{shown(text)}, {math.prod(shape):,} numbers", expected=expected)
    return shape
