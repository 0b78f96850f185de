"""Values of a live layer as laws: what its weights and biases are distributed like, and what no law says of them.

Theory takes the weights of a layer for independent draws of one law around 0. Values that refute it by more than chance, or
that are no numbers, are refused; what merely leaves numbers in doubt is a `Doubt`, which goes with the description.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradlab.errors import UnreadableModel

ERRORS = 4.0  # standard errors of a mean from 0 that chance is left
_LOG_CHANCE = 9.7  # -ln of the chance of so many, 6e-5
_ORTHOGONAL = 1e-4  # largest deviation of W W' from a multiple of the identity, relative
_MOST_PRODUCTS = 1_000_000_000  # multiply-adds that looking at one layer may take
_MOST_ROWS = 512
_NARROWED = 2.0  # times that products of rows are larger than those of independent ones
_MOST_REPEATED = 0.1
_MOST_KURTOSIS = 0.5  # of pre-activations: as of theory
_FLOATS = (torch.float32, torch.float64)


class Doubt(NamedTuple):
    """What theory assumes and a model's values refute.

    Attributes:
        text: The assumption.
        why: What was seen instead.
    """

    text: str
    why: str


def check_values(name: str, part: nn.Module) -> None:
    """Refuse parameters and buffers that are no finite real numbers at hand.

    Raises:
        UnreadableModel: One that is on the meta device, empty, complex, quantised, sparse, of half precision, NaN or Inf.
    """
    for key, value in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
        got, do = _unfit(value)
        if got:
            raise UnreadableModel(
                name,
                type(part).__name__,
                got=f"{key} {got}",
                expected="finite numbers of single or double precision",
                do=do,
            )


def laws_of(name: str, part: nn.Linear | nn.Conv2d) -> tuple[dict[str, Any], list[Doubt]]:
    """The laws of a layer's weights and biases with the mean squares that are there, and what they leave in doubt.

    Raises:
        UnreadableModel: Weights that are not distributed around 0.
    """
    weight = part.weight.detach().double().flatten(1).cpu()
    _check_mean(name, part, weight)
    bias, bias_square = _bias(part.bias)
    square = float(weight.square().mean())
    if square == 0.0:
        return {"weights": "zeros", "bias": bias}, []
    doubts = [*_independence(name, weight), *_normality(name, weight, part.bias, bias_square)]
    gain = _orthogonal_gain(weight) if isinstance(part, nn.Linear) else None
    if gain is not None:
        return {"weights": {"name": "orthogonal", "gain": gain}, "bias": bias}, doubts
    return {"weights": {"name": "normal", "std": math.sqrt(square)}, "bias": bias}, doubts


def shared_weights(layers: Mapping[str, nn.Linear | nn.Conv2d]) -> list[Doubt]:
    """The doubt that layers with the same weights leave: one module in several places, one tensor, or copies of it.

    Args:
        layers: Layers by name, each in every place where it stands.
    """
    text = "weights of a layer independent of those of others"
    places = Counter(part.weight.data_ptr() for part in layers.values())
    prints = Counter(_fingerprint(part.weight) for part in layers.values())
    names = [
        name
        for name, part in layers.items()
        if places[part.weight.data_ptr()] > 1 or (prints[_fingerprint(part.weight)] > 1 and bool(part.weight.any()))
    ]
    if not names:
        return []
    listed = ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return [Doubt(text, f"modules {listed} have the same")]


def _unfit(value: Tensor) -> tuple[str, str | None]:
    """What is wrong with a tensor, "" for nothing, and what to do about it."""
    kind = str(value.dtype).removeprefix("torch.")
    if value.is_meta:
        return "on the meta device, without values", "Build the model on a real device"
    if value.is_quantized or value.is_complex() or value.layout != torch.strided:
        return ("sparse" if value.layout != torch.strided else f"of {kind}"), None
    if value.numel() == 0:
        return "without a number in it", None
    if value.is_floating_point() and value.dtype not in _FLOATS:
        return f"of {kind}, whose range theory does not know", "Call .float() on the model first"
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        bad = int((~torch.isfinite(value)).sum())
        return f"with {bad} of {value.numel()} values NaN or infinite", None
    return "", None


def _check_mean(name: str, part: nn.Module, weight: Tensor) -> None:
    """Refuse weights, or rows of them, whose mean is further from 0 than chance.

    A sum over the root of its sum of squares deviates by 1 for weights of any law that is symmetric around 0, and exceeds 4
    no more often than a normal number does; squares of m of them exceed m + 2 sqrt(m x) + 2 x with probability exp(-x) at
    most (Laurent and Massart 2000).
    """
    rows, squares = weight.sum(1), weight.square().sum(1)
    total = float(squares.sum())
    if total == 0.0:
        return
    away = float(rows.sum()) / math.sqrt(total)
    got = f"weights of mean {float(weight.mean()):.3g}, {abs(away):.3g} standard errors from 0"
    if abs(away) <= ERRORS:
        there = squares > 0.0
        units = int(there.sum())
        found = float((rows[there].square() / squares[there]).sum())
        if found <= units + 2.0 * math.sqrt(units * _LOG_CHANCE) + 2.0 * _LOG_CHANCE:
            return
        got = f"units whose weights have means of their own, {math.sqrt(found / units):.3g} standard errors from 0 on average"
    expected = (
        f"weights around 0, as every law of theory has them (up to {ERRORS:g} standard errors are taken for chance)"
    )
    raise UnreadableModel(name, type(part).__name__, got=got, expected=expected)


def _bias(bias: Tensor | None) -> tuple[object, float]:
    """The law of biases, and their mean square."""
    if bias is None:
        return "none", 0.0
    values = bias.detach().double().flatten().cpu()
    first, square = float(values[0]), float(values.square().mean())
    if square == 0.0:
        return "zeros", 0.0
    if len(values) > 1 and bool((values == first).all()):
        return {"name": "constant", "value": first}, square
    mean, count = float(values.mean()), len(values)
    if abs(mean) * math.sqrt(count / square) <= ERRORS:
        return {"name": "normal", "std": math.sqrt(square)}, square
    half = math.sqrt(3.0 * max(square - mean**2, 0.0))
    return {"name": "uniform", "low": mean - half, "high": mean + half}, square


def _independence(name: str, weight: Tensor) -> list[Doubt]:
    """Rows that repeat one another, or a matrix of lower rank than independent weights have.

    Of m x n independent weights the sum of all squared products of two rows is (1 / m + 1 / n + 1 / mn) times the square of
    the sum of squares; of repeated rows, few columns or low rank it is larger.
    """
    text = "weights independent of one another"
    w = weight if weight.shape[0] <= weight.shape[1] else weight.T
    rows, columns = w.shape
    if rows < 2:
        return []
    step = max(1, columns // 64)
    seen = w[:, ::step].contiguous().numpy()
    distinct = {row.tobytes() for row in seen}
    if len(distinct) < (1.0 - _MOST_REPEATED) * rows:
        return [Doubt(text, f"of {rows} units or inputs of module {name} only {len(distinct)} differ")]
    gram = _gram(w)
    count = len(gram)
    found = float(gram.square().sum()) / float(gram.diagonal().sum()) ** 2
    expected = 1.0 / count + 1.0 / columns + 1.0 / (count * columns)
    if found <= _NARROWED * expected:
        return []
    return [Doubt(text, f"those of module {name} count as {found / expected:.2g} times fewer units or inputs")]


def _normality(name: str, weight: Tensor, bias: Tensor | None, bias_square: float) -> list[Doubt]:
    """Pre-activations that are not normal: by rows of different length, a few large weights, or biases.

    Each is an excess kurtosis, and counts where it is beyond what 4 standard errors of normal numbers make.
    """
    rows, (units, inputs) = weight.square().sum(1), weight.shape
    length = float(rows.mean())
    unequal = 3.0 * (float(rows.var(correction=0)) / length**2 - 2.0 / inputs)
    chance = 3.0 * 2.0 / inputs * math.sqrt((2.0 + 12.0 / inputs) / units)
    share = bias_square / (bias_square + length)
    told = [(1.0 - share) ** 2 * max(unequal - ERRORS * chance, 0.0), (1.0 - share) ** 2 * _kurtosis(weight) / inputs]
    if bias is not None:
        told.append(share**2 * _kurtosis(bias.detach().double().cpu() - float(bias.detach().double().mean())))
    found = max(told, key=abs)
    if abs(found) <= _MOST_KURTOSIS:
        return []
    return [Doubt("normal pre-activations", f"excess kurtosis about {found:.2g} at module {name}")]


def _kurtosis(values: Tensor) -> float:
    """Excess kurtosis around 0, less what chance makes of as many normal numbers."""
    square = float(values.square().mean())
    if square == 0.0:
        return 0.0
    found = float(values.square().square().mean()) / square**2 - 3.0
    return math.copysign(max(abs(found) - ERRORS * math.sqrt(24.0 / values.numel()), 0.0), found)


def _orthogonal_gain(weight: Tensor) -> float | None:
    """The gain of a matrix with orthogonal rows or columns of equal length; None of any other."""
    w = weight if weight.shape[0] <= weight.shape[1] else weight.T
    if w.shape[0] < 2:
        return None
    gram = _gram(w)
    square = float(gram.diagonal().mean())
    away = float((gram - square * torch.eye(len(gram), dtype=gram.dtype)).abs().max())
    return math.sqrt(square) if square > 0.0 and away <= _ORTHOGONAL * square else None


def _gram(w: Tensor) -> Tensor:
    """Products of rows with one another: of all, or of evenly spaced ones where there are too many."""
    rows, columns = w.shape
    most = max(2, min(_MOST_ROWS, math.isqrt(_MOST_PRODUCTS // columns)))
    some = w[:: -(-rows // most)]
    return some @ some.T


def _fingerprint(weight: Tensor) -> tuple[object, ...]:
    """Shape and some of the numbers of a tensor: copies have the same."""
    flat = weight.detach().flatten()
    return (*weight.shape, *flat[:: max(1, len(flat) // 64)].cpu().tolist())
