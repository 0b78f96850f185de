"""Tasks in the plane: their laws, their classes, and what a line can and cannot separate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import binomtest, kstest, norm

from gradlab.data import TASKS, Examples
from gradlab.parts.param import resolve
from gradlab.seeds import Purpose
from gradlab.spec import setup_from
from tests.jobs import ROOT_SEED
from tests.oracles import streams

CLASSES = ["xor", "circle", "gauss", "spiral", "moons"]  # and the diagonal, which has tests of its own
NUMBERS = ["reg_plane", "reg_gauss"]
PLANAR = [*CLASSES, *NUMBERS]
REPLICAS = np.array([4, 0, 9])


def draw(
    name: str, replicas: np.ndarray = REPLICAS, purpose: Purpose = Purpose.DATA, count: int = 50, **given: Any
) -> Examples:
    task = TASKS[name]
    return task.draw(ROOT_SEED, replicas, purpose, count, resolve(task.params, given, name))


def points(name: str, count: int = 4000, **given: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and target of many examples of one replica, float64."""
    examples = draw(name, np.array([2]), count=count, **given)
    assert examples.targets is not None
    x, y = examples.inputs[0].astype(float).T
    return x, y, examples.targets[0, :, 0].astype(float)


def is_separable(x: np.ndarray, y: np.ndarray, target: np.ndarray) -> bool:
    """Whether a line has all of one class on one side: a linear program in (u, v, b), target (u x + v y + b) >= 1."""
    rows = -target[:, None] * np.stack([x, y, np.ones_like(x)], axis=1)
    return bool(linprog(np.zeros(3), rows, -np.ones(len(x)), bounds=(None, None), method="highs").status == 0)


# --- every task -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", PLANAR)
def test_records_and_shapes(name: str) -> None:
    task = TASKS[name]
    kind = "sign" if name in CLASSES else "real"
    assert (task.inputs, task.outputs, task.targets, task.is_given, task.fetch) == (2, 1, kind, False, None)
    assert {param.name for param in task.params} == {"noise", "points", "fresh"} | (
        {"binary", "label_noise"} if name in CLASSES else set()
    )
    examples = draw(name, noise=0.1)
    assert examples.targets is not None
    assert (examples.inputs.shape, examples.targets.shape) == ((3, 50, 2), (3, 50, 1))
    assert examples.inputs.dtype == examples.targets.dtype == np.float32


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("name", PLANAR)
def test_replicas_purposes_and_counts_do_not_touch_one_another(name: str, noise: float) -> None:
    examples = draw(name, noise=noise)
    assert len(np.unique(examples.inputs.reshape(-1, 2), axis=0)) == 150
    assert not np.isin(draw(name, purpose=Purpose.TEST_DATA, noise=noise).inputs, examples.inputs).any()
    for row, replica in enumerate(REPLICAS):
        alone = draw(name, np.array([replica]), noise=noise)
        assert np.array_equal(examples.inputs[[row]], alone.inputs)
        assert examples.targets is not None and np.array_equal(examples.targets[[row]], alone.targets)  # type: ignore[arg-type]
    assert np.array_equal(draw(name, count=20, noise=noise).inputs, examples.inputs[:, :20])
    assert np.array_equal(draw(name, noise=noise).inputs, examples.inputs)


@pytest.mark.parametrize("name", PLANAR)
def test_shared_data_are_those_of_replica_0(name: str) -> None:
    shared, first = draw(name, fresh=False), draw(name, np.array([0]))
    assert shared.targets is not None and first.targets is not None
    assert np.array_equal(shared.inputs, first.inputs) and np.array_equal(shared.targets, first.targets)
    assert shared.targets.shape == (1, 50, 1)


@pytest.mark.parametrize("name", ["xor", "circle", "reg_plane", "reg_gauss"])
def test_noise_moves_targets_and_not_inputs(name: str) -> None:
    quiet, noisy = points(name), points(name, noise=0.5)
    assert np.array_equal(quiet[:2], noisy[:2])
    assert not np.array_equal(quiet[2], noisy[2])


@pytest.mark.parametrize("name", ["gauss", "spiral", "moons"])
def test_noise_moves_inputs_and_not_targets(name: str) -> None:
    quiet, noisy = points(name), points(name, noise=0.5)
    assert np.array_equal(quiet[2], noisy[2])
    assert not np.isin(quiet[0], noisy[0]).any()


