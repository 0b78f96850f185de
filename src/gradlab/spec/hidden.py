"""Widths, own activations and dropout of hidden layers, from the short forms that people write them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradlab.errors import SpecError, UnknownName
from gradlab.spec.blocks import MOST_UNITS

MOST_LAYERS = 10_000
_ITEM = re.compile(r"\s*(-?\d+)\s*(?:[x×*]\s*(-?\d+))?\s*(?::\s*([^:]+?))?\s*")  # noqa: RUF001  (the sign people paste)


def parse_hidden(hidden: object) -> list[tuple[int, str | None]]:
    """Widths (and own activations) of the hidden layers.

    Args:
        hidden: "2 x 9", "400-400-100", "2:identity - 2 x 10", [400, 400, 100] or {width, depth, front}.

    Raises:
        SpecError: Not of these forms, or a width or depth below its minimum.

    Example:
        >>> parse_hidden("3:identity - 2 x 2")
        [(3, 'identity'), (2, None), (2, None)]
    """
    expected = '"2 x 9", "400-400-100", [400, 400, 100] or { width = 2, depth = 9 }'
    if isinstance(hidden, Mapping):
        for key in hidden:
            if key not in ("width", "depth", "front"):
                raise UnknownName("network.hidden key", str(key), ("width", "depth", "front"))
        front = parse_hidden(hidden["front"]) if "front" in hidden else []
        width, depth = (_whole(hidden.get(key), f"network.hidden.{key}") for key in ("width", "depth"))
        return front + _repeat(width, depth, None, hidden)
    if isinstance(hidden, int) and not isinstance(hidden, bool):
        return _repeat(hidden, 1, None, hidden)
    if isinstance(hidden, list | tuple):
        return [item for width in hidden for item in _repeat(_whole(width, "network.hidden"), 1, None, hidden)]
    if not isinstance(hidden, str):
        raise SpecError("network.hidden", got=repr(hidden), expected=expected)
    layers: list[tuple[int, str | None]] = []
    for text in re.split(r"(?<=[\w)\s])-(?![^(]*\))", hidden) if hidden.strip() else []:
        match = _ITEM.fullmatch(text)
        if match is None:
            raise SpecError("network.hidden", got=repr(hidden), expected=expected)
        layers += _repeat(int(match[1]), 1 if match[2] is None else int(match[2]), match[3], hidden)
    return layers


def dropouts_of(dropout: object, depth: int) -> list[object]:
    """Dropout of each hidden layer, from one number for all or a list of one number a layer.

    Raises:
        SpecError: No probability, or not one for each layer.
    """
    each = dropout if isinstance(dropout, list | tuple) else [dropout] * depth
    for value in each:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
            raise SpecError("network.dropout", got=repr(value), expected="a probability, at least 0 and below 1")
    if len(each) != depth:
        raise SpecError("network.dropout", got=f"{len(each)} numbers", expected=f"{depth}, one for each hidden layer")
    return list(each)


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(where, got="nothing" if value is None else repr(value), expected="a whole number")
    return value


def _repeat(width: int, depth: int, activation: str | None, written: object) -> list[tuple[int, str | None]]:
    if not 1 <= width <= MOST_UNITS:
        raise SpecError("network.hidden", got=repr(written), expected=f"every width between 1 and {MOST_UNITS:,}")
    if not 0 <= depth <= MOST_LAYERS:
        raise SpecError("network.hidden", got=repr(written), expected=f"a depth between 0 and {MOST_LAYERS:,}")
    return [(width, activation)] * depth
