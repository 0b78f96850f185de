"""Tables that are told apart by the key they have: `{ rate = "collapsed" }` is a rate, `{ mean = "loss" }` a mean.

A family is a class with a `family` of its own; a member is a subclass with a `key`, which is one of its fields. Members join
their family by being defined, so that a new one touches nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Self

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from gradlab.described import describe
from gradlab.errors import SpecError, shown, suggestion
from gradlab.studies.strict import Strict


class Member(Strict):
    """A table of one of several kinds; see the module.

    Attributes:
        family: The members by key, shared by all of them; set by the family's class.
        table: What the family's tables are called where they stand, for messages.
        key: The field that tells this kind; "" for a class that is none.
    """

    family: ClassVar[dict[str, type[Member]]]
    table: ClassVar[str]
    key: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Join the family."""
        super().__pydantic_init_subclass__(**kwargs)
        if "key" in cls.__dict__:
            assert cls.key in cls.model_fields and cls.key not in cls.family, cls.key
            cls.family[cls.key] = cls

    @classmethod
    def read(cls, value: object) -> Self:
        """The member that a table describes.

        Raises:
            SpecError: No table, or one with none or several of the keys that tell kinds apart.
            pydantic.ValidationError: A value that does not fit, or keys that its kind does not have.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise SpecError(cls.table, got=shown(value), expected=f"a table with one of {', '.join(cls.family)}")
        table = {str(key): each for key, each in value.items() if each is not None}
        kind = cls._kind(table)
        unknown = [key for key in table if key not in kind.model_fields]
        if unknown:  # before anything else: what is missing is often what was misspelt
            of = {"known": tuple(kind.model_fields), "of": kind.key}
            problem = PydanticCustomError("extra_forbidden", "unknown key", of)
            raise ValidationError.from_exception_data(
                cls.table, [{"type": problem, "loc": (key,), "input": table[key]} for key in unknown]
            )
        found = kind.model_validate(table)
        assert isinstance(found, cls)
        return found

    @classmethod
    def _kind(cls, table: Mapping[str, object]) -> type[Member]:
        """The kind whose key the table has; one that another kind has as a further key does not count beside that."""
        found = [key for key in cls.family if key in table]
        found = [key for key in found if not any(key in cls.family[one].model_fields for one in found if one != key)]
        if len(found) == 1:
            return cls.family[found[0]]
        strange = next((key for key in table if not any(key in kind.model_fields for kind in cls.family.values())), "")
        near = f"{strange} is none; {suggestion(strange, tuple(cls.family))}" if strange and not found else None
        raise SpecError(
            cls.table,
            got=" and ".join(found) or "none of them",
            expected=f"exactly one of {', '.join(cls.family)}",
            do=near,
        )


class SchemaOf:
    """Makes the JSON Schema of a field whose values are members of a family."""

    def __init__(self, base: type[Member]) -> None:
        self.base = base

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Any of the family's kinds."""
        tables = []
        for kind in self.base.family.values():
            table = handler(kind.__pydantic_core_schema__)
            describe(table, kind)
            tables.append(table)
        return {"anyOf": tables}


def import_all(package: str, path: list[str]) -> None:
    """Import every module of a package, so that its members join their family."""
    for module in sorted(each.name for each in iter_modules(path)):
        import_module(f"{package}.{module}")
