"""Activations: what a unit does with its pre-activation z.

Each record holds phi and phi' over a `Namespace`, its kinks (for exact quadrature) and, where known, the closed forms
of E[phi(sqrt(q) u)^2] and E[phi'(sqrt(q) u)^2] for a standard normal u. Formulas are single expressions that neither
overflow nor lose the small tail: sigmoid and softplus go through exp(-|z|).
"""

from gradlab.parts.activations import (  # noqa: F401  (each adds its records)
    exponential,
    mistaken,
    rectifiers,
    sigmoidal,
    smooth,
)
from gradlab.parts.activations.record import ACTIVATIONS, Activation

__all__ = ["ACTIVATIONS", "Activation"]
