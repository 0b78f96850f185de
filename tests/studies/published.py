"""The numbers that the five sources publish, row by row, typed from them and not from the study files.

A study file is judged by these: whoever mistypes a number in one of the two is told. Shares are written as the source
prints them, with or without a percent sign.
"""

from __future__ import annotations

from decimal import Context, Decimal

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

# S1, problems 3.2 and 3.3: numbers of its batch norms, unit by unit, as far as its printout is whole; claims are about means.
NORMS = {
    "D3 layer 1": {
        "gamma": "1.0397717 .95228153 1.0521868 1.0007092 .9660674 1.0419983",
        "beta": "-.08222771 .02226105 -.00756605 -.09792377 -.01121139 -.01409738",
        "mean": ".00677308 .07345571 -.18209235 .0201771 -.01562181 -.10563064",
        "variance": ".01389957 .02929497 .11323152 .02999649 .03728595 .06546629",
    },
    "D3 layer 2": {
        "gamma": "1.0126945 1.0781525 1.0164979 .9803727 .9678099 .99029547 1.0196694 1.0150005 .9890731 1.0432907 .973346 "
        ".99708146 .94650483 .9571472 .97539544 .9821794",
        "beta": ".01839233 .1196842 -.03220168 -.04213286 -.04021622 .01078884 .00708483 .07468873 .00502367 .04023496 "
        "-.04142677 -.00916221 -.01372475 -.03107252 -.02290029 -.02308035",
    },
    "D4 inputs": {"gamma": ".935769", "beta": ".03544567", "mean": ".13047461", "variance": ".09480096"},
    "D4 layer 1": {
        "gamma": ".92459416 .969346 1.0635519 1.0852412 .9425522 1.079936",
        "beta": "-.01662977 -.06533749 -.07964704 .0227954 .05569836 -.0122155",
        "mean": "-.01847833 -.00050582 -.01334626 -.28055096 -.07656857 -.06905887",
        "variance": ".36971968 .49936122 .2524704 1.6194601 .08810559 .47783393",
    },
}
DIGITS = 6  # of a mean over units that a study file gives

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


def mean(printed: str) -> Decimal:
    """The mean of some numbers to as many digits as study files give of it.

    Example:
        >>> mean("1 2 4")
        Decimal('2.33333')
    """
    numbers = [Decimal(number) for number in printed.split()]
    return Context(prec=DIGITS).plus(sum(numbers, Decimal(0)) / len(numbers)).normalize()


def allowed(row: str) -> set[Decimal]:
    """What a claim of a row may call published."""
    means = {mean(printed) for norm in NORMS.values() for printed in norm.values()} if row == "D7" else set()
    return {value(number) for number in [*PUBLISHED.get(row, "").split(), *ELSEWHERE.get(row, {})]} | means