def test_inputs_are_the_oracles_draws() -> None:
    side = [streams.uniforms(ROOT_SEED, 9, Purpose.DATA, k, 50) for k in (0, 1)]
    expected = np.array([[-6 + 12 * u for u in axis] for axis in side], np.float32).T
    assert np.array_equal(draw("reg_plane").inputs[2], expected)


# --- classes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("name", CLASSES)
def test_targets_are_classes_and_balanced(name: str, noise: float) -> None:
    target = points(name, noise=noise)[2]
    assert set(target) == {-1.0, 1.0}
    if name in ("gauss", "spiral", "moons") or (name == "circle" and noise == 0):
        assert target.sum() == 0
        assert target[:6].tolist() == [1, -1] * 3
    elif name == "xor":  # each quadrant is as likely
        assert abs(target.mean()) <= 4 / math.sqrt(len(target))


@pytest.mark.parametrize("name", CLASSES)
def test_binary_targets_are_the_same_classes(name: str) -> None:
    assert np.array_equal(points(name, binary=True, noise=0.2)[2], (points(name, noise=0.2)[2] + 1) / 2)
    task = TASKS[name]
    assert [task.suits(kind, {"binary": True}) for kind in ("real", "one_hot", "binary", "sign")] == [
        True,
        False,
        True,
        False,
    ]
    assert [task.suits(kind) for kind in ("real", "one_hot", "binary", "sign")] == [True, False, False, True]


@pytest.mark.parametrize(
    ("loss", "task", "is_fit"),
    [
        ("hinge", "xor", True),
        ("mse", "xor", True),
        ("binary_cross_entropy", "xor", False),
        ("binary_cross_entropy", "xor(binary=true)", True),
        ("hinge", "xor(binary=true)", False),
        ("mse", "xor(binary=true)", True),
        ("hinge", "reg_plane", False),
    ],
)
def test_losses_that_fit(loss: str, task: str, is_fit: bool) -> None:
    table = {
        "network": {"hidden": "4", "activation": "tanh", "weights": "glorot_normal"},
        "recipe": {"optimizer": "sgd(lr=0.1)", "loss": loss, "steps": 1},
        "task": task,
    }
    if is_fit:
        assert setup_from(table).network.widths == (2, 4, 1)
    else:
        with pytest.raises(ValueError, match=f"recipe.loss: got {loss}"):
            setup_from(table)


def test_xor_is_the_sign_of_the_product_around_an_empty_cross() -> None:
    x, y, target = points("xor")
    assert np.array_equal(target, np.sign(x * y))
    for side in (x, y):
        assert np.abs(side).min() + 1e-6 >= 0.3 and np.abs(side).max() <= 5.3
        assert kstest(side - np.sign(side) * 0.3, "uniform", args=(-5, 10)).pvalue > 1e-4
    noisy = points("xor", noise=0.5)[2]
    # a place within 2.5 of an axis changes sides with probability 1/2 - s / 5, s = 0.3 + 5 u, u uniform
    changed = np.mean(np.maximum(0.5 - (0.3 + 5 * np.linspace(0, 1, 100_001)) / 5, 0))
    rate = 2 * changed * (1 - changed)
    assert binomtest(int((noisy != target).sum()), len(target), rate).pvalue > 6e-5  # 4 standard errors


def test_circle_is_a_disc_and_a_ring() -> None:
    x, y, target = points("circle")
    distance = np.hypot(x, y)
    assert np.array_equal(target, np.where(distance < 2.5, 1.0, -1.0))
    assert kstest(distance[target > 0], "uniform", args=(0, 2.5)).pvalue > 1e-4
    assert kstest(distance[target < 0], "uniform", args=(3.5, 1.5)).pvalue > 1e-4
    assert kstest(np.arctan2(x, y), "uniform", args=(-np.pi, 2 * np.pi)).pvalue > 1e-4


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_gauss_has_the_error_of_its_best_line(noise: float) -> None:
    x, y, target = points("gauss", noise=noise)
    deviation = math.sqrt(0.5 + 7 * noise)
    assert kstest(x - 2 * target, norm(scale=deviation).cdf).pvalue > 1e-4
    assert kstest(y - 2 * target, norm(scale=deviation).cdf).pvalue > 1e-4
    wrong = int((np.sign(x + y) != target).sum())
    assert binomtest(wrong, len(target), norm.cdf(-2 * math.sqrt(2) / deviation)).pvalue > 6e-5


