"""Code that a TARGET names: `package.module:name` or `path/file.py:name`, imported, and made to the module it stands for.

User code runs here; what it prints goes to stderr, so that stdout holds data only, and what it raises becomes one clear
message with its place.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gradlab.errors import UnknownName, UserError, shown

if TYPE_CHECKING:
    from torch import nn


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
        code = _from_file(Path(place), name) if place.endswith(".py") else _imported(place)
    found: Any = code
    for part in name.split("."):
        if not hasattr(found, part):
            known = [key for key, value in getattr(found, "__dict__", {}).items() if _may_be_meant(value, code)]
            raise UnknownName(f"name in {place}", part, known)
        found = getattr(found, part)
    if isinstance(found, nn.Module):
        return _watchable(found)
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
    return _watchable(made)


def _watchable(module: nn.Module) -> nn.Module:
    """The module, whose layers can be read and watched.

    Raises:
        SpecError: They cannot.
    """
    from gradlab.nets.fits import check_open

    check_open(module)
    return module


def _from_file(path: Path, name: str) -> ModuleType:
    """A file's module; its folder can be imported from, as when Python runs the file.

    Raises:
        UserError: There is no such file, or it imports as only a module of a package can; `name` is what is wanted of it.
    """
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
        if "no known parent package" not in str(error):
            raise
        folder, dotted = _package_of(path.resolve())
        here = "" if folder == Path.cwd().resolve() else f", in the folder {folder}"
        raise UserError(
            f"{path} cannot be imported",
            got=f"a relative import{_place(error)}, which a file alone cannot make",
            do=f"Name it as a module of its package: {dotted}:{name}{here}",
        ) from None
    return module


def _package_of(path: Path) -> tuple[Path, str]:
    """The folder that a file's package lies in, and the file's name as a module of it."""
    names, folder = [path.stem], path.parent
    while not names[1:] or (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names).removesuffix(".__init__")


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
