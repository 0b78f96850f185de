"""What other layers do to the maps: batch norm, layer norm, residual branches, convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradlab.errors import UserError
from gradlab.theory.gauss import ActivationLike, as_phi, at_least_zero, moments, pair_moments
from gradlab.theory.meanfield.maps import chi1, length_map


@dataclass(frozen=True, slots=True)
class Factors:
    """What one layer with a norm in front of its activation does.

    Attributes:
        gradient: Factor of squared gradients a layer, from output to input.
        q: Second moment of the pre-activation behind the norm: 1 (weight 1, bias 0).
        correlation_slope: Slope of the correlation map at c = 1; None for batch norm, where inputs interact.
        assumptions: What must hold, a phrase each.
    """

    gradient: float
    q: float
    correlation_slope: float | None
    assumptions: tuple[str, ...]


def batch_norm(activation: ActivationLike) -> Factors:
    """Batch norm before the activation: E[phi'(z)^2] / Var(phi(z)), at least 1 (Poincare's inequality).

    Gains and biases drop out. relu: pi / (pi - 1) = 1.467, so that 50 layers multiply squared gradients by 2e8.

    Args:
        activation: What `gauss.as_phi` takes.

    Raises:
        UserError: phi is constant.

    Assumes:
        Infinite width, then infinite batch, whose examples have become uncorrelated; weight 1 and bias 0 of the norm.

    Source:
        Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz 2019, section 3 and table 1; re-derived.

    Example:
        >>> round(batch_norm("relu").gradient - math.pi / (math.pi - 1), 12)
        0.0
    """
    phi = as_phi(activation)
    found = moments(phi, 1.0)
    if found.variance <= 0.0:
        raise UserError(f"{phi.name} with batch norm", got="a constant phi", expected="one that varies")
    assumed = ("infinitely wide layers", "infinite batch of uncorrelated examples", "norm with weight 1 and bias 0")
    return Factors(found.E_dphi2.value / found.variance, 1.0, None, assumed)


def layer_norm(activation: ActivationLike, sigma_w2: float = 1.0, sigma_b2: float = 0.0) -> Factors:
    """Layer norm (or RMS norm, the same at infinite width) before the activation.

    h / sqrt(q') with q' = sigma_w2 E[phi(z)^2] + sigma_b2, so squared gradients grow by sigma_w2 E[phi'(z)^2] / q': the
    gain drops out when there are no biases.

    Args:
        activation: What `gauss.as_phi` takes.
        sigma_w2: fan_in Var(W), above 0.
        sigma_b2: Variance of biases that are added before the norm.

    Raises:
        UserError: A number is out of range, or phi is 0.

    Assumes:
        Infinite width: the mean over units is 0, their mean square q'; weight 1 and bias 0 of the norm.

    Source:
        Ba, Kiros and Hinton 2016 for the norm; the factor follows from Poole et al. 2016 at q = 1 (derived).

    Example:
        >>> layer_norm("relu").gradient
        1.0
    """
    phi = as_phi(activation)
    length = length_map(phi, 1.0, sigma_w2, sigma_b2)
    if length <= 0.0:
        raise UserError(f"{phi.name} with layer norm", got="pre-activations of length 0", expected="a length above 0")
    factor = chi1(phi, 1.0, sigma_w2) / length
    return Factors(factor, 1.0, factor, ("infinitely wide layers", "norm with weight 1 and bias 0"))


def residual_length_map(
    activation: ActivationLike,
    q: float,
    sigma_w2: float,
    sigma_b2: float = 0.0,
    *,
    branch: float = 1.0,
    skip: float = 1.0,
) -> float:
    """q of x' = skip x + branch (W phi(x) + b): skip^2 q + branch^2 (sigma_w2 E[phi^2] + sigma_b2).

    No fixed point where skip = 1: lengths grow, by a factor that does not depend on depth L when branch = 1 / sqrt(L).

    Args:
        activation: What `gauss.as_phi` takes.
        q: Second moment of x.
        sigma_w2: fan_in Var(W) of the branch.
        sigma_b2: Variance of its biases.
        branch: Factor on the branch.
        skip: Factor on the skip connection.

    Raises:
        UserError: A number is out of range.

    Assumes:
        Infinite width; one weight matrix a branch, independent of x, so that the two parts are uncorrelated.

    Source:
        Yang and Schoenholz 2017, Mean field residual networks, theorem 5 (reduced residual network); branch: Hayou et
        al. 2021, Stable ResNet.

    Example:
        >>> residual_length_map("relu", 1.0, sigma_w2=2.0)
        2.0
    """
    _check_factors(branch, skip)
    return skip**2 * q + branch**2 * length_map(activation, q, sigma_w2, sigma_b2)


def residual_gradient_map(
    activation: ActivationLike, q: float, sigma_w2: float, *, branch: float = 1.0, skip: float = 1.0
) -> float:
    """Factor of squared gradients through x' = skip x + branch (W phi(x) + b): skip^2 + branch^2 sigma_w2 E[phi'^2].

    Raises:
        UserError: A number is out of range.

    Source:
        Yang and Schoenholz 2017, theorem 7.

    Example:
        >>> residual_gradient_map("relu", 1.0, sigma_w2=2.0, branch=0.5)
        1.25
    """
    _check_factors(branch, skip)
    return skip**2 + branch**2 * chi1(activation, q, sigma_w2)


def residual_correlation_map(
    activation: ActivationLike,
    c: float,
    q: float,
    sigma_w2: float,
    sigma_b2: float = 0.0,
    *,
    branch: float = 1.0,
    skip: float = 1.0,
) -> float:
    """c' = (skip^2 q c + branch^2 (sigma_w2 E[phi(u1) phi(u2)] + sigma_b2)) / q', q' by `residual_length_map`.

    Raises:
        UserError: A number is out of range, or q' is 0.

    Source:
        Yang and Schoenholz 2017, theorem 5.

    Example:
        >>> round(residual_correlation_map("relu", 0.0, 1.0, sigma_w2=2.0) * math.pi, 12)  # half of it is the skip's 0
        0.5
    """
    following = residual_length_map(activation, q, sigma_w2, sigma_b2, branch=branch, skip=skip)
    if following == 0.0:
        raise UserError("correlation map", got="a next layer of length 0", expected="a length above 0")
    product = sigma_w2 * pair_moments(activation, q, c).E_phi_phi.value + sigma_b2
    return (skip**2 * q * c + branch**2 * product) / following


@dataclass(frozen=True, slots=True)
class Fans:
    """How many inputs a unit has, and how many units an input feeds.

    Attributes:
        fan_in: Inputs of one output unit: sigma_w2 = fan_in Var(W).
        fan_out: Output units that one input unit feeds, on average.
        assumptions: What must hold for the dense maps to hold, a phrase each.
    """

    fan_in: int
    fan_out: float
    assumptions: tuple[str, ...]


def convolution(
    in_channels: int, out_channels: int, kernel: Sequence[int], *, stride: int | Sequence[int] = 1, groups: int = 1
) -> Fans:
    """The fans of a convolution, with which the dense maps describe it.

    fan_in = in_channels / groups * kernel elements, fan_out = out_channels / groups * kernel elements / stride elements.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Size along each axis.
        stride: Step along each axis, or one for all.
        groups: Channels are split into so many independent convolutions.

    Raises:
        UserError: A number below 1, or groups that do not divide the channels.

    Assumes:
        Named in the result: without them lengths differ from place to place, and the maps hold on average only.

    Source:
        Xiao, Bahri, Sohl-Dickstein, Schoenholz and Pennington 2018, section 2.

    Example:
        >>> convolution(16, 32, (3, 3)).fan_in, convolution(16, 32, (3, 3), stride=2).fan_out
        (144, 72.0)
    """
    strides = [stride] * len(kernel) if isinstance(stride, int) else list(stride)
    if len(strides) != len(kernel):
        raise UserError(
            "stride", got=f"{len(strides)} numbers", expected=f"{len(kernel)}, one for each axis of the kernel"
        )
    for name, number in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
        ("groups", groups),
        *(("kernel", size) for size in kernel),
        *(("stride", step) for step in strides),
    ):
        if number < 1:
            raise UserError(name, got=number, expected="at least 1")
    if in_channels % groups or out_channels % groups:
        raise UserError("groups", got=groups, expected=f"a divisor of {in_channels} and {out_channels} channels")
    elements = math.prod(kernel)
    assumed = (
        "infinitely many channels",
        "equal length q at every place of the receptive field",
        "circular padding, or places away from the border",
        "weights independent between places of the kernel, of equal variance",
    )
    return Fans(in_channels // groups * elements, out_channels // groups * elements / math.prod(strides), assumed)


def _check_factors(branch: float, skip: float) -> None:
    for name, factor in (("branch", branch), ("skip", skip)):
        at_least_zero(name, abs(factor))
