"""`Choice`: a part named by the user, with its parameters. One grammar for TOML and command line.

`"relu"`, `"leaky_relu(0.2)"`, `"leaky_relu(negative_slope=0.2)"` and `{ name = "leaky_relu", negative_slope = 0.2 }` are
the same choice. Parameters left out take the record's defaults, and are part of the content from then on, so that a
hash does not depend on what a default happened to be. A "-" in a name is read as "_": "leaky-relu", "reg-plane".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_serializer

from gradlab.catalog import Catalog
from gradlab.data import TASKS
from gradlab.errors import SpecError, shown
from gradlab.parts import ACTIVATIONS, INITIALIZERS, LOSSES, NORMS, OPTIMIZERS, SCHEDULES, Optimizer
from gradlab.parts.param import Param, Value, resolve

_CALL = re.compile(r"\s*([A-Za-z_][\w-]*)\s*(?:\((.*)\))?\s*", re.DOTALL)


class Choice(BaseModel):
    """A catalog record and values for its parameters, in the record's order."""

    model_config = ConfigDict(frozen=True)

    name: str
    params: tuple[tuple[str, Value], ...] = ()

    @model_serializer
    def to_table(self) -> dict[str, Any]:
        """The TOML form: name and parameters in one table."""
        return {"name": self.name, **dict(self.params)}

    def __getitem__(self, param: str) -> Value:
        return dict(self.params)[param]

    @property
    def values(self) -> tuple[Value, ...]:
        """Parameter values in the record's order."""
        return tuple(value for _, value in self.params)

    def __str__(self) -> str:
        inside = ", ".join(
            f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in self.params
        )
        return f"{self.name}({inside})" if inside else self.name


def spelt(name: str) -> str:
    """A name as catalogs spell it.

    Example:
        >>> spelt("leaky-relu")
        'leaky_relu'
    """
    return name.strip().replace("-", "_")


def name_in(value: object) -> str | None:
    """The name in a choice, or in a text or table that has not been checked yet; None where there is none."""
    if isinstance(value, Choice):
        return value.name
    if isinstance(value, Mapping):
        value = value.get("name")
    return spelt(value.split("(")[0]) if isinstance(value, str) else None


def parse_call(text: str, where: str) -> tuple[str, dict[str, object]]:
    """Read `name`, `name(0.2)` or `name(key=0.2)`; a positional value comes back under "#0", "#1" ...

    Args:
        text: What the user wrote.
        where: Path for messages.

    Raises:
        SpecError: Not of this form.
    """
    match = _CALL.fullmatch(text)
    if match is None:
        raise SpecError(where, got=shown(text), expected="a name, or name(parameter=value)")
    name, inside = spelt(match[1]), match[2]
    if not inside or not inside.strip():
        return name, {}
    try:
        call = ast.parse(f"f({inside.replace('true', 'True').replace('false', 'False')})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError("several calls")
        pairs = [(f"#{i}", ast.literal_eval(node)) for i, node in enumerate(call.args)]
        pairs += [(str(keyword.arg), ast.literal_eval(keyword.value)) for keyword in call.keywords]
        given = dict(pairs)
        if len(given) < len(pairs):
            raise ValueError("a parameter given twice")
    except (SyntaxError, ValueError) as error:
        raise SpecError(where, got=shown(text), expected="name(parameter=number, ...)") from error
    return name, given


def choose(catalog: Catalog[Any], kind: str, value: object) -> Choice:
    """The catalog record a user's text or table names, with all its parameters checked.

    Raises:
        UnknownName: No such record or parameter.
        SpecError: Not one of the forms, or a value out of range.
    """
    if isinstance(value, Choice):
        return value
    given: dict[str, object]
    if isinstance(value, str):
        name, given = parse_call(value, kind)
    elif isinstance(value, Mapping):
        given = dict(value)
        if "name" not in given:
            raise SpecError(
                kind,
                got=shown(dict(value)),
                expected="a table with a name",
                do=f'Write {{ name = "{next(iter(catalog))}" }}',
            )
        name = given.pop("name")  # type: ignore[assignment]
        if not isinstance(name, str):
            raise SpecError(f"{kind}.name", got=shown(name), expected="a name")
        name = spelt(name)
    else:
        raise SpecError(kind, got=shown(value), expected="a name, or a table with a name")
    record = catalog[name]
    params: tuple[Param, ...] = (record.lr, *record.params) if isinstance(record, Optimizer) else record.params
    for i, param in enumerate(params):  # positional values of the call form
        if f"#{i}" in given:
            if param.name in given:
                raise SpecError(f"{kind} {name}.{param.name}", got="two values", expected="one")
            given[param.name] = given.pop(f"#{i}")
    if any(key.startswith("#") for key in given):
        raise SpecError(
            f"{kind} {name}",
            got=shown(value),
            expected=f"at most {len(params)} parameter{'' if len(params) == 1 else 's'}",
        )
    values = resolve(params, given, f"{kind} {name}")
    for low, high in (("low", "high"), ("min_val", "max_val")):
        if low in values and high in values and values[low] > values[high]:
            raise SpecError(
                f"{kind} {name}", got=f"{low} {values[low]}, {high} {values[high]}", expected=f"{low} at most {high}"
            )
    return Choice(name=name, params=tuple(values.items()))


def _validator(catalog: Catalog[Any], kind: str) -> BeforeValidator:
    return BeforeValidator(partial(choose, catalog, kind), json_schema_input_type=str | dict[str, Any])


def choose_bias(value: object) -> object:
    """A bias law: "own" (the weights' own law), "none", or an initializer."""
    return value if value in ("own", "none") else choose(INITIALIZERS, "initializer", value)


def choose_norm(value: object) -> Choice | None:
    """A norm, or "none": a row of a study takes the base's away with it, since TOML has no word for nothing."""
    return None if value is None or value == "none" else choose(NORMS, "norm", value)


ActivationChoice = Annotated[Choice, _validator(ACTIVATIONS, "activation")]
InitializerChoice = Annotated[Choice, _validator(INITIALIZERS, "initializer")]
NormOf = Annotated[Choice, _validator(NORMS, "norm")]
NormChoice = Annotated[Choice | None, BeforeValidator(choose_norm, json_schema_input_type=str | dict[str, Any] | None)]
OptimizerChoice = Annotated[Choice, _validator(OPTIMIZERS, "optimizer")]
ScheduleChoice = Annotated[Choice, _validator(SCHEDULES, "schedule")]
LossChoice = Annotated[Choice, _validator(LOSSES, "loss")]
TaskChoice = Annotated[Choice, _validator(TASKS, "task")]
BiasChoice = Annotated[
    Choice | Literal["own", "none"], BeforeValidator(choose_bias, json_schema_input_type=str | dict[str, Any])
]
