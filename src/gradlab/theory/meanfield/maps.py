"""The three maps from layer to layer: length q, squared gradient, correlation c; and how deep they reach.

Dropout of activations with probability `keep` of keeping one, what is kept divided by `keep`, multiplies E[phi^2] and
E[phi'^2] by 1/keep, but not E[phi(u1) phi(u2)]: two passes have different masks.
"""

from __future__ import annotations

import math

from gradlab.errors import UserError
from gradlab.theory.gauss import (
    ActivationLike,
    as_phi,
    at_least_zero,
    moments,
    pair_moments,
    second_moment,
    slope_moment,
)


def checked_keep(keep: float) -> float:
    """A probability above 0.

    Raises:
        UserError: It is none.
    """
    if not 0.0 < keep <= 1.0:
        raise UserError("keep", got=keep, expected="a probability above 0, at most 1")
    return float(keep)


def length_map(
    activation: ActivationLike, q: float, sigma_w2: float, sigma_b2: float = 0.0, *, keep: float = 1.0
) -> float:
    """q of the next layer: sigma_w2 E[phi(sqrt(q) z)^2] / keep + sigma_b2.

    Args:
        activation: What `gauss.as_phi` takes.
        q: Second moment of pre-activations, at least 0.
        sigma_w2: fan_in Var(W).
        sigma_b2: Variance of biases.
        keep: Probability that dropout keeps an activation.

    Raises:
        UserError: A number is out of range.

    Assumes:
        Infinite width.

    Source:
        Poole et al. 2016, equation 3; dropout: Schoenholz et al. 2017, section 5.

    Example:
        >>> length_map("relu", 3.0, sigma_w2=2.0)
        3.0
    """
    at_least_zero("sigma_w2", sigma_w2)
    at_least_zero("sigma_b2", sigma_b2)
    return sigma_w2 / checked_keep(keep) * second_moment(as_phi(activation), at_least_zero("q", q)).value + sigma_b2


def length_slope(activation: ActivationLike, q: float, sigma_w2: float, *, keep: float = 1.0) -> float:
    """dq'/dq = sigma_w2 E[z phi phi'] / (keep sqrt(q)), right for kinks as well (no phi'' in it).

    At q = 0 the limit from above.

    Raises:
        UserError: A number is out of range; or q = 0 and phi(0) != 0, where q = 0 is no fixed point.

    Source:
        Schoenholz et al. 2017, equation 8, by parts.

    Example:
        >>> round(length_slope("relu", 5.0, sigma_w2=2.0), 12)
        1.0
    """
    phi = as_phi(activation)
    factor = at_least_zero("sigma_w2", sigma_w2) / checked_keep(keep)
    if at_least_zero("q", q) == 0.0:
        found = moments(phi, 0.0)
        if found.E_phi.value != 0.0:
            raise UserError("q", got=0.0, expected=f"a number above 0: {phi.name} is not 0 at 0")
        return factor * found.E_dphi2.value
    return factor * moments(phi, q).E_z_phi_dphi.value / math.sqrt(q)


def chi1(activation: ActivationLike, q: float, sigma_w2: float, *, keep: float = 1.0) -> float:
    """chi1 = sigma_w2 E[phi'(sqrt(q) z)^2] / keep: below 1 ordered, above 1 chaotic, 1 on the edge.

    Squared gradients grow by chi1 a layer from the output to the input, where widths are equal.

    Raises:
        UserError: A number is out of range.

    Assumes:
        Infinite width; weights of the backward pass independent of the forward pass.

    Source:
        Poole et al. 2016, equation 6; Schoenholz et al. 2017, equation 15.

    Example:
        >>> round(chi1("tanh", 0.0, sigma_w2=1.0), 12)
        1.0
    """
    factor = at_least_zero("sigma_w2", sigma_w2) / checked_keep(keep)
    return factor * slope_moment(as_phi(activation), at_least_zero("q", q)).value


