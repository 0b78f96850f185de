"""Scales on which numbers are judged, so that no interval leaves the range of what it speaks of.

Losses and other positive numbers spread by factors: on their logarithm. Shares of examples or units spread by factors of their
odds: on their logit. A share is a count k of N, and k may be 0 or N, where the logit is infinite: half an example is added on
both sides, log((k + 1/2) / (N - k + 1/2)). The half is the one addition that leaves a bias of the order 1 / N^2 instead of
1 / N in the logarithm of the odds; it also is where a number that is told in whole examples begins to round to another.

Source:
    Haldane (1956), Annals of Human Genetics 20, 309-311; Anscombe (1956), Biometrika 43, 461-464.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from gradlab.stats.checks import finite, student_quantile
from gradlab.stats.means import next_value, t_mean
from gradlab.stats.records import Mean

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale: the numbers themselves, their logarithm, or the logit of their share of the largest.

    Attributes:
        kind: Which.
        least: Of the numbers themselves: the least that is possible.
        top: Of the logit: the largest that is possible, such as 1, or the number of units that are counted.
        step: Of the logit: what one example or unit adds; 0 where numbers are never at an end.
    """

    kind: Literal["identity", "log", "logit"] = "identity"
    least: float = -math.inf
    top: float = 1.0
    step: float = 0.0

    def there(self, values: npt.ArrayLike) -> Numbers:
        """The values on the scale.

        Example:
            >>> Scale("logit", top=8, step=1).there([0.0, 4.0, 8.0]).round(2).tolist()
            [-2.83, 0.0, 2.83]
        """
        x, half = np.asarray(values, np.float64), self.step / 2
        with np.errstate(divide="ignore"):
            if self.kind == "log":
                return np.asarray(np.log(x))
            if self.kind == "logit":
                x = np.clip(x, 0.0, self.top)  # numbers kept in single precision may lie a rounding beyond
                return np.asarray(np.log(x + half) - np.log(self.top - x + half))
        return x

    def back(self, values: npt.ArrayLike) -> Numbers:
        """Values from the scale, within the range of what they can be.

        Example:
            >>> scale = Scale("logit", step=0.01)
            >>> scale.back(scale.there([0.0, 0.3, 1.0])).round(6).tolist(), float(scale.back(99.0))
            ([0.0, 0.3, 1.0], 1.0)
        """
        y = np.asarray(values, np.float64)
        if self.kind == "log":
            return np.asarray(np.exp(np.minimum(y, 700.0)))
        if self.kind == "logit":
            share = 0.5 * (1.0 + np.tanh(y / 2))  # 1 / (1 + exp(-y)), which never overflows
            return np.clip(share * (self.top + self.step) - self.step / 2, 0.0, self.top)
        return np.asarray(np.maximum(y, self.least))

    def slope(self, value: float) -> float:
        """Derivative of the scale at a value inside its range."""
        if self.kind == "log":
            return 1.0 / value
        return 1.0 / value + 1.0 / (self.top - value) if self.kind == "logit" else 1.0

    def half_width(self, low: float, high: float) -> float:
        """Half the length of an interval on the scale."""
        ends = self.there([low, high])
        return float(ends[1] - ends[0]) / 2

    def of(self, *samples: npt.ArrayLike | None) -> Scale:
        """This scale, or the numbers themselves from 0 on where a logarithm is asked for and some number is 0."""
        if self.kind == "log" and any(sample is not None and (np.asarray(sample) <= 0).any() for sample in samples):
            return Scale(least=0.0)
        return self


IDENTITY = Scale()


def mean_on(scale: Scale, values: npt.ArrayLike, level: float = 0.95, spread: npt.ArrayLike | None = None) -> Mean:
    """The mean of values with Student's interval on a scale: that of f(mean), whose standard error is f'(mean) s / sqrt(n).

    It is the mean itself that the interval is of, and not the value whose image is the mean of images.

    Args:
        scale: The scale f.
        values: Shape [n].
        level: Confidence, between 0 and 1.
        spread: Other values whose standard deviation on the scale, with its degrees of freedom, is taken instead.

    Returns:
        Mean and bounds in the values' unit; one value to take the standard deviation of gives NaN bounds, equal values give
        bounds equal to the mean.

    Raises:
        UserError: There are no values, one is not finite, or level is not within (0, 1).

    Assumes:
        Independent values whose mean is near normal on the scale; with `spread`, of one standard deviation there.

    Example:
        >>> found = mean_on(Scale("log"), [1.0, 2.0, 3.0])
        >>> round(found.low, 3), found.mean, round(found.high, 3)
        (0.578, 2.0, 6.926)
    """
    plain = t_mean(values, level, spread)
    scale = scale.of(values, spread)
    if math.isnan(plain.std) or (plain.std == 0.0 and spread is None):
        return plain
    if scale.kind == "identity":
        low, high = (float(end) for end in scale.back([plain.low, plain.high]))
        return replace(plain, low=low, high=high)
    if spread is None:
        scale = replace(scale, step=0.0)  # the mean of values that differ is at no end
        freedom, std = plain.n - 1, scale.slope(plain.mean) * plain.std
    else:
        others = scale.there(finite("spread", spread))
        freedom, std = len(others) - 1, float(others.std(ddof=1))
    centre, half = float(scale.there(plain.mean)), student_quantile(level, freedom) * std / math.sqrt(plain.n)
    low, high = (float(end) for end in scale.back([centre - half, centre + half]))
    return Mean(plain.mean, low, high, plain.n, plain.std, level, f"{plain.method} on the {scale.kind}")


def next_on(
    scale: Scale, values: npt.ArrayLike, level: float = 0.95, spread: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """Where one more value of the same law will lie: Student's prediction interval of the values on a scale.

    Args:
        scale: The scale.
        values: Shape [n]; one value says nothing, and gives NaN.
        level: Probability that the interval holds the next value.
        spread: Other values whose standard deviation on the scale is taken instead.

    Raises:
        UserError: There are no values, one is not finite, or level is not within (0, 1).

    Assumes:
        Independent values, near normal on the scale.

    Example:
        >>> low, high = next_on(Scale("log"), [1.0, 2.0, 4.0])
        >>> round(low, 3), round(high, 1)
        (0.064, 62.6)
    """
    scale, sample = scale.of(values, spread), finite("values", values)
    if spread is None and len(sample) > 1 and np.ptp(sample) == 0.0:
        return float(sample[0]), float(sample[0])  # to the last bit, which there and back would change
    images = scale.there(sample)
    others = None if spread is None else scale.there(finite("spread", spread))
    low, high = scale.back(next_value(images, level, others))
    return float(low), float(high)
