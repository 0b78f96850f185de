"""A network in named texts: its chain of layers, then what its blocks have (activation, laws, norm, dropout, penalty).

Two networks that differ in anything have different texts, given digits enough. What all blocks share is said once, so that
a text does not change with the depth; else the layers that have it are named, counted from the input like everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from gradlab.spec import Choice, Conv2d, Dense, Layer, NetworkSpec
from gradlab.spec.blocks import shape_text
from gradlab.spec.layers import Activation, Dropout, Normalise, Residual

DIGITS = 6  # of a number, where they tell all settings of a study apart


def network_texts(network: NetworkSpec, digits: int = DIGITS) -> dict[str, str]:
    """Name -> text, one for everything in which networks can differ, always the same names; "" for what it does not have."""
    blocks, layers = network.blocks, network.layers[:-1]
    hidden, last = blocks[:-1], blocks[-1]
    front = list(takewhile(lambda layer: not isinstance(layer, Dense | Conv2d | Residual), layers))
    image = f" (an image of {shape_text(network.image)})" if network.image else ""
    texts = {"inputs and outputs": f"{network.inputs}{image} and {network.outputs}"}
    texts["before the first layer"] = _chain(front, digits)
    texts["hidden layers"] = _chain(layers[len(front) :], digits) or "none"
    # where only some of the layers of the chain have weights, a number alone would not say which are counted
    noun = "layer" if all(isinstance(one, Dense | Conv2d) for one in layers[len(front) :]) else "weighted layer"

    def laws(values: Sequence[Choice | str]) -> str:
        return _of_blocks([_text(value, digits) for value in values], noun)

    # linear layers are marked in the chain, and do not count where others are not
    curved = [block.activation for block in hidden if block.activation.name != "identity"]
    places = [k for k, block in enumerate(hidden, start=1) if not curved or block.activation.name != "identity"]
    shown = curved or [block.activation for block in hidden] or [last.activation]
    texts["activation"] = _groups([_text(one, digits) for one in shown], places or [1], noun)
    texts["output activation"] = "" if last.activation.name == "identity" else _text(last.activation, digits)
    shared = {"own": "", "shared": ", the same draws in layers of equal shape"}
    texts["initial weights"] = laws([f"{_text(block.weights, digits)}{shared[block.draws]}" for block in blocks])
    texts["initial biases"] = laws([_BIASES.get(str(block.bias), block.bias) for block in blocks])
    texts["norm"] = _had([None if block.norm is None else _text(block.norm, digits) for block in blocks], noun)
    texts["dropout"] = _had([number(block.dropout, digits) if block.dropout else None for block in blocks], noun)
    texts["l2 penalty"] = _had([number(block.l2, digits) if block.l2 else None for block in blocks], noun)
    return texts


def call_text(choice: Choice, digits: int = DIGITS) -> str:
    """A part with its parameters; those that are numbers as short as they are exact enough to read."""
    inside = ", ".join(f"{name}={number(value, digits)}" for name, value in choice.params)
    return f"{choice.name}({inside})" if inside else choice.name


def number(value: float | str, digits: int = DIGITS) -> str:
    """A value as TOML writes it, without quotes, with at most so many digits."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


_BIASES = {"own": "the weights' own law", "none": "no biases"}


def _text(value: Choice | str, digits: int) -> str:
    return call_text(value, digits) if isinstance(value, Choice) else value


@dataclass(frozen=True, slots=True)
class _Link:
    """One layer of a chain: what it is called, and whether it is a linear block."""

    word: str
    is_linear: bool


def _chain(layers: Sequence[Layer], digits: int) -> str:
    """Layers as a study file writes them, equal ones in a row counted: "2:identity - 2 x 10"."""
    pieces = []
    for link, run in groupby(_Link(_word(layer, digits), _is_linear(layer)) for layer in layers):
        count = len(list(run))
        pieces.append(f"{link.word}{f' x {count}' if count > 1 else ''}{':identity' if link.is_linear else ''}")
    return " - ".join(pieces)


def _is_linear(layer: Layer) -> bool:
    return isinstance(layer, Dense | Conv2d) and layer.activation.name == "identity"


def _word(layer: Layer, digits: int) -> str:
    """A layer less what the blocks' own texts say: "128", "32 3x3 stride 2", "max_pool2d(2)"."""
    if isinstance(layer, Dense):
        return str(layer.units)
    if isinstance(layer, Conv2d):
        stride = f" stride {layer.stride}" if layer.stride > 1 else ""
        padding = f" padding {layer.padding}" if layer.padding else ""
        return f"{layer.channels} {layer.kernel_size}x{layer.kernel_size}{stride}{padding}"
    if isinstance(layer, Residual):
        return f"residual({_chain(layer.layers, digits)})"
    if isinstance(layer, Activation):
        return call_text(layer.activation, digits)
    if isinstance(layer, Normalise):
        return call_text(layer.norm, digits)
    if isinstance(layer, Dropout):
        return f"dropout({number(layer.p, digits)})"
    said = layer.model_dump(exclude={"kind"}, exclude_defaults=True)
    # pooling is known by its window: "max_pool2d(2)"
    inside = [number(value) if name == "kernel_size" else f"{name}={number(value)}" for name, value in said.items()]
    return f"{layer.kind}({', '.join(inside)})" if inside else layer.kind


def _of_blocks(texts: Sequence[str], noun: str) -> str:
    """What every block has one of; the output is named where it has another than the hidden layers."""
    *hidden, last = texts
    if not hidden or set(hidden) == {last}:
        return last
    groups = _groups(hidden, range(1, len(hidden) + 1), noun)
    return groups if last == hidden[0] and len(set(hidden)) == 1 else f"{groups}; {last} in the output"


def _had(texts: Sequence[str | None], noun: str) -> str:
    """What blocks may be without; "" where all are."""
    *hidden, last = texts
    found = [(text, place) for place, text in enumerate(hidden, start=1) if text is not None]
    words = _groups([text for text, _ in found], [place for _, place in found], noun)
    if found and len(found) == len(hidden) and len(set(hidden)) == 1:
        if last == hidden[0]:
            return f"{last} in every layer"
        words = f"{words} in every hidden layer"
    elif found and len({text for text, _ in found}) == 1:
        words = f"{words} in {_places([place for _, place in found], noun)}"
    return "; ".join(filter(None, (words, f"{last} in the output" if last else "")))


def _groups(texts: Sequence[str], places: Sequence[int], noun: str) -> str:
    """The texts, each once, with the places that have it where there are several."""
    if len(set(texts)) <= 1:
        return texts[0] if texts else ""
    return "; ".join(
        f"{text} in {_places([place for one, place in zip(texts, places, strict=True) if one == text], noun)}"
        for text in dict.fromkeys(texts)
    )


def _places(places: Sequence[int], noun: str) -> str:
    """Places in words, runs of three and more by their ends.

    Example:
        >>> _places([2], "layer"), _places([1, 2, 3, 7], "layer"), _places([1, 3], "weighted layer")
        ('layer 2', 'layers 1 to 3 and 7', 'weighted layers 1 and 3')
    """
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    words = [word for run in runs for word in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run))]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{noun}{'s' if len(places) > 1 else ''} {listed}"
