"""What theory needs of a layer's initial weights and biases: their variances, and in what they differ from normal ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradlab.errors import UserError
from gradlab.parts import INITIALIZERS
from gradlab.spec import Choice


@dataclass(frozen=True, slots=True)
class Weights:
    """The laws of one layer's weights and biases.

    Attributes:
        std: Standard deviation of one weight.
        fan_in: Inputs of one unit.
        fan_out: Units that one input feeds, on average.
        bias_mean: Mean of the biases.
        bias_variance: Their variance.
        kurtosis: Excess kurtosis of one weight: 0 for normal ones, -1.2 for uniform ones.
        is_independent: Whether the weights are independent of one another; orthogonal ones are not.
    """

    std: float
    fan_in: int
    fan_out: float
    bias_mean: float = 0.0
    bias_variance: float = 0.0
    kurtosis: float = 0.0
    is_independent: bool = True

    @property
    def sigma_w2(self) -> float:
        """fan_in Var(W), the squared gain."""
        return self.fan_in * self.std**2

    @property
    def gradient_factor(self) -> float:
        """Factor of mean squared gradients from a unit above to a unit below: fan_out Var(W)."""
        return self.fan_out * self.std**2

    @property
    def has_biases(self) -> bool:
        """Whether a bias may differ from 0."""
        return self.bias_variance > 0.0 or self.bias_mean != 0.0


def weights_of(
    place: str,
    law: Choice,
    bias: Choice | Literal["own", "none"],
    fan_in: int,
    fan_out: float,
    *,
    units: int | None = None,
) -> Weights:
    """What the laws of a layer's weights and biases come to.

    Args:
        place: The layer's name, for messages.
        law: Of the weights.
        bias: Of the biases, "own" for that of the weights, "none" for a layer without.
        fan_in: Inputs of one unit.
        fan_out: Units that one input feeds, on average; its use is the backward pass.
        units: The fan_out that the law itself is given; by default `fan_out`.

    Raises:
        UserError: The weights are not distributed around 0, so that the maps say nothing of them.

    Example:
        >>> found = weights_of("1", Choice(name="he_uniform", params=(("negative_slope", 0.0),)), "none", 100, 100)
        >>> round(found.sigma_w2, 12), found.kurtosis
        (2.0, -1.2)
    """
    fans = (fan_in, int(fan_out) if units is None else units)
    mean, std, kurtosis = _law(law, fans)
    if std is None or mean != 0.0:
        raise UserError(
            f"layer {place}: no theory for weights {law}",
            got="weights whose mean is not 0, or whose laws differ",
            expected="weights of one law around 0: all units of a layer would be pushed the same way",
        )
    bias_mean, bias_std = 0.0, 0.0
    if bias != "none":
        chosen = law if bias == "own" else bias
        bias_mean, found, _ = _law(chosen, fans)
        bias_std = found or 0.0  # a constant has none
    record = INITIALIZERS[law.name]
    return Weights(std, fan_in, fan_out, bias_mean, bias_std**2, kurtosis, record.is_independent)


def _law(law: Choice, fans: tuple[int, int]) -> tuple[float, float | None, float]:
    """Mean, standard deviation (None where the record has none) and excess kurtosis of one number."""
    record = INITIALIZERS[law.name]
    mean = 0.0 if record.mean is None else float(record.mean(*law.values))
    std = None if record.std is None else float(record.std(*fans, *law.values))
    kurtosis = 0.0 if record.kurtosis is None else float(record.kurtosis(*law.values))
    return mean, std, kurtosis
