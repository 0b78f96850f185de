"""The functions a formula may use, and their numpy form.

A formula receives a `Namespace` as its first argument, named `xp`, and uses nothing else: no method of an array, no
`**`, no Python branch on a value. The same source then runs on numpy arrays (here), on torch tensors
(`nets.torch_namespace`) and, with `xp` resolved at generation time, on compiled scalars (`training.narrow_engine`).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Namespace(Protocol):
    """Elementwise functions on arrays or scalars; arguments may mix arrays and numbers."""

    def exp(self, x: Any, /) -> Any: ...
    def expm1(self, x: Any, /) -> Any: ...
    def log(self, x: Any, /) -> Any: ...
    def log1p(self, x: Any, /) -> Any: ...
    def tanh(self, x: Any, /) -> Any: ...
    def erf(self, x: Any, /) -> Any: ...
    def sqrt(self, x: Any, /) -> Any: ...
    def abs(self, x: Any, /) -> Any: ...
    def floor(self, x: Any, /) -> Any: ...
    def sign(self, x: Any, /) -> Any: ...
    def cos(self, x: Any, /) -> Any: ...
    def maximum(self, x: Any, y: Any, /) -> Any: ...
    def minimum(self, x: Any, y: Any, /) -> Any: ...
    def where(self, condition: Any, x: Any, y: Any, /) -> Any: ...


class _NumpyNamespace:
    """`Namespace` on numpy arrays; scipy is imported only when erf is asked for."""

    exp = staticmethod(np.exp)
    expm1 = staticmethod(np.expm1)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    tanh = staticmethod(np.tanh)
    sqrt = staticmethod(np.sqrt)
    abs = staticmethod(np.abs)
    floor = staticmethod(np.floor)
    sign = staticmethod(np.sign)
    cos = staticmethod(np.cos)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    where = staticmethod(np.where)

    @staticmethod
    def erf(x: Any, /) -> Any:
        from scipy.special import erf

        return erf(x)


NUMPY: Namespace = _NumpyNamespace()
