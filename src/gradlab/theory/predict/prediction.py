"""`Prediction`: what theory says of one network, what it assumes, and which of its numbers that leaves in doubt."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from gradlab.signals import Profile
from gradlab.theory.finite import BornDead


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that must hold.

    Attributes:
        text: What, in a phrase.
        holds: Whether it does for this network, as far as a description can tell.
        why: Where it fails and by how much; "" where it holds.
        marks: Numbers that are in doubt where it fails: quantities of the profile, and "phase", "scales", "born_dead",
            "spread", "gains".
    """

    text: str
    holds: bool
    why: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DepthScales:
    """How deep a stack of the network's typical hidden layer could be.

    Attributes:
        phase: "ordered", "critical" or "chaotic", by chi1.
        chi1: Factor of squared gradients a layer, from the output to the input.
        q_star: Length that pre-activations come to; None where layers are not plain (norms, residual branches).
        status: How they come to it (`meanfield.Status`); "" where there is no q*.
        slope: dq'/dq there; None with q*.
        xi_q: Layers over which lengths come closer to q* by e; None where they do not.
        c_star: Correlation that two inputs end with; None where none is left to have.
        xi_c: Layers over which correlations come closer to c* by e.
        xi_grad: Layers over which squared gradients change by e.
        six_scales: 6 xi_c (6 xi_grad where lengths go to 0 or grow for ever), in hidden layers: the depth to which plain
            gradient descent trained tanh networks (Schoenholz et al. 2017, figure 5). A rule of thumb; nothing here confirms
            it for adaptive rates. None with a norm or residual branches.
    """

    phase: str
    chi1: float
    q_star: float | None
    status: str
    slope: float | None
    xi_q: float | None
    c_star: float | None
    xi_c: float | None
    xi_grad: float
    six_scales: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How far one seed is from the next: standard deviations over seeds of natural logarithms, for one input.

    A network of width n is one draw; to first order in 1 / n a logarithm of mean exp(m) and deviation s is normal around
    m - s^2 / 2, so that the typical network has less than the mean.

    Attributes:
        log_q: Of the variance that the weights of a layer give its pre-activations [L].
        log_gradient: Of the mean squared gradient of a layer's pre-activations over that of the last layer [L].
        kurtosis: Excess kurtosis of a layer's pre-activations, given the layer below the one below [L]: a mixture of
            normals of different variances.
        units: Units of each layer [L].
    """

    log_q: Float[ndarray, " L"]
    log_gradient: Float[ndarray, " L"]
    kurtosis: Float[ndarray, " L"]
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecommendedGains:
    """Gains std(W) sqrt(fan_in) for the typical hidden activation, at q = 1 and without biases.

    Attributes:
        activation: Which one.
        forward: Keeps lengths.
        backward: Keeps squared gradients.
        compromise: Their geometric mean: lengths and gradients change by the same factor in opposite directions.
        critical: On the edge of chaos, at the network's own biases; None where there is no (stable) edge.
    """

    activation: str
    forward: float
    backward: float
    compromise: float
    critical: float | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What theory says of one network.

    Attributes:
        network: What it is, in words.
        depth: Hidden layers.
        units: Numbers that each layer with weights hands on for one example [L].
        verdict: What becomes of signal and gradients, a line in words.
        can_train: No where outputs can never depend on inputs (weights of 0 that keep one another at 0, inputs of 0), yes of
            a linear model; None where that is not certain, so nearly always.
        profile: By layer: weight_std, pre_activation_second_moment (q), activation_mean, activation_std, saturation,
            relative_gradient_rms, where a norm stands before an activation of what it hands on; source "theory", R = 1.
        scales: How deep it could be; None without hidden layers.
        born_dead: Probabilities of a silent layer at birth; None where no activation is silent below 0.
        spread: From seed to seed; None with norms, convolutions or residual branches.
        gains: Recommended ones; None where a norm takes every gain out, or an activation has none.
        assumptions: All that is assumed.
    """

    network: str
    depth: int
    units: tuple[int, ...]
    verdict: str
    can_train: bool | None
    profile: Profile
    scales: DepthScales | None
    born_dead: BornDead | None
    spread: Spread | None
    gains: RecommendedGains | None
    assumptions: tuple[Assumption, ...]

    @property
    def failing(self) -> tuple[Assumption, ...]:
        """The assumptions that do not hold."""
        return tuple(one for one in self.assumptions if not one.holds)

    @property
    def marked(self) -> frozenset[str]:
        """Numbers that a failing assumption leaves in doubt."""
        return frozenset(mark for one in self.failing for mark in one.marks)

    @property
    def gradient_ratio(self) -> float:
        """Norm of the gradient at the first activation's input over that at the output: 1 whatever the widths."""
        return float(self.profile["relative_gradient_rms"][0, 0]) * math.sqrt(self.units[0] / self.units[-1])

    @property
    def gradient_factor(self) -> float:
        """Factor of gradient norms a layer, from the output to the first layer; 1 for one layer."""
        steps = len(self.profile.layers) - 1
        return self.gradient_ratio ** (1.0 / steps) if steps else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and text; NaN and Inf are floats still."""
        spread = self.spread
        return {
            "network": self.network,
            "depth": self.depth,
            "verdict": self.verdict,
            "can_train": self.can_train,
            "gradient_ratio": self.gradient_ratio,
            "gradient_factor": self.gradient_factor,
            "profile": self.profile.to_dict(),
            "scales": None if self.scales is None else asdict(self.scales),
            "born_dead": None
            if self.born_dead is None
            else {key: value for key, value in asdict(self.born_dead).items() if key != "widths"},
            "spread": None
            if spread is None
            else {"log_q": spread.log_q.tolist(), "log_gradient": spread.log_gradient.tolist()},
            "gains": None if self.gains is None else asdict(self.gains),
            "assumptions": [asdict(one) for one in self.assumptions],
            "marked": sorted(self.marked),
        }