def test_spiral_lies_on_two_arms_of_one_and_three_quarter_turns() -> None:
    x, y, target = points("spiral")
    distance = np.hypot(x, y)
    assert kstest(distance, "uniform", args=(0, 5)).pvalue > 1e-4
    angle = 2 * np.pi * 1.75 * distance / 5 + np.where(target > 0, 0, np.pi)
    assert np.abs(x - distance * np.sin(angle)).max() < 1e-5
    assert np.abs(y - distance * np.cos(angle)).max() < 1e-5
    noisy = points("spiral", noise=0.3)
    assert max(np.abs(noisy[0] - x).max(), np.abs(noisy[1] - y).max()) <= 0.3 + 1e-6


def test_moons_are_two_half_circles() -> None:
    x, y, target = points("moons")
    inner = target > 0
    assert np.abs(np.hypot(x[inner] - 1, y[inner] - 0.5) - 1).max() < 1e-6
    assert np.abs(np.hypot(x[~inner], y[~inner]) - 1).max() < 1e-6
    assert y[inner].max() <= 0.5 + 1e-6 and y[~inner].min() >= -1e-6
    noisy = points("moons", noise=0.2)
    assert kstest(np.concatenate([noisy[0] - x, noisy[1] - y]), norm(scale=0.2).cdf).pvalue > 1e-4


def test_a_line_separates_gauss_and_none_of_the_others() -> None:
    assert {name: is_separable(*points(name, count=200)) for name in CLASSES} == {
        name: name == "gauss" for name in CLASSES
    }


def test_the_diagonal_parts_the_unit_square() -> None:
    x, y, target = points("diagonal")
    assert np.array_equal(target, np.where(x > y, 1.0, -1.0))
    for side in (x, y):
        assert kstest(side, "uniform").pvalue > 1e-4
    assert abs(target.mean()) <= 4 / math.sqrt(len(target))
    assert is_separable(x, y, target)
    noisy = points("diagonal", noise=0.2)
    assert np.array_equal(noisy[:2], (x, y)) and not np.array_equal(noisy[2], target)


def test_by_class_takes_classes_one_after_the_other_and_keeps_their_order() -> None:
    examples = draw("gauss", count=10)
    for one in (examples, Examples(examples.inputs, np.eye(2)[(examples.targets[:, :, 0] > 0).astype(int)])):  # type: ignore[index]
        sorted_ = one.by_class()
        assert np.array_equal(sorted_.inputs, examples.inputs[:, [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]])
        assert sorted_.targets is not None and one.targets is not None
        assert np.array_equal(sorted_.targets, one.targets[:, [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]])


# --- numbers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_sampled_on_the_square(name: str) -> None:
    for side in points(name)[:2]:
        assert np.abs(side).max() <= 6
        assert kstest(side, "uniform", args=(-6, 12)).pvalue > 1e-4


def test_the_plane() -> None:
    x, y, target = points("reg_plane")
    assert np.abs(target - (x + y) / 10).max() < 1e-6
    noise = points("reg_plane", noise=0.5)[2] - target  # the sum of two uniform on [-0.3, 0.3]
    assert np.abs(noise).max() <= 0.6
    assert abs(noise.mean()) <= 4 * math.sqrt(2 * 0.3**2 / 3 / len(noise))


def test_the_bumps_are_those_of_the_nearest_centre() -> None:
    x, y, target = points("reg_gauss")
    assert np.abs(target).max() <= 1
    for px, py, t in zip(x, y, target, strict=True):
        u, v = (min(axis, key=lambda c: abs(c - p)) for axis, p in (((-4, 0, 4), px), ((-2.5, 2.5), py)))
        sign = (1 if u else -1) * (1 if v > 0 else -1)
        height = max(1 - math.hypot(px - u, py - v) / 2, 0)
        assert t == pytest.approx(sign * height, abs=1e-6)
    share = 6 * math.pi * 2**2 / 12**2  # the discs lie inside the square
    assert binomtest(int((target != 0).sum()), len(target), share).pvalue > 6e-5
