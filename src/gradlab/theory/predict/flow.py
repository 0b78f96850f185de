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

import numpy as np

from gradlab.theory.gauss import Phi, as_phi, moments, pair_moments, shifted
from gradlab.theory.predict.weights import Weights

MOST = 1e60  # lengths beyond are infinite
_BOUNDED = 1e25  # at a length of 1e60, what a bounded activation stays below, and one that grows does not
FEW_NORMED = 1_000  # units below which drawn networks show that a norm over them is not one over infinitely many
_Z = (np.arange(4_000) - 1_999.5) / 200.0  # midpoints: 0 is none
_DENSITY = np.exp(-0.5 * _Z**2) / 200.0 / math.sqrt(2.0 * math.pi)
_CANCELS = 1e-8  # share of the second moment below which a variance is no difference of two numbers any more


@dataclass(frozen=True, slots=True)
class Signal:
    """Entries of one tensor.

    Attributes:
        variance: Over units and seeds.
        mean: Likewise.
        shared: Mean product of the entries of one unit for two inputs; None where nobody asks for it.
        law: (phi, mean, variance) where entries are phi of a normal number, phi the identity for products of many weights;
            None where their law is not known.
    """

    variance: float
    mean: float = 0.0
    shared: float | None = None
    law: tuple[Phi, float, float] | None = None

    @property
    def second(self) -> float:
        """Second moment."""
        return self.variance + self.mean**2

    @property
    def is_gaussian(self) -> bool:
        """Whether entries are normal."""
        return self.law is not None and self.law[0] is as_phi("identity")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the network.

    Attributes:
        kind: What it does.
        place: Name of the layer that it belongs to.
        signal: What it hands on.
        log_factor: ln of the factor of mean squared gradients, from its output to its input.
        weights: Of a step that multiplies by weights.
        units: Of such a step: units, or channels.
        places: Places of an image at which each channel stands; 1 for units.
        phi: Of an activation.
        keep: Probability that dropout keeps an entry.
        branch: Of a residual connection, the steps beside which the input skips.
        assumptions: What must hold besides infinite width, a phrase each.
        doubts: What does not hold, and why.
    """

    kind: Literal["weights", "activation", "dropout", "norm", "standardize", "pool", "residual"]
    place: str
    signal: Signal
    log_factor: float
    weights: Weights | None = None
    units: int = 0
    places: int = 1
    phi: Phi | None = None
    keep: float = 1.0
    branch: tuple[Step, ...] = ()
    assumptions: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()


def weighted(
    place: str, signal: Signal, weights: Weights, units: int, places: int = 1, assumptions: tuple[str, ...] = ()
) -> Step:
    """h = W x + b: variance sigma_w2 E[x^2] + Var(b), whatever the law of x."""
    variance = _times(weights.sigma_w2, signal.second) + weights.bias_variance
    shared = None
    if signal.shared is not None:
        shared = _times(weights.sigma_w2, signal.shared) + weights.bias_variance + weights.bias_mean**2
    after = normal(variance, weights.bias_mean, shared)
    return Step(
        "weights",
        place,
        after,
        log(weights.gradient_factor),
        weights=weights,
        units=units,
        places=places,
        assumptions=assumptions,
    )


def normal(variance: float, mean: float = 0.0, shared: float | None = None) -> Signal:
    """A signal of normal entries."""
    return Signal(variance, mean, shared, (as_phi("identity"), mean, variance))


def activated(place: str, signal: Signal, phi: Phi) -> Step:
    """a = phi(h), h normal: E[phi], Var(phi), and gradients times E[phi'^2]."""
    found = moments(shifted(phi, signal.mean), min(signal.variance, MOST))
    variance = found.variance
    if variance <= _CANCELS * found.E_phi2.value:  # phi is linear over so short a range
        variance = found.E_dphi.value**2 * found.q
    mean = found.E_phi.value if abs(found.E_phi.value) > found.E_phi.error else 0.0
    if signal.variance >= MOST and abs(found.E_phi2.value) > _BOUNDED:
        mean, variance = (math.copysign(math.inf, mean) if mean else 0.0), math.inf
    after = Signal(variance, mean, _shared(signal, phi, variance + mean**2), (phi, signal.mean, signal.variance))
    doubt = ("activations of normal numbers", f"not in layer {place}, whose activation follows another or a pool")
    is_known = signal.is_gaussian or phi is as_phi("identity")
    return Step("activation", place, after, log(found.E_dphi2.value), phi=phi, doubts=() if is_known else (doubt,))


def dropped(place: str, signal: Signal, keep: float) -> Step:
    """Entries set to 0 with probability 1 - keep, the others divided by keep; two inputs have different masks."""
    variance = signal.second / keep - signal.mean**2 if math.isfinite(signal.variance) else math.inf
    after = replace(signal, variance=variance, law=None)
    return Step("dropout", place, after, -math.log(keep), keep=keep)


def batch_normed(place: str, signal: Signal, eps: float) -> Step:
    """Each unit less its mean over the batch, over its deviation there: what two inputs do not share becomes variance 1.

    Source: Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz 2019, in the limit of an infinite batch.
    """
    assert signal.shared is not None
    within = max(0.0, signal.second - signal.shared) if math.isfinite(signal.second) else math.inf
    after = _normed(signal, within, eps, 0.0)
    doubt = ("infinite batches", "with batches of N numbers are off by about 1 / N, more where examples are alike")
    assumed = ("norms with weight 1 and bias 0",)
    return Step("norm", place, after, -log(within + eps), assumptions=assumed, doubts=(doubt,))


def layer_normed(place: str, signal: Signal, eps: float, units: int) -> Step:
    """Each example less its mean over units (or channels), over its deviation there (Ba, Kiros and Hinton 2016)."""
    spread, shared = signal.variance, None
    if signal.shared is not None:
        shared = (signal.shared - signal.mean**2) / (spread + eps) if math.isfinite(spread) else 0.0
    after = _normed(signal, spread, eps, shared)
    doubt = ("layers so wide that norms see expectations", f"that of layer {place} is over {units}")
    assumed = ("norms with weight 1 and bias 0",)
    doubts = (doubt,) if units < FEW_NORMED else ()
    return Step("norm", place, after, -log(spread + eps), assumptions=assumed, doubts=doubts)


def _normed(signal: Signal, within: float, eps: float, shared: float | None) -> Signal:
    """Entries of mean 0 and, but for eps, variance 1."""
    variance = within / (within + eps) if math.isfinite(within) else 1.0
    if within == 0.0:
        variance = 0.0
    return normal(variance, 0.0, shared) if signal.is_gaussian else Signal(variance, 0.0, shared)


def max_pooled(place: str, signal: Signal, size: int, kept: float) -> Step:
    """The largest of `size` independent entries; the gradient goes to it alone.

    Args:
        place: The layer.
        signal: Its input.
        size: Entries of a window.
        kept: Entries that it hands on, over those it gets.
    """
    phi, mean, variance = signal.law or (as_phi("identity"), signal.mean, signal.variance)
    with np.errstate(all="ignore"):
        values, slopes, _ = phi.values(mean + math.sqrt(min(variance, MOST)) * _Z)
    order = np.argsort(values, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(_DENSITY[order])]) / _DENSITY.sum()
    weight = np.diff(below**size)  # chance that the largest of the window is here
    found, slope = values[order], slopes[order] ** 2
    largest = float(weight @ found)
    spread = float(weight @ (found - largest) ** 2)
    typical = float(_DENSITY[order] @ slope)
    steeper = float(weight @ slope) / typical if typical > 0.0 else 1.0  # of relu, the largest is hardly ever off
    shared = None if signal.shared is None else signal.shared + largest**2 + spread - signal.second
    doubt = ("places of a pool's window independent", "neighbouring places see much the same inputs")
    after = Signal(spread, largest, shared)
    return Step("pool", place, after, log(kept * steeper), doubts=(doubt,))


