"""Which device `--device` means on this machine."""

from __future__ import annotations

from gradlab.errors import UserError


def available(wanted: str) -> str:
    """The device to train on: what was asked for, or for "auto" CUDA where there is one, else the processor.

    Raises:
        UserError: The device asked for is not there.
    """
    if wanted == "cpu":
        return wanted
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
