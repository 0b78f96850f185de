"""`Profile`: the table quantity x layer x replica that theory predicts and probes measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.errors import UnknownName, UserError
from gradlab.signals.histogram import Histogram
from gradlab.stats import Mean, t_mean
from gradlab.stats.checks import tail

Source = Literal["measured", "theory", "difference"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Quantities by layer and replica at one step.

    Attributes:
        values: By quantity [R, L], float64; NaN where a layer has none. Theory that is the same for all replicas has R = 1.
        layers: Their names, from the input: "1", "2", ..., "output".
        source: Where the numbers come from.
        step: Updates done.
        histograms: By distribution.
        assumptions: What must hold for the numbers to be right, a sentence each.

    Example:
        >>> measured = Profile({"activation_std": np.array([[0.9, 0.7], [1.1, 0.5]])}, ("1", "output"), "measured")
        >>> theory = Profile({"activation_std": np.array([[1.0, 0.5]])}, ("1", "output"), "theory")
        >>> theory.difference(measured)["activation_std"].round(1).tolist()
        [[0.1, -0.2], [-0.1, 0.0]]
    """

    values: Mapping[str, Float[ndarray, "R L"]]
    layers: tuple[str, ...]
    source: Source
    step: int = 0
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shapes = {name: array.shape for name, array in self.values.items()}
        shapes |= {name: histogram.nans.shape for name, histogram in self.histograms.items()}
        assert len(set(shapes.values())) <= 1, f"one number of replicas and layers for all quantities, not {shapes}"
        assert all(shape[1] == len(self.layers) for shape in shapes.values()), f"layers {self.layers}, shapes {shapes}"

    @property
    def replicas(self) -> int:
        """R; 0 for a profile of nothing."""
        for array in self.values.values():
            return len(array)
        return max((len(histogram.nans) for histogram in self.histograms.values()), default=0)

    def __getitem__(self, quantity: str) -> Float[ndarray, "R L"]:
        """The values of a quantity.

        Raises:
            UnknownName: It is not in this profile.
        """
        return held(self.values, quantity)

    def replica(self, r: int) -> Profile:
        """That of one replica, R = 1.

        Raises:
            UserError: There is no such replica.
        """
        if not 0 <= r < self.replicas:
            raise UserError("replica", got=r, expected=f"0 to {self.replicas - 1}")
        histograms = {
            name: replace(one, counts=one.counts[r : r + 1], nans=one.nans[r : r + 1])
            for name, one in self.histograms.items()
        }
        return replace(self, values={name: a[r : r + 1] for name, a in self.values.items()}, histograms=histograms)

    def difference(self, other: Profile) -> Profile:
        """What this profile has more than another, in the quantities that both hold.

        Args:
            other: Of the same layers and as many replicas, or one of the two has R = 1 and stands for all.

        Returns:
            Without histograms; its step is the later of the two, its assumptions are those of both.

        Raises:
            UserError: Layers or replicas do not match, or no quantity is in both.
        """
        check_same_layers([self.layers, other.layers])
        if self.replicas != other.replicas and 1 not in (self.replicas, other.replicas):
            raise UserError("profiles", got=f"{self.replicas} and {other.replicas} replicas", expected="equally many")
        shared = [name for name in self.values if name in other.values]
        if not shared:
            raise UserError(
                "profiles", got=f"{_listed(self.values)} and {_listed(other.values)}", expected="a quantity in both"
            )
        with np.errstate(invalid="ignore"):
            values = {name: self.values[name] - other.values[name] for name in shared}
        assumptions = tuple(dict.fromkeys((*self.assumptions, *other.assumptions)))
        return Profile(values, self.layers, "difference", max(self.step, other.step), assumptions=assumptions)

    def means(self, quantity: str, level: float = 0.95, scale: Literal["linear", "log"] = "linear") -> tuple[Mean, ...]:
        """Mean over replicas in each layer, with Student's interval.

        Args:
            quantity: Its name.
            level: Confidence, between 0 and 1.
            scale: "log" for the geometric mean and its interval, which stays above 0; see `Quantity.scale`.

        Returns:
            One a layer, in the quantity's unit. Replicas whose value is not finite (nor, on a log scale, above 0) are
            left out: `n` says how many were not. With one replica the bounds are NaN, with none the mean too.

        Raises:
            UnknownName: The quantity is not in this profile.
            UserError: level is not within (0, 1).

        Assumes:
            Independent replicas; values (or, on a log scale, their logarithms) near normal, or many of them.

        Source:
            Student (1908), Biometrika 6, 1-25.
        """
        return tuple(student_mean(column, level, scale) for column in self[quantity].T)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and text; NaN and Inf are floats still."""
        return {
            "source": self.source,
            "step": self.step,
            "layers": list(self.layers),
            "assumptions": list(self.assumptions),
            "values": {name: array.tolist() for name, array in self.values.items()},
            "histograms": {name: histogram.to_dict() for name, histogram in self.histograms.items()},
        }


@np.errstate(over="ignore", invalid="ignore")
def student_mean(values: Float[ndarray, " R"], level: float, scale: Literal["linear", "log"]) -> Mean:
    """Mean of the values that are finite (and, on a log scale, above 0), with Student's interval.

    Of a handful of seeds a bootstrap would make too narrow an interval: it never leaves the range of the data.

    Raises:
        UserError: level is not within (0, 1).
    """
    tail(level)  # only for its check, which must not depend on how many values are left
    is_log = scale == "log"
    usable = values[np.isfinite(values) & (values > 0.0)] if is_log else values[np.isfinite(values)]
    if not len(usable):
        return Mean(math.nan, math.nan, math.nan, 0, math.nan, level, "no value")
    if len(usable) == 1 or not is_log:
        return t_mean(usable, level)
    logs = t_mean(np.log(usable), level)
    mean, low, high = (float(np.exp(bound)) for bound in (logs.mean, logs.low, logs.high))
    return Mean(mean, low, high, logs.n, float(usable.std(ddof=1)), level, f"geometric, {logs.method} of logarithms")


def held(values: Mapping[str, ndarray], quantity: str) -> ndarray:
    """The values of a quantity.

    Raises:
        UnknownName: It was not measured.
    """
    if quantity not in values:
        raise UnknownName("measured quantity", quantity, values)
    return values[quantity]


def check_same_layers(layers: Iterable[tuple[str, ...]]) -> None:
    """Refuse to set different networks side by side.

    Raises:
        UserError: Layers differ.
    """
    first, *others = layers
    for other in others:
        if other != first:
            raise UserError("profiles", got=f"layers {_listed(first)} and {_listed(other)}", expected="the same layers")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
