"""`Study`: a question, the setups that answer it, what is measured, and the claims a run can hold or break.

A study is one TOML file: readable aloud, no code, every choice visible. `[network]`, `[recipe]` and `[task]` are the base
Setup; a row changes parts of it under a name, as a source ran it; a factor changes one path over levels. The models here
are the file's schema (`Study.model_json_schema()`); reading files is `studies.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError, UnknownName
from gradlab.studies.claims import Claim
from gradlab.studies.claims.table import expanded
from gradlab.studies.exact import arguments
from gradlab.studies.left_out import LeftOut, check_left_out
from gradlab.studies.levels import LevelValue
from gradlab.studies.measured import Metric, OutcomeRule, Signals, Snapshots, Square
from gradlab.studies.strict import Strict
from gradlab.training.train import LOSS_SET

OF_TRAINED = ("network", "recipe", "task")
ALL_OF_TRAINED = (
    *OF_TRAINED,
    *("replicas", "looks", "rows", "factors", "leave_out", "inputs", "outcomes", "metrics", "signals", "snapshots"),
)
MOST_REPLICAS = 100_000_000
Level = str | int | float | bool | dict[str, Any] | list[Any]


def _replicas(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_REPLICAS:
        raise SpecError("replicas", got=repr(value), expected=f"a whole number from 1 to {MOST_REPLICAS:,}")
    return value


Replicas = Annotated[int, BeforeValidator(_replicas)]


class Looks(Strict):
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


class Row(Strict):
    """A named setting, as a source ran it: changes to the base, and its own number of replicas if it wants one."""

    id: str = Field(min_length=1)
    note: str = ""
    replicas: Replicas | None = None
    network: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    task: str | dict[str, Any] | None = None


class Factor(Strict):
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

    def label(self, level: Level) -> LevelValue:
        """How a level is called in tables and claims: its label, or the value itself."""
        if self.labels is not None:
            return self.labels[self.levels.index(level)]
        return level if isinstance(level, LevelValue) else str(level)


class Computed(Strict):
    """A computation of an exact study; see `gradlab list computations`.

    Attributes:
        compute: Its name in the catalog.
        given: Its arguments.
    """

    compute: str
    given: dict[str, Any] = {}


class Study(Strict):
    """A whole study. Attributes follow the TOML file; see the shipped ones for examples.

    `quick` lists settings, as `--set` takes them, that make a run of seconds of it, without files from the network.

    A study of `kind = "exact"` trains nothing: it has `computations`, of which its claims are, and no network, recipe, task or
    anything that goes with them.

    `network.weights.gain` may be a rule's name instead of a number, such as "forward": see `studies.named_gains`. `leave_out`
    lists combinations of levels that make no cell: see `studies.left_out`.

    `variants.NAME` holds changes of network and recipe that `--set task=NAME` makes besides: a network for larger images may
    not fit small ones.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: Literal["trained", "exact"] = "trained"
    question: str
    answer: str = ""
    text: str = ""
    sources: tuple[str, ...] = ()
    replicas: Replicas = 1000
    looks: Looks = Looks()
    network: dict[str, Any]
    recipe: dict[str, Any]
    task: str | dict[str, Any]
    computations: dict[str, Computed] = {}
    rows: tuple[Row, ...] = ()
    factors: tuple[Factor, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()
    inputs: dict[str, InputSet] = {}
    outcomes: dict[str, OutcomeRule] = {"collapsed": OutcomeRule()}
    metrics: dict[str, Metric] = {}
    signals: Signals | None = None
    snapshots: Snapshots | None = None
    claims: tuple[Claim, ...] = ()
    fixed: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    variants: dict[str, dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        """The file's `[study]` table holds the study's own keys; tables of claims stand for their claims."""
        if isinstance(data, Mapping) and isinstance(data.get("study"), Mapping):
            data = {**{key: value for key, value in data.items() if key != "study"}, **data["study"]}
        if isinstance(data, Mapping) and isinstance(data.get("claims"), list | tuple):
            data = {**data, "claims": expanded(data["claims"])}
        if isinstance(data, Mapping) and data.get("kind") == "exact":
            for key in ALL_OF_TRAINED:
                if key in data:
                    raise SpecError(key, got="it in a study of kind exact", expected="nothing", do="Leave it out")
            return {**data, **{key: {} for key in OF_TRAINED}}
        return data

    @property
    def is_exact(self) -> bool:
        """Whether nothing is trained."""
        return self.kind == "exact"

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.is_exact and not self.computations:
            raise SpecError("computations", got="none", expected="at least one, in a study of kind exact")
        if self.computations and not self.is_exact:
            raise SpecError("computations", got="some in a study of kind trained", expected='none, or kind = "exact"')
        for name, each in self.computations.items():
            arguments(each.compute, each.given, f"computations.{name}.given")
        return self

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
        check_left_out(self)
        sets = [*self.inputs, LOSS_SET]
        for name, rule in self.outcomes.items():
            if rule.over not in sets:
                raise UnknownName("input set", rule.over, sets, do=f"Outcome {name} names it")
        measured = {f"metric {name}": metric.over for name, metric in self.metrics.items()}
        drawn = {"signals": self.signals, "snapshots": self.snapshots}
        measured |= {name: part.over for name, part in drawn.items() if part is not None}
        for row in (self.snapshots.rows if self.snapshots else None) or ():
            if row not in rows:
                raise UnknownName("row", row, rows, do="Snapshots names it")
        for name, metric in self.metrics.items():
            others = [other for other, each in self.metrics.items() if each.kind != "plateau"]
            if metric.of is not None and metric.of not in others:
                raise UnknownName("metric", metric.of, others, do=f"Metric {name} names it")
        for name, over in measured.items():
            if over not in sets:
                raise UnknownName("input set", over, sets, do=f"{name.capitalize()} names it")
            if name != "signals" and over in self.inputs and not self.inputs[over].has_targets:
                raise SpecError(
                    f"{name}.over", got=f'"{over}", points without targets', expected="inputs from task or test"
                )
        if "collapsed" not in self.outcomes:
            raise SpecError("outcomes", got=list(self.outcomes), expected='one called "collapsed"')
        return self


__all__ = [
    "Claim",
    "Computed",
    "Factor",
    "Level",
    "Looks",
    "Metric",
    "OutcomeRule",
    "Row",
    "Signals",
    "Snapshots",
    "Square",
    "Study",
]
