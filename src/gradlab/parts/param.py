"""A parameter of a part: its name, default, range and meaning. The only place where a part's parameter is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gradlab.errors import SpecError, UnknownName, shown

Value = float | int | bool
MOST = 1e50  # theory takes the fourth power of what it is given, and doubles end at 1.8e308


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a catalog record.

    Attributes:
        name: As torch spells it.
        default: Value when the user gives none; None means that it must be given.
        meaning: One line, with the unit where there is one.
        low: Smallest allowed value.
        high: Largest allowed value.
        excludes_low: Whether `low` itself is forbidden.
        excludes_high: Whether `high` itself is forbidden.
        kind: What the value is; a float parameter may differ along the replica axis, the others may not.
        added_later: Whether the default goes unwritten, so that the content of what was described before this parameter
            existed, and its hash, stay what they were.
        most: Largest allowed size of a number that `low` and `high` leave open.
    """

    name: str
    default: Value | None
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    excludes_low: bool = False
    excludes_high: bool = False
    kind: Literal["float", "int", "bool"] = "float"
    added_later: bool = False
    most: float = MOST

    def check(self, value: object, where: str) -> Value:
        """The value as a number of this parameter's kind.

        Raises:
            SpecError: Wrong type, not finite, or outside the range.
        """
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise SpecError(where, got=repr(value), expected="true or false")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpecError(where, got=repr(value), expected=f"a number ({self.meaning})")
        if self.kind == "int" and value % 1 != 0:  # NaN and infinities too
            raise SpecError(where, got=repr(value), expected=f"a whole number ({self.meaning})")
        try:
            number = int(value) if self.kind == "int" else float(value)
        except OverflowError:  # hundreds of digits
            number = math.inf
        too_low = number < self.low or (self.excludes_low and number == self.low)
        too_high = number > self.high or (self.excludes_high and number == self.high)
        if too_low or too_high or not math.isfinite(number):  # in this order: a huge whole number is no float
            raise SpecError(where, got=shown(value), expected=f"{self.range} ({self.meaning})")
        if abs(number) > self.most:
            raise SpecError(where, got=shown(value), expected=f"at most {self.most:g} in size ({self.meaning})")
        return number

    @property
    def range(self) -> str:
        """The allowed range in words."""
        parts = []
        if self.low > -math.inf:
            parts.append(f"{'above' if self.excludes_low else 'at least'} {self.low:g}")
        if self.high < math.inf:
            parts.append(f"{'below' if self.excludes_high else 'at most'} {self.high:g}")
        return " and ".join(parts) or "a finite number"


def resolve(params: Sequence[Param], given: Mapping[str, object], where: str) -> dict[str, Value]:
    """Every parameter with its checked value, in the record's order; those added later only where they are no default.

    Raises:
        UnknownName: `given` holds a name the part does not have.
        SpecError: A value is wrong, or one without a default is missing.
    """
    known = [param.name for param in params]
    for name in given:
        if name not in known:
            raise UnknownName(f"{where} parameter", name, known)
    values: dict[str, Value] = {}
    for param in params:
        if param.name in given:
            values[param.name] = param.check(given[param.name], f"{where}.{param.name}")
            if param.added_later and values[param.name] == param.default:
                del values[param.name]
        elif param.default is None:
            raise SpecError(f"{where}.{param.name}", got="nothing", expected=f"a number ({param.meaning})")
        elif not param.added_later:
            values[param.name] = param.default
    return values
