"""How deep a network like this could be: the fixed point of its typical hidden layer, or its own growth of gradients."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradlab.theory.gauss import Phi, shifted
from gradlab.theory.meanfield import depth_scale, fixed_point
from gradlab.theory.meanfield.fixed_point import LEAST, MOST
from gradlab.theory.predict.layers import Row
from gradlab.theory.predict.prediction import DepthScales

KEPT = 0.01  # change of ln(squared gradients) over the whole depth: the eps of norms alone makes less
SCALES_DEEP = 6.0  # depth scales that plain gradient descent trains through: Schoenholz et al. 2017, figure 5


@dataclass(frozen=True, slots=True)
class Block:
    """From the pre-activations of one hidden layer to those of the next.

    Attributes:
        phi: Activation of the first.
        keep: Probability that dropout keeps one.
        sigma_w2: fan_in Var(W) of the second.
        bias_variance: Of its biases.
        bias_mean: Of the first's biases.
    """

    phi: Phi
    keep: float
    sigma_w2: float
    bias_variance: float
    bias_mean: float


def blocks_of(rows: Sequence[Row]) -> list[Block]:
    """What lies between neighbouring hidden layers; between the only one and the output, where there is one."""
    hidden = rows[:-1] if len(rows) > 2 else rows
    return [
        Block(
            phi=below.phi,
            keep=below.keep,
            sigma_w2=round_off(above.weights.sigma_w2),
            bias_variance=above.weights.bias_variance,
            bias_mean=below.weights.bias_mean,
        )
        for below, above in pairwise(hidden)
    ]


def typical_block(rows: Sequence[Row]) -> tuple[Block, int, int] | None:
    """The block that occurs most, how often, and how many there are; None without hidden layers."""
    blocks = blocks_of(rows)
    if not blocks:
        return None
    block, times = Counter(blocks).most_common(1)[0]
    return block, times, len(blocks)


def plain_scales(block: Block, q0: float) -> DepthScales:
    """Of a stack of one block without norms or branches, started at a length of q0."""
    phi = shifted(block.phi, block.bias_mean)
    start = min(max(q0, LEAST), MOST)
    found = fixed_point(phi, block.sigma_w2, block.bias_variance, keep=block.keep, q0=start)
    xi = found.xi_c if found.xi_c is not None else found.xi_grad
    return DepthScales(
        phase=found.phase,
        chi1=found.chi1,
        q_star=found.q_star,
        status=found.status.value,
        slope=found.slope,
        xi_q=found.xi_q,
        c_star=found.c_star,
        xi_c=found.xi_c,
        xi_grad=found.xi_grad,
        six_scales=SCALES_DEEP * xi,
    )


def grown_scales(log_norms: Sequence[float]) -> DepthScales:
    """Of a network with norms or branches: how squared gradient norms grow over its own depth, on average a layer.

    Args:
        log_norms: ln of the squared gradient norm at each hidden layer, the first in front.
    """
    layers = len(log_norms) - 1
    log_chi1 = 0.0
    if layers and log_norms[0] == -math.inf:
        log_chi1 = -math.inf
    elif layers and all(map(math.isfinite, (log_norms[0], log_norms[-1]))):
        log_chi1 = (log_norms[0] - log_norms[-1]) / layers
    chi1 = math.exp(min(700.0, log_chi1))
    is_critical = layers * abs(log_chi1) <= KEPT
    return DepthScales(
        phase="critical" if is_critical else ("ordered" if chi1 < 1.0 else "chaotic"),
        chi1=chi1,
        q_star=None,
        status="",
        slope=None,
        xi_q=None,
        c_star=None,
        xi_c=None,
        xi_grad=math.inf if is_critical else depth_scale(chi1),
        six_scales=None,
    )


def round_off(sigma_w2: float) -> float:
    """The variance without the last bits that a root and a square have cost: 2 instead of 2.0000000000000004."""
    return float(f"{sigma_w2:.14g}")
