"""What a network is made of, on a terminal."""

from __future__ import annotations

from rich.console import Console

from gradlab.nets.summary import LayerSummary, Summary
from gradlab.reports.tables import WIDE, print_line, print_table
from gradlab.reports.words import count_text
from gradlab.spec.blocks import shape_text


def print_summary(summary: Summary, console: Console) -> None:
    """A row a layer, and the sums below; less important columns only where there is room for them.

    Args:
        summary: What to show.
        console: Where to. Words wrap; numbers never do, so a narrow terminal gets lines beyond its width.
    """
    columns: dict[str, list[str]] = {
        "layer": [layer.name or "-" for layer in summary.layers],
        "kind": [layer.kind for layer in summary.layers],
        "output": ["not called" if layer.output is None else shape_text(layer.output) for layer in summary.layers],
        "parameters": [count_text(layer.parameters) for layer in summary.layers],
    }
    if console.width >= WIDE:
        columns["trainable"] = [count_text(layer.trainable) for layer in summary.layers]
    if summary.buffers:
        columns["buffers"] = [count_text(layer.buffers) for layer in summary.layers]
    columns["multiply-adds"] = [work_text(layer) for layer in summary.layers]
    if console.width >= WIDE:
        columns["output size"] = [bytes_text(layer.output_bytes) for layer in summary.layers]
    if any(layer.receptive_field for layer in summary.layers):
        columns["receptive field"] = [shape_text(layer.receptive_field or ("-",)) for layer in summary.layers]
    print_line(console, f"{summary.network}, input {shape_text(summary.input)}", style="bold")
    print_table(console, list(zip(*columns.values(), strict=True)), list(columns)[:2], list(columns)[2:])
    for line in sums_text(summary):
        print_line(console, line)


def sums_text(summary: Summary) -> list[str]:
    """The sums in sentences."""
    kinds = [f"{summary.trainable:,} trainable"]
    kinds += [f"{summary.frozen:,} frozen"] if summary.frozen else []
    numbers = f"{summary.parameters:,} parameters: {', '.join(kinds)}."
    if summary.buffers:
        numbers += f" Beside them {summary.buffers:,} running statistics and other buffers."
    numbers += f" {bytes_text(summary.parameter_bytes)} in all."
    work = f"One example: {work_text(summary)} multiply-adds, {bytes_text(summary.output_bytes)} of outputs."
    if summary.uncounted:
        inside = [f"{layer.kind} ({', '.join(layer.uncounted)})" for layer in summary.layers if layer.uncounted]
        work += f" Not counted: {', '.join(dict.fromkeys(inside))}."
    return [numbers, work]


def work_text(counted: LayerSummary | Summary) -> str:
    """Multiply-adds, or that they are not known, or no more than a lower bound.

    Example:
        >>> work_text(LayerSummary(name="", kind="Fft", input=(4,), output=(4,), uncounted=("_fft_r2c",)))
        'unknown'
    """
    if not counted.uncounted:
        return count_text(counted.multiply_adds)
    return f"at least {counted.multiply_adds:,}" if counted.multiply_adds else "unknown"


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
