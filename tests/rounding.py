"""How far rounding may part two right computations: a bound that runs along with the oracle.

A sum of n terms, in any order and any grouping, with or without fused multiply-adds, is off by at most

    gamma(n) * sum |term|,    gamma(n) = n eps / (1 - n eps)

(Higham 2002, section 3.1 and 4.2). Which order a processor takes does not enter, so that a tolerance made of such bounds
holds on every one. `Rounding` watches the oracle's operations, whatever network, loss or optimizer they belong to, and
keeps beside each number how far another evaluation of the same formulas may be from it:

- a sum or product of matrices brings gamma(n) times the same operation on absolute values, and passes on what its
  arguments bring: |x| |y| -> |x| e(y) + e(x) |y| + e(x) e(y);
- a function of single numbers passes on the most it changes within its arguments' bounds, jumps at kinks included, and
  brings gamma(ROUNDINGS) of its size, because a formula may be written in several ways;
- normalisations, softmax and losses are taken apart into these by torch's own decompositions.

The bound would grow by some factor with every update of a network, until it says nothing. So a law compares one update at
a time: the oracle starts each from the weights that the engine had, and only what an optimizer remembers runs along. Right
updates one by one are a right training, and the bound stays that of one pass.

The oracle runs in float64. Its own rounding is part of the bound, and all that is left out is of second order in eps: the
change of a function inside a box of a few eps is judged by the corners of the box.

Assumes:
    Of the largest values of a pooling window no two are nearer than their bounds, unless they are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch.utils._python_dispatch import TorchDispatchMode

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
ELEMENTARY = 4  # roundings of eps that exp, log, tanh and the like may be off by; tests/training/test_narrow_scalars.py checks it
# The most roundings, each of at most eps, of any formula of the catalog for one number: three elementary functions, one in
# another (mish is z tanh(log1p(exp z))), and the arithmetic between them.
ROUNDINGS = 16
ARITHMETIC = 4  # of one sum, product, quotient or root, so that factors may be taken together in another way

SUMS = {"add", "sub", "rsub", "addcmul", "addcdiv", "lerp"}
PRODUCTS = {"mul", "div", "sqrt", "rsqrt", "reciprocal", "pow", "exp", "square"}
BOUNDED = {"sigmoid", "tanh", "erf"}  # no formula of these is a difference of larger numbers
# nothing is rounded: one of the arguments comes out, or 0
EXACT = {
    "relu",
    "hardtanh",
    "clamp",
    "clamp_min",
    "clamp_max",
    "neg",
    "abs",
    "sgn",
    "sign",
    "where",
    "maximum",
    "minimum",
}
EXACT |= {"threshold_backward", "hardtanh_backward", "masked_fill"}
POINTWISE = {"elu_backward", "softplus_backward", "hardtanh_backward", "leaky_relu_backward", "log_sigmoid_backward"}
LINEAR = {"mm", "bmm", "mv", "dot", "sum", "mean", "avg_pool2d", "avg_pool2d_backward"}
MOVES = {"clone", "cat", "stack", "index", "index_select", "slice_backward", "select_backward", "constant_pad_nd"}
MOVES |= {"_to_copy", "amax", "max_pool2d_with_indices", "max_pool2d_with_indices_backward", "gather", "repeat"}
COMPARISONS = {"le", "lt", "ge", "gt", "eq", "ne"}
# what makes new numbers without looking at old ones
FRESH = {"zeros_like", "ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty", "fill_", "zero_"}
FRESH |= {"new_empty_strided", "_local_scalar_dense", "equal", "is_nonzero", "isfinite", "lift_fresh", "any", "all"}


def variance(x: Tensor, dims: Sequence[int], correction: float = 1, **_: Any) -> Tensor:
    """The mean square of the distances from the mean."""
    total: Tensor = (x - x.mean([*dims], keepdim=True)).square().sum([*dims])
    return total / (x.numel() / total.numel() - correction)


TAKEN_APART: dict[Any, Callable[..., Any]] = {**decomposition_table, torch.ops.prims.var.default: variance}


def gamma(n: float, eps: float) -> float:
    """The bound on the rounding of a sum of n terms, as a share of the sum of their absolute values."""
    assert n * eps < 0.5
    return n * eps / (1 - n * eps)


def is_real(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.float64


class Rounding(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A context in which every float64 tensor has a bound on the rounding of whoever computes the same in `precision`.

    Example:
        >>> x, w = torch.tensor([[1.0, 1e5, -1e5]]).double(), torch.ones(3, 1).double()
        >>> with Rounding("float32") as rounding:
        ...     y = x @ w
        >>> y.item(), 0.0 < rounding.of(y).item() < 1.0
        (1.0, True)
    """

    def __init__(self, precision: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.eps = EPS[precision] + EPS["float64"]
        self.terms = 1  # of the longest sum so far, whose terms may be added to an old number one by one
        self._bounds: dict[
            int, tuple[Any, Tensor]
        ] = {}  # by storage, which is kept so that its place is not used again

    def of(self, tensor: Tensor) -> np.ndarray:
        """The bound of a tensor's numbers."""
        return self._bound(tensor.detach()).numpy().copy()

    def _bound(self, tensor: Tensor) -> Tensor:
        _, flat = self._bounds.get(tensor.untyped_storage()._cdata, (None, None))
        if flat is None:
            return torch.zeros_like(tensor, dtype=torch.float64)
        return flat.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset())

    def _keep(self, tensor: Tensor, bound: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._bounds:
            flat = torch.zeros(storage.nbytes() // tensor.element_size(), dtype=torch.float64)
            self._bounds[storage._cdata] = storage, flat
        self._bound(tensor).copy_(bound)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        base = name.rstrip("_") if name not in FRESH else name
        if not any(is_real(value) for value in _flat(args)) or func.is_view or name in FRESH:
            found = func(*args, **kwargs)
            if name in ("fill_", "zero_"):
                self._keep(found, torch.zeros_like(found))
            return found
        pure = func if base == name else getattr(getattr(torch.ops.aten, base, None), func._overloadname, func)
        if base == "copy":
            bounds: Any = self._bound(args[1])
        elif base in COMPARISONS:
            bounds = self._uncertain(args)
        elif base in MOVES:
            bounds = pure(*self._over(args, self._bound), **kwargs)
        elif base in LINEAR:
            bounds = self._linear(pure, args, kwargs)
        elif base in ("addmm", "baddbmm"):
            assert not kwargs
            bounds = (
                self._bound(args[0]) + self._linear(torch.matmul, args[1:], {}) + gamma(2, self.eps) * args[0].abs()
            )
        elif base == "convolution":
            bounds = self._convolution(pure, args)
        elif base == "convolution_backward":
            bounds = self._convolution_backward(pure, args)
        elif torch.Tag.pointwise in func.tags or base in POINTWISE | SUMS | PRODUCTS | EXACT:
            bounds = self._pointwise(base, pure, args, kwargs)
        elif func in TAKEN_APART or func._can_decompose():
            with self:
                return TAKEN_APART.get(func, func.decompose)(*args, **kwargs)
        else:
            raise NotImplementedError(f"no rule for the rounding of {func}")
        if base in SUMS and base != name:  # an engine may add the terms of a product to the old number one by one
            bounds = bounds + gamma(self.terms, self.eps) * args[0].abs()
        found = func(*args, **kwargs)
        outs, bounds = (found, bounds) if isinstance(found, tuple) else ((found,), (bounds,))
        for out, bound in zip(outs, bounds, strict=True):
            if is_real(out) or base in COMPARISONS:
                self._keep(out, bound)
        return found

    def _over(self, args: Sequence[Any], change: Callable[[Tensor], Tensor]) -> list[Any]:
        """Arguments with every float64 tensor replaced."""
        return [
            [change(one) if is_real(one) else one for one in value]
            if isinstance(value, list | tuple)
            else (change(value) if is_real(value) else value)
            for value in args
        ]

    def _uncertain(self, args: Sequence[Any]) -> Tensor:
        """1 where a comparison may come out either way, else 0."""
        x, y = args
        slack = self._bound(x) + (self._bound(y) if is_real(y) else 0.0)
        either: Tensor = ((x - y).abs() <= slack) & (slack > 0)
        return either.double()

    def _linear(self, function: Callable[..., Tensor], args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor:
        """Sums, means, and products of two tensors that are linear in each."""
        factors = [value for value in args if is_real(value)]
        assert len(factors) <= 2
        rest = args[len(factors) :]
        if "backward" in getattr(function, "__name__", ""):  # linear in the gradient alone
            factors, rest = factors[:1], args[1:]
        sizes, bounds = [x.abs() for x in factors], [self._bound(x) for x in factors]
        total = function(*sizes, *rest, **kwargs)
        n = max(x.numel() for x in factors) / max(total.numel(), 1) if len(factors) == 1 else factors[0].shape[-1]
        n = int(max(n, 1))
        self.terms = max(self.terms, n)
        bound: Tensor = gamma(n + 2, self.eps) * total + function(bounds[0], *sizes[1:], *rest, **kwargs)
        if len(factors) == 2:
            bound = bound + function(sizes[0] + bounds[0], bounds[1], *rest, **kwargs)
        return bound

    def _convolution(self, function: Callable[..., Tensor], args: Sequence[Any]) -> Tensor:
        x, weight, bias, *rest = args
        bound = self._bilinear(lambda a, b: function(a, b, None, *rest), x, weight, weight[0].numel())
        if bias is None:
            return bound
        of_bias: Tensor = self._bound(bias) + gamma(2, self.eps) * bias.abs()
        return bound + of_bias.view(-1, 1, 1)

    def _convolution_backward(self, function: Callable[..., Any], args: Sequence[Any]) -> list[Tensor | None]:
        grad, x, weight, *rest, mask = args

        def one(place: int) -> Callable[..., Any]:
            wanted = [i == place for i in range(3)]
            return lambda g, x, w: function(g, x, w, *rest, wanted)[place]

        places, kernel = grad[0, 0].numel(), weight[0, 0].numel()
        by_x, by_weight, by_bias = one(0), one(1), one(2)
        return [
            self._bilinear(lambda g, w: by_x(g, x, w), grad, weight, len(weight) * kernel) if mask[0] else None,
            self._bilinear(lambda g, a: by_weight(g, a, weight), grad, x, len(grad) * places) if mask[1] else None,
            self._bilinear(lambda g, _: by_bias(g, x, weight), grad, None, len(grad) * places) if mask[2] else None,
        ]

    def _bilinear(self, function: Callable[..., Tensor], a: Tensor, b: Tensor | None, n: int) -> Tensor:
        self.terms = max(self.terms, n)
        if b is None:
            return gamma(n, self.eps) * function(a.abs(), None) + function(self._bound(a), None)
        bound_a, bound_b = self._bound(a), self._bound(b)
        rounding = gamma(n + 1, self.eps) * function(a.abs(), b.abs())
        return rounding + function(bound_a, b.abs()) + function(a.abs() + bound_a, bound_b)

    def _pointwise(self, name: str, function: Callable[..., Tensor], args: Sequence[Any], kwargs: Any) -> Tensor:
        """What a function of single numbers passes on and brings."""
        places = [i for i, value in enumerate(args) if is_real(value)]
        reals = [args[i] for i in places]
        bounds = [self._bound(x) for x in reals]
        value = function(*args, **kwargs)
        change = torch.zeros_like(value, dtype=torch.float64)
        if name == "mul" and len(reals) == 2:
            (x, y), (e, f) = reals, bounds
            change = x.abs() * f + e * (y.abs() + f)
        elif name in ("add", "sub") and len(reals) == 2:
            change = bounds[0] + abs(kwargs.get("alpha", 1)) * bounds[1]
        elif any(bool(bound.any()) for bound in bounds):
            for signs in product((-1, 1), repeat=len(reals)):
                corner = list(args)
                for place, x, bound, sign in zip(places, reals, bounds, signs, strict=True):
                    moved = x + sign * bound
                    corner[place] = moved.clamp(min=0) if name in ("sqrt", "rsqrt", "log") else moved
                change = torch.maximum(change, (function(*corner, **kwargs) - value).abs())
        if name == "where":
            condition, x, y = args
            change = change + self._bound(condition) * (x - y).abs()
        if name in EXACT:
            return change
        return change + self._brought(name, value, args, kwargs)

    def _brought(self, name: str, value: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor:
        """The rounding of a function's own formula, however it is written."""
        size, n = value.abs(), ARITHMETIC if name in SUMS | PRODUCTS else ROUNDINGS
        if name in SUMS:
            first, *others = [x.abs() if isinstance(x, Tensor) else abs(x) for x in args[:3]]
            match name:
                case "addcmul":
                    size = first + abs(kwargs.get("value", 1)) * others[0] * others[1]
                case "addcdiv":
                    size = first + abs(kwargs.get("value", 1)) * others[0] / others[1]
                case "lerp":
                    size = first + others[0]
                case _:
                    size = first + abs(kwargs.get("alpha", 1)) * others[0]
        elif (
            name not in PRODUCTS | BOUNDED
        ):  # a function may be a difference of larger numbers; a slope, too, but of size 1
            size = torch.maximum(size, args[0].abs())
        return gamma(n, self.eps) * size


def _flat(args: Sequence[Any]) -> list[Any]:
    return [one for value in args for one in (value if isinstance(value, list | tuple) else [value])]


def assert_within(ours: np.ndarray, theirs: np.ndarray, bound: np.ndarray, what: str = "") -> None:
    """Every number of ours is as near to theirs as rounding explains."""
    gap = np.abs(np.asarray(ours, np.float64) - theirs)
    bad = ~(gap <= bound)
    if bad.any():
        worst = np.unravel_index(np.nanargmax(np.where(bad, gap - bound, -np.inf)), gap.shape)
        raise AssertionError(
            f"{what or 'numbers'} differ by more than rounding: {bad.sum()} of {bad.size}; at {tuple(map(int, worst))} "
            f"{np.asarray(ours)[worst]!r} beside {np.asarray(theirs)[worst]!r}, a gap of {gap[worst]:.3g} where rounding "
            f"explains {bound[worst]:.3g}"
        )
