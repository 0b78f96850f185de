"""With `draws = "shared"` layers of equal shape begin with equal weights and biases, in every engine and in modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from gradlab.errors import SpecError
from gradlab.nets import Slice, build_stack
from gradlab.nets.modules import to_module
from gradlab.nets.stack import drawn_stack
from gradlab.parts import INITIALIZERS
from gradlab.reports.network_text import network_texts
from gradlab.spec import NetworkSpec
from gradlab.studies.compare import theories_of
from gradlab.theory.predict import predict_network
from gradlab.training import Job, Look, stack_key, train
from gradlab.training.narrow import train_narrow
from tests.jobs import ROOT_SEED, job_of, setup_of

NARROW = {"hidden": "4 x 3", "activation": "tanh", "weights": "normal(std=0.9)", "bias": "own"}
NEEDS = {"constant": "constant(0.5)"}  # initializers whose parameters have no default


def drawn(network: dict[str, Any]) -> Any:
    return build_stack([Slice(setup_of(network=network), 0, 3)], ROOT_SEED)


@pytest.mark.parametrize("law", INITIALIZERS)
def test_layers_of_equal_shape_begin_alike(law: str) -> None:
    bias = "own" if INITIALIZERS[law].includes_bias else "normal(std=0.3)"
    network = {"hidden": "4 x 3", "weights": NEEDS.get(law, law), "bias": bias}
    own, shared = drawn(network), drawn({**network, "draws": "shared"})
    assert np.array_equal(shared.weights[0], own.weights[0])  # the stream is that of the first layer
    assert np.array_equal(shared.weights[1], shared.weights[2])
    assert np.array_equal(shared.biases[1], shared.biases[2])
    assert not np.array_equal(own.biases[1], own.biases[2])
    if law not in ("zeros", "constant"):
        assert not np.array_equal(own.weights[1], own.weights[2])
        assert not np.array_equal(shared.weights[1][0], shared.weights[1][1])  # replicas still differ


def test_kernels_of_equal_shape_begin_alike() -> None:
    layers = ["conv2d(2, 3, padding=1)", "conv2d(2, 3, padding=1)", "flatten", "dense(3)"]
    spec = NetworkSpec.model_validate({"image": [2, 4, 4], "layers": layers, "weights": "he_normal", "draws": "shared"})
    setup_table = {"kind": "conv2d", "channels": 2, "kernel_size": 3, "padding": 1, "draws": "shared"}
    assert spec.blocks[0].model_dump(mode="json").items() >= setup_table.items()
    stack = drawn_stack([(spec, np.arange(2))], ROOT_SEED, np.dtype("float64"))
    assert np.array_equal(stack.weights[0], stack.weights[1])
    module = to_module(spec, stack, 1)
    kernels = [number.detach().numpy() for name, number in module.named_parameters() if name.endswith("weight")]
    assert np.array_equal(kernels[0], kernels[1])
    assert np.array_equal(kernels[0].reshape(2, -1), stack.weights[0][1])


@pytest.mark.parametrize("engine", [train, train_narrow], ids=["torch", "narrow"])
def test_engines_begin_with_them(engine: Callable[[Job, Sequence[int]], Iterator[Look]]) -> None:
    own, shared = setup_of(network=NARROW), setup_of(network={**NARROW, "draws": "shared"})
    assert stack_key(own) == stack_key(shared)  # so that both may stand in one stack
    look = next(iter(engine(job_of(own, shared), [0, 1])))
    alike = [np.array_equal(look.weights[1][row], look.weights[2][row]) for row in range(6)]
    assert alike == [False] * 3 + [True] * 3


def test_the_content_of_a_setup_without_it_is_what_it_was() -> None:
    plain = setup_of(network=NARROW)
    assert "draws" not in str(plain.model_dump(mode="json"))
    assert setup_of(network={**NARROW, "draws": "own"}).id == plain.id
    shared = setup_of(network={**NARROW, "draws": "shared"})
    assert shared.id != plain.id
    assert type(shared).from_toml(shared.to_toml()).id == shared.id


def test_it_is_told_and_theory_does_not_vouch_for_it() -> None:
    network = {"inputs": 1, "outputs": 1, "hidden": "2 x 3", "activation": "relu", "weights": "he_normal"}
    own, shared = NetworkSpec.model_validate(network), NetworkSpec.model_validate({**network, "draws": "shared"})
    assert "the same draws in layers of equal shape" in network_texts(shared)["initial weights"]
    assert "same draws" not in network_texts(own)["initial weights"]
    refuted = {one.text for one in predict_network(shared).assumptions if not one.holds}
    refuted -= {one.text for one in predict_network(own).assumptions if not one.holds}
    assert refuted == {"weights of each layer independent of the others'"}
    relu = {"hidden": "2 x 3", "activation": "relu", "weights": "he_normal", "bias": "zeros"}
    assert theories_of(setup_of(network=relu))
    assert not theories_of(setup_of(network={**relu, "draws": "shared"}))


def test_another_word_is_refused_once() -> None:
    with pytest.raises(SpecError, match=r"network.draws: got 'common'; expected") as error:
        setup_of(network={**NARROW, "draws": "common"})
    assert str(error.value).count("network.draws") == 1
