"""Which device `--device` means on this machine."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from gradlab.errors import UserError


def available(wanted: str) -> str:
    """The device to train on: what was asked for, or for "auto" CUDA where there is one, else the processor.

    Raises:
        UserError: The device asked for is not there.
    """
    if wanted == "cpu" or (wanted == "auto" and not _has_driver()):
        return "cpu"
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return "cuda" if there["cuda"] else "cpu"
    if not there[wanted]:
        raise UserError(
            f"--device {wanted}: torch {torch.__version__} finds no such device here",
            expected=" or ".join(name for name, is_there in there.items() if is_there),
            do="Leave the option out to use the best there is",
        )
    return wanted


def _has_driver() -> bool:
    """Whether a driver of a graphics card is installed. Without one there is no need to ask torch, which takes a second."""
    if Path("/dev/kfd").exists():  # AMD's, which torch calls CUDA too
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
