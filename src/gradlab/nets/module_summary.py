"""`summarize`: the `Summary` of any `torch.nn.Module`, from one forward pass that leaves no trace."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, is_lazy

from gradlab.errors import SpecError, UserError
from gradlab.nets.fits import check_fits, check_forward, check_open, layer_text
from gradlab.nets.multiply_adds import MultiplyAdds
from gradlab.nets.receptive_field import ReceptiveFields
from gradlab.nets.summary import LayerSummary, Summary
from gradlab.nets.untouched import countable, quiet, untouched
from gradlab.spec.blocks import MOST_NUMBERS, Shape, shape_text

UNCOUNTED = "num_batches_tracked"  # a counter, not a number that the network computes with
_OF_ANOTHER_FORM = (TypeError, AttributeError, LookupError)  # what code says of a tensor where it wants a dictionary


@dataclass(slots=True, eq=False)
class _Call:
    """One call of one module: what it was given, the work counted before it, the work of calls inside it, and what was not.

    What a call of weights alone hands on, as of weight norm, has no batch axis.
    """

    name: str
    module: nn.Module
    before: int
    input: Shape | None = None
    of_weights: bool = False
    inside: int = 0
    uncounted: list[str] = field(default_factory=list)


class _Watch:
    """Follows the calls of a network's modules, and makes rows of those that multiply, have numbers, or have no parts."""

    def __init__(self, module: nn.Module, copies: Mapping[str, Tensor], given: Tensor) -> None:
        self.module, self.copies, self.given = module, copies, given
        self.names = {part: name for name, part in module.named_modules()}
        self.numbers = {id(one) for one in copies.values()}
        self.work = MultiplyAdds(self._uncounted)
        is_image = given.dim() > 3 or any(isinstance(part, nn.Conv1d) for part in self.names)  # else a sequence of rows
        self.fields = ReceptiveFields(tuple(given.shape[2:]) if is_image else (), given)
        self.calls: list[_Call] = []
        self.finished: list[tuple[nn.Module, LayerSummary]] = []

    def enter(self, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Before a module is called, and before hooks of its own."""
        self.calls.append(_Call(self.names[module], module, self.work.total))

    def take(self, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Before a module is called, with what its own hooks have made of its input."""
        call, tensors = self.calls[-1], list(_tensors((args, kwargs)))
        above = self.calls[-2].of_weights if len(self.calls) > 1 else False
        call.of_weights = above or (bool(self.calls[:-1]) and all(id(tensor) in self.numbers for tensor in tensors))
        if tensors:
            call.input = _shape(tensors[0], call)
            if not call.of_weights:
                check_fits(call.name, module, tuple(tensors[0].shape), is_input=tensors[0] is self.given)

    def leave(self, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any], output: Any) -> None:
        """After it returned."""
        call = self.calls.pop()
        while call.module is not module:  # calls that failed, and whose failure somebody caught
            call = self.calls.pop()
        work = self.work.total - call.before
        if self.calls:
            self.calls[-1].inside += work
        tensors = list(_tensors(output))
        row = LayerSummary(
            name=call.name,
            kind=type(module).__name__,
            input=call.input,
            output=_shape(tensors[0], call) if tensors else None,
            multiply_adds=work - call.inside,
            uncounted=tuple(dict.fromkeys(call.uncounted)),
            output_bytes=0 if call.of_weights else sum(one.numel() * one.element_size() for one in tensors),
            receptive_field=self.fields.of(tensors[0]) if tensors else None,
        )
        self.finished.append((module, row))

    def rows(self) -> Iterator[LayerSummary]:
        """A row for each call, with the numbers of its module at the first; then modules that were not called.

        Numbers of a module that is not called, but whose owner uses them, as attention does, are the owner's.
        """
        owned = {module: [module] if _numbers(module) else [] for module, _ in self.finished}
        idle: list[nn.Module] = []
        for name, module in self.module.named_modules():
            if module not in owned and _numbers(module):
                owner = next((above for above in _above(self.module, name) if above in owned), None)
                (idle if owner is None or not self._is_used(name, module) else owned[owner]).append(module)
        seen: set[int] = set()
        for module, row in self.finished:
            if row.multiply_adds or row.uncounted or owned[module] or next(module.children(), None) is None:
                yield _counted(row, owned[module], seen)
        for module in idle:
            row = LayerSummary(name=self.names[module], kind=type(module).__name__, input=None, output=None)
            yield _counted(row, [module], seen)

    def _is_used(self, name: str, module: nn.Module) -> bool:
        """Whether a torch function was given one of a module's own parameters or buffers."""
        own = (self.copies.get(f"{name}.{key}") for key, _ in _numbers(module))
        return any(id(one) in self.fields.used for one in own if one is not None)

    def _uncounted(self, operation: str) -> None:
        """An operation whose multiply-adds nobody counts, in the call that is being made."""
        if self.calls:
            self.calls[-1].uncounted.append(operation)


