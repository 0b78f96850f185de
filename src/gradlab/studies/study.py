"""`Study`: a question, the setups that answer it, what is measured, and the claims a run can hold or break.

A study is one TOML file: readable aloud, no code, every choice visible. `[network]`, `[recipe]` and `[task]` are the base
Setup; a row changes parts of it under a name, as a source ran it; a factor changes one path over levels. The models here
are the file's schema (`Study.model_json_schema()`); reading files is `studies.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError, UnknownName
from gradlab.training.train import LOSS_SET

MOST_REPLICAS = 100_000_000
Level = str | int | float | bool | dict[str, Any] | list[Any]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _replicas(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_REPLICAS:
        raise SpecError("replicas", got=repr(value), expected=f"a whole number from 1 to {MOST_REPLICAS:,}")
    return value


Replicas = Annotated[int, BeforeValidator(_replicas)]


class Looks(_Strict):
    """When training stands still to be measured. Step 0 and the last step are always among them."""

    every_epoch: bool = False
    log_spaced: int = Field(default=0, ge=0, le=1000)
    at: tuple[Annotated[int, Field(ge=0)], ...] = ()

    def steps(self, total: int, per_epoch: int) -> list[int]:
        """Steps of all looks for a training of `total` updates, `per_epoch` in an epoch; increasing."""
        chosen = {0, total, *(step for step in self.at if step <= total)}
        if self.every_epoch:
            chosen |= set(range(0, total + 1, per_epoch))
        if self.log_spaced and total:
            chosen |= {round(total ** (i / max(self.log_spaced - 1, 1))) for i in range(self.log_spaced)}
        return sorted(chosen)


class Row(_Strict):
    """A named setting, as a source ran it: changes to the base, and its own number of replicas if it wants one."""

    id: str = Field(min_length=1)
    note: str = ""
    replicas: Replicas | None = None
    network: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    task: str | dict[str, Any] | None = None


class Factor(_Strict):
    """One path of the Setup over several levels.

    `role` says how the analysis treats it: scientific (the question), nuisance (varied so that the answer does not hang on
    it). What no factor varies is fixed, and is listed among the caveats.
    """

    name: str = Field(min_length=1)
    role: Literal["scientific", "nuisance"] = "scientific"
    change: str = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    labels: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _labelled(self) -> Self:
        if self.labels is not None and len(self.labels) != len(self.levels):
            raise SpecError(
                f"factor {self.name}.labels",
                got=f"{len(self.labels)} labels",
                expected=f"{len(self.levels)}, one a level",
            )
        return self

    def label(self, level: Level) -> str | int | float | bool:
        """How a level is called in tables and claims: its label, or the value itself."""
        if self.labels is not None:
            return self.labels[self.levels.index(level)]
        return level if isinstance(level, str | int | float | bool) else str(level)


class OutcomeRule(_Strict):
    """Collapse on one input set: every input of the set gives the same output."""

    kind: Literal["constant_output"] = "constant_output"
    over: str = LOSS_SET


class Measure(_Strict):
    """What a claim measures. Exactly one of rate, difference, readings.

    Attributes:
        rate: Name of an outcome; its rate in the cell(s) of `where`.
        difference: Name of an outcome; its rate in `where` minus that in `minus`, replicas paired.
        readings: Name of an outcome; the share of the cells of `where` whose rate is compatible with the published one.
        where: Levels that pick the cell(s).
        minus: Levels that pick the other cell of a difference.
        look: 0 for at birth; None for the end.
    """

    rate: str | None = None
    difference: str | None = None
    readings: str | None = None
    where: dict[str, str | int | float | bool] = {}
    minus: dict[str, str | int | float | bool] | None = None
    look: Literal[0] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in ("rate", "difference", "readings") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise SpecError(
                "measure", got=kinds or "none of them", expected="exactly one of rate, difference, readings"
            )
        if (self.difference is None) != (self.minus is None):
            raise SpecError("measure.minus", got=self.minus, expected="levels exactly when a difference is measured")
        return self

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.rate or self.difference or self.readings or ""


class Expectation(_Strict):
    """What a claim expects where no published number is: a closed form, or a bound. Exactly one.

    Attributes:
        theory: Name of a closed form in `studies.compare`; every matching cell within 4 standard errors.
        at_most: The upper end of the 95 % prediction interval for a run of the published size stays at or below this.
        at_least: Its lower end stays at or above this.
        below: The 95 % interval of a difference lies below this.
        above: It lies above this.
    """

    theory: str | None = None
    at_most: float | None = None
    at_least: float | None = None
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = self.model_dump(exclude_none=True)
        if len(kinds) != 1:
            raise SpecError("expected", got=list(kinds) or "nothing", expected="exactly one of theory or a bound")
        return self


class Claim(_Strict):
    """A statement a run can hold or break, with the published number or the expectation it is judged by."""

    id: str = Field(min_length=1)
    statement: str
    measure: Measure
    published: float | None = Field(default=None, ge=0.0, le=1.0)
    published_replicas: int = Field(default=1000, ge=1)
    source: str = ""
    expected: Expectation | None = None
    min_replicas: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if (self.published is None) == (self.expected is None):
            raise SpecError(f'claim "{self.id}"', got="both or neither", expected="either published or expected")
        is_difference, theory = self.measure.difference is not None, self.expected is not None and self.expected.theory
        if is_difference and (self.published is not None or theory or self.measure.look == 0):
            raise SpecError(f'claim "{self.id}"', got="a difference", expected="a bound (below, above) at the end")
        if self.measure.readings is not None and self.published is None:
            raise SpecError(f'claim "{self.id}"', got="readings", expected="the published number they may reproduce")
        return self


class Study(_Strict):
    """A whole study. Attributes follow the TOML file; see the shipped ones for examples."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    answer: str = ""
    text: str = ""
    sources: tuple[str, ...] = ()
    replicas: Replicas = 1000
    looks: Looks = Looks()
    network: dict[str, Any]
    recipe: dict[str, Any]
    task: str | dict[str, Any]
    rows: tuple[Row, ...] = ()
    factors: tuple[Factor, ...] = ()
    inputs: dict[str, InputSet] = {}
    outcomes: dict[str, OutcomeRule] = {"collapsed": OutcomeRule()}
    claims: tuple[Claim, ...] = ()
    fixed: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        """The file's `[study]` table holds the study's own keys."""
        if isinstance(data, Mapping) and isinstance(data.get("study"), Mapping):
            return {**{key: value for key, value in data.items() if key != "study"}, **data["study"]}
        return data

    @model_validator(mode="after")
    def _names_meet(self) -> Self:
        rows = [row.id for row in self.rows]
        for kind, names in (
            ("row", rows),
            ("factor", [f.name for f in self.factors]),
            ("claim", [c.id for c in self.claims]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise SpecError(f"{kind}s", got=f'"{name}" {names.count(name)} times', expected=f"each {kind} once")
        for factor in self.factors:
            for row in factor.rows or ():
                if row not in rows:
                    raise UnknownName("row", row, rows, do=f"Factor {factor.name} names it")
        sets = [*self.inputs, LOSS_SET]
        for name, rule in self.outcomes.items():
            if rule.over not in sets:
                raise UnknownName("input set", rule.over, sets, do=f"Outcome {name} names it")
        if "collapsed" not in self.outcomes:
            raise SpecError("outcomes", got=list(self.outcomes), expected='one called "collapsed"')
        return self
