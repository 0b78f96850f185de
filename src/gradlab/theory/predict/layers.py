"""What each kind of layer is made of: one function a kind, from the signal it gets to the steps it takes.

To add a kind: write its function, and name it in `KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeAlias

from gradlab.parts import NORMS
from gradlab.spec import Choice, NetworkSpec
from gradlab.spec.blocks import Conv2d, Dense, Shape
from gradlab.spec.layers import Residual
from gradlab.theory.gauss import Phi, as_phi
from gradlab.theory.meanfield import convolution
from gradlab.theory.predict.flow import (
    Signal,
    Step,
    activated,
    added,
    batch_normed,
    dropped,
    flattened,
    layer_normed,
    max_pooled,
    mean_pooled,
    normal,
    weighted,
)
from gradlab.theory.predict.weights import Weights, weights_of

# layer, shape of its input, shape of its output, what it gets, names for layers with weights -> its steps
Kind: TypeAlias = Callable[[Any, Shape, Shape, Signal, "Names"], list[Step]]


class Names:
    """Names of the layers with weights, "1", "2", ..., "output", given out in order.

    Example:
        >>> names = Names(2)
        >>> names.next(), names.next()
        ('1', 'output')
    """

    def __init__(self, layers: int) -> None:
        self._numbers, self._last = count(1), layers
        self.latest = "input"

    def next(self) -> str:
        """That of the next layer."""
        number = next(self._numbers)
        self.latest = "output" if number == self._last else str(number)
        return self.latest


@dataclass(frozen=True, slots=True)
class Row:
    """One layer with weights, as the profile has it.

    Attributes:
        name: "1", "2", ..., "output".
        units: Its units (or channels).
        places: Places of an image that each channel has; 1 for units.
        weights: Their laws.
        pre: Its pre-activations, the products of its weights.
        into: What its activation sees: the same, or what a norm makes of them.
        post: Its activations, before dropout.
        phi: What turns the one into the other.
        keep: Probability that dropout keeps an activation.
    """

    name: str
    units: int
    places: int
    weights: Weights
    pre: Signal
    into: Signal
    post: Signal
    phi: Phi
    keep: float


def steps_of(spec: NetworkSpec, signal: Signal) -> tuple[Step, ...]:
    """All steps of a network whose inputs are that signal.

    Raises:
        UserError: An activation or a law of weights that theory says nothing of.
    """
    return tuple(_chain(spec.layers, spec.image or (spec.inputs,), signal, Names(len(spec.blocks))))


def compares_inputs(spec: NetworkSpec) -> bool:
    """Whether what two inputs share decides what a layer does: in front of a norm over examples."""
    norms = (getattr(layer, "norm", None) for layer, _, _ in spec.placed)
    return any(norm is not None and NORMS[norm.name].over == "examples" for norm in norms)


def dense(layer: Dense, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """Weights, norm, activation, dropout."""
    place = names.next()
    weights = weights_of(place, layer.weights, layer.bias, below[0], layer.units)
    return _block(layer, place, weighted(place, signal, weights, layer.units))


def conv2d(layer: Conv2d, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """As a dense layer with the fans of a convolution, whose assumptions go with it, or fail by its own padding."""
    place, kernel = names.next(), (layer.kernel_size, layer.kernel_size)
    fans = convolution(below[0], layer.channels, kernel, stride=layer.stride)
    units = layer.channels * layer.kernel_size**2  # the fan_out of initializers knows no stride
    # without padding every window is full, so that this mean over places is exact
    fed = layer.channels * math.prod(
        _taps(layer, *sides) / sides[0] for sides in zip(below[1:], above[1:], strict=True)
    )
    weights = weights_of(place, layer.weights, layer.bias, fans.fan_in, fed, units=units)
    product = weighted(place, signal, weights, above[0], above[1] * above[2], fans.assumptions[:2])
    if any(layer.pads):
        empty = 1.0 - math.prod(
            _taps(layer, *sides) / (layer.kernel_size * sides[1]) for sides in zip(below[1:], above[1:], strict=True)
        )
        why = f"{100 * empty:.2g} % of what layer {place} multiplies are zeros of its padding"
        product = replace(product, doubts=(*product.doubts, ("places away from the border of the image", why)))
    return _block(layer, place, product)


def _taps(layer: Conv2d, inside: int, windows: int) -> int:
    """Places of the image that windows along one side see, each as often as it is seen."""
    starts = [k * layer.stride - layer.pads[0] for k in range(windows)]
    return sum(max(0, min(start + layer.kernel_size, inside) - max(start, 0)) for start in starts)


def max_pool2d(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """The largest of each window."""
    return [max_pooled(names.latest, signal, layer.kernel_size**2, math.prod(above) / math.prod(below))]


def avg_pool2d(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """The mean of each window."""
    return [mean_pooled(names.latest, signal, layer.kernel_size**2, math.prod(above) / math.prod(below))]


def flatten(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """The same numbers in a row."""
    return []


def activation(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """An activation by itself."""
    return [activated(names.latest, signal, as_phi(layer.activation))]


def norm(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """A norm by itself."""
    return [_norm(layer.norm, names.latest, signal, above[0])]


def dropout(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """Dropout by itself."""
    return [dropped(names.latest, signal, 1.0 - layer.p)] if layer.p else []


def standardize(layer: Any, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """Inputs of mean 0 and variance 1 over the examples, uncorrelated on average."""
    if not layer.fitted:
        return []
    after = normal(1.0, 0.0, None if signal.shared is None else 0.0)
    return [Step("standardize", names.latest, after, 0.0, assumptions=("no input that is constant over the examples",))]


def residual(layer: Residual, below: Shape, above: Shape, signal: Signal, names: Names) -> list[Step]:
    """x + f(x)."""
    return [added(names.latest, signal, _chain(layer.layers, below, signal, names))]


KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        dense,
        conv2d,
        max_pool2d,
        avg_pool2d,
        flatten,
        activation,
        norm,
        dropout,
        standardize,
        residual,
    )
}


def _chain(layers: Sequence[Any], shape: Shape, signal: Signal, names: Names) -> list[Step]:
    """The steps of layers one behind the other."""
    steps: list[Step] = []
    for layer in layers:
        above = layer.shape(shape, layer.kind)
        steps += KINDS[layer.kind](layer, shape, above, steps[-1].signal if steps else signal, names)
        shape = above
    return steps


def _block(layer: Dense | Conv2d, place: str, product: Step) -> list[Step]:
    """What follows the products of a block."""
    steps = [product]
    if layer.norm is not None:
        steps.append(_norm(layer.norm, place, steps[-1].signal, product.units))
    steps.append(activated(place, steps[-1].signal, as_phi(layer.activation)))
    if layer.dropout:
        steps.append(dropped(place, steps[-1].signal, 1.0 - layer.dropout))
    return steps


def _norm(choice: Choice, place: str, signal: Signal, units: int) -> Step:
    eps = float(choice["eps"])
    if NORMS[choice.name].over == "examples":
        return batch_normed(place, signal, eps)
    return layer_normed(place, signal, eps, units)


def rows_of(steps: Sequence[Step]) -> list[Row]:
    """The layers with weights, those of branches too, in order."""
    flat = flattened(steps)
    starts = [k for k, step in enumerate(flat) if step.kind == "weights"]
    rows = []
    for start, stop in zip(starts, [*starts[1:], len(flat)], strict=True):
        first, rest = flat[start], flat[start + 1 : stop]
        phi_step = next((step for step in rest if step.phi is not None), None)
        into = first.signal
        for step in rest[: rest.index(phi_step) if phi_step is not None else 0]:
            into = step.signal
        assert first.weights is not None
        rows.append(
            Row(
                name=first.place,
                units=first.units,
                places=first.places,
                weights=first.weights,
                pre=first.signal,
                into=into,
                post=first.signal if phi_step is None else phi_step.signal,
                phi=as_phi("identity") if phi_step is None or phi_step.phi is None else phi_step.phi,
                keep=next((step.keep for step in rest if step.kind == "dropout"), 1.0),
            )
        )
    return rows