def summarize(module: nn.Module, input: Sequence[int]) -> Summary:
    """The layers that one forward pass of one example goes through.

    The module is in evaluation mode meanwhile and works on copies of its parameters and buffers; afterwards modes, numbers,
    gradients, hooks and the state of torch's random numbers are what they were (what `forward` keeps in other attributes is
    its own affair). Inputs are zeros: of the parameters' type, or integers where the first layer with parameters is an
    embedding. The copies take as much memory as the module.

    Args:
        module: Any network that takes one tensor with the batch as its first axis.
        input: Shape of one example, without the batch axis.

    Raises:
        SpecError: A layer cannot take what it is given, or the module fails in another way; names the layer.

    Example:
        >>> summary = summarize(nn.Conv2d(3, 8, 5), (3, 32, 32))
        >>> summary.parameters, summary.layers[0].output, summary.layers[0].receptive_field
        (608, (8, 28, 28), (5, 5))
    """
    module = getattr(module, "_orig_mod", module)  # hooks break a compiled graph
    shape = tuple(input)
    if math.prod(shape) > MOST_NUMBERS or any(side < 1 for side in shape):
        raise SpecError(
            "input", got=shape_text(shape), expected=f"sides of at least 1, at most {MOST_NUMBERS:,} numbers"
        )
    check_open(module)
    check_forward(module)
    module = _with_shapes(module, shape) if _is_lazy(module) else module
    given = _zeros(module, shape)
    copies = {name: _copy(value) for name, value in (*module.named_parameters(), *module.named_buffers())}
    watch = _Watch(module, copies, given)
    try:
        with ExitStack() as stack:
            around = (
                quiet(),
                untouched(module),
                countable(module),
                _hooks(watch),
                watch.fields,
                watch.work.counting(),
            )
            for each in (*around, torch.no_grad()):
                stack.enter_context(each)
            torch.func.functional_call(module, copies, (given,))
    except UserError:
        raise
    except Exception as error:
        raise _failed(watch, error) from error
    return Summary(type(module).__name__, shape, tuple(watch.rows()))


def expected_input(module: nn.Module) -> Shape | None:
    """Shape of one example where the first layer with parameters is dense, so tells it; None otherwise."""
    first = _first(module)
    return (first.in_features,) if isinstance(first, nn.Linear) and not _is_lazy(first) else None


def _is_lazy(module: nn.Module) -> bool:
    """Whether a module learns the shapes of parameters or buffers from what it is given first."""
    return any(is_lazy(value) for value in (*module.parameters(), *module.buffers()))


def _with_shapes(module: nn.Module, shape: Shape) -> nn.Module:
    """A copy of a lazy module that has seen an example, and so has shapes.

    Raises:
        SpecError: The module fails; names no layer, since lazy layers cannot be watched.
    """
    # buffers without a shape cannot copy themselves
    empty: Any = UninitializedBuffer
    memo = {id(one): empty(False, one.device, one.dtype) for one in module.buffers() if isinstance(one, empty)}
    copied = copy.deepcopy(module, memo)
    try:
        with quiet(), untouched(copied), torch.no_grad():
            copied(_zeros(copied, shape))
    except Exception as error:
        raise SpecError(layer_text("", module), got=f"got {shape_text(shape)}. {_said(error)}") from error
    return copied


