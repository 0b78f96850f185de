"""What streams are for: a name that costs nothing to load."""

from __future__ import annotations

from enum import IntEnum


class Purpose(IntEnum):
    """What a stream is for; part of the counter, so streams of different purpose never overlap."""

    WEIGHTS = 1
    BIAS = 2
    REPLACED_INDEX = 3
    REPLACED_VALUE = 4
    DATA = 5
    TEST_DATA = 6
    NOISE = 7
    ORDER = 8
    DROPOUT = 9
    LABEL_NOISE = 10
