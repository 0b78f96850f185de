"""`Study`: a question, the setups that answer it, what is measured, and the claims a run can hold or break.

A study is one TOML file: readable aloud, no code, every choice visible. `[network]`, `[recipe]` and `[task]` are the base
Setup; a row changes parts of it under a name, as a source ran it; a factor changes one path over levels. The models here
are the file's schema (`Study.model_json_schema()`); reading files is `studies.load`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gradlab.data import TASKS
from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError, UnknownName, shown
from gradlab.studies.claims import Claim
from gradlab.studies.claims.table import expanded
from gradlab.studies.exact import arguments
from gradlab.studies.left_out import LeftOut, check_left_out
from gradlab.studies.levels import LevelValue
from gradlab.studies.measured import COLLAPSED, Metric, OutcomeRule, Signals, Snapshots, Square, check_told_apart
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
    """When training stands still to be measured. Step 0 and the last step are always among them.

    Attributes:
        every_epoch: Whether after every epoch.
        log_spaced: How many steps, each about the same factor after the one before.
        at: These steps; what lies beyond the end of the training is left out.
    """

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


def _unknown_set(where: str, name: str, known: Sequence[str]) -> UnknownName:
    """A name of no input set, and the line that would make it one."""
    source = "task" if name == "task" else "test"
    do = f'{where}.over names it. Write {name} = {{ from = "{source}" }} below [inputs] to have it'
    return UnknownName("input set", name, known, do=do)


class Row(Strict):
    """A named setting, as a source ran it: changes to the base, and its own number of replicas if it wants one.

    Attributes:
        id: What it is called in tables and claims, as the level of a factor called "row".
        note: A line on what is particular about it.
        replicas: Networks in each of its cells; the study's when left out.
        network: Changes of the base's network. A table with a `name`, or another `kind`, replaces what stood there; any
            other is merged.
        recipe: Changes of the base's recipe, in the same way.
        task: Change of the base's task, in the same way; a bare name replaces it.
    """

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

    A label belongs to a level's place: equal levels with different labels make cells of their own, which share their trials
    as all cells of equal content do. Two levels of one name could not be told apart, and are refused.

    Attributes:
        name: What it is called in tables and claims.
        role: "scientific" if the question is about it, "nuisance" if it is varied so that the answer does not hang on it.
        change: Dotted path of what changes: "recipe.optimizer.lr", "network.hidden.depth",
            "network.layers.0.channels", "task.noise".
        levels: The values that it takes; every combination of the levels of all factors is a cell.
        labels: How the levels are called in tables and claims, one for each; the values themselves when left out.
        rows: Rows that it is varied in; all when left out.
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
        for place, name in enumerate(self.names):
            if name in self.names[:place]:
                is_labelled = self.labels is not None
                raise SpecError(
                    f"factor {self.name}.{'labels' if is_labelled else 'levels'}",
                    got=f"{shown(str(name))} {self.names.count(name)} times",
                    expected=f"each {'label' if is_labelled else 'level'} once",
                    do="Leave it out" if is_labelled else "Leave it out, or give every level a label",
                )
        return self

    @property
    def names(self) -> tuple[LevelValue, ...]:
        """How its levels are called in tables and claims, one after the other: by label, or by the value itself."""
        if self.labels is not None:
            return self.labels
        return tuple(level if isinstance(level, LevelValue) else str(level) for level in self.levels)

    @property
    def named(self) -> tuple[tuple[Level, LevelValue], ...]:
        """Its levels, each with its name."""
        return tuple(zip(self.levels, self.names, strict=True))


def check_changes(factors: Sequence[Factor]) -> None:
    """Two factors of one row change different things: of two that change the same, the first would have no effect.

    Raises:
        SpecError: They change the same.
    """
    for place, factor in enumerate(factors):
        for other in factors[:place]:
            apart = factor.rows is not None and other.rows is not None and set(factor.rows).isdisjoint(other.rows)
            if factor.change == other.change and not apart:
                got = f"{shown(factor.change)}, which factor {other.name} changes too"
                do = "Leave one out, or give them different rows"
                raise SpecError(f"factor {factor.name}.change", got=got, expected="a path of its own", do=do)


class Computed(Strict):
    """A computation of an exact study; see `gradlab list computations`.

    Attributes:
        compute: Its name in the catalog.
        given: Its arguments.
    """

    compute: str
    given: dict[str, Any] = {}


class Variant(Strict):
    """What `--set task=NAME` changes besides the task.

    Attributes:
        network: Changes of the base's network, as of a row.
        recipe: Changes of the base's recipe, in the same way.
    """

    network: dict[str, Any] = {}
    recipe: dict[str, Any] = {}


class Study(Strict):
    """A whole study. Attributes follow the TOML file, where those that are no tables stand in `[study]`.

    Attributes:
        name: Lower-case letters, digits and hyphens; what its results are stored under.
        kind: "trained", or "exact" for a study that trains nothing: it has computations, of which its claims are, and no
            network, recipe, task or anything that goes with them.
        question: What it asks, in one sentence.
        answer: What came out, in a sentence or two, in which {CLAIM} stands for what the claim of that id measured.
        text: Paragraphs for the page: what is varied, what was expected and what is to be learnt.
        sources: Where question, settings and published numbers come from.
        replicas: Networks in each cell: of equal content, with seeds 0, 1, 2 ... of their own.
        looks: When training stands still to be measured; step 0 and the last step if left out.
        network: What is trained.
        recipe: How it is trained.
        task: What it learns: a name of `gradlab list tasks`, or a table with a `name` and the task's parameters.
        computations: What an exact study computes, by name.
        rows: Settings that differ in several things at once, each under a name.
        factors: What is varied, one path each.
        leave_out: Combinations of levels that make no cell, as { gain = "torch", activation = ["elu", "gelu"] }.
        inputs: Sets of inputs, by name, that outcomes, metrics and signals are measured over; "train", 100 training
            examples, always exists.
        outcomes: What counts as collapsed, by name; one of them is called "collapsed".
        metrics: Numbers of every network at every look, by name.
        signals: What is measured inside some networks, layer by layer; nothing when left out.
        snapshots: What is kept of some networks for pictures; nothing when left out.
        claims: Statements that a run can hold or break.
        fixed: What was held fixed and could have mattered: caveats, a line each.
        quick: Settings, as `--set` takes them, that make a run of seconds of it, without files from the network.
        variants: Changes of network and recipe that `--set task=NAME` makes besides, by the task's name: a network for
            larger images may not fit small ones.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=100)
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
    variants: dict[str, Variant] = {}

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
    def _of_known_tasks(self) -> Self:
        for name in self.variants:
            if name not in TASKS:
                raise UnknownName("task", name, tuple(TASKS), do="Variants names it")
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
            if factor.name == "row":
                raise SpecError("factors", got='a factor called "row"', expected="another name: rows are called so")
            for row in factor.rows or ():
                if row not in rows:
                    raise UnknownName("row", row, rows, do=f"Factor {factor.name} names it")
        check_left_out(self)
        sets = [*self.inputs, LOSS_SET]
        for name, rule in self.outcomes.items():
            if rule.over not in sets:
                raise _unknown_set(f"outcomes.{name}", rule.over, sets)
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
                raise _unknown_set(name.replace("metric ", "metrics."), over, sets)
            if name != "signals" and over in self.inputs and not self.inputs[over].has_targets:
                raise SpecError(
                    f"{name}.over", got=f'"{over}", points without targets', expected="inputs from task or test"
                )
        if COLLAPSED not in self.outcomes:
            raise SpecError("outcomes", got=list(self.outcomes), expected='one called "collapsed"')
        check_told_apart(self.outcomes, self.metrics)
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
    "Variant",
    "check_changes",
]
