"""A live model as a description: shapes, measured variances, blocks; what cannot be read is named."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from gradlab.errors import SpecError, UnreadableModel
from gradlab.nets.reader import read_model
from gradlab.parts import ACTIVATIONS
from gradlab.parts.namespace import NUMPY
from gradlab.spec.blocks import Conv2d, Dense
from gradlab.studies.predict import predict
from tests.rounding import EPS, gamma


def dense_model(activation: nn.Module | None = None) -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(30, 50), activation or nn.Tanh(), nn.Linear(50, 40), nn.Tanh(), nn.Linear(40, 7))


# of a root mean square: n squares and their sum, none of which cancels; the largest matrix has 2,000 numbers
MEAN_OF_SQUARES = gamma(2003, EPS["float32"])


def root_mean_square(numbers: torch.Tensor) -> float:
    return float(numbers.detach().double().square().mean().sqrt())


def test_measured_variances_are_in_the_description() -> None:
    model = dense_model()
    spec = read_model(model).spec
    assert (spec.widths, spec.is_plain) == ((30, 50, 40, 7), True)
    for layer, linear in zip(spec.dense, (model[0], model[2], model[4]), strict=True):
        assert isinstance(linear, nn.Linear)
        assert layer.weights["std"] == pytest.approx(root_mean_square(linear.weight), rel=MEAN_OF_SQUARES)
        assert not isinstance(layer.bias, str)
        assert layer.bias["std"] == pytest.approx(root_mean_square(linear.bias), rel=MEAN_OF_SQUARES)
    # torch's default is a = sqrt 5: a variance of 1 / (3 fan_in)
    found = predict(model)
    q = found.profile["pre_activation_second_moment"][0, 0]
    assert q == pytest.approx(1 / 3 + 1 / 90, rel=0.1)
    assert found.profile.source == "theory"


def test_permuting_units_changes_nothing() -> None:
    model, other = dense_model(), dense_model()
    order = torch.randperm(50, generator=torch.Generator().manual_seed(1))
    first, second = other[0], other[2]
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    with torch.no_grad():
        first.weight.copy_(first.weight[order])
        first.bias.copy_(first.bias[order])
        second.weight.copy_(second.weight[:, order])
    a, b = predict(model).profile, predict(other).profile
    for name in a.values:
        # what theory says is at most a few powers of these
        np.testing.assert_allclose(a[name], b[name], rtol=10 * MEAN_OF_SQUARES)


@pytest.mark.parametrize(
    "part",
    [nn.ReLU(), nn.LeakyReLU(0.3), nn.ReLU6(), nn.Hardtanh(-0.5, 2.0), nn.ELU(0.7), nn.SELU(), nn.GELU(), nn.SiLU(),
     nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Sigmoid(), nn.Tanh()],
    ids=lambda part: type(part).__name__,
)  # fmt: skip
def test_every_activation_is_read_as_the_function_it_is(part: nn.Module) -> None:
    choice = read_model(dense_model(part)).spec.dense[0].activation
    z = np.linspace(-7.0, 7.0, 141)
    ours = ACTIVATIONS[choice.name].function(NUMPY, z, *choice.values)
    np.testing.assert_allclose(ours, part(torch.from_numpy(z)).numpy(), atol=1e-6)


def test_a_convolution_network_in_blocks() -> None:
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.LeakyReLU(), nn.Dropout(0.25)),
        nn.MaxPool2d(2), nn.Conv2d(8, 4, 3, stride=2, bias=False), nn.ReLU(), nn.Identity(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(36, 20), nn.ReLU(), nn.BatchNorm1d(20), nn.Linear(20, 3), nn.LogSoftmax(1),
    )  # fmt: skip
    spec = read_model(model, (1, 28, 28)).spec
    assert [layer.kind for layer in spec.layers] == [
        "conv2d", "max_pool2d", "conv2d", "avg_pool2d", "flatten", "dense", "norm", "dense",
    ]  # fmt: skip
    first, second = spec.blocks[:2]
    assert isinstance(first, Conv2d) and isinstance(second, Conv2d)
    assert (first.padding, first.dropout, first.activation.name) == (1, 0.25, "leaky_relu")
    assert first.norm is not None and first.norm.name == "batch_norm"
    assert (second.stride, second.bias, second.norm) == (2, "none", None)
    with torch.no_grad():
        assert tuple(model(torch.zeros(2, 1, 28, 28)).shape[1:]) == spec.shapes[-1]
    found = predict(model, shape=(1, 28, 28))
    assert found.profile.layers == ("1", "2", "3", "output")
    assert np.isfinite(found.profile["relative_gradient_rms"]).all()


def test_orthogonal_constant_and_zero_are_told_from_normal() -> None:
    model = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 30), nn.ReLU(), nn.Linear(30, 1))
    for part in model:
        if isinstance(part, nn.Linear):
            nn.init.orthogonal_(part.weight, math.sqrt(2.0))
            nn.init.constant_(part.bias, 0.1)
    assert isinstance(model[0], nn.Linear)
    nn.init.zeros_(model[0].bias)
    first, second, last = read_model(model).spec.dense
    assert (first.weights.name, str(first.bias)) == ("orthogonal", "zeros")
    assert second.weights["gain"] == pytest.approx(math.sqrt(2.0), rel=1e-5)
    assert not isinstance(second.bias, str) and second.bias.name == "constant"
    assert second.bias["value"] == pytest.approx(0.1)
    assert last.weights.name == "normal"  # a single row is orthogonal to nothing
    assert "weights independent of one another" in [one.text for one in predict(model).failing]


class Strange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)


class Twice(nn.Sequential):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self[0](self[0](input))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.ReLU(), nn.LSTM(3, 3))), ["module 1.1 (LSTM)"]),
        (nn.Sequential(nn.Linear(3, 3), Strange()), ["module 1 (Strange)", "nn.Sequential"]),
        (Strange(), ["module Strange"]),
        (Twice(nn.Linear(3, 3)), ["module Twice"]),
        (nn.Sequential(nn.Linear(3, 3), nn.GELU("tanh"), nn.Linear(3, 1)), ["module 1 (GELU)", 'approximate="tanh"']),
        (nn.Sequential(nn.Linear(3, 3), nn.Softplus(2.0), nn.Linear(3, 1)), ["module 1 (Softplus)", "beta=2.0"]),
        (nn.Sequential(nn.Linear(3, 3), nn.Flatten(0), nn.Linear(3, 1)), ["module 1 (Flatten)"]),
        (nn.Sequential(nn.Linear(3, 3), nn.Softmax(1), nn.Linear(3, 1)), ["module 1 (Softmax)"]),
        (
            nn.Sequential(nn.Linear(8, 8), nn.Conv2d(2, 2, 1, groups=2), nn.Linear(3, 1)),
            ["module 1 (Conv2d)", "groups"],
        ),
        (
            nn.Sequential(nn.Linear(8, 8), nn.Conv2d(2, 2, (1, 2)), nn.Linear(3, 1)),
            ["kernel_size (1, 2)", "both sides"],
        ),
        (nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(7, 2)), ["module 2 (Linear)", "in_features=3"]),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(5)), ["module 1 (BatchNorm1d)", "num_features=3"]),
        (nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(4)), ["module 1 (LayerNorm)", "normalized_shape=(3,)"]),
        (nn.Sequential(nn.Linear(4, 3), nn.Dropout2d(0.5)), ["module 1 (Dropout2d)"]),
        (nn.Sequential(nn.Linear(4, 3), nn.AvgPool2d(2, 1, 1, count_include_pad=False)), ["count_include_pad"]),
        (nn.Sequential(nn.Linear(8, 8), nn.Flatten()), ["module 1 (Flatten)", "dense layer as the last"]),
        (nn.Sequential(), ["module Sequential"]),
    ],
)
def test_what_cannot_be_read_is_named(model: nn.Module, says: list[str]) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read_model(model, (3,) if not isinstance(model, nn.Sequential) or not len(model) else None)
    for fragment in says:
        assert fragment in str(caught.value)


def test_an_activation_that_stands_in_two_places_is_read_in_both() -> None:
    act = nn.Tanh()
    read = read_model(nn.Sequential(nn.Linear(3, 3), act, nn.Linear(3, 2), act, nn.Linear(2, 1))).spec
    assert [layer.activation.name for layer in read.dense] == ["tanh", "tanh", "identity"]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 1)), ["module 0 (Conv2d)", "in_channels=1"]),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.LayerNorm(6)), ["module 1 (LayerNorm)", "(2, 6, 6)"]),
        (nn.Sequential(nn.Linear(9, 2)), ["module 0 (Linear)", "9"]),
    ],
)
def test_what_does_not_fit_the_example_is_named(model: nn.Module, says: list[str]) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read_model(model, (1, 8, 8))
    for fragment in says:
        assert fragment in str(caught.value)


def test_a_trained_norm_is_not_taken_for_a_new_one() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    assert isinstance(read_model(model).spec.layers[0], Dense)
    assert isinstance(model[1], nn.BatchNorm1d)
    with torch.no_grad():
        model[1].weight[1] = 2.0
    with pytest.raises(UnreadableModel, match="weight that is not 1"):
        read_model(model)


def test_an_image_network_needs_the_shape_of_an_image() -> None:
    with pytest.raises(SpecError, match="1x28x28"):
        read_model(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2, 1)))
