"""Steps that a network is made of, at infinite width: what each does to the signal and to squared gradients.

A `Signal` describes the entries of one tensor over units and seeds. A step takes one and gives the next, and the factor by
which mean squared gradients grow from its output back to its input; backward weights are taken to be independent of the
forward pass. Lengths beyond 1e60 count as infinite: their factors are those at 1e60.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gradlab.theory.gauss import Phi, moments, pair_moments, shifted
from gradlab.theory.predict.weights import Weights

MOST = 1e60  # lengths beyond are infinite
_BOUNDED = 1e25  # at a length of 1e60, what a bounded activation stays below, and one that grows does not
_CANCELS = 1e-8  # share of the second moment below which a variance is no difference of two numbers any more


@dataclass(frozen=True, slots=True)
class Signal:
    """Entries of one tensor.

    Attributes:
        variance: Over units and seeds.
        mean: Likewise.
        shared: Mean product of the entries of one unit for two inputs; None where nobody asks for it.
        is_gaussian: Whether they are a product of many weights, so that their law is normal.
    """

    variance: float
    mean: float = 0.0
    shared: float | None = None
    is_gaussian: bool = True

    @property
    def second(self) -> float:
        """Second moment."""
        return self.variance + self.mean**2


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the network.

    Attributes:
        kind: What it does.
        place: Name of the layer that it belongs to.
        signal: What it hands on.
        log_factor: ln of the factor of mean squared gradients, from its output to its input.
        weights: Of a step that multiplies by weights.
        units: Of such a step.
        phi: Of an activation.
        keep: Probability that dropout keeps an entry.
        branch: Of a residual connection, the steps beside which the input skips.
        assumptions: What must hold besides infinite width, a phrase each.
    """

    kind: Literal["weights", "activation", "dropout", "norm", "pool", "residual"]
    place: str
    signal: Signal
    log_factor: float
    weights: Weights | None = None
    units: int = 0
    phi: Phi | None = None
    keep: float = 1.0
    branch: tuple[Step, ...] = ()
    assumptions: tuple[str, ...] = ()


def weighted(place: str, signal: Signal, weights: Weights, units: int, assumptions: tuple[str, ...] = ()) -> Step:
    """h = W x + b: variance sigma_w2 E[x^2] + Var(b), whatever the law of x."""
    after = Signal(
        variance=_times(weights.sigma_w2, signal.second) + weights.bias_variance,
        mean=weights.bias_mean,
        shared=None
        if signal.shared is None
        else _times(weights.sigma_w2, signal.shared) + weights.bias_variance + weights.bias_mean**2,
    )
    factor = log(weights.gradient_factor)
    return Step("weights", place, after, factor, weights=weights, units=units, assumptions=assumptions)


def activated(place: str, signal: Signal, phi: Phi) -> Step:
    """a = phi(h), h normal: E[phi], Var(phi), and gradients times E[phi'^2]."""
    found = moments(shifted(phi, signal.mean), min(signal.variance, MOST))
    variance = found.variance
    if variance <= _CANCELS * found.E_phi2.value:  # phi is linear over so short a range
        variance = found.E_dphi.value**2 * found.q
    mean = found.E_phi.value
    if signal.variance >= MOST and abs(found.E_phi2.value) > _BOUNDED:
        mean, variance = (math.copysign(math.inf, mean) if mean else 0.0), math.inf
    after = Signal(variance, mean, _shared(signal, phi, variance + mean**2), is_gaussian=phi.name == "identity")
    gaussian = () if signal.is_gaussian else (f"normal inputs of the activation of layer {place}",)
    return Step("activation", place, after, log(found.E_dphi2.value), phi=phi, assumptions=gaussian)


def dropped(place: str, signal: Signal, keep: float) -> Step:
    """Entries set to 0 with probability 1 - keep, the others divided by keep; two inputs have different masks."""
    variance = signal.second / keep - signal.mean**2 if math.isfinite(signal.variance) else math.inf
    after = replace(signal, variance=variance, is_gaussian=False)
    return Step("dropout", place, after, -math.log(keep), keep=keep)


