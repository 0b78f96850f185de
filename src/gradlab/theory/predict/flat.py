"""Where an activation is flat: the share of pre-activations whose slope is below a twentieth of the steepest.

The same threshold as the quantity `saturation` of `signals`, so that theory and measurement mean the same.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gradlab.signals.quantities.units import FLAT
from gradlab.theory.gauss import Phi

_FAR = 1e30
_GRID = np.concatenate([[-_FAR], np.linspace(-20.0, 20.0, 40_001), [_FAR]])
_HALVINGS = 200  # from 1e30 to a float's resolution
_PROBES = -np.geomspace(1e-6, 1e6, 25)


def flat_share(phi: Phi, mean: float, variance: float) -> float:
    """Probability that |phi'(h)| is below .05 of its largest value, h normal.

    Args:
        phi: The activation.
        mean: Of h.
        variance: Of h; may be infinite.

    Example:
        >>> from gradlab.theory.gauss import as_phi
        >>> flat_share(as_phi("relu"), 0.0, 2.0), round(flat_share(as_phi("tanh"), 0.0, 4.0), 3)
        (0.5, 0.276)
    """
    std = min(math.sqrt(variance), _FAR)
    if std == 0.0:
        return float(any(low <= mean <= high for low, high in flat_intervals(phi)))
    return math.fsum(_below((high - mean) / std) - _below((low - mean) / std) for low, high in flat_intervals(phi))


@lru_cache(maxsize=256)
def flat_intervals(phi: Phi) -> tuple[tuple[float, float], ...]:
    """Where phi is flat, in order; ends found on a grid of step .001 from -20 to 20 and beyond, then by bisection."""
    assert phi.derivative is not None, "catalog activations bring their derivative"
    with np.errstate(all="ignore"):
        slopes = np.abs(phi.derivative(_GRID))
        least = FLAT * float(np.nanmax(slopes))
        is_flat = slopes < least
        changes = np.flatnonzero(is_flat[1:] != is_flat[:-1])
        low, high = _GRID[changes], _GRID[changes + 1]
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            same = (np.abs(phi.derivative(middle)) < least) == is_flat[changes]
            low, high = np.where(same, middle, low), np.where(same, high, middle)
    ends = [*([-math.inf] if is_flat[0] else []), *high.tolist(), *([math.inf] if is_flat[-1] else [])]
    return tuple(zip(ends[::2], ends[1::2], strict=True))


@lru_cache(maxsize=256)
def is_silent_below_zero(phi: Phi) -> bool:
    """Whether phi is 0 for every negative pre-activation, as of relu: then a layer can be silent."""
    return not phi.function_values(_PROBES).any()


def _below(z: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
