"""Which of many steps or examples are kept where there is no room for all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from numpy import ndarray


def evenly(count: int, keep: int) -> Int[ndarray, " K"]:
    """The places of K = min(keep, count) of `count`, evenly spread, the first and the last among them.

    Example:
        >>> evenly(7, 4).tolist(), evenly(3, 9).tolist()
        ([0, 2, 4, 6], [0, 1, 2])
    """
    return np.rint(np.linspace(0, count - 1, min(keep, count))).astype(np.int64)
