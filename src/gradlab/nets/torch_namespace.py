"""The functions a formula may use, on torch tensors of one precision (see `parts.namespace`)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class TorchNamespace:
    """`Namespace` on tensors of one precision, which a choice between two numbers could not know otherwise."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    exp = staticmethod(torch.exp)
    expm1 = staticmethod(torch.expm1)
    log = staticmethod(torch.log)
    log1p = staticmethod(torch.log1p)
    tanh = staticmethod(torch.tanh)
    erf = staticmethod(torch.erf)
    sqrt = staticmethod(torch.sqrt)
    abs = staticmethod(torch.abs)
    floor = staticmethod(torch.floor)
    sign = staticmethod(torch.sign)
    cos = staticmethod(torch.cos)

    @staticmethod
    def maximum(x: Any, y: Any, /) -> Tensor:
        return torch.clamp(x, min=y) if isinstance(x, Tensor) else torch.clamp(y, min=x)

    @staticmethod
    def minimum(x: Any, y: Any, /) -> Tensor:
        return torch.clamp(x, max=y) if isinstance(x, Tensor) else torch.clamp(y, max=x)

    def where(self, condition: Tensor, x: Any, y: Any, /) -> Tensor:
        if not isinstance(x, Tensor) and not isinstance(y, Tensor):
            if (x, y) == (1.0, 0.0):
                return condition  # a bool multiplies as 1 and 0, without the pass over memory that a choice costs
            difference = torch.tensor(x - y, dtype=self.dtype)
            return torch.mul(condition, difference).add_(y)
        return torch.where(condition, x, y)