def _copy(value: Tensor) -> Tensor:
    """The same numbers elsewhere; a parameter stays one, since code may ask for its type."""
    same = value.detach().clone()
    return nn.Parameter(same, value.requires_grad) if isinstance(value, nn.Parameter) else same


def _first(module: nn.Module) -> nn.Module | None:
    """The first module with parameters of its own, in the order of definition."""
    return next((part for part in module.modules() if next(part.parameters(recurse=False), None) is not None), None)


def _zeros(module: nn.Module, shape: Shape) -> Tensor:
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.empty(0))
    dtype = torch.long if isinstance(_first(module), nn.Embedding | nn.EmbeddingBag) else like.dtype
    return torch.zeros((1, *shape), dtype=dtype, device=like.device)


@contextmanager
def _hooks(watch: _Watch) -> Iterator[None]:
    handles = []
    try:
        for part in watch.names:
            handles.append(part.register_forward_pre_hook(watch.enter, prepend=True, with_kwargs=True))
            handles.append(part.register_forward_pre_hook(watch.take, with_kwargs=True))
            handles.append(part.register_forward_hook(watch.leave, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _failed(watch: _Watch, error: Exception) -> SpecError:
    """What torch, or the module's own code, says, behind the layer in which it was said."""
    name, module, input = "", watch.module, tuple(watch.given.shape[1:])
    if watch.calls:
        name, module, input = watch.calls[-1].name, watch.calls[-1].module, watch.calls[-1].input or ()
    got = shape_text(input) if input else "no tensor"
    where, is_whole = layer_text(name, module), module is watch.module
    if isinstance(error, MemoryError) or "allocate" in str(error):
        do = "Give a smaller --input" if is_whole else "Give the network a smaller input"
        return SpecError(where, got=got, expected="what fits into memory with all it computes of it", do=do)
    do = "It is given one tensor: where it takes something else, wrap it in a module that makes that of a tensor"
    of_another_form = is_whole and isinstance(error, _OF_ANOTHER_FORM)
    return SpecError(where, got=f"got {got}. {_said(error)}", do=do if of_another_form else None)


def _said(error: Exception) -> str:
    """An error's kind and words as a sentence."""
    said = " ".join(f"{type(error).__name__}: {error}".split()) if str(error) else type(error).__name__
    return f"{said.removesuffix('.')}."


def _above(module: nn.Module, name: str) -> Iterator[nn.Module]:
    """The modules around the one of that name, the closest first."""
    while name:
        name = name.rpartition(".")[0]
        yield module.get_submodule(name)


def _numbers(module: nn.Module) -> list[tuple[str, Tensor]]:
    """A module's own parameters and buffers, but for counters."""
    found = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    return [(name, value) for name, value in found if name != UNCOUNTED]


def _counted(row: LayerSummary, modules: Iterable[nn.Module], seen: set[int]) -> LayerSummary:
    """The row with the numbers of modules, as far as no row has them yet."""
    trainable = frozen = buffers = size = 0
    for module in modules:
        for _, value in _numbers(module):
            if id(value) in seen:
                continue
            seen.add(id(value))
            size += value.numel() * value.element_size()
            if not isinstance(value, nn.Parameter):
                buffers += value.numel()
            elif value.requires_grad:
                trainable += value.numel()
            else:
                frozen += value.numel()
    return replace(row, trainable=trainable, frozen=frozen, buffers=buffers, parameter_bytes=size)


def _tensors(value: object) -> Iterator[Tensor]:
    """Every tensor in nested lists, tuples and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def _shape(tensor: Tensor, call: _Call) -> Shape:
    """A shape without the batch axis, where there is one."""
    return tuple(tensor.shape if call.of_weights else tensor.shape[1:])
