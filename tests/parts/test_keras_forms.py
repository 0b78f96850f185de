"""Keras' optimizers: what its own documentation computes by hand, and where they differ from torch's forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pytest

from gradlab.parts import OPTIMIZERS
from gradlab.parts.namespace import NUMPY
from gradlab.parts.param import Value, resolve
from tests.rounding import EPS, gamma

NONE: Mapping[str, Value] = {}
ROUNDED = 10 * gamma(100, EPS["float64"])  # of numbers up to 10 after five steps of fewer than 20 roundings each
PRINTED = 1e-6  # a unit of the last digit printed: half of it by rounding, and eps = 1e-7 beside a root of 1 or more


def path(
    name: str, gradient: float | None, steps: int, rates: list[float], given: Mapping[str, Value]
) -> Iterator[float]:
    """One weight, from 10 on, along a constant gradient, or along that of w^2 / 2."""
    record = OPTIMIZERS[name]
    values = resolve(record.params, given, name)
    rule = record.rule(values)
    w, slots = 10.0, [0.0] * len(rule.slots)
    for step, lr in zip(range(1, steps + 1), rates, strict=True):
        numbers = rule.prepare(NUMPY, float(step), lr, *values.values())
        w, *slots = (float(x) for x in rule.update(NUMPY, w, w if gradient is None else gradient, *slots, *numbers))
        yield w


def last(
    name: str, gradient: float | None, given: Mapping[str, Value] = NONE, *, rates: tuple[float, ...] = (0.1,)
) -> float:
    return list(path(name, gradient, len(rates), list(rates), given))[-1]


def test_documented_first_steps() -> None:
    # the examples of Keras' documentation: from 10, along the gradient of w^2 / 2, at rate .1
    assert last("adam_keras", None) == pytest.approx(9.9, abs=PRINTED)
    assert last("rmsprop_keras", None) == pytest.approx(9.683772, abs=PRINTED)
    assert last("rmsprop", None, {"alpha": 0.9, "eps": 1e-7}) == pytest.approx(9.683772, abs=PRINTED)
    assert last("sgd_keras", None) == pytest.approx(9.0)


def test_epsilon_stands_beside_the_uncorrected_root() -> None:
    # the first step along g: lr g / (g + eps / sqrt(1 - beta2)) here, lr g / (g + eps) in torch's form
    for g in (1e-9, 1e-7, 1e-5, 1e-3):
        corrected = 10 - 0.1 * g / (g + 1e-7)
        uncorrected = 10 - 0.1 * g / (g + 1e-7 / math.sqrt(1 - 0.999))
        assert last("adam", g, {"eps": 1e-7}) == pytest.approx(corrected, abs=ROUNDED)
        assert last("adam_keras", g) == pytest.approx(uncorrected, abs=ROUNDED)
    # after many steps 1 - beta2^t is 1, and both are one
    steps = 20_000
    ours, theirs = (list(path(name, 1e-7, steps, [0.1] * steps, {"eps": 1e-7})) for name in ("adam_keras", "adam"))
    assert ours[-1] - ours[-2] == pytest.approx(theirs[-1] - theirs[-2], rel=1e-6)


def test_epsilon_stands_under_the_root() -> None:
    g = 1e-6
    square = 0.1 * g * g
    assert last("rmsprop_keras", g) == pytest.approx(10 - 0.1 * g / math.sqrt(square + 1e-7), abs=ROUNDED)
    assert last("rmsprop", g, {"alpha": 0.9, "eps": 1e-7}) == pytest.approx(
        10 - 0.1 * g / (math.sqrt(square) + 1e-7), abs=ROUNDED
    )


@pytest.mark.parametrize("nesterov", [False, True])
def test_velocity_holds_the_rate(nesterov: bool) -> None:
    given: dict[str, Value] = {"momentum": 0.9, "nesterov": nesterov}
    same = (0.1,) * 5
    assert last("sgd_keras", 1.0, given, rates=same) == pytest.approx(last("sgd", 1.0, given, rates=same), abs=ROUNDED)
    # the rate falls to nothing: what the velocity holds goes on, what torch's buffer holds is multiplied by the new rate
    assert last("sgd", 1.0, given, rates=(0.1, 0.0)) == last("sgd", 1.0, given)
    further = 0.1 * 0.9 * (0.9 if nesterov else 1.0)
    assert last("sgd_keras", 1.0, given, rates=(0.1, 0.0)) == pytest.approx(
        last("sgd_keras", 1.0, given) - further, abs=ROUNDED
    )
