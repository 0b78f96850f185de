"""`LAYERS`: every kind of layer as a record of a catalog, read off its class; for lists, not for building networks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic.fields import FieldInfo

from gradlab.catalog import Catalog
from gradlab.parts.param import Param, Value
from gradlab.spec.blocks import Record, Weighted
from gradlab.spec.layers import KINDS
from gradlab.spec.network import DEFAULTS

_WITHOUT = {"norm": "none", "stride": "kernel_size"}  # what a default of None means
_TAKES = {
    "activation": "an activation",
    "weights": "an initializer",
    "bias": '"own", "none" or an initializer',
    "draws": '"own" or "shared"',
    "norm": 'a norm or "none"',
    "padding": 'whole, at least 0, or "same"',
    "layers": "a list of layers",
}
_BOUNDS = {"ge": ("low", False), "gt": ("low", True), "le": ("high", False), "lt": ("high", True)}


@dataclass(frozen=True, slots=True)
class LayerParam:
    """A parameter of a layer, with the words of `parts.Param`, whose values are numbers only.

    Attributes:
        name: As a table spells it.
        default: Value when none is given, as TOML writes it; None means that it must be given.
        meaning: One line.
        range: The allowed values in words.
        kind: What the value is; "text" for all but numbers.
    """

    name: str
    default: Value | str | None
    meaning: str
    range: str
    kind: str


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A kind of layer.

    Attributes:
        name: As `kind` spells it.
        formula: What it does.
        source: Whose layer it is.
        params: Its own parameters, then those that all blocks have.
    """

    name: str
    formula: str
    source: str
    params: tuple[LayerParam, ...]


def _params(kind: type[Record]) -> Iterator[LayerParam]:
    fields = {name: field for name, field in kind.model_fields.items() if name != "kind"}
    for name in sorted(fields, key=lambda name: issubclass(kind, Weighted) and name in Weighted.model_fields):
        param = _param(name, fields[name])
        shared = issubclass(kind, Weighted) and name in DEFAULTS
        yield replace(param, meaning=f"{param.meaning}, here or for the whole network") if shared else param


def _param(name: str, field: FieldInfo) -> LayerParam:
    default = None if field.is_required() else _WITHOUT[name] if field.default is None else field.default
    kinds: dict[Any, str] = {int: "int", int | None: "int", float: "float", bool: "bool"}
    kind = kinds.get(field.annotation, "text")
    limits: dict[str, Any] = {}
    for bound, (side, excluded) in _BOUNDS.items():
        value = next((getattr(one, bound) for one in field.metadata if hasattr(one, bound)), None)
        if value is not None:
            limits |= {side: value, f"excludes_{side}": excluded}
    allowed = _TAKES[name] if kind == "text" else Param(name, None, "", **limits).range
    if default is None:
        allowed = allowed.removesuffix(' or "none"')  # a norm by itself is one
    shown = default if default is None or isinstance(default, bool | int | float) else str(default)
    return LayerParam(name, shown, field.description or "", allowed, kind)


LAYERS: Catalog[LayerKind] = Catalog("layer", "layers")
for _name, _kind in KINDS.items():
    _says = " ".join((inspect.getdoc(_kind) or "").replace("`", "").split())
    LAYERS.add(LayerKind(_name, _says, _kind.source, tuple(_params(_kind))))
