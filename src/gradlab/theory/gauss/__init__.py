"""Gaussian expectations of an activation: what mean-field theory is made of.

`moments(activation, q)` gives E[phi], E[phi^2], E[phi'], E[phi'^2], E[phi'^4] and E[z phi phi'] at u = sqrt(q) z, and
`pair_moments(activation, q, c)` E[phi(u1) phi(u2)] and E[phi'(u1) phi'(u2)] at correlation c, each with its estimated
error: closed form where the catalog's record has one, else adaptive quadrature split at the kinks. `as_phi` takes what a
user writes ("leaky_relu(0.2)", a record, a numpy callable) and makes the `Phi` that everything here works on.
"""

from gradlab.theory.gauss.checks import at_least_zero, within_float_range
from gradlab.theory.gauss.moments import Moment, Moments, moments, second_moment, slope_moment
from gradlab.theory.gauss.pairs import PairMoments, pair_moments
from gradlab.theory.gauss.phi import ActivationLike, Phi, as_phi
from gradlab.theory.gauss.shifted import shifted

__all__ = [
    "ActivationLike",
    "Moment",
    "Moments",
    "PairMoments",
    "Phi",
    "as_phi",
    "at_least_zero",
    "moments",
    "pair_moments",
    "second_moment",
    "shifted",
    "slope_moment",
    "within_float_range",
]
