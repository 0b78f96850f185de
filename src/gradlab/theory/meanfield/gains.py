"""Gains: the standard deviation of weights, in units of 1 / sqrt(fan_in), that keeps lengths, or gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, as_phi, moments
from gradlab.theory.meanfield.fixed_point import MARGINAL


@dataclass(frozen=True, slots=True)
class Gains:
    """The two gains of an activation at q = 1, without biases. They differ, but for homogeneous ones.

    Attributes:
        name: The activation.
        forward: E[phi(z)^2]^(-1/2): q = 1 stays 1.
        backward: E[phi'(z)^2]^(-1/2): chi1 = 1 at q = 1.
        forward_slope: dq'/dq at q = 1 under the forward gain; above 1 a small deviation grows from layer to layer.
        forward_chi1: chi1 at q = 1 under the forward gain; above 1 gradients explode (tanh), below they vanish.
        backward_q: q' at q = 1 under the backward gain; below 1 lengths shrink.
        error: Estimated relative error of the two gains.
    """

    name: str
    forward: float
    backward: float
    forward_slope: float
    forward_chi1: float
    backward_q: float
    error: float

    @property
    def compromise(self) -> float:
        """Their geometric mean: lengths and gradients change by the same factor in opposite directions."""
        return math.sqrt(self.forward * self.backward)

    @property
    def forward_keeps_length(self) -> bool:
        """Whether q = 1 is a stable (or neutral) fixed point under the forward gain; of GELU, SiLU and Mish it is not."""
        return self.forward_slope <= 1.0 + MARGINAL


def gains(activation: ActivationLike) -> Gains:
    """The forward and the backward gain.

    Args:
        activation: What `gauss.as_phi` takes.

    Raises:
        UserError: phi or phi' is 0 almost everywhere.

    Assumes:
        Infinite width, zero biases, pre-activations of second moment 1.

    Source:
        He et al. 2015 (relu: sqrt 2 both ways); Klambauer et al. 2017 (selu: 1 forward); the definitions are those of
        Poole et al. 2016 at q = 1.

    Example:
        >>> found = gains("tanh")
        >>> round(found.forward, 4), round(found.backward, 4), found.forward_chi1 > 1
        (1.5925, 1.4674, True)
    """
    phi = as_phi(activation)
    found = moments(phi, 1.0)
    second, slope = found.E_phi2, found.E_dphi2
    if not (second.value > 0.0 and slope.value > 0.0):
        raise UserError(f"{phi.name} has no gains", got="a phi or phi' that is 0", expected="one that is not constant")
    return Gains(
        name=phi.name,
        forward=second.value**-0.5,
        backward=slope.value**-0.5,
        forward_slope=found.E_z_phi_dphi.value / second.value,
        forward_chi1=slope.value / second.value,
        backward_q=second.value / slope.value,
        error=0.5 * max(second.relative_error, slope.relative_error),
    )
