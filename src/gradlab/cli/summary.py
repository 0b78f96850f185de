"""`gradlab summary`: a network's layers, shapes, numbers and work, of a study, a TOML file or any `torch.nn.Module`."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from gradlab.cli.options import AsJson, Settings
from gradlab.errors import UserError, shown

if TYPE_CHECKING:
    from rich.console import Console

    from gradlab.nets.summary import Summary

WIDE = 120  # columns from which every number has one


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
        Parameter(help="Shape of one example, such as 1x28x28; code needs it unless the first layer is dense."),
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
    from gradlab.cli.target import is_code

    shape = None if input is None else _shape(input)
    found = _of_code(target, shape, settings) if is_code(target) else _of_spec(target, shape, settings)
    if as_json:
        print_json(summary_document(target, found))
    else:
        print_summary(found, Console())


def _of_code(target: str, shape: tuple[int, ...] | None, settings: list[str] | None) -> Summary:
    """The summary of a network that code makes."""
    from gradlab.cli.target import load_module

    if settings:
        raise UserError("--set", got="it for code", expected="it for a study only", do="Change the code instead")
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

    (name, spec), *others = load_networks(target, settings or ())
    if others:
        several = f"{len(others)} other network{'s' if len(others) > 1 else ''} of the study"
        note(f"This is the network of {name}; {several} can be chosen with --set.")
    return summarize_spec(spec, shape)


def _shape(text: str) -> tuple[int, ...]:
    """The shape that `--input` gives.

    Raises:
        UserError: Not whole numbers with an "x" between them, or one below 1.
    """
    sides = re.split(r"\s*[x×*,]\s*", text.strip())  # noqa: RUF001  (the sign people paste)
    if not all(re.fullmatch("[0-9]{1,9}", side) and int(side) > 0 for side in sides):
        raise UserError("--input", got=shown(text), expected="whole numbers of at least 1, such as 1x28x28")
    return tuple(map(int, sides))


def print_summary(summary: Summary, console: Console) -> None:
    """A row a layer, and the sums below; less important columns only where there is room for them.

    Args:
        summary: What to show.
        console: Where to. Words wrap; numbers never do, so a narrow terminal gets lines beyond its width.
    """
    from rich import box
    from rich.measure import Measurement
    from rich.segment import Segments
    from rich.table import Table
    from rich.text import Text

    from gradlab.nets.summary import shape_text
    from gradlab.reports.words import count_text

    columns: dict[str, list[str]] = {
        "layer": [layer.name or "-" for layer in summary.layers],
        "kind": [layer.kind for layer in summary.layers],
        "output": ["not called" if layer.output is None else shape_text(layer.output) for layer in summary.layers],
        "parameters": [count_text(layer.parameters) for layer in summary.layers],
    }
    if console.width >= WIDE:
        columns["trainable"] = [count_text(layer.trainable) for layer in summary.layers]
        columns["not"] = [count_text(layer.frozen + layer.buffers) for layer in summary.layers]
    columns["multiply-adds"] = [count_text(layer.multiply_adds) for layer in summary.layers]
    if console.width >= WIDE:
        columns["output size"] = [bytes_text(layer.output_bytes) for layer in summary.layers]
    if any(layer.receptive_field for layer in summary.layers):
        columns["receptive field"] = [shape_text(layer.receptive_field or ("-",)) for layer in summary.layers]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="", padding=(0, 2, 0, 0))
    for heading, texts in columns.items():
        if heading in ("layer", "kind"):
            table.add_column(heading, overflow="fold", min_width=6)
        else:
            table.add_column(heading, no_wrap=True, min_width=max(map(len, (heading, *texts))), justify="right")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    console.print(Text(f"{summary.network}, input {shape_text(summary.input)}", style="bold"), soft_wrap=True)
    needed = Measurement.get(console, console.options.update(width=10_000), table).minimum
    options = console.options.update(width=max(console.width, needed))
    console.print(Segments(console.render(table, options)), soft_wrap=True)
    console.print()
    for line in sums_text(summary):
        console.print(Text(line), soft_wrap=True, highlight=False)


def sums_text(summary: Summary) -> list[str]:
    """The sums in sentences."""
    kinds = [f"{summary.trainable:,} trainable"]
    kinds += [f"{summary.frozen:,} frozen"] if summary.frozen else []
    kinds += [f"{summary.buffers:,} running statistics and other buffers"] if summary.buffers else []
    numbers = f"{summary.parameters:,} parameters ({bytes_text(summary.parameter_bytes)}): {', '.join(kinds)}."
    work = f"One example: {summary.multiply_adds:,} multiply-adds, {bytes_text(summary.output_bytes)} of outputs."
    return [numbers, work]


def bytes_text(size: int) -> str:
    """A size as people read it.

    Example:
        >>> bytes_text(40), bytes_text(36_864), bytes_text(4_885_800), bytes_text(10**11)
        ('40 B', '36.9 kB', '4.9 MB', '100.0 GB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
