"""Theory beside drawn networks, through the initializers and the capture that studies use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradlab
from gradlab.errors import UserError
from gradlab.spec import NetworkSpec, setup_from
from gradlab.studies.predict import predict
from gradlab.studies.sampled import compare, z_scores
from gradlab.theory.predict import Inputs, predict_network


def network(**said: Any) -> NetworkSpec:
    base = {"inputs": 64, "outputs": 64, "hidden": [64] * 5, "activation": "relu", "weights": "he_normal"}
    return NetworkSpec.model_validate({**base, **said})


# of 36 independent z a value beyond 4 is expected once in 400 comparisons
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"weights": "glorot_uniform", "activation": "tanh", "bias": "normal(0.2)"},
        {"weights": "torch_default", "activation": "selu", "bias": "own"},
        {"weights": "lecun_normal(truncated=true)", "activation": "sigmoid", "bias": "none"},
        {"hidden": [64, 100, 40, 80], "activation": "leaky_relu(0.2)"},
    ],
    ids=str,
)
def test_theory_is_what_drawn_networks_show(said: dict[str, Any]) -> None:
    found = compare(network(**said), networks=150)
    assert (found.measured.replicas, found.examples) == (150, 1)
    assert found.measured.layers == found.theory.layers
    for name in (
        "weight_std",
        "pre_activation_second_moment",
        "relative_gradient_rms",
        "saturation",
        "activation_mean",
    ):
        assert np.abs(np.nan_to_num(found.z[name])).max() <= 4.0, (name, found.z[name])
    assert found.means["pre_activation_second_moment"][0].n == 150


def test_chunks_draw_the_same_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = network(hidden=[5] * 2, inputs=3, outputs=2)
    whole = compare(spec, Inputs(2.0), networks=20)
    monkeypatch.setattr("gradlab.studies.sampled.CHUNK_BYTES", 8 * spec.parameters * 6)
    pieces = compare(spec, Inputs(2.0), networks=20)
    for name in whole.measured.values:
        np.testing.assert_array_equal(whole.measured[name], pieces.measured[name])


def test_a_setup_is_seen_on_its_own_task() -> None:
    setup = setup_from(
        {"network": {"hidden": [50] * 2, "activation": "tanh", "weights": "lecun_normal"},
         "recipe": {"optimizer": "sgd(lr=0.1)", "loss": "mse", "steps": 1}, "task": "x_sin_5x(points=40)"}
    )  # fmt: skip
    found = compare(setup, networks=30)
    assert found.examples == 40
    assert abs(found.z["pre_activation_second_moment"][0]) < 4
    assert predict(setup).profile["weight_std"][0, 1] == pytest.approx(1 / math.sqrt(50))


def test_a_setup_is_not_compared_at_other_inputs_than_its_networks_see() -> None:
    setup = setup_from(
        {"network": {"hidden": [5], "activation": "tanh", "weights": "lecun_normal"},
         "recipe": {"optimizer": "sgd(lr=0.1)", "loss": "mse", "steps": 1}, "task": "x_sin_5x(points=40)"}
    )  # fmt: skip
    with pytest.raises(UserError, match="other inputs than the study's"):
        compare(setup, Inputs(100.0), networks=3)


def test_z_scores_of_constants_and_of_nothing() -> None:
    measured = np.array([[1.0, 2.0, np.nan, 0.0], [1.0, 4.0, np.nan, 0.0]])
    linear = list(z_scores(np.array([1.0, 2.0, 1.0, 0.5]), measured, "activation_mean"))
    assert (linear[0], linear[1]) == (0.0, 1.0)
    assert math.isnan(linear[2]) and math.isnan(linear[3])
    tiny = 1e-7 * np.array([[1.0], [1.2], [0.8]])  # behind many layers numbers are small, and not constant
    assert list(z_scores(np.array([2e-7]), tiny, "activation_std")) == pytest.approx([-(3.0**0.5) / 0.2])
    log = list(z_scores(np.array([1.0, 2.0, 1.0, 1.0]), measured, "pre_activation_second_moment"))
    assert log[0] == 0.0 and log[1] == pytest.approx(1.0) and math.isnan(log[3])


@pytest.mark.parametrize(
    ("layers", "exact"),
    [
        (["conv2d(8, 3)", "dropout(0.5)", "conv2d(8, 3)", "max_pool2d(2)", "flatten", "dense(10)"], 2),
        (["flatten", "dense(32)", {"kind": "residual", "layers": ["dense(32)", "dense(32)"]}, "dense(10)"], 3),
    ],
    ids=["convolutions", "residual"],
)
def test_layers_of_any_kind_are_drawn_without_dropout(layers: list[Any], exact: int) -> None:
    said = {"inputs": 100, "image": [1, 10, 10], "layers": layers, "activation": "relu", "weights": "he_normal"}
    found = compare(NetworkSpec.model_validate({**said, "bias": "zeros"}), networks=100)
    assert found.measured.layers == found.theory.layers
    assert np.abs(found.z["weight_std"]).max() <= 4.0
    # above a pool neighbouring places are not independent, which theory takes them to be
    q = found.measured["pre_activation_second_moment"][:, :exact]
    expected = found.theory["pre_activation_second_moment"][0, :exact]
    assert (np.abs(q.mean(axis=0) - expected) <= 4.0 * q.std(axis=0, ddof=1) / 10.0).all()


@pytest.mark.parametrize(
    ("image", "layers", "marked"),
    [
        ([1, 8, 8], [(64, "same", 1), (64, 1, 2), (64, 1, 2)], True),
        ([1, 28, 28], [(16, "same", 1), (16, "same", 1)], True),
        ([1, 28, 28], [(32, 1, 2), (64, 1, 2)], True),
        ([12, 9, 9], [(128, 0, 1), (128, 0, 2)], False),
    ],
    ids=["8 x 8", "28 x 28", "strides", "no padding"],
)
def test_convolutions_are_as_theory_says_or_marked(image: list[int], layers: list[Any], marked: bool) -> None:
    convolutions = [
        {"kind": "conv2d", "channels": channels, "kernel_size": 3, "padding": padding, "stride": stride}
        for channels, padding, stride in layers
    ]
    said = {"inputs": math.prod(image), "image": image, "layers": [*convolutions, "flatten", "dense(10)"]}
    spec = NetworkSpec.model_validate({**said, "activation": "relu", "weights": "he_normal", "bias": "zeros"})
    found, prediction = compare(spec, networks=100), predict(spec)
    away = {name for name, z in found.z.items() if np.abs(np.nan_to_num(z)).max() > 4.0}
    assert away <= prediction.marked
    assert ("pre_activation_second_moment" in away) == marked == ("pre_activation_second_moment" in prediction.marked)
    if marked:
        assert any("padding" in one.why for one in prediction.failing)


def test_a_setup_that_standardizes_is_drawn_with_its_own_mean_and_deviation() -> None:
    setup = setup_from(
        {"network": {"layers": ["standardize", "dense(40)", "dense(1)"], "weights": "lecun_normal", "bias": "zeros"},
         "recipe": {"optimizer": "sgd(lr=0.1)", "loss": "mse", "steps": 1}, "task": "x_sin_5x(points=64)"}
    )  # fmt: skip
    found = compare(setup, networks=50)
    assert found.means["pre_activation_second_moment"][0].mean == pytest.approx(1.0, abs=0.2)


def test_what_standardizes_needs_examples() -> None:
    said = {"inputs": 64, "layers": ["standardize", "dense(3)"], "activation": "relu", "weights": "he_normal"}
    with pytest.raises(UserError, match="standardizes"):
        compare(NetworkSpec.model_validate(said))


# of batches of 64 and widths of 200 the infinite ones of theory are a few percent away
@pytest.mark.parametrize(("norm", "examples"), [("batch_norm", 64), ("layer_norm", 1)])
def test_norms_use_the_batch_that_is_seen(norm: str, examples: int) -> None:
    found = compare(network(norm=norm, hidden=[200] * 5, inputs=200, outputs=200), networks=40)
    assert found.examples == examples
    for name, percent in (("pre_activation_second_moment", 0.06), ("activation_std", 0.03), ("saturation", 0.03)):
        theory, means = found.theory[name][0, :5], found.measured[name][:, :5].mean(axis=0)
        np.testing.assert_allclose(means, theory, rtol=percent, err_msg=name)
    gradients = np.exp(np.log(found.measured["relative_gradient_rms"]).mean(axis=0))
    np.testing.assert_allclose(gradients, found.theory["relative_gradient_rms"][0], rtol=0.1)
    assert not np.abs(np.nan_to_num(found.z["pre_activation_second_moment"][:5])).any()  # a norm makes it the same
    assert not found.is_finite


def test_batch_norm_wants_a_batch_of_uncorrelated_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="alike"):
        compare(network(norm="batch_norm"), Inputs(1.0, None, 0.9))
    monkeypatch.setattr("gradlab.studies.sampled.MOST_OUTPUTS", 64 * 6 * 10)
    with pytest.raises(UserError, match="too small for batch norm"):
        compare(network(norm="batch_norm"))


def test_a_norm_by_itself_is_passed_but_no_row() -> None:
    said = {"inputs": 64, "layers": [{"units": 64, "activation": "identity"}, "batch_norm", "relu", "dense(10)"]}
    found = compare(NetworkSpec.model_validate({**said, "activation": "relu", "weights": "he_normal"}), networks=20)
    assert found.measured.layers == found.theory.layers == ("1", "output")


def test_the_public_function() -> None:
    public: Any = gradlab.predict
    assert public == predict
    assert public(network()).to_dict() == predict_network(network()).to_dict()
    with pytest.raises(UserError, match="NetworkSpec, a Setup or a torch"):
        public("relu")
