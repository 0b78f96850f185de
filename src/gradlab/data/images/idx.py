"""The idx format of MNIST and its kin: two zeros, type, number of dimensions, dimensions (big-endian), numbers.

Source: LeCun's page of MNIST. Only unsigned bytes occur here.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gradlab.errors import DataError

UNSIGNED_BYTE = 8


def header(shape: Sequence[int]) -> bytes:
    """What stands in front of an array of unsigned bytes.

    Example:
        >>> header((60000, 28, 28)).hex(" ", 4)
        '00000803 0000ea60 0000001c 0000001c'
    """
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)


def size(shape: Sequence[int]) -> int:
    """Bytes of a file that holds an array of unsigned bytes."""
    return len(header(shape)) + math.prod(shape)


def parse(content: bytes, path: Path) -> UInt8[ndarray, "*shape"]:
    """The array in a file.

    Args:
        content: The whole file, unpacked.
        path: Its name, for messages.

    Raises:
        DataError: Not idx, not of unsigned bytes, or longer or shorter than its header says.
    """
    dimensions = content[3] if len(content) >= 4 else 0
    start = 4 + 4 * dimensions
    if content[:2] != b"\0\0" or not dimensions or len(content) < start:
        raise DataError(f"{path}: is no idx file", got=f"it begins with {content[:4].hex() or 'nothing'}")
    if content[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: wrong type of number", got=f"code {content[2]}", expected="8, unsigned bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) != size(shape):
        raise DataError(f"{path}: wrong size", got=f"{len(content):,} bytes", expected=f"{size(shape):,} for {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
