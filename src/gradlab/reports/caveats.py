"""What was held fixed: everything that no row and no factor varies, read off the cells' Setups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from gradlab.reports.words import count_text, level_text
from gradlab.spec import Choice, Conv2d, Dense, Layer, Setup
from gradlab.studies.results import Analysis


def held_fixed(analysis: Analysis) -> list[tuple[str, str]]:
    """(what, value) of everything that is the same in every cell."""
    return [(name, values[0]) for name, values in _by_name(analysis).items() if len(values) == 1]


def varied(analysis: Analysis) -> list[tuple[str, str]]:
    """(what, its values) of everything that differs between cells."""
    return [(name, _listed(values)) for name, values in _by_name(analysis).items() if len(values) > 1]


def _listed(values: Sequence[str], most: int = 8) -> str:
    left = len(values) - most
    return "; ".join(values[:most]) + (f"; and {left} more" if left > 0 else "")


def _by_name(analysis: Analysis) -> dict[str, list[str]]:
    """Name -> its different values over the cells, in the order they come."""
    found: dict[str, list[str]] = {}
    tables = [_described(cell.setup) for cell in analysis.cells]
    names = list(dict.fromkeys(name for table in tables for name in table))
    for name in names:
        found[name] = list(dict.fromkeys(table.get(name, "none") for table in tables))
    return found


def _described(setup: Setup) -> dict[str, str]:
    """A Setup as named texts, one for everything a study can vary."""
    network, recipe, task = setup.network, setup.recipe, setup.task
    hidden, last = network.blocks[:-1], network.blocks[-1]
    shown: dict[str, str] = {
        "inputs and outputs": f"{network.inputs} and {network.outputs}",
        "hidden layers": hidden_text(setup),
    }
    body = [layer for layer in hidden if layer.activation.name != "identity"] or list(hidden) or [last]
    shown["activation"] = _call(body[0].activation)
    if last.activation.name != "identity":
        shown["output activation"] = _call(last.activation)
    shown["initial weights"] = _call(body[0].weights)
    bias = body[0].bias
    if isinstance(bias, str):
        shown["initial biases"] = {"own": "the weights' own law", "none": "no biases"}[bias]
    else:
        shown["initial biases"] = _call(bias)
    shown["optimizer"] = _call(recipe.optimizer)
    shown["learning-rate schedule"] = _call(recipe.schedule)
    shown["loss"] = _call(recipe.loss)
    shown["batch size"] = str(recipe.batch_size)
    length = (
        f"{count_text(recipe.epochs)} epochs" if recipe.epochs is not None else f"{count_text(recipe.steps or 0)} steps"
    )
    shown["length"] = f"{length} = {count_text(setup.total_steps)} updates" if recipe.epochs is not None else length
    shown["order of examples"] = recipe.order
    shown["precision"] = recipe.precision
    shown["task"] = task.name
    for name, value in task.params:
        shown[f"task {name}"] = level_text(value)
    return shown


def _call(choice: Choice) -> str:
    """A part with its parameters; those that are numbers as short as they are exact enough to read."""
    inside = ", ".join(f"{name}={level_text(value)}" for name, value in choice.params)
    return f"{choice.name}({inside})" if inside else choice.name


def _kind(layer: Dense) -> tuple[int, bool]:
    return layer.units, layer.activation.name == "identity"


def hidden_text(setup: Setup) -> str:
    """Hidden layers as a study file writes them: "2:identity - 2 x 10"; or, if not all of them are dense, each in a word."""
    if not setup.network.is_plain:
        return " - ".join(_word(layer) for layer in setup.network.layers[:-1]) or "none"
    pieces = []
    for (units, linear), run in groupby(setup.network.dense[:-1], _kind):
        count = len(list(run))
        pieces.append(f"{units}{f' x {count}' if count > 1 else ''}{':identity' if linear else ''}")
    return " - ".join(pieces) or "none"


def _word(layer: Layer) -> str:
    """A layer of any kind, as short as can be."""
    if isinstance(layer, Dense):
        return str(layer.units)
    if isinstance(layer, Conv2d):
        return f"{layer.channels} {layer.kernel_size}x{layer.kernel_size}"
    return layer.kind
