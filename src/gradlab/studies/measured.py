"""What a study measures of its networks at looks: `OutcomeRule`, `Metric`, `Signals`; what it keeps for pictures: `Snapshots`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pydantic import Field, model_validator

from gradlab.data.inputs import FARTHEST
from gradlab.errors import SpecError
from gradlab.signals import DISTRIBUTIONS, QUANTITIES
from gradlab.stats import Mean, Scale, t_mean
from gradlab.studies.strict import Strict
from gradlab.training.train import LOSS_SET

MetricKind = Literal[
    "loss",
    "accuracy",
    "rmse",
    "dead_units",
    "recovered_units",
    "weight_change",
    "hidden_bias_change",
    "unit_difference",
    "plateau",
]


OF_OUTPUTS: tuple[MetricKind, ...] = ("loss", "accuracy", "rmse")
_OF_OUTPUTS_TEXT = "a loss, an accuracy or an rmse"
# What each kind can be, which decides on which scale numbers of several networks are judged.
DOMAINS: dict[MetricKind, Literal["positive", "share", "count of units"]] = {
    "loss": "positive",
    "accuracy": "share",
    "rmse": "positive",
    "dead_units": "count of units",
    "recovered_units": "count of units",
    "weight_change": "positive",
    "hidden_bias_change": "positive",
    "unit_difference": "positive",
    "plateau": "positive",
}
COLLAPSED = "collapsed"
END_ONLY = ("diverged", "trained", "stalled")


def split_by_cause(rule: str) -> tuple[str, ...]:
    """Names of a collapse outcome and of its causes: "dead" and "constant" split "collapsed", "x by dead units" another `x`."""
    return (rule, "dead", "constant") if rule == COLLAPSED else (rule, f"{rule} by dead units")


def check_told_apart(outcomes: Iterable[str], metrics: Iterable[str]) -> None:
    """Outcomes and metrics stand side by side in tables and rows, so no two have one name.

    Raises:
        SpecError: An outcome is called as another, as a cause or as an end of training; or a metric is called so.
    """
    taken = list(END_ONLY)
    for kind, names in (("outcomes", outcomes), ("metrics", metrics)):
        for name in names:
            if not name.strip():
                raise SpecError(f'{kind}."{name}"', got="an empty name", expected="a name")
            own = split_by_cause(name) if kind == "outcomes" else (name,)
            if not set(own).isdisjoint(taken):
                raise SpecError(f'{kind}."{name}"', got="the name of an outcome", expected="a name of its own")
            taken += own


class OutcomeRule(Strict):
    """Collapse on one input set: every input of the set gives the same output.

    Attributes:
        kind: "constant_output", the only one.
        over: Name of the input set; "train", which always exists, is 100 training examples.
    """

    kind: Literal["constant_output"] = "constant_output"
    over: str = LOSS_SET


class Metric(Strict):
    """A number of every network at every look; losses and accuracies ask for an input set that has targets.

    Attributes:
        kind: "loss", that training minimises; "accuracy", the share of examples whose largest output is their class's;
            "rmse", the root of the mean squared error; "dead_units", hidden units whose slope is 0 for every input of the
            set; "recovered_units", those that were dead at an earlier look and are not; "weight_change" and
            "hidden_bias_change", the largest change of any weight or hidden bias since the first look; "unit_difference",
            the largest difference between two units of the first hidden layer; "plateau", epochs until another metric has
            made nine tenths of its way.
        over: Name of the input set, "train" if left out; changes of weights and plateaus have none.
        of: The metric that reaches the plateau; for a plateau only.
        statistics: "anew" for batch norms whose statistics are gathered anew from training examples with the weights of the
            look, instead of the running ones that lag behind them; a control that changes nothing else.
    """

    kind: MetricKind
    over: str = LOSS_SET
    of: str | None = None
    statistics: Literal["anew"] | None = None

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return DOMAINS[self.kind] == "share"

    def scale(self, examples: int, units: int) -> Scale:
        """On which numbers of several networks are judged.

        Args:
            examples: Of its input set.
            units: Hidden units of the networks.
        """
        if DOMAINS[self.kind] == "count of units":
            return Scale("logit", top=float(units), step=1.0)
        return Scale("logit", step=1.0 / examples) if self.is_share else Scale("log")

    def mean(self, values: Float[ndarray, " R"]) -> Mean | None:
        """Mean of the networks whose number is finite, its interval cut at 0 and, of shares, at 1; None without any.

        For tables and charts, where the interval of two networks on a logarithm would dwarf everything else; claims are judged
        on `scale`.
        """
        finite = values[np.isfinite(values)].astype(np.float64)
        if not len(finite):
            return None
        mean = t_mean(finite)
        if mean.n < 2:
            return mean
        return replace(mean, low=max(0.0, mean.low), high=min(1.0 if self.is_share else np.inf, mean.high))

    @property
    def has_inputs(self) -> bool:
        """Whether it is one of an input set."""
        return self.kind not in ("weight_change", "hidden_bias_change", "unit_difference", "plateau")

    @model_validator(mode="after")
    def _of_what(self) -> Self:
        if (self.of is not None) != (self.kind == "plateau"):
            raise SpecError("metric.of", got=self.of or "nothing", expected="another metric, for a plateau only")
        if not self.has_inputs and "over" in self.model_fields_set:
            raise SpecError("metric.over", got=f'"{self.over}" for {self.kind}', expected="no input set")
        if self.statistics is not None and self.kind not in OF_OUTPUTS:
            raise SpecError("metric.statistics", got=f'"{self.statistics}" for {self.kind}', expected=_OF_OUTPUTS_TEXT)
        return self


class Signals(Strict):
    """What is measured inside the first networks of every cell at every look; see `gradlab list quantities`.

    Attributes:
        over: Name of the input set, which has targets.
        replicas: How many networks of each cell, the first ones.
        quantities: Which quantities, see `gradlab list quantities`; all when left out.
        histograms: Distributions whose histograms are kept; see `gradlab list distributions`.
    """

    over: str = LOSS_SET
    replicas: int = Field(default=5, ge=1, le=1000)
    quantities: tuple[str, ...] | None = None
    histograms: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.quantities or ():
            QUANTITIES[name]
        for name in self.histograms:
            DISTRIBUTIONS[name]
        return self


class Square(Strict):
    """A square of the plane, and how many points along each side a picture of it has.

    Attributes:
        low: Where it begins, along both axes.
        high: Where it ends.
        count: Points along each side.
    """

    low: float = Field(ge=-FARTHEST, le=FARTHEST)
    high: float = Field(ge=-FARTHEST, le=FARTHEST)
    count: int = Field(default=61, ge=2, le=500)

    @model_validator(mode="after")
    def _has_extent(self) -> Self:
        if not self.low < self.high:
            raise SpecError(
                "snapshots.boundary", got=f"low {self.low:g}, high {self.high:g}", expected="low below high"
            )
        return self


class Snapshots(Strict):
    """What is kept for pictures, of the first networks of some rows: weights at every look, a confusion matrix, a map.

    Attributes:
        over: Name of the input set whose mean activations and predictions are drawn; it has targets.
        replicas: How many networks of each cell.
        rows: Of which rows; all when left out.
        boundary: The square on which the output is kept at every look, for networks of two inputs and one output.
    """

    over: str = LOSS_SET
    replicas: int = Field(default=1, ge=1, le=20)
    rows: tuple[str, ...] | None = None
    boundary: Square | None = None
