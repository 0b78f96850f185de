"""`MultiplyAdds`: the products of a forward pass, counted by torch's own counter; what it cannot count has a name.

Every operation that reaches a device is one of three: it is counted, it has no products (it works on each number alone, sums,
moves, pools, norms), or it is not known, and then nothing is claimed of it. So a new operation, one of another library or a
fused one is reported as not counted, never as 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten

# Tags by which torch says itself that an operation has no products; views are known by their own flag.
_TAGS = {"pointwise", "reduction", "view_copy", "inplace_view"}
# Operations without products that have no such tag: names as torch spells them, less "_" in front and behind. Norms and
# interpolations multiply numbers by factors of their own; as with activations, that is not counted.
_WITHOUT = frozenset((
    "abs", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d", "affine_grid_generator",
    "arange", "assert_async", "assert_scalar", "assert_tensor_metadata", "avg_pool2d", "avg_pool3d", "batch_norm_no_update",
    "batch_norm_with_update", "bernoulli", "bincount", "block_diag", "bucketize", "cat", "channel_shuffle", "chunk_cat",
    "col2im", "complex", "constant_pad_nd", "copy", "copysign", "cummax", "cummin", "cumprod", "cumsum", "embedding",
    "embedding_bag", "embedding_bag_forward_only", "empty", "empty_like", "empty_permuted", "empty_strided", "eq", "exponential",
    "eye", "fill", "flip", "floor_divide", "fractional_max_pool2d", "full", "full_like", "gather", "ge", "gelu", "glu",
    "grid_sampler_2d", "grid_sampler_3d", "gt", "hardswish", "im2col", "index", "index_add", "index_copy", "index_fill",
    "index_put", "index_reduce", "index_select", "isin", "kthvalue", "le", "lift", "lift_fresh", "linspace",
    "local_scalar_dense", "log_sigmoid_forward", "log_softmax", "logcumsumexp", "lt", "masked_fill", "masked_scatter",
    "masked_select", "max_pool2d_with_indices", "max_pool3d_with_indices", "max_unpool2d", "max_unpool3d", "median", "mish",
    "mode", "multinomial", "nanmedian", "native_batch_norm", "native_batch_norm_legit", "native_batch_norm_legit_functional",
    "native_batch_norm_legit_no_training", "native_dropout", "native_group_norm", "native_layer_norm", "ne", "new_empty",
    "new_empty_strided", "new_full", "new_ones", "new_zeros", "nonzero", "nonzero_static", "normal", "ones", "ones_like",
    "pack_padded_sequence", "pixel_shuffle", "pixel_unshuffle", "poisson", "polar", "prelu_kernel", "print", "rand",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "random", "randperm", "reflection_pad1d",
    "reflection_pad2d", "reflection_pad3d", "renorm", "repeat", "repeat_interleave", "replication_pad1d", "replication_pad2d",
    "replication_pad3d", "reshape_copy", "resize", "roll", "rot90", "rrelu_with_noise", "rsub", "safe_softmax",
    "scalar_tensor", "scatter", "scatter_add", "scatter_reduce", "searchsorted", "segment_reduce", "set", "softmax", "sort",
    "stack", "standard_gamma", "take", "thnn_fused_gru_cell", "thnn_fused_lstm_cell", "threshold", "to_copy", "topk", "trace",
    "transpose", "tril", "tril_indices", "triu", "triu_indices", "uniform", "unique", "unique2", "unique_consecutive",
    "unsafe_index", "unsafe_index_put", "unsafe_masked_index", "unsafe_split", "unsafe_split_with_sizes", "unsafe_view",
    "upsample_bicubic2d", "upsample_bicubic2d_aa", "upsample_bilinear2d", "upsample_bilinear2d_aa", "upsample_linear1d",
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_nearest_exact1d", "upsample_nearest_exact2d",
    "upsample_nearest_exact3d", "upsample_trilinear3d", "weight_norm", "weight_norm_interface", "xlogy", "zero", "zeros",
    "zeros_like",
))  # fmt: skip

Shape = Sequence[int]
_OPERATIONS = 2  # of a multiply-add, as torch counts them


def _mv(matrix: Shape, *_: Any, **__: Any) -> int:
    return _OPERATIONS * math.prod(matrix)


def _addmv(_added: Shape, matrix: Shape, *_: Any, **__: Any) -> int:
    return _OPERATIONS * math.prod(matrix)


def _addr(_added: Shape, first: Shape, second: Shape, *_: Any, **__: Any) -> int:
    return _OPERATIONS * math.prod(first) * math.prod(second)


def _addmm(_added: Shape, first: Shape, second: Shape, *_: Any, **__: Any) -> int:
    return _OPERATIONS * math.prod(first) * second[-1]


def _addbmm(_added: Shape, first: Shape, second: Shape, *_: Any, **__: Any) -> int:
    return _OPERATIONS * math.prod(first) * second[-1]


def _trilinear(
    first: Shape,
    second: Shape,
    third: Shape,
    expand1: Shape,
    expand2: Shape,
    expand3: Shape,
    summed: Shape,
    *_: Any,
    **__: Any,
) -> int:
    """Of the sum over some axes of the product of three tensors: two products, one after the other, as torch makes them."""
    shapes = [[*shape] for shape in (first, second, third)]
    for sides, expanded in zip(shapes, (expand1, expand2, expand3), strict=True):
        for axis in sorted(expanded):
            sides.insert(axis, 1)
    inner: int = math.prod(map(max, shapes[0], shapes[1]))
    outer: int = math.prod(
        max(sides)
        for axis, sides in enumerate(zip(*shapes, strict=True))
        if not (axis in summed and axis in expand3)  # the first product has summed over it
    )
    return _OPERATIONS * (inner + outer)


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    *heads, length, size = query
    return _OPERATIONS * math.prod(heads) * length * key[-2] * (size + value[-1])


_COUNTS: Mapping[str, Callable[..., int]] = {  # beside those that torch counts itself
    "mv": _mv, "addmv": _addmv, "addmv_": _addmv, "dot": _mv, "vdot": _mv, "addr": _addr, "_addmm_activation": _addmm,
    "addmm_": _addmm, "addbmm": _addbmm, "addbmm_": _addbmm, "baddbmm_": _addbmm, "_trilinear": _trilinear,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}  # fmt: skip


class MultiplyAdds:
    """While active, counts the multiply-adds of what torch computes, and hands on the names of what it cannot count.

    Args:
        unknown: Called with the name of each operation that is not counted.
    """

    def __init__(self, unknown: Callable[[str], None]) -> None:
        counts = {getattr(aten, name): count for name, count in _COUNTS.items() if hasattr(aten, name)}
        self._counter = FlopCounterMode(display=False, custom_mapping=counts)
        self._seen = _Operations(set(self._counter.flop_registry), unknown)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what happens inside."""
        with self._seen, self._counter:  # the counter first takes composite operations apart
            yield

    @property
    def total(self) -> int:
        """Multiply-adds so far."""
        return int(self._counter.get_total_flops()) // _OPERATIONS


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Tells of operations that may have products, and that nobody counts."""

    def __init__(self, counted: set[Any], unknown: Callable[[str], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counted, self.unknown = counted, unknown

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        packet = getattr(func, "_overloadpacket", func)
        if packet not in self.counted and not (isinstance(func, OpOverload) and has_no_products(func)):
            self.unknown(str(func.name()).removeprefix("aten::").split(".")[0])
        return func(*args, **(kwargs or {}))


def has_no_products(operation: OpOverload) -> bool:
    """Whether an operation is known to multiply no matrices.

    Example:
        >>> [has_no_products(op.default) for op in (aten.relu, aten.view, aten.native_layer_norm, aten.mm, aten._fft_r2c)]
        [True, True, True, False, False]
    """
    if operation.namespace in ("prim", "prims"):
        return True
    if operation.namespace != "aten":
        return False
    tagged = any(tag.name in _TAGS for tag in operation.tags)
    return tagged or operation.is_view or operation._overloadpacket.__name__.strip("_") in _WITHOUT
