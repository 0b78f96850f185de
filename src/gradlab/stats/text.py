"""Rates and intervals as text, the same wherever gradlab writes them.

An interval shows two significant digits of its own width, so that it never reads `[95.3, 95.3]`.
"""

from __future__ import annotations

import math


def percent_text(rate: float) -> str:
    """A given rate (published, theory) with at most 4 significant digits.

    Example:
        >>> percent_text(0.967), percent_text(0.001), percent_text(0.83)
        ('96.7 %', '0.1 %', '83 %')
    """
    return f"{100 * rate:.4g} %"


def interval_text(rate: float, low: float, high: float, unit: str = "%") -> str:
    """A measured rate and its interval, in percent or another unit of hundredths.

    Example:
        >>> interval_text(0.953, 0.938, 0.964), interval_text(0.001, 0.0002, 0.0056), interval_text(0.0, 0.0, 0.0038)
        ('95.3 % [93.8, 96.4]', '0.10 % [0.02, 0.56]', '0 % [0, 0.38]')
    """
    if not all(math.isfinite(value) for value in (rate, low, high)):
        return f"{_hundredths(rate, 1)} {unit} [{_hundredths(low, 1)}, {_hundredths(high, 1)}]"
    width = 100 * (high - low)
    decimals = min(6, max(1, 1 - math.floor(math.log10(width)))) if width > 0 else 1
    shown = [_hundredths(value, decimals) for value in (rate, low, high)]
    return f"{shown[0]} {unit} [{shown[1]}, {shown[2]}]"


def _hundredths(value: float, decimals: int) -> str:
    """100 x value; the exact ends 0 and 100 without decimals, and an inner value never rounded onto them by sign."""
    if math.isnan(value):
        return "NaN"
    if value in (0.0, 1.0, -1.0):
        return f"{100 * value:.0f}"
    return f"{100 * value:.{decimals}f}"
