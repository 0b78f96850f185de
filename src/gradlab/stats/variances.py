"""Whether values spread more in one group than in another, replica by replica."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gradlab.errors import UserError
from gradlab.stats.checks import finite, normal_quantile
from gradlab.stats.records import Ratio


def paired_variance_ratio(a: npt.ArrayLike, b: npt.ArrayLike, level: float = 0.95) -> Ratio:
    """Variance of a over variance of b, of pairs (replica r under two treatments).

    The interval is that of log(var a / var b), whose standard error is the infinitesimal jackknife's: pair i moves the
    logarithm by d_i / n, d_i = (a_i - mean a)^2 / var a - (b_i - mean b)^2 / var b. Unlike F or Pitman and Morgan's test
    it takes neither normal values nor independent groups.

    Args:
        a: First outcomes, one a pair, shape [R].
        b: Second outcomes, shape [R].
        level: Confidence, between 0 and 1.

    Returns:
        Ratio and bounds; NaN where a group does not vary at all.

    Raises:
        UserError: The lengths differ, a value is not finite, there are fewer than 2 pairs, or level is not within (0, 1).

    Assumes:
        Independent pairs with a fourth moment, some hundred of them: with fewer the interval is too narrow.

    Source:
        Jaeckel (1972), The infinitesimal jackknife; Efron (1982), The Jackknife, the Bootstrap and Other Resampling
        Plans, section 6.

    Example:
        >>> found = paired_variance_ratio([0.0, 2.0, 4.0, 6.0], [0.0, 1.0, 2.0, 3.0])
        >>> found.ratio, found.low, found.high
        (4.0, 4.0, 4.0)
    """
    first, second = finite("a", a), finite("b", b)
    n = len(first)
    if n != len(second) or n < 2:
        raise UserError(
            "paired_variance_ratio", got=f"{n} and {len(second)} values", expected="equally many, at least 2"
        )
    z, method = normal_quantile(level), "infinitesimal jackknife of the logarithm"
    above, below = ((values - values.mean()) ** 2 for values in (first, second))
    if not above.any() or not below.any():
        return Ratio(math.nan, math.nan, math.nan, n, level, method)
    centre = math.log(above.mean() / below.mean())
    half = z * float(np.std(above / above.mean() - below / below.mean(), ddof=1)) / math.sqrt(n)
    return Ratio(math.exp(centre), math.exp(centre - half), math.exp(centre + half), n, level, method)
