"""Predictions against closed forms, layer kinds against each other and against numpy, assumptions that fail, verdicts."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.parts import ACTIVATIONS, INITIALIZERS
from gradlab.probes.capture import limits
from gradlab.signals import QUANTITIES
from gradlab.spec import NetworkSpec, setup_from
from gradlab.spec.layers import KINDS as RECORDS
from gradlab.theory.gauss import as_phi, moments
from gradlab.theory.meanfield import fixed_point, gains
from gradlab.theory.predict import Inputs, Prediction, advise, inputs_of, predict_network
from gradlab.theory.predict.flat import flat_intervals, flat_share
from gradlab.theory.predict.layers import KINDS
from tests.oracles.trajectory import trajectory

NAMES = [name for name, record in ACTIVATIONS.items() if not record.mistake]


def network(**said: Any) -> NetworkSpec:
    base: dict[str, Any] = {"activation": "relu", "weights": "he_normal"}
    base |= {"inputs": 20} | ({} if "layers" in said else {"outputs": 5, "hidden": [20] * 6})
    return NetworkSpec.model_validate({**base, **said})


def predicted(**said: Any) -> Prediction:
    return predict_network(network(**said))


def row(found: Prediction, quantity: str) -> np.ndarray:
    return np.asarray(found.profile[quantity][0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", ["glorot_uniform", "lecun_normal(gain=1.3)", "orthogonal"])
def test_a_plain_stack_follows_the_trajectory(name: str, weights: str) -> None:
    widths = [20, 30, 10, 40, 5]
    spec = network(hidden=widths[1:-1], activation=name, weights=weights, bias="normal(0.2)", dropout=0.0)
    stds = []
    for layer, below in zip(spec.dense, widths[:-1], strict=True):
        law = INITIALIZERS[layer.weights.name].std
        assert law is not None
        stds.append(law(below, layer.units, *layer.weights.values))
    sigmas = [n * std**2 for n, std in zip(widths[:-1], stds, strict=True)]
    expected = trajectory(name, sigmas, 0.04, widths=widths)
    found = predict_network(spec)
    np.testing.assert_allclose(row(found, "pre_activation_second_moment"), expected.q, rtol=1e-9)
    np.testing.assert_allclose(row(found, "relative_gradient_rms") ** 2, expected.gradient, rtol=1e-9)
    np.testing.assert_allclose(row(found, "weight_std"), stds)
    for k in range(3):
        here = moments(name, float(expected.q[k]))
        assert row(found, "activation_mean")[k] == pytest.approx(here.E_phi.value, abs=1e-9)
        assert row(found, "activation_std")[k] == pytest.approx(math.sqrt(here.variance), rel=1e-9)


def test_names_are_those_of_quantities_so_that_profiles_subtract() -> None:
    found = predicted().profile
    assert set(found.values) <= set(QUANTITIES)
    assert (found.source, found.replicas, found.layers) == ("theory", 1, ("1", "2", "3", "4", "5", "6", "output"))


def test_scales_are_those_of_the_fixed_point() -> None:
    found = predicted(hidden=[100] * 20, activation="tanh", weights="lecun_normal(gain=1.3)", bias="normal(0.3)").scales
    expected = fixed_point("tanh", 1.3**2, 0.09)
    assert found is not None
    assert (found.phase, found.status) == (expected.phase, "converged")
    for name in ("chi1", "q_star", "slope", "xi_q", "c_star", "xi_c", "xi_grad"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-6)
    assert expected.xi_c is not None
    assert found.six_scales == pytest.approx(6 * expected.xi_c, rel=1e-6)


def steps(found: Prediction) -> np.ndarray:
    """Factors of squared gradients from hidden layer to hidden layer."""
    gradient = row(found, "relative_gradient_rms")[:-1] ** 2
    return np.asarray(gradient[:-1] / gradient[1:])


@pytest.mark.parametrize("gain", [1.0, 7.0])
def test_batch_norm_multiplies_by_pi_over_pi_minus_one(gain: float) -> None:
    found = predicted(hidden=[50] * 30, norm="batch_norm", inputs=50, weights=f"lecun_normal(gain={gain})")
    np.testing.assert_allclose(steps(found), math.pi / (math.pi - 1), rtol=2e-4)  # eps is 1e-5
    assert found.scales is not None
    assert (found.scales.phase, found.gains, found.spread) == ("chaotic", None, None)
    assert found.scales.six_scales is None


def test_layer_norm_of_relu_keeps_gradients() -> None:
    found = predicted(norm="layer_norm")
    np.testing.assert_allclose(steps(found), 1.0, rtol=2e-4)
    assert found.scales is not None and found.scales.phase == "critical"


def test_gradients_that_vanish_at_once_are_not_critical() -> None:
    scales = predicted(norm="layer_norm", weights="zeros").scales
    assert scales is not None and (scales.phase, scales.chi1) == ("ordered", 0.0)


def test_dropout_divides_by_the_probability_of_keeping() -> None:
    plain, dropped = predicted(), predicted(dropout=0.5)
    times = 2.0 ** np.arange(7)
    q, g = "pre_activation_second_moment", "relative_gradient_rms"
    np.testing.assert_allclose(row(dropped, q), row(plain, q) * times, rtol=1e-12)
    np.testing.assert_allclose(row(dropped, g) ** 2, row(plain, g) ** 2 * times[::-1], rtol=1e-12)
    alternating = [part for _ in range(6) for part in ("dense(20)", "dropout(0.5)")]
    apart = predicted(layers=[*alternating, "dense(5)"], bias="none")
    np.testing.assert_allclose(row(apart, q), row(dropped, q), rtol=1e-12)


def test_a_constant_bias_is_a_shift_of_the_activation() -> None:
    found = predicted(hidden=[400] * 3, inputs=400, weights="lecun_normal", bias="constant(0.5)")
    random, q, x = np.random.default_rng(1), np.zeros((40, 4)), np.ones(400)
    for r in range(40):
        a = x
        for k in range(4):
            h = random.standard_normal((400, 400)) @ a / 20.0 + 0.5
            q[r, k], a = (h**2).mean(), np.maximum(h, 0.0)
    error = 4 * q.std(axis=0, ddof=1) / math.sqrt(40)
    assert (np.abs(q.mean(axis=0) - row(found, "pre_activation_second_moment")) <= error).all()
    assert "biases of mean 0" in [one.text for one in found.failing]
    assert found.born_dead is not None and found.born_dead.p_single_input < 1e-100
    narrow = predicted(hidden=[2], inputs=1, weights="normal(std=1)", bias="constant(0.5)").born_dead
    assert narrow is not None
    off = 0.5 * math.erfc(0.5 / math.sqrt(2.0))
    assert narrow.p_single_input == pytest.approx(off**2)


def test_a_residual_branch_adds() -> None:
    block = {
        "kind": "residual",
        "layers": [
            {"kind": "activation", "activation": "relu"},
            {"kind": "dense", "units": 20, "activation": "identity"},
        ],
    }
    found = predicted(layers=["dense(20)", *[block] * 5, "dense(20)"], activation="identity", bias="none")
    q = row(found, "pre_activation_second_moment")
    np.testing.assert_allclose(q[2:-1] / q[1:-2], 2.0, rtol=1e-9)
    gradient = row(found, "relative_gradient_rms") ** 2
    np.testing.assert_allclose(gradient[1:-2] / gradient[2:-1], 2.0, rtol=1e-9)
    assert found.scales is not None and found.scales.phase == "chaotic"


def test_a_convolution_has_the_fans_of_its_kernel() -> None:
    found = predict_network(
        NetworkSpec.model_validate(
            {"inputs": 3 * 64, "image": (3, 8, 8), "activation": "relu", "weights": "he_normal", "bias": "none",
             "layers": ["conv2d(16, 3)", "conv2d(32, 3, stride=2)", "flatten", "dense(10)"]}
        )
    )  # fmt: skip
    np.testing.assert_allclose(row(found, "pre_activation_second_moment"), 2.0)
    np.testing.assert_allclose(row(found, "weight_std"), [math.sqrt(2 / 27), math.sqrt(2 / 144), math.sqrt(2 / 128)])
    gradient = row(found, "relative_gradient_rms") ** 2
    assert gradient[1] == pytest.approx(10 / 128)
    # 4 windows of 9 places in an image of 36: away from the border an input would feed 9 / 4 of them
    assert gradient[0] / gradient[1] == pytest.approx(32 * 9 * 4 / 36 / 144)
    assert found.units == (16 * 36, 32 * 4, 10)
    assert "infinitely many channels" in [one.text for one in found.assumptions]
    assert found.spread is None


@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
def test_pools_of_independent_places(kind: str) -> None:
    found = predict_network(
        NetworkSpec.model_validate(
            {"inputs": 64, "image": (1, 8, 8), "activation": "relu", "weights": "he_normal", "bias": "none",
             "layers": ["conv2d(16, 1)", f"{kind}(2)", "flatten", "dense(10)"]}
        )
    )  # fmt: skip
    random = np.random.default_rng(1)
    a = np.maximum(math.sqrt(2.0) * random.standard_normal((200_000, 4)), 0.0)
    pooled = a.max(axis=1) if kind == "max_pool2d" else a.mean(axis=1)
    square = pooled**2
    q = row(found, "pre_activation_second_moment")[1]
    assert abs(2.0 * square.mean() - q) <= 4 * 2.0 * square.std() / math.sqrt(len(square))
    # each entry's share of the gradient: 1 of 4 where the largest is on, or 1/16 of half of them
    gradient = row(found, "relative_gradient_rms")[0] ** 2 / (10 * 2 / 256)
    assert gradient == pytest.approx(0.25 * (1 - 1 / 16) if kind == "max_pool2d" else 0.5 / 16, rel=1e-3)
    assert any("pool" in one.text for one in found.failing)


def test_every_kind_of_layer_is_known() -> None:
    assert set(KINDS) == set(RECORDS)
    for kind, record in RECORDS.items():
        block = [] if kind in ("dense", "flatten") else ["flatten"]
        found = predict_network(
            NetworkSpec.model_validate(
                {"inputs": 36, "image": (1, 6, 6), "weights": "he_normal",
                 "layers": [*(["flatten"] if kind == "dense" else []), record.example, *block, "dense(3)"]}
            )
        )  # fmt: skip
        assert np.isfinite(row(found, "pre_activation_second_moment")).all()


@pytest.mark.parametrize("name", NAMES)
def test_flat_is_what_the_quantity_calls_saturated(name: str) -> None:
    phi = as_phi(name)
    assert phi.derivative is not None
    record = ACTIVATIONS[name]
    steepest, _ = limits(record, [np.full(1, float(param.default or 0.0)) for param in record.params])
    random, variance = np.random.default_rng(4), 6.0
    h = 0.3 + math.sqrt(variance) * random.standard_normal(400_000)
    share = float((np.abs(phi.derivative(h)) < 0.05 * steepest[0]).mean())
    expected = flat_share(phi, 0.3, variance)
    assert abs(share - expected) <= 4 * math.sqrt(max(expected, 1e-5) / len(h))
    assert all(low < high for low, high in flat_intervals(phi))


@pytest.mark.parametrize(
    ("said", "fails", "marks"),
    [
        ({}, [], set()),
        ({"hidden": [100] * 40}, ["layers so wide that seeds agree"], {"relative_gradient_rms"}),
        ({"hidden": [2] * 3, "inputs": 1}, ["layers so wide that seeds agree", "normal pre-activations"], {"activation_std"}),
        ({"weights": "orthogonal"}, ["weights independent of one another"], {"spread", "born_dead"}),
        ({"bias": "constant(0.1)"}, ["biases of mean 0"], {"spread"}),
        ({"hidden": [200, 300, 400], "weights": "normal(0.1)"}, ["hidden layers alike"], {"phase", "scales"}),
        ({"inputs": 2, "hidden": [2000], "weights": "he_uniform"}, ["normal pre-activations"], {"saturation"}),
        ({"inputs": 11, "weights": "he_uniform"}, ["normal pre-activations"], {"pre_activation_second_moment"}),
        ({"norm": "batch_norm"}, ["hidden layers alike", "infinite batches"], {"phase", "scales", "activation_std"}),
        ({"norm": "layer_norm"}, ["hidden layers alike"], {"phase", "scales"}),
        (
            {"norm": "layer_norm", "hidden": [400] * 3},
            ["hidden layers alike", "layers so wide that norms see expectations"],
            {"activation_std"},
        ),
        (
            {"norm": "layer_norm", "hidden": [1000] * 300},
            ["layers so wide that seeds agree", "hidden layers alike"],
            {"relative_gradient_rms"},
        ),
    ],
)  # fmt: skip
def test_assumptions_that_fail_are_named_and_mark_numbers(
    said: dict[str, Any], fails: list[str], marks: set[str]
) -> None:
    found = predicted(**{"hidden": [2000] * 3, **said})
    assert [one.text for one in found.failing] == fails
    assert marks <= found.marked and (marks or not found.marked)
    assert all(one.why for one in found.failing)


def test_an_assumption_that_fails_in_several_places_is_told_once_with_some_of_them() -> None:
    for depth, more in ((2, ""), (3, ""), (5, "; and so in 2 more")):
        (_, one) = predicted(hidden=[400] * depth, norm="layer_norm").failing
        assert one.why == "; ".join(f"that of layer {k} is over 400" for k in range(1, min(depth, 3) + 1)) + more


PADDED = {"padding": "same"}


@pytest.mark.parametrize(
    ("image", "conv", "fails"),
    [
        ((1, 8, 8), {"kernel_size": 3}, {"equal length q at every place of the receptive field"}),
        ((12, 8, 8), {"kernel_size": 3}, set()),
        ((12, 8, 8), {"kernel_size": 3, **PADDED}, {"places away from the border of the image"}),
        ((12, 8, 8), {"kernel_size": 3, "padding": 1, "stride": 2}, {"places away from the border of the image"}),
        ((100, 8, 8), {"kernel_size": 1, **PADDED}, set()),  # pads nothing
    ],
)
def test_what_an_image_network_says_of_itself_marks_its_numbers(
    image: tuple[int, int, int], conv: dict[str, Any], fails: set[str]
) -> None:
    layers = [{"kind": "conv2d", "channels": 400, **conv}, "flatten", "dense(10)"]
    said = {"inputs": math.prod(image), "image": image, "layers": layers, "activation": "relu", "weights": "he_normal"}
    found = predict_network(NetworkSpec.model_validate({**said, "bias": "zeros"}))
    assert {one.text for one in found.failing} == {"hidden layers alike", *fails}
    assert ("pre_activation_second_moment" in found.marked) == bool(fails)
    holding = {one.text for one in found.assumptions if one.holds}
    assert not fails & holding and "infinitely many channels" in holding


def test_what_is_known_of_weights_besides_marks_all_numbers() -> None:
    doubt = ("weights of a layer independent of those of others", "modules 2 and 4 have the same")
    found = predict_network(network(hidden=[2000] * 3), Inputs(), [doubt])
    assert [(one.text, one.why) for one in found.failing] == [doubt]
    assert {"pre_activation_second_moment", "relative_gradient_rms", "scales", "spread"} <= found.marked
    assert found.verdict.endswith("(in doubt)")


def test_inputs_of_a_task_are_looked_at() -> None:
    setup = setup_from(
        {"network": {"hidden": [20] * 2, "activation": "tanh", "weights": "he_normal"},
         "recipe": {"optimizer": "sgd(lr=0.1)", "loss": "mse", "steps": 1}, "task": "x_sin_5x(points=400)"}
    )  # fmt: skip
    inputs = inputs_of(setup)
    assert inputs.spread is not None and inputs.square > 0.0
    found = predict_network(setup.network, inputs)
    assert row(found, "pre_activation_second_moment")[0] == pytest.approx(2 * inputs.square)
    alike = predict_network(setup.network, Inputs(1.0, 0.9, 0.8))
    assert {"inputs of about one length", "uncorrelated inputs"} <= {one.text for one in alike.failing}


@pytest.mark.parametrize(
    ("said", "can", "words"),
    [
        ({"hidden": [100] * 40}, None, "Gradients keep their size"),
        ({"hidden": [100] * 40, "weights": "glorot_uniform"}, None, "by a factor of 0.71"),
        (
            {"hidden": [100] * 40, "weights": "glorot_uniform"},
            None,
            "than six depth scales (8.66 layers, ordered), a rule",
        ),
        (
            {"hidden": [64] * 5, "weights": "torch_default", "bias": "torch_default"},
            None,
            "Gradients vanish, to 0.0113",
        ),
        ({"hidden": [2] * 9, "inputs": 1}, None, "dead at birth"),
        ({"hidden": [3] * 2, "inputs": 1}, None, "silent layer for an input"),
        ({"weights": "zeros"}, False, "layer 1 is silent"),
        ({"weights": "zeros", "activation": "tanh"}, False, "weights of layers 1 and 2 are 0"),
        ({"weights": "zeros", "activation": "sigmoid"}, None, "units of layer 1 are equal and stay so"),
        ({"weights": "zeros", "activation": "tanh", "bias": "normal(0.1)"}, None, "Gradients are 0 at the first layer"),
        ({"weights": "zeros", "hidden": []}, True, "linear model"),
        ({"hidden": [10] * 50, "weights": "normal(1000)"}, None, "beyond single precision"),
        ({"hidden": [100] * 100, "norm": "batch_norm"}, None, "explode"),
        ({"hidden": []}, True, "linear model"),
        ({"hidden": [300] * 60, "activation": "tanh", "weights": "lecun_normal(gain=3)"}, None, "chaotic"),
    ],
)
def test_verdicts(said: dict[str, Any], can: bool | None, words: str) -> None:
    found = predicted(**said)
    assert found.can_train is can, found.verdict
    assert words in found.verdict


@pytest.mark.parametrize(
    ("zeros", "activation", "can"),
    [
        ((2,), "tanh", None),  # the output: its weights get the gradient, and hand it on from then
        ((0,), "tanh", None),
        ((0,), "relu", False),
        ((1,), "relu", False),
        ((0, 2), "tanh", False),
        ((0, 1), "tanh", False),
        ((0, 1), "sigmoid", None),
    ],
)
def test_cannot_train_is_said_where_descent_stands_still(
    zeros: tuple[int, ...], activation: str, can: bool | None
) -> None:
    """Against steps of gradient descent by hand: outputs never come to depend on inputs, or they do."""
    spec = network(inputs=5, outputs=3, hidden=[6, 6], activation=activation, weights="lecun_normal", bias="zeros")
    nought = network(inputs=5, outputs=3, hidden=[6, 6], activation=activation, weights="zeros", bias="zeros")
    layers = [nought.dense[k] if k in zeros else layer for k, layer in enumerate(spec.dense)]
    found = predict_network(spec.model_copy(update={"layers": tuple(layers)}))
    assert found.can_train is can, found.verdict

    phi, random = as_phi(activation), np.random.default_rng(5)
    sizes = [5, 6, 6, 3]
    w = [random.standard_normal((m, n)) / math.sqrt(n) * (k not in zeros) for k, (n, m) in enumerate(pairwise(sizes))]
    b = [np.zeros((m, 1)) for m in sizes[1:]]
    x, y = random.standard_normal((5, 20)), random.standard_normal((3, 20))
    for _ in range(20):
        hidden, slopes = [x], []
        for k in range(3):
            h = w[k] @ hidden[-1] + b[k]
            hidden.append(phi.values(h)[0] if k < 2 else h)
            slopes.append(phi.values(h)[1] if k < 2 else np.ones_like(h))
        delta = hidden[-1] - y
        for k in reversed(range(3)):
            delta = delta * slopes[k]
            step, by_bias = delta @ hidden[k].T / 20, delta.mean(axis=1, keepdims=True)
            delta = w[k].T @ delta
            w[k], b[k] = w[k] - 0.3 * step, b[k] - 0.3 * by_bias
    assert (float(np.ptp(hidden[-1], axis=1).max()) == 0.0) == (can is False)


def test_a_network_without_inputs_is_told_from_one_that_standardizes() -> None:
    assert predict_network(network(), Inputs(0.0)).can_train is False
    assert predict_network(network(layers=["standardize", "dense(9)", "dense(2)"]), Inputs(0.0)).can_train is None


def test_advice_for_glorot_and_relu_is_he() -> None:
    spec = network(hidden=[100] * 40, weights="glorot_uniform")
    (change,) = advise(spec, predict_network(spec))
    assert change.text == 'weights = "he_uniform"'
    assert change.prediction.verdict.startswith("Gradients keep their size")
    assert change.prediction.gradient_ratio == pytest.approx(1.0)
    assert advise(change.spec, change.prediction) == ()
    narrow = network(hidden=[2] * 9, inputs=1)
    (wider,) = advise(narrow, predict_network(narrow))
    assert wider.prediction.born_dead is not None
    assert 0.0 < wider.prediction.born_dead.p_single_input <= 0.01
    assert "at least 10 units" in wider.text


@pytest.mark.parametrize(
    ("said", "dead"),
    [({"hidden": [10] * 5, "bias": "constant(-0.7)"}, True), ({"hidden": [100] * 5, "weights": "zeros"}, True)],
)
def test_no_width_is_recommended_that_would_not_help(said: dict[str, Any], dead: bool) -> None:
    spec = network(**said)
    found = predict_network(spec)
    assert (found.born_dead is not None and found.born_dead.p_single_input > 0.01) == dead
    assert not any("units" in change.text for change in advise(spec, found))


def test_standardized_inputs_do_not_make_a_network_one_with_norms() -> None:
    table = {"inputs": 784, "weights": "glorot_uniform", "activation": "relu", "bias": "zeros"}
    layers = [*["dense(100)"] * 30, "dense(10)"]
    plain = predict_network(NetworkSpec.model_validate({**table, "layers": layers}))
    standard = predict_network(NetworkSpec.model_validate({**table, "layers": ["standardize", *layers]}))
    assert (standard.network, standard.scales, standard.gains) == (plain.network, plain.scales, plain.gains)


def test_a_norm_inside_a_branch_is_a_norm() -> None:
    inside = {"kind": "residual", "layers": [{"units": 20, "norm": "layer_norm"}, "dense(20)"]}
    layers = ["dense(20)", inside, "dense(10)"]
    found = predict_network(NetworkSpec.model_validate({"inputs": 20, "weights": "he_normal", "layers": layers}))
    assert found.gains is None and "norms" in found.network
    assert any("with norms and branches" in one.why for one in found.failing)


def test_gains_are_those_of_the_table() -> None:
    found = predicted(activation="tanh").gains
    assert found is not None
    expected = gains("tanh")
    assert (found.forward, found.backward) == (expected.forward, expected.backward)
    assert found.compromise == pytest.approx(math.sqrt(expected.forward * expected.backward))
    assert found.critical == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"weights": "rai", "bias": "own"}, "no theory for weights rai"),
        ({"weights": "constant(0.1)"}, "no theory for weights constant"),
        ({"weights": "uniform(0, 1)"}, "mean is not 0"),
        ({"activation": "mistaken_tanh"}, "mistake"),
    ],
)
def test_what_theory_says_nothing_of_is_refused(said: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        predicted(**said)
    with pytest.raises(UserError):
        predict_network(network(), Inputs(-1.0))