def mean_pooled(place: str, signal: Signal, size: int, kept: float) -> Step:
    """The mean of `size` independent entries; every one of them gets 1 / size of the gradient."""
    variance = signal.variance / size
    shared = None if signal.shared is None else signal.mean**2 + (signal.shared - signal.mean**2) / size
    doubt = ("places of a pool's window independent", "neighbouring places see much the same inputs")
    return Step("pool", place, Signal(variance, signal.mean, shared), log(kept / size), doubts=(doubt,))


def added(place: str, signal: Signal, branch: Sequence[Step], *, scale: float = 1.0) -> Step:
    """x + scale branch(x): variances add, for a branch that ends with weights of its own.

    Source: Yang and Schoenholz 2017, Mean field residual networks, theorems 5 and 7.
    """
    end = branch[-1].signal if branch else signal
    shared = None
    if signal.shared is not None and end.shared is not None:
        shared = signal.shared + scale**2 * end.shared + 2.0 * scale * signal.mean * end.mean
    variance, mean = signal.variance + scale**2 * end.variance, signal.mean + scale * end.mean
    is_normal = signal.is_gaussian and end.is_gaussian
    after = normal(variance, mean, shared) if is_normal else Signal(variance, mean, shared)
    assumed = ("residual branches uncorrelated with what skips them",)
    return Step("residual", place, after, 2.0 * log(abs(scale)), branch=tuple(branch), assumptions=assumed)


def backward(steps: Sequence[Step], log_gradient: float = 0.0) -> tuple[float, list[float]]:
    """ln of mean squared gradients, from the output back.

    Args:
        steps: In forward order.
        log_gradient: At their output.

    Returns:
        At their input; and, of each step with weights, at what its activation sees, those in branches too, in forward order.
    """
    at_layers: list[float] = []
    at_activation = log_gradient
    for step in reversed(steps):
        if step.kind == "weights":
            at_layers.append(at_activation)
        if step.kind == "residual":
            through, inside = backward(step.branch, log_gradient + step.log_factor)
            at_layers += reversed(inside)
            larger, smaller = max(log_gradient, through), min(log_gradient, through)
            if smaller > -math.inf:
                larger += math.log1p(math.exp(smaller - larger))
            log_gradient = larger
        else:
            log_gradient += step.log_factor
        if step.kind == "activation":
            at_activation = log_gradient
    return log_gradient, at_layers[::-1]


def flattened(steps: Sequence[Step]) -> list[Step]:
    """All steps, those of branches before the sum that they lead to."""
    return [inner for step in steps for inner in (*flattened(step.branch), step)]


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
