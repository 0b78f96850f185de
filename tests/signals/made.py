"""Captured networks made of random numbers, and what tests do to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from gradlab.signals import Captured, CapturedLayer

NORM = ("norm_scale", "norm_shift", "running_mean", "running_var")
Change = Callable[[np.ndarray], np.ndarray]


def made(
    replicas: int = 3,
    batch: int = 20,
    widths: tuple[int, ...] = (5, 7, 4, 3),
    *,
    seed: int = 1,
    dtype: str = "float32",
    has_biases: bool = True,
    has_backward: bool = True,
    has_updates: bool = True,
    is_classes: bool = True,
    has_norms: bool = True,
) -> Captured:
    """Relu networks with a tanh layer below the output; replica r does not depend on how many there are.

    Gradients are random numbers too, a third of them 0: a quantity looks at one array and does not ask where it is from.
    """
    parts = [
        one_network(
            np.random.default_rng([seed, r]), batch, widths, dtype, has_biases, has_backward, has_updates, has_norms
        )
        for r in range(replicas)
    ]
    return replace(stacked(parts), is_classes=is_classes)


def one_network(
    random: np.random.Generator,
    batch: int,
    widths: tuple[int, ...],
    dtype: str,
    has_biases: bool,
    has_backward: bool,
    has_updates: bool,
    has_norms: bool,
) -> Captured:
    def normal(*shape: int) -> np.ndarray:
        return random.normal(size=(1, *shape)).astype(dtype)

    def gappy(*shape: int) -> np.ndarray:
        return np.asarray(normal(*shape) * (random.random((1, *shape)) < 0.7) * 1e-3, dtype)

    inputs = a = normal(batch, widths[0])
    layers = []
    for place, (m, n) in enumerate(pairwise(widths)):
        weights = normal(n, m)
        biases = normal(n) if has_biases else None
        pre = a @ weights.swapaxes(1, 2) + (0 if biases is None else biases[:, None])
        kind = {len(widths) - 2: "identity", len(widths) - 3: "tanh"}.get(place, "relu")
        a, slope = {
            "identity": (pre, np.ones_like(pre)),
            "tanh": (np.tanh(pre), 1 - np.tanh(pre) ** 2),
            "relu": (np.maximum(pre, 0), (pre > 0).astype(dtype)),
        }[kind]
        layers.append(
            CapturedLayer(
                pre=pre,
                post=a,
                slope=slope,
                steepest=np.ones(1, dtype),
                weights=weights,
                biases=biases,
                range=(-1.0, 1.0) if kind == "tanh" else None,
                pre_grads=gappy(batch, n) if has_backward else None,
                weight_grads=gappy(n, m) if has_backward else None,
                bias_grads=gappy(n) if has_backward and has_biases else None,
                updates=gappy(n, m) if has_updates else None,
                **({name: normal(n) for name in NORM} if has_norms else {}),
            )
        )
    return Captured(tuple(layers), inputs, a, None, True)


def stacked(parts: list[Captured]) -> Captured:
    """Several networks along R."""
    layers = zip(*(part.layers for part in parts), strict=True)
    return replace(
        parts[0],
        layers=tuple(_joined(list(same)) for same in layers),
        inputs=np.concatenate([part.inputs for part in parts]),
        outputs=np.concatenate([part.outputs for part in parts]),
    )


def alone(captured: Captured, r: int) -> Captured:
    """One replica, R = 1."""
    return changed(captured, lambda array: array[r : r + 1])


def halves(captured: Captured, batch: int) -> tuple[Captured, Captured]:
    """On the first inputs, and on the rest."""
    return _cut(captured, slice(None, batch)), _cut(captured, slice(batch, None))


def _cut(captured: Captured, which: slice) -> Captured:
    layers = tuple(
        replace(
            layer,
            pre=layer.pre[:, which],
            post=layer.post[:, which],
            slope=layer.slope[:, which],
            pre_grads=None if layer.pre_grads is None else layer.pre_grads[:, which],
        )
        for layer in captured.layers
    )
    return replace(captured, layers=layers, inputs=captured.inputs[:, which], outputs=captured.outputs[:, which])


def changed(captured: Captured, change: Change, only: str | None = None) -> Captured:
    """With every array (or those of one name) replaced by what `change` makes of it."""
    layers = []
    for layer in captured.layers:
        arrays: dict[str, Any] = {
            one.name: change(getattr(layer, one.name))
            for one in fields(layer)
            if isinstance(getattr(layer, one.name), np.ndarray) and only in (None, one.name)
        }
        layers.append(replace(layer, **arrays))
    whole: dict[str, Any] = {
        name: change(getattr(captured, name)) for name in ("inputs", "outputs") if only in (None, name)
    }
    return replace(captured, layers=tuple(layers), **whole)


def _joined(layers: list[CapturedLayer]) -> CapturedLayer:
    arrays: dict[str, Any] = {
        one.name: np.concatenate([getattr(layer, one.name) for layer in layers])
        for one in fields(layers[0])
        if isinstance(getattr(layers[0], one.name), np.ndarray)
    }
    return replace(layers[0], **arrays)
