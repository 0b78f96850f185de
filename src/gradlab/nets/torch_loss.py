"""`TorchLoss`: the loss of a stack's outputs and its gradient, on tensors with examples as the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import LOSSES


class TorchLoss:
    """A loss from the catalog with its parameters along R."""

    def __init__(self, name: str, params: Sequence[Any], xp: TorchNamespace) -> None:
        """A loss.

        Args:
            name: Of the catalog's record.
            params: Numbers, or tensors [R, 1, 1] where they differ.
            xp: Functions in the precision of the outputs.
        """
        self.record, self.params, self.xp = LOSSES[name], params, xp

    def factor(self, examples: int, units: int) -> float:
        """What a sum over elements is multiplied by; `examples` are those of the whole batch."""
        return 1.0 / self.record.divisor(examples, units)

    def terms(self, y_RNB: Float[Tensor, "R N B"], t_RNB: Float[Tensor, "#R N B"]) -> tuple[Tensor, Any]:
        """Sum over all elements of each network's loss [R], not yet reduced, and the normaliser for `gradient`."""
        normaliser = torch.logsumexp(y_RNB, 1, keepdim=True) if self.record.normaliser else 0.0
        terms = self.record.value(self.xp, y_RNB, t_RNB, normaliser, *self.params)
        return terms.sum((1, 2)), normaliser

    def gradient(self, y_RNB: Float[Tensor, "R N B"], t_RNB: Float[Tensor, "#R N B"], normaliser: Any) -> Tensor:
        """Derivative of the sum of elements by each output, not yet reduced [R, N, B], in new memory."""
        gradient: Tensor = self.record.gradient(self.xp, y_RNB, t_RNB, normaliser, *self.params)
        return gradient
