"""What became of a replica, from arrays made by hand, and the best constant output."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradlab.parts import LOSSES
from gradlab.training import Outcome, SetLook
from gradlab.training.outcomes import BEATS_CONSTANT_BY, best_constant_loss, has_dead_layer, is_constant, outcomes

NO_PARAMS: tuple[np.ndarray, ...] = ()


def judge(*, constant: bool = False, dead: bool = False, bad: int = 0, loss: float = 0.1, best: float = 1.0) -> Outcome:
    (outcome,) = outcomes(np.array([constant]), np.array([dead]), np.array([bad]), np.array([loss]), np.array([best]))
    return outcome


def seen(outputs: list[list[list[float]]], live: list[list[int]] | None = None) -> SetLook:
    return SetLook(np.array(outputs), np.array([[1]] * len(outputs) if live is None else live))


def test_every_outcome_has_its_arrays() -> None:
    made = {
        Outcome.TRAINED: judge(loss=0.1),
        Outcome.STALLED: judge(loss=1.0),
        Outcome.DIVERGED: judge(bad=3, loss=math.nan),
        Outcome.DEAD: judge(constant=True, dead=True, loss=1.0),
        Outcome.CONSTANT: judge(constant=True, loss=1.0),
    }
    assert set(made) == set(Outcome)
    for expected, outcome in made.items():
        assert outcome is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"loss": math.inf}, Outcome.DIVERGED),
        ({"loss": math.nan, "constant": True, "dead": True}, Outcome.DIVERGED),
        ({"bad": 7, "loss": 0.1}, Outcome.DIVERGED),
        ({"constant": True, "dead": True, "loss": 0.0}, Outcome.DEAD),
        ({"constant": True, "loss": 0.0}, Outcome.CONSTANT),
        ({"dead": True, "loss": 0.1}, Outcome.TRAINED),  # dead on the inputs that decide, and yet it varies
        ({"loss": 0.999 * (1 - BEATS_CONSTANT_BY)}, Outcome.TRAINED),
        ({"loss": 1.001 * (1 - BEATS_CONSTANT_BY)}, Outcome.STALLED),
        ({"loss": 5.0}, Outcome.STALLED),
        ({"loss": 0.0, "best": 0.0}, Outcome.STALLED),  # nothing to beat
    ],
)
def test_what_comes_first_decides(given: dict[str, float], expected: Outcome) -> None:
    assert judge(**given) is expected  # type: ignore[arg-type]


def test_outcomes_go_by_replica() -> None:
    no = np.zeros(3, bool)
    bad, loss = np.array([0, 2, 0]), np.array([0.5, 0.5, 2.0])
    assert outcomes(no, no, bad, loss, np.ones(3)) == [Outcome.TRAINED, Outcome.DIVERGED, Outcome.STALLED]


def test_values_explain() -> None:
    assert f"{BEATS_CONSTANT_BY:.0%}".replace("%", " %") in Outcome.TRAINED.value
    assert all(len(outcome.value) > 20 for outcome in Outcome)


def test_constant_means_bit_for_bit_on_every_unit() -> None:
    nan = math.nan
    look = seen(
        [
            [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]],
            [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0 + 1e-15]],
            [[0.0, 0.0], [-0.0, 0.0], [0.0, 0.0]],
            [[nan, nan], [nan, nan], [nan, nan]],
            [[math.inf, 1.0], [math.inf, 1.0], [math.inf, 1.0]],
        ]
    )
    assert is_constant(look).tolist() == [True, False, True, False, True]


def test_one_layer_without_live_units_is_enough() -> None:
    look = seen([[[0.0]]] * 3, live=[[2, 1, 3], [2, 0, 3], [0, 0, 0]])
    assert has_dead_layer(look).tolist() == [False, True, True]


def test_no_hidden_layer_cannot_be_dead() -> None:
    assert has_dead_layer(SetLook(np.zeros((2, 3, 1)), np.zeros((2, 0), np.int64))).tolist() == [False, False]


# --- the best constant output -----------------------------------------------------------------------------------------
REAL = np.random.default_rng(3).normal(1.5, 2.0, (4, 201, 2))


def test_of_mse_is_the_variance() -> None:
    best = best_constant_loss(LOSSES["mse"], NO_PARAMS, REAL)
    np.testing.assert_allclose(best, REAL.var(axis=1).mean(axis=1), rtol=1e-12)


def test_of_sum_of_squares_is_the_scaled_sum() -> None:
    scale = np.array([0.5, 1.0, 2.0, 0.1])
    best = best_constant_loss(LOSSES["sum_of_squares"], (scale,), REAL)
    np.testing.assert_allclose(best, scale * REAL.var(axis=1).sum(axis=1) * 201, rtol=1e-12)


def test_of_mae_is_the_mean_distance_from_the_median() -> None:
    best = best_constant_loss(LOSSES["mae"], NO_PARAMS, REAL)
    expected = np.abs(REAL - np.median(REAL, axis=1, keepdims=True)).mean(axis=(1, 2))
    np.testing.assert_allclose(best, expected, rtol=1e-12)


def test_of_huber_is_no_worse_than_any_constant_on_a_grid() -> None:
    delta = np.array([0.1, 0.5, 1.0, 4.0])
    best = best_constant_loss(LOSSES["huber"], (delta,), REAL)
    grid = np.linspace(-3, 6, 901)
    distance = np.abs(REAL[..., None] - grid)
    d = delta[:, None, None, None]
    cost = np.where(distance <= d, distance**2 / 2, d * (distance - d / 2)).mean(axis=1)
    on_grid = cost.min(axis=2).mean(axis=1)
    assert (best <= on_grid + 1e-12).all()
    assert (best >= on_grid - 1e-3 * delta).all()  # the grid is 0.01 wide, the slope at most delta


def test_of_cross_entropy_is_the_entropy_of_the_classes() -> None:
    classes = np.array([[0] * 8 + [1] * 4 + [2] * 4, [1] * 16])
    targets = np.eye(3)[classes]
    best = best_constant_loss(LOSSES["cross_entropy"], NO_PARAMS, targets)
    np.testing.assert_allclose(best, [1.5 * math.log(2), 0.0], atol=1e-15)


@pytest.mark.parametrize("share", [0.5, 0.25, 0.01])
def test_of_binary_cross_entropy_is_the_entropy_of_the_share(share: float) -> None:
    targets = (np.arange(200) < 200 * share).astype(float)[None, :, None]
    best = best_constant_loss(LOSSES["binary_cross_entropy"], NO_PARAMS, targets)
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    np.testing.assert_allclose(best, [entropy], rtol=1e-12)


def test_of_binary_cross_entropy_for_one_class_is_nothing() -> None:
    best = best_constant_loss(LOSSES["binary_cross_entropy"], NO_PARAMS, np.ones((1, 10, 1)))
    assert 0 <= best[0] < 1e-8


@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_of_hinge_is_twice_the_margin_times_the_smaller_share(margin: float) -> None:
    # between -margin and margin the cost is margin - y (2 share - 1): least at the end the larger class is on
    targets = np.where(np.arange(20) < 5, 1.0, -1.0)[None, :, None]
    best = best_constant_loss(LOSSES["hinge"], (np.array([margin]),), targets)
    np.testing.assert_allclose(best, [2 * margin * 0.25], rtol=1e-12)


def test_of_perceptron_is_nothing() -> None:
    targets = np.where(np.arange(20) < 5, 1.0, -1.0)[None, :, None]
    assert best_constant_loss(LOSSES["perceptron"], NO_PARAMS, targets)[0] == pytest.approx(0, abs=1e-12)


def test_targets_shared_by_all_replicas() -> None:
    assert best_constant_loss(LOSSES["mse"], NO_PARAMS, REAL[:1]).shape == (1,)
    best = best_constant_loss(LOSSES["huber"], (np.array([1e9, 1e9, 1.0]),), REAL[:1])
    variance = REAL[0].var(axis=0).mean()
    np.testing.assert_allclose(best[:2], [variance / 2] * 2, rtol=1e-12)
    assert best[2] < variance / 2


def test_every_loss_has_a_best_constant() -> None:
    for loss in LOSSES.values():
        params = tuple(np.array([float(param.default or 1.0)]) for param in loss.params)
        targets = np.eye(2)[np.arange(10) % 2][None]
        if loss.targets == "sign":
            targets = 2 * targets - 1
        best = best_constant_loss(loss, params, targets)
        assert best.shape == (1,)
        assert np.isfinite(best).all()
        assert (best >= -1e-12).all()
