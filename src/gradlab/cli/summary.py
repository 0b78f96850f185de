"""`gradlab summary`: a network's layers, shapes, numbers and work, of a study, a TOML file or any `torch.nn.Module`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from gradlab.cli.options import AsJson, Settings
from gradlab.errors import UserError

if TYPE_CHECKING:
    from gradlab.nets.summary import Summary


def summary(
    target: Annotated[
        str,
        Parameter(
            help="A study's name, a TOML file with a [network] table, or code: file.py:Net or package.models:Net."
        ),
    ],
    /,
    *,
    input: Annotated[
        str | None,
        Parameter(
            help="Shape of one example, such as 1x28x28; code needs it unless the first layer is dense, "
            "a [network] table where it has neither inputs nor image."
        ),
    ] = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Say what a network is made of: output shapes, parameters, multiply-adds, memory, receptive fields.

    Code is a torch.nn.Module, or a class or function that makes one without
    arguments. One example goes through it, and leaves no trace.

    For example:
      gradlab summary dying-relu --set row=B1
      gradlab summary model.py:Net --input 1x28x28
      gradlab summary package.models:resnet --input 3x32x32 --json
    """
    from rich.console import Console

    from gradlab.cli.documents import summary_document
    from gradlab.cli.output import print_json
    from gradlab.cli.target import is_code, shape_of
    from gradlab.reports.summary_text import print_summary

    shape = None if input is None else shape_of(input)
    found = _of_code(target, shape, settings) if is_code(target) else _of_spec(target, shape, settings)
    if as_json:
        print_json(summary_document(target, found))
    else:
        print_summary(found, Console())


def _of_code(target: str, shape: tuple[int, ...] | None, settings: list[str] | None) -> Summary:
    """The summary of a network that code makes."""
    from gradlab.cli.target import refuse_settings
    from gradlab.cli.user_code import load_module

    refuse_settings(settings, f"{target}, which is code", "Change the code instead")
    module = load_module(target)
    from gradlab.nets.module_summary import expected_input, summarize

    shape = shape or expected_input(module)
    if shape is None:
        do = "The first layer does not tell it"
        raise UserError("--input", got="nothing", expected="the shape of one example, such as 1x28x28", do=do)
    with redirect_stdout(sys.stderr):
        return summarize(module, shape)


def _of_spec(target: str, shape: tuple[int, ...] | None, settings: list[str] | None) -> Summary:
    """The summary of a network that a study, or a TOML file, describes."""
    from gradlab.cli.output import note
    from gradlab.cli.target import load_networks
    from gradlab.nets.summary import summarize_spec

    (name, spec), *others = load_networks(target, settings or (), shape)
    if others:
        several = f"{len(others)} other network{'s' if len(others) > 1 else ''} of the study"
        note(f"This is the network of {name}; {several} can be chosen with --set.")
    return summarize_spec(spec, shape)
