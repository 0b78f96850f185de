"""How far one seed is from the next, and one direction from the next: log-norms and singular values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradlab.errors import UserError

if TYPE_CHECKING:
    from gradlab.theory.gauss import ActivationLike


@dataclass(frozen=True, slots=True)
class LogNorm:
    """Law of ln(|h^L|^2 / |h^0|^2 * widths) over seeds, the log of the mean squared activation, for relu and He weights.

    Attributes:
        beta: 5 sum 1 / n_l over the hidden layers.
        mean: Of the limit, -beta / 2: most networks have less than the mean, which a few large ones hold up.
        std: Of the limit, sqrt(beta).
        exact_mean: Mean at these widths, given that no layer is dead.
        exact_std: Standard deviation likewise.
        p_dead: Probability of the networks left out: dead for this input.
    """

    beta: float
    mean: float
    std: float
    exact_mean: float
    exact_std: float
    p_dead: float


def log_norm(widths: Sequence[int]) -> LogNorm:
    """How the mean squared activation (and the squared gradient) spreads over seeds.

    Per layer of n units E of the ratio is 1, E of its square 1 + 5 / n; the log is about N(-beta/2, beta). Exactly, a layer
    multiplies by (2 / n) chi^2_k, k ~ Binomial(n, 1/2) its live units: E ln chi^2_k = digamma(k / 2) + ln 2,
    Var = trigamma(k / 2).

    Args:
        widths: Units of each hidden layer.

    Raises:
        UserError: No layer, or a width below 1.

    Assumes:
        relu, Gaussian weights of variance 2 / fan_in, zero biases; the limit: large widths, and beta of any size.

    Source:
        Hanin and Rolnick 2018, "How to start training"; Hanin and Nica 2019, "Products of many large random matrices";
        the exact moments derived.

    Example:
        >>> found = log_norm([50] * 10)
        >>> found.beta, found.mean, round(found.std, 6)
        (1.0, -0.5, 1.0)
    """
    if not widths or min(widths) < 1:
        raise UserError("widths", got=list(widths), expected="at least one hidden layer, each of at least one unit")
    exact = {n: _layer_moments(int(n)) for n in set(widths)}
    beta = math.fsum(5.0 / n for n in widths)
    alive = math.fsum(math.log1p(-(2.0 ** -min(n, 1100))) for n in widths)
    return LogNorm(
        beta=beta,
        mean=-0.5 * beta,
        std=math.sqrt(beta),
        exact_mean=math.fsum(exact[n][0] for n in widths),
        exact_std=math.sqrt(math.fsum(exact[n][1] for n in widths)),
        p_dead=abs(math.expm1(alive)),
    )


def _layer_moments(n: int) -> tuple[float, float]:
    """Mean and variance of ln((2 / n) chi^2_k), k ~ Binomial(n, 1/2) given k > 0."""
    from scipy.special import digamma, gammaln, polygamma

    away = 40.0 * math.sqrt(n)  # beyond it the binomial is below 1e-300
    k = np.arange(max(1, math.floor(0.5 * n - away)), min(n, math.ceil(0.5 * n + away)) + 1, dtype=float)
    weight = np.exp(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0) - n * math.log(2.0))
    weight /= weight.sum()
    centre = digamma(0.5 * k)
    mean = float(weight @ centre)
    variance = float(weight @ polygamma(1, 0.5 * k) + weight @ (centre - mean) ** 2)
    return mean + math.log(4.0 / n), variance


@dataclass(frozen=True, slots=True)
class SingularSpread:
    """Squared singular values of the input-output Jacobian.

    Attributes:
        mean: chi1^L.
        variance: Of the squared singular values over the squared mean.
        mu1: E[phi'^2].
        mu2: E[phi'^4].
        assumptions: What must hold, a phrase each.
    """

    mean: float
    variance: float
    mu1: float
    mu2: float
    assumptions: tuple[str, ...]


def singular_spread(
    activation: ActivationLike,
    q: float,
    depth: int,
    *,
    sigma_w2: float | None = None,
    weights: Literal["gaussian", "orthogonal"] = "orthogonal",
) -> SingularSpread:
    """Mean and relative variance of the squared singular values of the Jacobian of `depth` layers at length q.

    variance = L (mu2 / mu1^2 - 1 - s1), s1 = 0 for orthogonal weights and -1 for Gaussian ones: it grows with depth but
    where it is 0, which takes orthogonal weights and a phi' that is constant (dynamical isometry).

    Args:
        activation: What `gauss.as_phi` takes.
        q: Second moment of pre-activations, the same in every layer: a fixed point.
        depth: Number L of layers.
        sigma_w2: fan_in Var(W); by default that of chi1 = 1.
        weights: Their law.

    Raises:
        UserError: A number is out of range, or phi' is 0 almost everywhere.

    Assumes:
        Infinitely wide square layers, weights free of the activations' derivatives.

    Source:
        Pennington, Schoenholz and Ganguli 2018, "The emergence of spectral universality in deep networks", equation 16:
        variances of free factors, relative to their squared means, add (re-derived, and checked against random matrices).

    Example:
        >>> found = singular_spread("relu", 1.0, depth=10)
        >>> found.mean, round(found.variance, 9)
        (1.0, 10.0)
    """
    from gradlab.theory.gauss import as_phi, moments  # here, so that the other forms load in no time

    if depth < 1:
        raise UserError("depth", got=depth, expected="at least 1")
    found = moments(as_phi(activation), q)
    mu1, mu2 = found.E_dphi2.value, found.E_dphi4.value
    if not mu1 > 0.0:
        raise UserError("singular values", got="a phi' that is 0", expected="an activation that is not constant")
    factor = 1.0 if sigma_w2 is None else sigma_w2 * mu1
    if not (math.isfinite(factor) and factor >= 0.0):
        raise UserError("sigma_w2", got=sigma_w2, expected="a finite number, at least 0")
    s1 = {"gaussian": -1.0, "orthogonal": 0.0}[weights]
    assumed = ("infinitely wide layers of equal width", "one length q in every layer", f"{weights} weights")
    return SingularSpread(_power(factor, depth), depth * (mu2 / mu1**2 - 1.0 - s1), mu1, mu2, assumed)


def _power(factor: float, depth: int) -> float:
    """factor^depth, infinite instead of an overflow."""
    try:
        return factor**depth
    except OverflowError:
        return math.inf
