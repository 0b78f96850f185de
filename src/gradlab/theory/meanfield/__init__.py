"""Infinite width: what happens to lengths, gradients and correlations on their way through random layers.

h^1 = W^1 x + b^1, h^{l+1} = W^{l+1} phi(h^l) + b^{l+1}; weights independent of mean 0, sigma_w2 = fan_in Var(W_ij),
sigma_b2 = Var(b_i), q = E[h_i^2] the second moment of pre-activations, chi1 that of Poole et al. A gain is sqrt(sigma_w2).
Every number here is a limit: layers infinitely wide, and backward passes taken to be independent of forward ones.
"""

from gradlab.theory.meanfield.convolution import Fans, convolution
from gradlab.theory.meanfield.correlation import CorrelationPoint, correlation_fixed_point
from gradlab.theory.meanfield.edge import EdgePoint, edge_at, edge_curve, edge_point, edge_points
from gradlab.theory.meanfield.fixed_point import FixedPoint, Status, fixed_point, fixed_points
from gradlab.theory.meanfield.gains import Gains, gains
from gradlab.theory.meanfield.maps import (
    chi1,
    chi_c,
    correlation_map,
    depth_scale,
    gradient_map,
    length_map,
    length_slope,
)

__all__ = [
    "CorrelationPoint",
    "EdgePoint",
    "Fans",
    "FixedPoint",
    "Gains",
    "Status",
    "chi1",
    "chi_c",
    "convolution",
    "correlation_fixed_point",
    "correlation_map",
    "depth_scale",
    "edge_at",
    "edge_curve",
    "edge_point",
    "edge_points",
    "fixed_point",
    "fixed_points",
    "gains",
    "gradient_map",
    "length_map",
    "length_slope",
]
