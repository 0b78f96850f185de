"""`convolution`: the fans with which the dense maps describe a convolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradlab.errors import UserError


@dataclass(frozen=True, slots=True)
class Fans:
    """How many inputs a unit has, and how many units an input feeds.

    Attributes:
        fan_in: Inputs of one output unit: sigma_w2 = fan_in Var(W).
        fan_out: Output units that one input unit feeds, on average.
        assumptions: What must hold for the dense maps to hold, a phrase each.
    """

    fan_in: int
    fan_out: float
    assumptions: tuple[str, ...]


def convolution(
    in_channels: int, out_channels: int, kernel: Sequence[int], *, stride: int | Sequence[int] = 1, groups: int = 1
) -> Fans:
    """The fans of a convolution, with which the dense maps describe it.

    fan_in = in_channels / groups * kernel elements, fan_out = out_channels / groups * kernel elements / stride elements.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Size along each axis.
        stride: Step along each axis, or one for all.
        groups: Channels are split into so many independent convolutions.

    Raises:
        UserError: A number below 1, or groups that do not divide the channels.

    Assumes:
        Named in the result: without them lengths differ from place to place, and the maps hold on average only.

    Source:
        Xiao, Bahri, Sohl-Dickstein, Schoenholz and Pennington 2018, section 2.

    Example:
        >>> convolution(16, 32, (3, 3)).fan_in, convolution(16, 32, (3, 3), stride=2).fan_out
        (144, 72.0)
    """
    strides = [stride] * len(kernel) if isinstance(stride, int) else list(stride)
    if len(strides) != len(kernel):
        raise UserError(
            "stride", got=f"{len(strides)} numbers", expected=f"{len(kernel)}, one for each axis of the kernel"
        )
    for name, number in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
        ("groups", groups),
        *(("kernel", size) for size in kernel),
        *(("stride", step) for step in strides),
    ):
        if number < 1:
            raise UserError(name, got=number, expected="at least 1")
    if in_channels % groups or out_channels % groups:
        raise UserError("groups", got=groups, expected=f"a divisor of {in_channels} and {out_channels} channels")
    elements = math.prod(kernel)
    assumed = (
        "infinitely many channels",
        "equal length q at every place of the receptive field",
        "circular padding, or places away from the border",
        "weights independent between places of the kernel, of equal variance",
    )
    return Fans(in_channels // groups * elements, out_channels // groups * elements / math.prod(strides), assumed)
