"""The numbers that the five sources publish, row by row, typed from them and not from the study files.

A study file is judged by these: whoever mistypes a number in one of the two is told. Shares are written as the source
prints them, with or without a percent sign.
"""

from __future__ import annotations

from decimal import Decimal

BLOCKS = {"A": 9, "B": 5, "C": 10, "D": 9, "E": 8}  # rows of each

PUBLISHED = {
    "A4": ".5",  # layers 4 and 5 lie below
    "A7": "2.664 .129 2.367 .104  2.654 .118 2.32 .103  2.699 .104 2.363 .044",
    "A8": ".01 1.15393",
    "A9": ".42 .44 .20 .58 .12 .13 .03 .05 .09 .13",
    "B1": "96.7%",
    "B2": "0.1%",
    "B3": "99.6%",
    "B4": "83.0%",
    "B5": "91.9% 93.8% 29.2% 32.6%",
    "C1": ".323 .908 .333 .909 2.30 .114  1.283 .511 .347 .916 2.301 .114  2.301 .114 .633 .838 2.301 .114",
    "C2": "13.86%",
    "C3": "10%",
    "C5": "24.37% 84.51% 78.69%",
    "C6": "33.23%",
    "C7": "20.8%",
    "C8": "97.62%",
    "D1": ".0773 .977 .0650 .982 .0638 .9843",
    "D2": ".9806 .9758 .9719 .9679 .9674 .9592 .9468 .9059 .8795 .1135 .9914",
    "D3": ".9511 .1521",
    "D4": ".9772 .0780",
    "D5": ".9601 .1255",
    "D6": ".9795 .0626",
    "D8": "1221450 1221002 320 128 18496 256 4160 1179776 512 16512 1290 .9916 .0422",
    "E1": ".902 .955",
    "E3": ".4 200",
    "E6": "608 28 8",
    "E7": "1 .5 .25",
}

# What study files may call published besides, and why: more digits than the table above has, another unit, another source.
ELSEWHERE = {
    "B1": {".60": "width 3, Lu, Shin, Su and Karniadakis 2019: about 60 %"},
    "D1": {".064976": "S4 prints as many digits"},
    "D7": {".13047461": "S1 prints it of one parameter"},
    "E3": {"8": "200 updates of 25 an epoch are 8 epochs"},
}

# What no claim and no text of a study names yet.
UNNAMED: dict[str, str] = {}


def value(printed: str) -> Decimal:
    """A number as a share where it is printed as a percentage.

    Example:
        >>> value("96.7%"), value(".967")
        (Decimal('0.967'), Decimal('0.967'))
    """
    return Decimal(printed.removesuffix("%")) / 100 if printed.endswith("%") else Decimal(printed)


def allowed(row: str) -> set[Decimal]:
    """What a claim of a row may call published."""
    return {value(number) for number in [*PUBLISHED.get(row, "").split(), *ELSEWHERE.get(row, {})]}
