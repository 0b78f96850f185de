"""Single relu units: how many of a layer are dead for every input of a ball."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradlab.errors import UserError


@dataclass(frozen=True, slots=True)
class LiveUnits:
    """Live units of one hidden layer: Binomial(n, 1 - p).

    Attributes:
        n: Units.
        p: Probability that one is dead.
        mean: Expected number of live ones.
        std: Its standard deviation.
        p_none: Probability that none is alive.
    """

    n: int
    p: float
    mean: float
    std: float
    p_none: float


def dead_neuron(inputs: int, radius: float, bias_over_weight: float = 1.0) -> float:
    """Probability that a relu unit of the first layer is dead for every input of a ball around the origin.

    The unit is dead where b + |w| radius < 0: P = F_{t,d}(-radius sqrt(d) / (sigma_b / sigma_w)), F the distribution
    function of Student's t with d degrees of freedom.

    Args:
        inputs: Dimension d.
        radius: Of the ball, r.
        bias_over_weight: Standard deviation of the bias over that of one weight; 0 without biases.

    Raises:
        UserError: A number is out of range.

    Assumes:
        Gaussian weights and bias, independent, of mean 0.

    Source:
        Shin and Karniadakis 2019, "Trainability of ReLU networks and data-dependent initialization", lemma 1.

    Example:
        >>> round(dead_neuron(1, 1.0), 12)  # Cauchy: a quarter of the units
        0.25
    """
    from scipy.special import stdtr

    if inputs < 1:
        raise UserError("inputs", got=inputs, expected="at least 1")
    for name, number in (("radius", radius), ("bias_over_weight", bias_over_weight)):
        if not (math.isfinite(number) and number >= 0.0):
            raise UserError(name, got=number, expected="a finite number, at least 0")
    if bias_over_weight == 0.0:
        return 0.0
    return float(stdtr(inputs, -radius * math.sqrt(inputs) / bias_over_weight))


def live_units(n: int, p: float) -> LiveUnits:
    """How many of n units are alive when each is dead with probability p.

    Raises:
        UserError: n is below 1, or p no probability.

    Assumes:
        Independent units: those of the first hidden layer.

    Example:
        >>> live_units(100, dead_neuron(1, 1.0)).mean
        75.0
    """
    if n < 1:
        raise UserError("n", got=n, expected="at least 1")
    if not 0.0 <= p <= 1.0:
        raise UserError("p", got=p, expected="a probability, from 0 to 1")
    return LiveUnits(n, p, n * (1.0 - p), math.sqrt(n * p * (1.0 - p)), p**n)
