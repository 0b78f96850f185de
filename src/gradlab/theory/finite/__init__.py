"""Finite width: networks born dead, and how far one seed is from the next.

Closed forms and one Markov chain; what each assumes stands with it. Depth is the number H of hidden layers: Lu et al. count
the output layer too, so that their L is H + 1.
"""

from gradlab.theory.finite.dead import (
    BornDead,
    born_dead,
    born_dead_lower_bound,
    born_dead_one_input,
    born_dead_width_2,
    safe_depth,
)
from gradlab.theory.finite.spread import LogNorm, SingularSpread, log_norm, singular_spread

__all__ = [
    "BornDead",
    "LogNorm",
    "SingularSpread",
    "born_dead",
    "born_dead_lower_bound",
    "born_dead_one_input",
    "born_dead_width_2",
    "log_norm",
    "safe_depth",
    "singular_spread",
]
