"""What a TARGET names: a described network, or code that makes a `torch.nn.Module`.

A description is a shipped study's name or a TOML file. Code is `package.module:name` or `path/file.py:name`, and the name a
module, or what makes one when it is called without arguments: a class or a function. User code runs here; what it prints
goes to stderr, so that stdout holds data only, and what it raises becomes one clear message.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gradlab.errors import StudyFileError, UnknownName, UserError, shown

if TYPE_CHECKING:
    from torch import nn

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

    from gradlab.errors import from_validation
    from gradlab.spec import NetworkSpec
    from gradlab.spec.network import with_input

    try:
        return NetworkSpec.model_validate(table if input is None else with_input(table, input))
    except ValidationError as error:
        raise from_validation(error, "network") from None


def shape_of(text: str) -> tuple[int, ...]:
    """The shape that `--input` gives.

    Raises:
        UserError: Not whole numbers with an "x" between them, or one below 1.
    """
    sides = re.split(r"\s*[x×*,]\s*", text.strip())  # noqa: RUF001  (the sign people paste)
    if not all(re.fullmatch("[0-9]{1,9}", side) and int(side) > 0 for side in sides):
        raise UserError("--input", got=shown(text), expected="whole numbers of at least 1, such as 1x28x28")
    return tuple(map(int, sides))


def load_module(target: str) -> nn.Module:
    """The module that a target names.

    Raises:
        UserError: There is no such file, module or name, it is no `nn.Module` and makes none, or its code fails.
    """
    from torch import nn

    place, _, name = target.rpartition(":")
    if not place or not name:
        expected = 'a module or file and a name in it, such as "model.py:Net" or "package.models:Net"'
        raise UserError(f"target {shown(target)}", got="no name of a network", expected=expected)
    with _told(place, "cannot be imported"):
        code = _from_file(Path(place)) if place.endswith(".py") else _imported(place)
    found: Any = code
    for part in name.split("."):
        if not hasattr(found, part):
            known = [key for key, value in getattr(found, "__dict__", {}).items() if _may_be_meant(value, code)]
            raise UnknownName(f"name in {place}", part, known)
        found = getattr(found, part)
    if isinstance(found, nn.Module):
        return found
    expected = "an nn.Module, or a class or function that makes one"
    if not callable(found):
        raise UserError(f"target {shown(target)}", got=type(found).__name__, expected=expected)
    needed = _needed(found)
    if needed:
        raise UserError(
            f"target {shown(target)}",
            got=f"a callable that needs {', '.join(needed)}",
            expected="one that can be called without arguments",
            do=f"Write a function that returns the network, such as def network(): return {name}(...)",
        )
    with _told(f"target {shown(target)}", "failed"):
        made = found()
    if not isinstance(made, nn.Module):
        raise UserError(
            f"target {shown(target)}", got=f"a callable that returns {type(made).__name__}", expected=expected
        )
    return made


def _from_file(path: Path) -> ModuleType:
    """A file's module; its folder can be imported from, as when Python runs the file."""
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise UserError(str(path), got=got, expected="a Python file")
    _look_in(path.resolve().parent)
    spec = importlib.util.spec_from_file_location(f"gradlab_target_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses and pickle look for it there
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        if "relative import" not in str(error):
            raise
        parts = [*path.parts[:-1], path.stem]
        dotted = ".".join(parts) if len(parts) > 1 and path.parent.is_relative_to(".") else f"package.{path.stem}"
        do = f'Name it as a module, such as "{dotted}:Net", from the folder that holds its package'
        raise UserError(
            str(path), got="a relative import in a file by itself", expected="a module of a package", do=do
        ) from None
    return module


def _imported(name: str) -> ModuleType:
    """A module by its dotted name, of the current folder or installed."""
    _look_in(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise  # it is there, and something that it imports is not
        do = "Name a file, such as model.py:Net, or a module of this folder or environment"
        raise UserError(
            f"module {shown(name)}", got="no such module", expected="one that can be imported", do=do
        ) from None
    except (TypeError, ValueError):  # a relative name, or an empty part
        raise UserError(f"module {shown(name)}", got="no name of a module", expected="such as package.models") from None


def _look_in(folder: Path) -> None:
    """Let code import from a folder, and go on to: a network may import more when it runs."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@contextmanager
def _told(what: str, failed: str) -> Iterator[None]:
    """User code runs inside: its prints go to stderr, and what it raises becomes one message with its place.

    Raises:
        UserError: The code raised something, or wanted to end the program.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"{what} {failed}", got=f"{said}{_place(error)}") from error


def _place(error: BaseException) -> str:
    """The line of the user's code that raised; a malformed file's error names its line itself."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    ours = str(Path(__file__).parent)
    theirs = [frame for frame in frames if not frame.filename.startswith(ours)]
    if isinstance(error, SyntaxError) or not theirs:
        return ""
    return f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})"


def _needed(function: Callable[..., object]) -> list[str]:
    """Names of the arguments that a callable cannot do without."""
    try:
        params = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # made in C
        return []
    some = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [param.name for param in params if param.default is param.empty and param.kind not in some]


def _may_be_meant(value: object, code: ModuleType) -> bool:
    """Whether a name is worth suggesting: a network, or a class or function of that very module."""
    from torch import nn

    return isinstance(value, nn.Module) or (callable(value) and getattr(value, "__module__", "") == code.__name__)
