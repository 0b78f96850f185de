"""Every loss of the catalog: value = torch's, gradient = autograd's, finite far out, and moving at the kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import LOSSES, Loss
from gradlab.parts.namespace import NUMPY, Namespace
from gradlab.parts.param import resolve
from tests.oracles.plain_torch import LOSSES as REFERENCES
from tests.rounding import Rounding, assert_within

Values = tuple[float, ...]
VALUES: dict[str, list[Values]] = {"sum_of_squares": [(2.0,)], "huber": [(0.3,), (5.0,)], "hinge": [(0.0,), (2.5,)]}
EXAMPLES, UNITS = 40, 3


def cases() -> list[Any]:
    listed = []
    for name, record in LOSSES.items():
        default = tuple(float(value) for value in resolve(record.params, {}, name).values())
        for values in [default, *VALUES.get(name, [])]:
            listed.append(pytest.param(record, values, id="-".join([name, *map(str, values)])))
    return listed


CASES = pytest.mark.parametrize(("record", "values"), cases())


def targets_for(record: Loss, shape: tuple[int, int]) -> np.ndarray:
    t: np.ndarray = np.random.default_rng(2).normal(0, 2, shape)
    match record.targets:
        case "one_hot":
            return np.asarray(np.eye(shape[1])[t.argmax(1)])
        case "binary":
            return (t > 0).astype(float)
        case "sign":
            return np.asarray(np.sign(t))
    return t


def evaluate(record: Loss, y: Any, t: Any, values: Values, xp: Namespace = NUMPY) -> tuple[float, np.ndarray]:
    """Loss of a batch [B, N] and its gradient, by the record's formulas and reduction."""
    normaliser: Any = 0.0
    if record.normaliser == "logsumexp":
        in_torch = isinstance(y, torch.Tensor)
        normaliser = torch.logsumexp(y, 1, keepdim=True) if in_torch else logsumexp(y, axis=1, keepdims=True)
    factor = {"mean": 1 / (len(y) * y.shape[1]), "example_mean": 1 / len(y), "sum": 1.0}[record.reduction]
    value = record.value(xp, y, t, normaliser, *values).sum() * factor
    gradient = record.gradient(xp, y, t, normaliser, *values) * factor
    return float(value), np.asarray(gradient)


def reference(record: Loss, y: np.ndarray, t: np.ndarray, values: Values) -> list[tuple[np.ndarray, np.ndarray]]:
    """Torch's own loss and its gradient by autograd, float64, each with a bound on its and another's rounding."""
    outputs = torch.tensor(y, requires_grad=True)
    with Rounding("float64") as rounding:
        value = REFERENCES[record.name](*values)(outputs, torch.tensor(t))
        (gradient,) = torch.autograd.grad(value, outputs)
    return [(each.detach().numpy(), rounding.of(each)) for each in (value, gradient)]


@CASES
@pytest.mark.parametrize("shape", [(EXAMPLES, UNITS), (EXAMPLES, 2), (1, 4)])
def test_value_and_gradient_are_torchs(record: Loss, values: Values, shape: tuple[int, int]) -> None:
    y, t = np.random.default_rng(1).normal(0, 3, shape), targets_for(record, shape)
    in_numpy = evaluate(record, y, t, values)
    in_torch = evaluate(record, torch.tensor(y), torch.tensor(t), values, TorchNamespace(torch.float64))
    for ours in (in_numpy, in_torch):
        for one, (theirs, bound) in zip(ours, reference(record, y, t, values), strict=True):
            assert_within(np.asarray(one), theirs, bound)
            assert np.abs(bound).max() <= 1e-12 * np.abs(theirs).max()


@CASES
def test_gradient_is_the_slope_of_the_value(record: Loss, values: Values) -> None:
    y, t = np.random.default_rng(1).normal(0, 3, (5, UNITS)), targets_for(record, (5, UNITS))
    _, gradient = evaluate(record, y, t, values)
    h = 1e-6
    for position in np.ndindex(y.shape):
        above, below = y.copy(), y.copy()
        above[position] += h
        below[position] -= h
        rise = evaluate(record, above, t, values)[0] - evaluate(record, below, t, values)[0]
        # rounding of a sum near 100 divided by 2 h; the curvature's own error is smaller
        assert rise / (2 * h) == pytest.approx(gradient[position], abs=100 * 2.0**-52 / h)


@CASES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_outputs_give_finite_numbers(record: Loss, values: Values, dtype: str) -> None:
    sizes = np.geomspace(1e-3, 1e4, 30)
    y = np.stack([np.concatenate([-sizes, sizes]), np.concatenate([sizes, sizes]), np.zeros(60)], 1).astype(dtype)
    t = targets_for(record, y.shape).astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        in_numpy = evaluate(record, y, t, values)
    in_torch = evaluate(record, torch.tensor(y), torch.tensor(t), values, TorchNamespace(getattr(torch, dtype)))
    for value, gradient in (in_numpy, in_torch):
        assert np.isfinite(value)
        assert value >= 0
        assert np.isfinite(gradient).all()


def test_cross_entropy_gradient_is_the_error_of_the_probabilities() -> None:
    record = LOSSES["cross_entropy"]
    y, t = np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]]), np.eye(3)[[1, 2]]
    value, gradient = evaluate(record, y, t, ())
    np.testing.assert_allclose(gradient, [[0.5, -0.5, 0], [1 / 6, 1 / 6, -1 / 3]], atol=1e-16)
    assert value == pytest.approx((2e4 + np.log(3)) / 2)


@pytest.mark.parametrize(
    ("name", "values", "kink"), [("hinge", (1.0,), 1.0), ("hinge", (0.0,), 0.0), ("perceptron", (), 0.0)]
)
def test_weights_move_at_the_kink_of_losses_for_signs(name: str, values: Values, kink: float) -> None:
    t = np.array([[1.0], [-1.0]])
    value, gradient = evaluate(LOSSES[name], kink * t, t, values)
    assert value == 0
    assert gradient.tolist() == (-t / 2).tolist()
    assert reference(LOSSES[name], kink * t, t, values)[1][0].tolist() == gradient.tolist()
    inside, outside = (evaluate(LOSSES[name], (kink + d) * t, t, values)[1] for d in (-1e-9, 1e-9))
    assert inside.tolist() == (-t / 2).tolist()
    assert outside.tolist() == [[0], [0]]


def test_gradient_at_the_kink_of_mae_and_huber_is_torchs() -> None:
    t = np.array([[1.0, -2.0]])
    at_mae, at_huber = (t, ()), (t + np.array([[0.5, -0.5]]), (0.5,))
    for name, (y, values) in (("mae", at_mae), ("huber", at_huber)):
        ours, (theirs, _) = evaluate(LOSSES[name], y, t, values)[1], reference(LOSSES[name], y, t, values)[1]
        assert ours.tolist() == theirs.tolist()
    assert evaluate(LOSSES["mae"], t, t, ())[1].tolist() == [[0, 0]]


@pytest.mark.parametrize("record", LOSSES.values(), ids=list(LOSSES))
def test_every_record_says_what_it_is_and_where_it_comes_from(record: Loss) -> None:
    assert record.formula
    assert len(record.source) > 5
