"""Which engine trains a Setup: a choice by shape, device and amount of work."""

from __future__ import annotations

import sys
from typing import Literal

from gradlab.errors import SpecError
from gradlab.spec import Setup

WORTH_SECONDS = 2.0  # of the torch engine's time, above which compiling a loop pays


def choose_engine(setup: Setup, requested: str, device: str, torch_seconds: float) -> Literal["torch", "narrow"]:
    """The engine for networks of this Setup.

    Args:
        setup: What is to be trained.
        requested: "auto", "torch" or "narrow".
        device: "cpu", "cuda" or "mps"; the narrow engine runs on the processor.
        torch_seconds: Estimate of the torch engine's time for all networks of this shape.

    Raises:
        SpecError: The narrow engine was asked for what it cannot train.
    """
    if requested == "torch":
        return "torch"
    from gradlab.training.narrow import WIDEST, can_train

    on_processor = device in ("cpu", "auto")  # a dry run does not look for devices
    if requested == "narrow":
        if not on_processor:
            raise SpecError(
                "--engine narrow", got=f"device {device}", expected="the processor", do="Use --engine torch"
            )
        if not setup.network.is_plain:
            raise SpecError(
                "--engine narrow",
                got="layers that are not dense, norms or penalties",
                expected="dense layers alone",
                do="Use --engine auto",
            )
        if not can_train(setup):
            widest = max(setup.network.widths)
            raise SpecError(
                "--engine narrow",
                got=f"{widest} units in a layer",
                expected=f"at most {WIDEST}",
                do="Use --engine auto",
            )
        return "narrow"
    pays = setup.total_steps == 0 or torch_seconds > WORTH_SECONDS  # untrained networks need no loop compiled
    return "narrow" if on_processor and can_train(setup) and pays else "torch"


def compile_seconds() -> float:
    """Seconds this process has spent compiling loops so far."""
    engine = sys.modules.get("gradlab.training.narrow.engine")
    return 0.0 if engine is None else float(engine.compile_seconds)
