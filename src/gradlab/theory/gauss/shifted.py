"""An activation whose pre-activations have a mean: phi(u + by), for u of mean 0."""

from __future__ import annotations

from functools import lru_cache

from numpy import ndarray

from gradlab.theory.gauss.phi import Phi


@lru_cache(maxsize=256)
def shifted(phi: Phi, by: float) -> Phi:
    """phi(u + by), so that a constant bias becomes a matter of the activation.

    Args:
        phi: The activation.
        by: Mean of its pre-activations.

    Returns:
        Without closed forms; phi itself where nothing is shifted.

    Example:
        >>> from gradlab.theory.gauss import as_phi
        >>> shifted(as_phi("relu"), 0.1).kinks
        (-0.1,)
    """
    if by == 0.0:
        return phi
    slope = phi.derivative

    def function(u: ndarray) -> ndarray:
        return phi.function(u + by)

    def derivative(u: ndarray) -> ndarray:
        assert slope is not None
        return slope(u + by)

    return Phi(
        name=f"{phi.name} of pre-activations with mean {by:g}",
        function=function,
        derivative=None if slope is None else derivative,
        kinks=tuple(kink - by for kink in phi.kinks),
        is_known=phi.is_known,
    )
