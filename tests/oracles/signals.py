"""Every quantity and histogram once more: one number at a time, in Python's own arithmetic, from lists.

Networks come one at a time, R = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from gradlab.signals import Captured

NAN, INF = math.nan, math.inf
Layer = SimpleNamespace


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    if any(map(math.isnan, listed)) or (INF in listed and -INF in listed):
        return NAN
    if INF in listed or -INF in listed:
        return INF if INF in listed else -INF
    return math.fsum(value / len(listed) for value in listed)


def rms(values: Iterable[float]) -> float:
    listed = list(values)
    size = max(map(abs, listed))
    if any(map(math.isnan, listed)) or size in (0.0, INF):
        return mean(map(abs, listed))
    return size * math.sqrt(mean((value / size) ** 2 for value in listed))


def std(values: Iterable[float]) -> float:
    listed = list(values)
    if any(map(math.isinf, listed)) and not any(map(math.isnan, listed)):
        return INF
    centre = mean(listed)
    return 0.0 if len(set(listed)) == 1 else rms(value - centre for value in listed)


def square(x: float) -> float:
    return x * x  # x**2 raises where this is Inf


def largest(values: Iterable[float]) -> float:
    listed = list(values)
    return NAN if any(map(math.isnan, listed)) else max(map(abs, listed))


def quantile(values: Iterable[float], percent: int) -> float:
    listed = list(values)
    if any(map(math.isnan, listed)):
        return NAN
    reached = [x for x in listed if 100 * sum(y <= x for y in listed) >= percent * len(listed)]
    return min(reached)


def share(values: Iterable[bool], data: Iterable[float]) -> float:
    listed = list(values)
    return NAN if any(map(math.isnan, data)) else sum(listed) / len(listed)


def quotient(a: float, b: float) -> float:
    if b == 0:
        return NAN if a == 0 or math.isnan(a) else INF
    return NAN if math.isinf(a) and math.isinf(b) else a / b


def log10(x: float) -> float:
    return -INF if x == 0 else math.log10(x)


def flat(nested: Any) -> list[float]:
    """All numbers of nested lists, in order."""
    return [number for item in nested for number in flat(item)] if isinstance(nested, list) else [nested]


def by_unit(nested: Sequence[Sequence[float]]) -> list[list[float]]:
    """[B][N] -> for every unit its values for all inputs."""
    return [list(values) for values in zip(*nested, strict=True)]


def lists(captured: Captured, place: int) -> Layer:
    """The arrays of one layer of one network, as lists."""
    layer = captured.layers[place]
    names = ("pre", "post", "slope", "steepest", "weights", "weight_grads", "pre_grads", "updates", *OF_NORM)
    arrays = {name: getattr(layer, name) for name in names}
    return Layer(**{name: None if array is None else array[0].tolist() for name, array in arrays.items()})


def saturated_units(layer: Layer) -> float:
    units = by_unit(layer.slope)
    return share((mean(map(abs, unit)) < 0.05 * layer.steepest for unit in units), flat(layer.slope))


def predictions(outputs: Sequence[Sequence[float]]) -> list[int | None]:
    return [None if any(map(math.isnan, row)) else row.index(max(row)) for row in outputs]


def top_class_share(captured: Captured) -> float:
    found = predictions(captured.outputs[0].tolist())
    return NAN if None in found else max(found.count(one) for one in found) / len(found)


def output_variance(captured: Captured) -> float:
    outputs = by_unit(captured.outputs[0].tolist())
    if any(map(math.isnan, flat(outputs))):
        return NAN
    return mean(square(std(unit)) for unit in outputs)


OF_LAYER: dict[str, Callable[[Layer], float]] = {
    "activation_mean": lambda layer: mean(flat(layer.post)),
    "activation_std": lambda layer: std(flat(layer.post)),
    "activation_q05": lambda layer: quantile(flat(layer.post), 5),
    "activation_q25": lambda layer: quantile(flat(layer.post), 25),
    "activation_median": lambda layer: quantile(flat(layer.post), 50),
    "activation_q75": lambda layer: quantile(flat(layer.post), 75),
    "activation_q95": lambda layer: quantile(flat(layer.post), 95),
    "unit_mean_std": lambda layer: std(mean(unit) for unit in by_unit(layer.post)),
    "pre_activation_second_moment": lambda layer: square(rms(flat(layer.pre))),
    "saturation": lambda layer: share((abs(s) < 0.05 * layer.steepest for s in flat(layer.slope)), flat(layer.slope)),
    "saturated_units": saturated_units,
    "slope_max": lambda layer: largest(flat(layer.slope)),
    "slope_min": lambda layer: NAN if any(map(math.isnan, flat(layer.slope))) else min(map(abs, flat(layer.slope))),
    "dead_units": lambda layer: share((set(unit) == {0.0} for unit in by_unit(layer.slope)), flat(layer.slope)),
    "zero_entries": lambda layer: share((a == 0 for a in flat(layer.post)), flat(layer.post)),
    "weight_mean": lambda layer: mean(flat(layer.weights)),
    "weight_std": lambda layer: std(flat(layer.weights)),
}
OF_BACKWARD: dict[str, Callable[[Layer], float]] = {
    "gradient_max": lambda layer: largest(flat(layer.weight_grads)),
    "gradient_mean_abs": lambda layer: mean(map(abs, flat(layer.weight_grads))),
    "gradient_rms": lambda layer: rms(flat(layer.weight_grads)),
    "gradient_norm": lambda layer: rms(flat(layer.weight_grads)) * math.sqrt(len(flat(layer.weight_grads))),
    "pre_activation_gradient_rms": lambda layer: rms(flat(layer.pre_grads)),
    "grad_to_data": lambda layer: quotient(std(flat(layer.weight_grads)), std(flat(layer.weights))),
}
OF_UPDATES: dict[str, Callable[[Layer], float]] = {
    "update_to_data": lambda layer: log10(quotient(std(flat(layer.updates)), std(flat(layer.weights)))),
}
OF_NORM = ("norm_scale", "norm_shift", "running_mean", "running_var")
OF_OUTPUT: dict[str, Callable[[Captured], float]] = {
    "output_variance": output_variance,
    "top_class_share": top_class_share,
}


OF_TWO = "relative_gradient_rms"  # of two layers


def quantity(name: str, network: Captured, place: int) -> float:
    """A quantity of one layer of one network, R = 1; NaN where the layer has none."""
    if name in OF_OUTPUT:
        return OF_OUTPUT[name](network) if place == len(network.layers) - 1 else NAN
    layer = lists(network, place)
    if name == OF_TWO:
        sizes = [lists(network, at).pre_grads for at in (place, -1)]
        return NAN if None in sizes else quotient(*(rms(flat(grads)) for grads in sizes))
    if name in OF_NORM:
        return NAN if getattr(layer, name) is None else mean(flat(getattr(layer, name)))
    if name in OF_BACKWARD:
        return NAN if layer.weight_grads is None else OF_BACKWARD[name](layer)
    if name in OF_UPDATES:
        return NAN if layer.updates is None else OF_UPDATES[name](layer)
    return OF_LAYER[name](layer)


def update_size(update: float, weight: float) -> float:
    if update == 0 and not math.isnan(weight):
        return 0.0
    return abs(quotient(update, weight))


def entries(name: str, network: Captured, place: int) -> list[float]:
    """What a distribution counts in one layer of one network; sizes where it counts their logarithms."""
    layer = lists(network, place)
    if name == "predicted_classes":
        found = predictions(network.outputs[0].tolist()) if place == len(network.layers) - 1 else []
        return [NAN if one is None else float(one) for one in found]
    if name == "gradients":
        return [] if layer.weight_grads is None else [abs(g) for g in flat(layer.weight_grads)]
    if name == "updates":
        updates = [] if layer.updates is None else flat(layer.updates)
        return [update_size(u, w) for u, w in zip(updates, flat(layer.weights), strict=False)]
    if name.removesuffix("s") in OF_NORM:
        return flat(getattr(layer, name.removesuffix("s")) or [])
    return flat({"activations": layer.post, "pre_activations": layer.pre, "weights": layer.weights}[name])


def counts(values: Sequence[float], edges: Sequence[float]) -> tuple[list[int], int]:
    """How many values lie in each bin, the outer two being open, and how many are NaN."""
    found = [0] * (len(edges) - 1)
    for value in values:
        if not math.isnan(value):
            place = sum(edge <= value for edge in edges) - 1
            found[min(max(place, 0), len(found) - 1)] += 1
    return found, sum(map(math.isnan, values))