def batch_normed(place: str, signal: Signal) -> Step:
    """Each unit less its mean over the batch, over its deviation there: what two inputs do not share becomes variance 1.

    Source: Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz 2019, in the limit of an infinite batch.
    """
    assert signal.shared is not None
    within = max(0.0, signal.second - signal.shared) if math.isfinite(signal.second) else math.inf
    assumed = ("an infinite batch of uncorrelated examples", "norms with weight 1 and bias 0")
    after = Signal(1.0, 0.0, 0.0, signal.is_gaussian)
    return Step("norm", place, after, -log(within), assumptions=assumed)


def layer_normed(place: str, signal: Signal) -> Step:
    """Each example less its mean over units, over its deviation there (Ba, Kiros and Hinton 2016)."""
    spread = signal.variance
    shared = None
    if signal.shared is not None:
        shared = (signal.shared - signal.mean**2) / spread if math.isfinite(spread) and spread > 0.0 else 0.0
    after = Signal(1.0, 0.0, shared, signal.is_gaussian)
    return Step("norm", place, after, -log(spread), assumptions=("norms with weight 1 and bias 0",))


def added(place: str, signal: Signal, branch: Sequence[Step], *, scale: float = 1.0) -> Step:
    """x + scale branch(x): variances add, for a branch that ends with weights of its own.

    Source: Yang and Schoenholz 2017, Mean field residual networks, theorems 5 and 7.
    """
    end = branch[-1].signal if branch else signal
    shared = None
    if signal.shared is not None and end.shared is not None:
        shared = signal.shared + scale**2 * end.shared + 2.0 * scale * signal.mean * end.mean
    after = Signal(
        variance=signal.variance + scale**2 * end.variance,
        mean=signal.mean + scale * end.mean,
        shared=shared,
        is_gaussian=signal.is_gaussian and end.is_gaussian,
    )
    assumed = ("residual branches uncorrelated with what skips them",)
    return Step("residual", place, after, 2.0 * log(abs(scale)), branch=tuple(branch), assumptions=assumed)


def backward(steps: Sequence[Step], log_gradient: float = 0.0) -> tuple[float, list[float]]:
    """ln of mean squared gradients, from the output back.

    Args:
        steps: In forward order.
        log_gradient: At their output.

    Returns:
        At their input; and at the output of each step with weights, those in branches too, in forward order.
    """
    at_weights: list[float] = []
    for step in reversed(steps):
        if step.kind == "weights":
            at_weights.append(log_gradient)
        if step.kind == "residual":
            through, inside = backward(step.branch, log_gradient + step.log_factor)
            at_weights += reversed(inside)
            larger, smaller = max(log_gradient, through), min(log_gradient, through)
            if smaller > -math.inf:
                larger += math.log1p(math.exp(smaller - larger))
            log_gradient = larger
        else:
            log_gradient += step.log_factor
    return log_gradient, at_weights[::-1]


def log(x: float) -> float:
    """ln x; -Inf at 0."""
    return math.log(x) if x > 0.0 else -math.inf


def _shared(signal: Signal, phi: Phi, second: float) -> float | None:
    """E[phi(h) phi(h')] for two inputs."""
    if signal.shared is None or math.isinf(signal.variance):
        return signal.shared
    if signal.variance == 0.0:
        return second
    centred = shifted(phi, signal.mean)
    c = min(1.0, max(-1.0, (signal.shared - signal.mean**2) / signal.variance))
    if c == 0.0:
        return moments(centred, signal.variance).E_phi.value ** 2
    return second if c == 1.0 else pair_moments(centred, signal.variance, c).E_phi_phi.value


def _times(factor: float, length: float) -> float:
    """A product in which nothing of infinite length is left by a factor of 0."""
    return 0.0 if factor == 0.0 or length == 0.0 else min(factor * length, math.inf)