def gradient_map(
    activation: ActivationLike, q: float, sigma_w2: float, *, fan_in: int = 1, fan_out: int = 1, keep: float = 1.0
) -> float:
    """Factor from the mean squared gradient of layer l + 1's pre-activations to that of layer l's, per unit.

    E[delta_l^2] = fan_out Var(W) E[phi'^2] E[delta_{l+1}^2] = (fan_out / fan_in) chi1 E[delta_{l+1}^2], W being the
    weights between the two: fan_in = units of layer l, fan_out = units of layer l + 1. The squared *norm* grows by chi1
    whatever the widths.

    Args:
        activation: What `gauss.as_phi` takes.
        q: Second moment of layer l's pre-activations.
        sigma_w2: fan_in Var(W).
        fan_in: Inputs of a unit of layer l + 1.
        fan_out: Units that a unit of layer l feeds.
        keep: Probability that dropout keeps an activation of layer l.

    Raises:
        UserError: A number is out of range.

    Source:
        Glorot and Bengio 2010, equation 6; Schoenholz et al. 2017, equation 18.

    Example:
        >>> gradient_map("relu", 1.0, sigma_w2=2.0, fan_in=100, fan_out=50)
        0.5
    """
    for name, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
        if fan < 1:
            raise UserError(name, got=fan, expected="a whole number, at least 1")
    return fan_out / fan_in * chi1(activation, q, sigma_w2, keep=keep)


def correlation_map(
    activation: ActivationLike, c: float, q: float, sigma_w2: float, sigma_b2: float = 0.0, *, keep: float = 1.0
) -> float:
    """c' = (sigma_w2 E[phi(u1) phi(u2)] + sigma_b2) / q', where q' = `length_map`(q), which is q at a fixed point.

    Without dropout c = 1 stays 1; with it the same input passed twice has c' below 1.

    Raises:
        UserError: A number is out of range, or q' is 0.

    Source:
        Poole et al. 2016, equation 5; dropout: Schoenholz et al. 2017, section 5.

    Example:
        >>> round(correlation_map("relu", 0.0, 1.0, sigma_w2=2.0) * math.pi, 12)
        1.0
    """
    following = length_map(activation, q, sigma_w2, sigma_b2, keep=keep)
    if following == 0.0:
        raise UserError("correlation map", got="a next layer of length 0", expected="sigma_w2 or sigma_b2 above 0")
    if c == 1.0 and keep == 1.0:
        return 1.0
    found = (sigma_w2 * pair_moments(activation, q, c).E_phi_phi.value + sigma_b2) / following
    return min(1.0, max(-1.0, found))


def chi_c(activation: ActivationLike, c: float, q: float, sigma_w2: float) -> float:
    """chi_c = sigma_w2 E[phi'(u1) phi'(u2)]: slope of the correlation map at a fixed point of length q.

    Raises:
        UserError: A number is out of range.

    Source:
        Schoenholz et al. 2017, equation 10.

    Example:
        >>> round(chi_c("relu", 0.0, 1.0, sigma_w2=2.0), 12)  # 2 / 4
        0.5
    """
    return at_least_zero("sigma_w2", sigma_w2) * pair_moments(activation, q, c).E_dphi_dphi.value


def depth_scale(factor: float) -> float:
    """Layers over which a quantity that is multiplied by `factor` a layer changes by e: 1 / |ln factor|.

    -1 / ln|slope| for xi_q and xi_c, where the factor is below 1. Infinite at 1 (and -1), 0 at 0.

    Example:
        >>> depth_scale(1.0), depth_scale(0.0), round(depth_scale(math.exp(-0.1)), 9)
        (inf, 0.0, 10.0)
    """
    size = abs(factor)
    if size == 0.0 or math.isinf(size):
        return 0.0
    return math.inf if size == 1.0 else 1.0 / abs(math.log(size))
