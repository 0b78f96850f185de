"""Surroundings in which a module runs once and is afterwards what it was, without a word where it fails."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards the modes and the random numbers' state of before."""
    modes = {part: part.training for part in module.modules()}
    devices = {p.device for p in module.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng([device.index for device in devices]):
            for part in modes:
                part.training = False
            yield
    finally:
        for part, mode in modes.items():
            part.training = mode


@contextmanager
def quiet() -> Iterator[None]:
    """What is warned of inside is said where the work succeeds; where it fails, the error says it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    for each in said:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


@contextmanager
def countable(module: nn.Module) -> Iterator[None]:
    """Attention and recurrent layers as plain products, which the counter sees."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack, warnings.catch_warnings():
        if any(isinstance(part, nn.RNNBase) for part in module.modules()):
            warnings.simplefilter("ignore")  # about graphics cards that are not there
            stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
