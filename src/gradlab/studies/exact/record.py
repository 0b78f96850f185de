"""The record of an exact computation and the catalog that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from gradlab.catalog import Catalog
from gradlab.errors import SpecError
from gradlab.errors.validation import from_validation
from gradlab.studies.exact.picture import Picture

Value = bool | int | float | str | list[Any]
"""What a computation finds under one name: a value that TOML and JSON can write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """Something that can be computed without drawing or rounding.

    Attributes:
        name: Its name.
        meaning: What is computed.
        source: Where it comes from, or the argument why it is exact.
        given: Model of its arguments.
        finds: Meaning of each of its results, by name.
        compute: `compute(given)` -> every result, by name.
        picture: How it is drawn; None for what numbers say as well.
    """

    name: str
    meaning: str
    source: str
    given: type[BaseModel]
    finds: Mapping[str, str]
    compute: Callable[[Any], dict[str, Value]]
    picture: Picture | None = None

    @property
    def formula(self) -> str:
        """What it is, what it is given and what it finds, in plain text."""
        fields = self.given.model_fields
        given = [name if f.is_required() else f"{name} = {_toml(f.default)}" for name, f in fields.items()]
        found = "; ".join(f"{name}: {meaning}" for name, meaning in self.finds.items())
        return f"{self.meaning}. Given {', '.join(given) or 'nothing'}; finds {found}"


COMPUTATIONS: Catalog[Computation] = Catalog("computation", "computations")


def arguments(name: str, given: Mapping[str, Any], where: str) -> BaseModel:
    """The arguments of a computation, checked.

    Raises:
        UnknownName: No such computation.
        SpecError: A wrong argument; with every problem found, all under `where`.
    """
    model = COMPUTATIONS[name].given
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = from_validation(error, where, {where: tuple(model.model_fields)})
        # what a model says of several arguments together does not know where they stand
        raise found if str(found).startswith(where) else SpecError.from_message(f"{where}: {found}") from None


def computed(name: str, given: Mapping[str, Any], where: str) -> dict[str, Value]:
    """Everything that a computation finds.

    Args:
        name: Its name in the catalog.
        given: Its arguments, as a study file writes them.
        where: Path for messages.

    Raises:
        UnknownName: No such computation.
        SpecError: A wrong argument.
    """
    found = COMPUTATIONS[name].compute(arguments(name, given, where))
    assert found.keys() == COMPUTATIONS[name].finds.keys()
    return found


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
