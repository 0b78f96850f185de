"""Rates and intervals as text, the same wherever gradlab writes them.

An interval shows two significant digits of its own width, so that it never reads `[95.3, 95.3]`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def counted_text(n: int, noun: str) -> str:
    """A count in full, and what is counted; the noun in its singular.

    Example:
        >>> counted_text(1, "network"), counted_text(12_000, "network"), counted_text(0, "cell")
        ('1 network', '12,000 networks', '0 cells')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def unsigned_zero(text: str) -> str:
    """A number's text without a sign where every digit of it is 0: nothing is less than none.

    Example:
        >>> unsigned_zero("-0"), unsigned_zero("-0.00"), unsigned_zero("-0.01"), unsigned_zero("-0e+00"), unsigned_zero("-Inf")
        ('0', '0.00', '-0.01', '0e+00', '-Inf')
    """
    digits = text.removeprefix("-").partition("e")[0]
    return text.removeprefix("-") if digits and not digits.strip("0.") else text


def percent_text(rate: float) -> str:
    """A given rate (published, theory) with at most 4 significant digits.

    Example:
        >>> percent_text(0.967), percent_text(0.001), percent_text(0.83)
        ('96.7 %', '0.1 %', '83 %')
    """
    return f"{unsigned_zero(f'{100 * rate:.4g}')} %"


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


def number_text(value: float) -> str:
    """A measured number with 3 significant digits, from 1e9 on as a power; NaN and infinities by name.

    Example:
        >>> number_text(0.0123456), number_text(1234.5), number_text(8.22e60), number_text(float("nan"))
        ('0.0123', '1,230', '8.22e+60', 'NaN')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if 1000 <= abs(rounded) < 1e9 else unsigned_zero(f"{rounded:g}")


def given_text(value: float) -> str:
    """A number that was not measured, such as a published one, with the digits it was given with.

    Example:
        >>> given_text(0.9916), given_text(1221450.0), given_text(0.4), given_text(-0.0158893)
        ('0.9916', '1,221,450', '0.4', '-0.0158893')
    """
    return unsigned_zero(f"{value:,.9g}")


def mean_text(mean: float, low: float, high: float) -> str:
    """A measured number and its interval, with as many digits as two of the interval's width; none where all are equal.

    Example:
        >>> mean_text(2.6641, 2.61, 2.72), mean_text(0.00123, 0.0011, 0.0014), mean_text(2.3, float("nan"), float("nan"))
        ('2.66 [2.61, 2.72]', '0.00123 [0.00110, 0.00140]', '2.3 [no interval]')
        >>> mean_text(0.0131, 0.00004, 4.4)
        '0.013 [4e-05, 4.4]'
        >>> mean_text(8.0, 8.0, 8.0)
        '8, all alike'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{number_text(mean)} [no interval]"
    if low == high:
        return f"{number_text(mean)}, all alike"
    if 0.0 < 10.0 * low < high:  # of a geometric mean that is hardly known: equal decimals would hide the lower end
        return f"{mean:.2g} [{low:.2g}, {high:.2g}]"
    decimals = 1 - math.floor(math.log10(high - low))
    if not 0 <= decimals <= 6:
        shown = [f"{value:.3g}" for value in (mean, low, high)]
    else:
        shown = [f"{value:.{decimals}f}" for value in (mean, low, high)]
    mean_shown, low_shown, high_shown = map(unsigned_zero, shown)
    return f"{mean_shown} [{low_shown}, {high_shown}]"


def _hundredths(value: float, decimals: int) -> str:
    """100 x value; the exact ends 0 and 100 without decimals."""
    if math.isnan(value):
        return "NaN"
    return unsigned_zero(f"{100 * value:.{0 if value in (0.0, 1.0, -1.0) else decimals}f}")


def value_text(value: object) -> str:
    """An exact value: a whole number in full, lists in brackets, texts as they are.

    Example:
        >>> value_text(1221450), value_text([[1.0, 0.5], [-0.5, 0.25]]), value_text(["xor", "xnor"]), value_text([])
        ('1,221,450', '[[1, 0.5], [-0.5, 0.25]]', '[xor, xnor]', '[]')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(str(v) if type(v) is int else value_text(v) for v in value)}]"  # commas part the items
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {value_text(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return unsigned_zero(f"{value:g}") if isinstance(value, float) else str(value)


def json_safe(value: Any) -> Any:
    """The value with NaN and infinities as strings, which JSON has no numbers for."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    return value
