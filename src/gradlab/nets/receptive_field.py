"""Receptive fields, followed through whatever torch functions a forward pass calls, modules or not.

Along each axis of the image an output place sees `size` input places, and its neighbour sees those `step` further on.
A window of k places, d apart and moved by s, makes that size + (k - 1) d step and step s; what works on each place alone
changes neither; what puts all places together sees all that any of them saw.

Source: Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional neural networks", Distill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradlab.spec.blocks import Shape

_CONVOLUTIONS = {"conv1d", "conv2d", "conv3d"}
_POOLS = {f"{kind}_pool{axes}d" for kind in ("max", "avg") for axes in (1, 2, 3)}
_POINTWISE = frozenset((
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "hardtanh",
    "softplus", "softsign", "sigmoid", "tanh", "logsigmoid", "tanhshrink", "softshrink", "hardshrink", "threshold", "prelu",
    "rrelu", "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "batch_norm",
    "instance_norm", "group_norm", "layer_norm", "rms_norm", "local_response_norm", "normalize", "add", "sub", "mul", "div",
    "truediv", "radd", "rsub", "rmul", "iadd", "isub", "imul", "itruediv", "neg", "abs", "exp", "log", "sqrt", "square", "pow",
    "clamp", "maximum", "minimum", "where", "lerp", "addcmul", "sin", "cos", "erf", "to", "float", "double", "half",
    "bfloat16", "type", "clone", "contiguous", "detach", "cat", "concat",
))  # fmt: skip
_ON_ROWS = {"linear", "softmax", "log_softmax"}  # they mix the last axis: fine where no axis of the image is left
_TOGETHER = {"flatten", "reshape", "view", "squeeze", "mean", "amax"} | {
    f"adaptive_{kind}_pool{axes}d" for kind in ("max", "avg") for axes in (1, 2, 3)
}


@dataclass(frozen=True, slots=True)
class Field:
    """What a place sees: `size` input places along each axis, at most all; `step` is () once all places are together."""

    size: tuple[int, ...]
    step: tuple[int, ...]


class ReceptiveFields(TorchFunctionMode):
    """While active, knows the field of every tensor that it could follow from the images, and which tensors were used.

    Args:
        image: Places along each axis of the image; () follows nothing.
        given: What the network is given, [B, C, *image].
    """

    def __init__(self, image: Shape, given: Tensor) -> None:
        super().__init__()
        self.image = image
        self.used: set[int] = set()  # ids of what functions were given; of tensors that outlive this
        self._found: dict[int, tuple[Tensor, Field]] = {}  # holding the tensors keeps their ids theirs
        if image:
            self._found[id(given)] = given, Field((1,) * len(image), (1,) * len(image))

    def of(self, value: object) -> Shape | None:
        """Places along each axis of the image that an element of a tensor can depend on; None where unknown."""
        field = self._field(value)
        return None if field is None else field.size

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call the function, and follow the fields through it."""
        given = dict(kwargs or {})
        together = [
            item for one in (*args, *given.values()) for item in (one if isinstance(one, list | tuple) else [one])
        ]
        tensors = [item for item in together if isinstance(item, Tensor)]
        self.used.update(map(id, tensors))
        field = self._after(
            getattr(func, "__name__", "").strip("_"), tensors, args, given
        )  # before: it may work in place
        result = func(*args, **given)
        if isinstance(result, Tensor):
            seen = None if field is None else self._checked(*field, result)
            self._found.pop(id(result), None)
            if seen is not None:
                self._found[id(result)] = result, seen
        return result

    def _field(self, value: object) -> Field | None:
        found = self._found.get(id(value))
        return None if found is None else found[1]

    def _after(
        self, name: str, tensors: Sequence[Tensor], args: Sequence[Any], given: dict[str, Any]
    ) -> tuple[Field, Shape | None] | None:
        """The field behind a function, and the axes it must leave (None for any); None for what cannot be followed."""
        seen = [(value, field) for value in tensors if (field := self._field(value)) is not None]
        steps = {field.step for _, field in seen if field.step}
        if not seen or len(steps) > 1:
            return None
        step = steps.pop() if steps else ()
        size = tuple(max(sides) for sides in zip(*(field.size for _, field in seen), strict=True))
        axes = next((tuple(value.shape[2:]) for value, field in seen if field.step), None)
        if axes is None:
            is_kept = name in _POINTWISE | _ON_ROWS | _TOGETHER | _CONVOLUTIONS
            return (Field(size, ()), ()) if is_kept else None
        if name in _POINTWISE:
            return Field(size, step), axes
        if name in _CONVOLUTIONS:
            said = dict(zip(("input", "weight", "bias", "stride", "padding", "dilation"), args, strict=False)) | given
            kernel, stride, dilation = said["weight"].shape[2:], said.get("stride", 1), said.get("dilation", 1)
            return self._window(Field(size, step), kernel, stride, dilation), None
        if name in _POOLS:
            said = dict(zip(("input", "kernel_size", "stride", "padding", "dilation"), args, strict=False)) | given
            kernel, dilation = said["kernel_size"], said.get("dilation", 1) if name.startswith("max") else 1
            return self._window(Field(size, step), kernel, said.get("stride") or kernel, dilation), None
        if name in _TOGETHER:
            between = (j * (side - 1) for j, side in zip(step, axes, strict=True))
            return Field(self._clipped(n + more for n, more in zip(size, between, strict=True)), ()), ()
        return None

    def _window(self, field: Field, kernel: Any, stride: Any, dilation: Any) -> Field:
        """A window over every axis; a number given once holds for all of them."""
        kernels, strides, spreads = (_each(value, len(field.size)) for value in (kernel, stride, dilation))
        sizes = (n + (k - 1) * d * j for n, k, d, j in zip(field.size, kernels, spreads, field.step, strict=True))
        return Field(self._clipped(sizes), tuple(j * s for j, s in zip(field.step, strides, strict=True)))

    def _clipped(self, size: Iterable[int]) -> tuple[int, ...]:
        return tuple(map(min, size, self.image))

    def _checked(self, field: Field, axes: Shape | None, result: Tensor) -> Field | None:
        """The field, if the function left the axes that it was expected to leave."""
        left = tuple(result.shape[2:])
        if not field.step:  # all places together: a row, or a single place
            return field if all(side == 1 for side in left) else None
        return field if len(left) == len(field.step) and axes in (None, left) else None


def _each(value: int | Sequence[int], axes: int) -> Sequence[int]:
    """One number for each axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * axes if len(values) == 1 else values
