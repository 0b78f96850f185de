"""`Described`: a pydantic model whose docstring says in the JSON schema what each of its keys is, and which converts nothing."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_SECTION = re.compile(r"^Attributes:\n((?:[ ]+.*\n?|\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^    (\w+): (.*(?:\n      .*)*)", re.MULTILINE)


def attributes(model: type) -> dict[str, str]:
    """What the `Attributes:` section of a class's docstring, and of its bases', says of each name, in one line.

    Example:
        >>> class Point:
        ...     '''A point.
        ...
        ...     Attributes:
        ...         x: To the right,
        ...             in metres.
        ...         y: Up.
        ...     '''
        >>> attributes(Point)
        {'x': 'To the right, in metres.', 'y': 'Up.'}
    """
    found: dict[str, str] = {}
    for one in reversed([each for each in model.__mro__ if each not in BaseModel.__mro__]):
        section = _SECTION.search(inspect.cleandoc(one.__doc__ or ""))
        if section is not None:
            found |= {name: " ".join(text.split()) for name, text in _ENTRY.findall(section[1])}
    return found


def describe(table: dict[str, Any], model: type[BaseModel]) -> None:
    """Write what a model's docstring says of it and of its keys into its table of a JSON schema."""
    texts = attributes(model)
    for name, field in model.model_fields.items():
        key = table.get("properties", {}).get(field.alias or name)
        if key is not None and name in texts:
            key["description"] = texts[name]
    first = inspect.cleandoc(model.__doc__ or "").split("\n\n")[0]
    table["description"] = " ".join(first.split())


def without_conversions(part: Any, *, is_choice: bool = False) -> None:
    """Make a core schema take numbers and switches as the JSON schema says: no text, and no true for 1.

    A number is finite, too, but where a key also takes other things, as the level of a factor does.
    """
    if isinstance(part, list | tuple):
        for each in part:
            without_conversions(each, is_choice=is_choice)
    elif isinstance(part, dict):
        kind = part.get("type")
        if kind in ("int", "float", "bool"):
            part["strict"] = True
            if kind == "float" and not is_choice:
                part["allow_inf_nan"] = False
        for key, each in part.items():
            if key not in ("metadata", "default"):
                without_conversions(each, is_choice=is_choice or kind == "union")


class Described(BaseModel):
    """A model whose keys the JSON schema describes, from the `Attributes:` section of its docstring."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema that takes what is written as it is written."""
        schema = handler(source)
        without_conversions(schema)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema with a description of every key, and the docstring's first paragraph as its own."""
        found = handler(schema)
        describe(handler.resolve_ref_schema(found), cls)
        return found
