"""A stack holds the replicas of its slices in order, with the laws of each layer; the torch namespace its precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.nets import Slice, build_stack
from gradlab.nets.stack import along_replicas, initial_layer
from gradlab.nets.steps import Step
from gradlab.nets.torch_namespace import TorchNamespace
from gradlab.parts import INITIALIZERS
from gradlab.parts.initializers import Draws
from gradlab.parts.namespace import NUMPY, Namespace
from gradlab.seeds import Purpose
from gradlab.spec import Dense
from tests.jobs import ROOT_SEED, setup_of
from tests.rounding import ELEMENTARY, gamma

LEAKY = {"hidden": "5 - 4", "activation": "leaky_relu(0.1)"}


def test_shapes_precision_and_replicas() -> None:
    for precision in ("float32", "float64"):
        stack = build_stack([Slice(setup_of(network=LEAKY, precision=precision), 10, 13)], ROOT_SEED)
        assert len(stack) == 3
        assert stack.replicas.tolist() == [10, 11, 12]
        assert [w.shape for w in stack.weights] == [(3, 5, 1), (3, 4, 5), (3, 1, 4)]
        assert [None if b is None else b.shape for b in stack.biases] == [(3, 5), (3, 4), (3, 1)]
        assert {w.dtype for w in stack.weights} == {np.dtype(precision)}
        assert [[p.tolist() for p in params] for params in stack.activation_params] == [[[0.1] * 3], [[0.1] * 3], []]


def test_slices_follow_one_another() -> None:
    first, second = (
        setup_of(network=LEAKY),
        setup_of(network={**LEAKY, "activation": "leaky_relu(0.3)", "weights": "rai", "bias": "own"}),
    )
    stack = build_stack([Slice(first, 0, 2), Slice(second, 7, 10)], ROOT_SEED)
    assert stack.replicas.tolist() == [0, 1, 7, 8, 9]
    assert stack.activation_params[0][0].tolist() == [0.1, 0.1, 0.3, 0.3, 0.3]
    for part, rows in ((Slice(first, 0, 2), slice(0, 2)), (Slice(second, 7, 10), slice(2, 5))):
        alone = build_stack([part], ROOT_SEED)
        for i in range(3):
            assert np.array_equal(stack.weights[i][rows], alone.weights[i])
            together, by_itself = stack.biases[i], alone.biases[i]
            assert together is not None
            assert by_itself is not None
            assert np.array_equal(together[rows], by_itself)


def test_layers_without_biases_have_none() -> None:
    stack = build_stack([Slice(setup_of(network={**LEAKY, "output": {"bias": "none"}}), 0, 2)], ROOT_SEED)
    assert [bias is None for bias in stack.biases] == [False, False, True]


def test_bias_laws() -> None:
    replicas = np.arange(2)

    def biases(weights: str, bias: str) -> np.ndarray:
        layer = Dense.model_validate({"units": 4, "weights": weights, "bias": bias})
        drawn = initial_layer(Step(layer, 3, (5,), (4,), block=3), 9, replicas)[1]
        assert drawn is not None
        return drawn

    assert np.array_equal(biases("he_normal", "zeros"), np.zeros((2, 4)))
    assert np.array_equal(biases("he_normal", "constant(0.5)"), np.full((2, 4), 0.5))
    # the weights' own law, with the layer's fans, from a stream of its own
    standard = Draws(9, replicas, 3, Purpose.BIAS).normals(4, 1)[:, :, 0]
    np.testing.assert_allclose(biases("he_normal", "own"), np.sqrt(2 / 5) * standard, rtol=1e-14)
    np.testing.assert_allclose(biases("zeros", "normal(2)"), 2 * standard, rtol=1e-14)


def test_a_joint_law_gives_its_last_column_to_the_biases() -> None:
    layer = Dense.model_validate({"units": 400, "weights": "rai"})
    weights, biases = initial_layer(Step(layer, 0, (1,), (400,), block=0), 9, np.arange(2))
    assert weights.shape == (2, 400, 1)
    assert biases is not None
    block = INITIALIZERS["rai"].sample(Draws(9, np.arange(2), 0), 400, 2, 1, 400, *layer.weights.values)
    assert np.array_equal(weights[:, :, 0], block[:, :, 0])
    assert np.array_equal(biases, block[:, :, 1])
    # one of the two entries of a row is the Beta draw, so positive; half of them in either column
    assert ((weights[:, :, 0] > 0) | (biases > 0)).all()
    for column in (weights[:, :, 0], biases):
        positive = (column > 0).mean()  # 1/2 replaced, and half of the others
        assert abs(positive - 0.75) <= 4 * np.sqrt(0.75 * 0.25 / 800)


def test_numbers_along_replicas() -> None:
    slices = [Slice(setup_of(), 0, 2), Slice(setup_of(), 4, 5)]
    arrays = along_replicas([(slices[0], (1, True)), (slices[1], (2.5, False))])
    assert [array.tolist() for array in arrays] == [[1.0, 1.0, 2.5], [1.0, 1.0, 0.0]]
    assert {array.dtype for array in arrays} == {np.dtype(float)}
    assert along_replicas([(slices[0], ())]) == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_namespace_is_the_numpy_one(dtype: torch.dtype) -> None:
    x, y = np.array([-1.5, -0.0, 0.25, 2.0]), np.array([1.0, -3.0, 0.25, 5.0])
    torch_x, torch_y = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)
    xp: Namespace = TorchNamespace(dtype)
    tolerance = 2 * gamma(ELEMENTARY, torch.finfo(dtype).eps)  # two libraries, each of which may be off by that much
    for name in ("exp", "expm1", "tanh", "erf", "abs", "floor", "sign", "cos"):
        np.testing.assert_allclose(getattr(xp, name)(torch_x).numpy(), getattr(NUMPY, name)(x), rtol=tolerance)
    for name in ("log", "log1p", "sqrt"):
        np.testing.assert_allclose(
            getattr(xp, name)(torch_x.abs()[2:]).numpy(), getattr(NUMPY, name)(x[2:]), rtol=tolerance
        )
    for name in ("maximum", "minimum"):
        for a, b, torch_a, torch_b in ((x, y, torch_x, torch_y), (x, 0.5, torch_x, 0.5), (0.5, x, 0.5, torch_x)):
            assert getattr(xp, name)(torch_a, torch_b).tolist() == getattr(NUMPY, name)(a, b).tolist()
    pairs = (
        (x, y, torch_x, torch_y),
        (x, 0.5, torch_x, 0.5),
        (0.5, x, 0.5, torch_x),
        (1.0, 0.0, 1.0, 0.0),
        (2.5, -0.5, 2.5, -0.5),
    )
    for a, b, torch_a, torch_b in pairs:
        assert xp.where(torch_x > 0, torch_a, torch_b).tolist() == NUMPY.where(x > 0, a, b).tolist()
    assert xp.where(torch_x > 0, 1.0, 0.3).dtype == dtype
