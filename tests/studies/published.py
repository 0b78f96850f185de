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

# S1's validation accuracies after the epochs that have a claim; the list of experiments does not repeat them.
BY_EPOCH = {
    "D3": {1: ".2858", 2: ".8350", 3: ".9650", 4: ".9020"},
    "D4": {1: ".6973", 2: ".9245", 3: ".9598", 4: ".9823"},
    "D5": {
        **{epoch: ".1050" for epoch in (1, 2, 3, 4)},
        **{5: ".8658", 6: ".9220", 7: ".9340", 8: ".9447", 9: ".9503", 10: ".9580", 12: ".9632", 14: ".9687"},
    },
    "D6": {1: ".8473", 2: ".8973", 3: ".9327", 4: ".9437", 5: ".9630", 10: ".9788", 14: ".9800"},
}

# What S1 prints whole of the units of a norm, in the order scales, shifts, running means, running variances: of row D3 the first
# hidden norm and half of the second, of row D4 the norm on the inputs and the first hidden one. Claims are of their averages.
BY_UNIT = {
    "D7": [
        "1.0397717 .95228153 1.0521868 1.0007092 .9660674 1.0419983",
        "-.08222771 .02226105 -.00756605 -.09792377 -.01121139 -.01409738",
        ".00677308 .07345571 -.18209235 .0201771 -.01562181 -.10563064",
        ".01389957 .02929497 .11323152 .02999649 .03728595 .06546629",
        "1.0126945 1.0781525 1.0164979 .9803727 .9678099 .99029547 1.0196694 1.0150005 .9890731 1.0432907 "
        ".973346 .99708146 .94650483 .9571472 .97539544 .9821794",
        ".01839233 .1196842 -.03220168 -.04213286 -.04021622 .01078884 .00708483 .07468873 .00502367 "
        ".04023496 -.04142677 -.00916221 -.01372475 -.03107252 -.02290029 -.02308035",
        ".935769",
        ".03544567",
        ".13047461",
        ".09480096",
        ".92459416 .969346 1.0635519 1.0852412 .9425522 1.079936",
        "-.01662977 -.06533749 -.07964704 .0227954 .05569836 -.0122155",
        "-.01847833 -.00050582 -.01334626 -.28055096 -.07656857 -.06905887",
        ".36971968 .49936122 .2524704 1.6194601 .08810559 .47783393",
    ]
}

# What study files may call published besides, and why: more digits than the table above has, another unit, another source.
ELSEWHERE = {
    "B1": {".60": "width 3, Lu, Shin, Su and Karniadakis 2019: about 60 %"},
    "D1": {".064976": "S4 prints as many digits"},
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
    printed = [*PUBLISHED.get(row, "").split(), *BY_EPOCH.get(row, {}).values(), *ELSEWHERE.get(row, {})]
    return {value(number) for number in printed} | {average(units) for units in BY_UNIT.get(row, [])}


def average(units: str) -> Decimal:
    """The average of printed numbers, to six digits.

    Example:
        >>> average("1.0 1.5 1.5")
        Decimal('1.33333')
    """
    numbers = [Decimal(number) for number in units.split()]
    return Decimal(f"{sum(numbers) / len(numbers):.6g}")
