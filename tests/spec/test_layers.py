"""Layers of every kind: their shapes are torch's, texts and tables mean the same, what does not fit is named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from gradlab.cli.target import network_from as described
from gradlab.errors import SpecError, UnknownName
from gradlab.parts import INITIALIZERS
from gradlab.spec import NetworkSpec, Setup, setup_from
from gradlab.spec.blocks import Conv2d
from gradlab.spec.layers import KINDS, layer_table, read_layer, with_defaults
from gradlab.spec.listed import LAYERS

LAWS = {"weights": "glorot_uniform", "bias": "zeros"}


def network(*layers: Any, image: tuple[int, int, int] = (1, 28, 28), **more: Any) -> NetworkSpec:
    sizes = {"inputs": image[0] * image[1] * image[2], "image": image}
    return NetworkSpec.model_validate({**sizes, **LAWS, "layers": list(layers), **more})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_a_network_and_keeps_what_it_is_in_toml(kind: str) -> None:
    flat = kind == "dense"
    layers = [*(["flatten"] if flat else []), KINDS[kind].example, *([] if flat or kind == "flatten" else ["flatten"])]
    spec = network(*layers, "dense(10)", image=(1, 8, 8))
    assert spec.outputs == 10
    assert spec.is_plain is False
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "steps": 1}
    setup = setup_from({"network": spec.model_dump(), "recipe": recipe, "task": "digits"})
    assert Setup.from_toml(setup.to_toml()) == setup


@pytest.mark.parametrize("side", [7, 12])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 0), (3, 2, 1), (4, 3, 2), (1, 2, 0), (5, 1, 2)])
def test_shapes_are_those_of_torch(side: int, kernel: int, stride: int, padding: int) -> None:
    image = torch.zeros(1, 2, side, side)
    below = (2, side, side)
    table = {"kernel_size": kernel, "stride": stride, "padding": padding}
    conv = read_layer({"kind": "conv2d", "channels": 5, "weights": "zeros", **table})
    assert conv.shape(below, "") == tuple(nn.Conv2d(2, 5, kernel, stride, padding)(image).shape[1:])
    if 2 * padding <= kernel:
        for kind, module in (("max_pool2d", nn.MaxPool2d), ("avg_pool2d", nn.AvgPool2d)):
            assert read_layer({"kind": kind, **table}).shape(below, "") == tuple(
                module(kernel, stride, padding)(image).shape[1:]
            )


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_same_padding_keeps_the_size_as_torch_does(kernel: int) -> None:
    layer = read_layer({"kind": "conv2d", "channels": 3, "kernel_size": kernel, "padding": "same", "weights": "zeros"})
    assert isinstance(layer, Conv2d)
    assert layer.shape((2, 9, 9), "") == (3, 9, 9)
    torch_pads: list[int] = nn.Conv2d(2, 3, kernel, padding="same")._reversed_padding_repeated_twice
    assert layer.pads == tuple(torch_pads[:2])


def test_texts_and_tables_mean_the_same() -> None:
    assert layer_table("conv2d(32, 3, stride=2)") == {"kind": "conv2d", "channels": 32, "kernel_size": 3, "stride": 2}
    assert layer_table({"units": 3}) == {"kind": "dense", "units": 3}
    assert layer_table("leaky_relu(0.2)") == {"kind": "activation", "activation": "leaky_relu(0.2)"}
    assert layer_table("batch_norm") == {"kind": "norm", "norm": "batch_norm"}


def test_the_network_speaks_for_blocks_that_do_not() -> None:
    hidden: dict[str, Any] = {"activation": "relu", "norm": "batch_norm", "dropout": 0.5}
    inside = {"kind": "residual", "layers": [{"kind": "conv2d", "channels": 3, "kernel_size": 1, "norm": "layer_norm"}]}
    spec = network("conv2d(3, 5)", inside, "flatten", {"units": 4, "activation": "tanh"}, "dense(10)", **hidden)
    conv, one, dense, last = spec.blocks
    assert [block.activation.name for block in spec.blocks] == ["relu", "relu", "tanh", "identity"]
    assert [block.dropout for block in spec.blocks] == [0.5, 0.5, 0.5, 0.0]
    assert [block.norm and block.norm.name for block in (conv, one, dense, last)] == [
        "batch_norm", "layer_norm", "batch_norm", None,
    ]  # fmt: skip


def test_parameters_of_the_cnn_of_row_d8() -> None:
    """S3, section 3: 1,221,002 trained numbers."""
    spec = network(
        {"kind": "conv2d", "channels": 32, "kernel_size": 3, "norm": "batch_norm", "activation": "leaky_relu"},
        {"kind": "conv2d", "channels": 64, "kernel_size": 3, "norm": "batch_norm"},
        {"kind": "conv2d", "channels": 64, "kernel_size": 1, "activation": "leaky_relu"},
        "max_pool2d(2)", "dropout(0.25)", "flatten", {"units": 128, "norm": "batch_norm"},
        {"units": 128, "activation": "leaky_relu", "dropout": 0.5}, "dense(10)",
    )  # fmt: skip
    assert spec.parameters == 1_221_002
    assert spec.shapes[4] == (64, 12, 12)
    assert spec.depth == 5


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            ["conv2d(3, 40)", "flatten"],
            r"layer 1 \(conv2d\): got 1 x 28 x 28 for a kernel of 40 x 40; .* 28 x 28, or padding=6",
        ),
        (["conv2d(3, 4)"], r'layer 2 \(dense\): got an image of 3 x 25 x 25; expected one row .*Put "flatten"'),
        (["flatten", "max_pool2d(2)"], r"layer 2 \(max_pool2d\): got 784 numbers in a row; expected an image"),
        ([{"kind": "residual", "layers": ["conv2d(3, 3)"]}, "flatten"], "got 3 x 26 x 26 .*expected 1 x 28 x 28"),
        ([{"kind": "conv2d", "channels": 2, "kernel_size": 3, "stride": 2, "padding": "same"}], '"same" with stride 1'),
        (["max_pool2d(2, 2, 2)", "flatten"], "max_pool2d.padding: got 2; expected at most half the window, 1"),
        (["flatten(1)"], "at most 0 values"),
    ],
)
def test_what_does_not_fit_is_named(layers: list[Any], message: str) -> None:
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "steps": 1}
    with pytest.raises(SpecError, match=message):
        setup_from({"network": {**LAWS, "layers": [*layers, "dense(10)"]}, "recipe": recipe, "task": "mnist"})


def test_inputs_are_those_of_the_image() -> None:
    layers = {**LAWS, "layers": ["conv2d(3, 3)", "flatten", "dense(10)"]}
    said, unsaid = (NetworkSpec.model_validate({**layers, **size, "image": [2, 4, 5]}) for size in ({"inputs": 40}, {}))
    assert said == unsaid
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "steps": 1}
    for size in ({}, {"image": [1, 28, 28]}, {"inputs": 784, "image": [1, 28, 28]}):
        assert setup_from({"network": {**layers, **size}, "recipe": recipe, "task": "mnist"}).network.inputs == 784


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, r"network.inputs: got nothing; .* image = \[channels, height, width\]"),
        ([0, 4, 5], "network.image: got 0 x 4 x 5; expected sides of at least 1"),
        ([-1, -4, 5], "network.image: got -1 x -4 x 5; expected sides of at least 1"),
        ([4, 5], r"network.image\[2\]: got nothing"),
        ("4x5", "network.image: got .4x5."),
    ],
)
def test_an_image_that_is_none_is_named(image: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        described({**LAWS, "layers": ["conv2d(3, 3)", "flatten", "dense(10)"], **({"image": image} if image else {})})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed_with_each_of_its_parameters(kind: str) -> None:
    listed = LAYERS[kind]
    assert listed.formula.endswith(".") and listed.source
    assert {"kind", *(param.name for param in listed.params)} == set(KINDS[kind].model_fields)
    assert all(param.meaning and param.range for param in listed.params)
    given = {param.name: param.default for param in listed.params if param.default not in (None, "kernel_size")}
    table = with_defaults(layer_table(KINDS[kind].example), LAWS)
    assert read_layer({**given, **table}) == read_layer(table)


def test_unknown_kinds_and_missing_outputs() -> None:
    with pytest.raises(UnknownName, match='did you mean "conv2d"'):
        layer_table("conv2(3)")
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "steps": 1}
    with pytest.raises(SpecError, match=r"flatten as the last one, which gives 784; .*Add .dense.units.. behind it"):
        setup_from({"network": {**LAWS, "layers": ["flatten"]}, "recipe": recipe, "task": "mnist"})
    with pytest.raises(SpecError, match="11 outputs"):
        setup_from({"network": {**LAWS, "layers": ["flatten", "dense(11)"]}, "recipe": recipe, "task": "mnist"})


@pytest.mark.parametrize(
    "weights", [name for name, law in INITIALIZERS.items() if all(param.default is not None for param in law.params)]
)
@pytest.mark.parametrize("more", [{}, {"bias": "own"}, {"activation": "tanh"}], ids=str)
def test_no_default_depends_on_the_spelling(weights: str, more: dict[str, Any]) -> None:
    law = "zeros" if not INITIALIZERS[weights].includes_bias and "bias" not in more else "own"
    short = {"inputs": 5, "outputs": 2, "hidden": "4-3", "weights": weights, **more}
    blocks = [{"units": 4}, {"units": 3}, {"units": 2}]
    spelt = [
        {**short, "hidden": [4, 3]},
        {"inputs": 5, "layers": blocks, "weights": weights, **more},
        {"inputs": 5, "layers": ["dense(4)", "dense(3)", "dense(2)"], "weights": weights, **more},
        {"inputs": 5, "front": blocks[:1], "layers": blocks[1:], "weights": weights, **more},
        {
            "inputs": 5,
            "layers": [{**one, "weights": weights, **(more if k < 2 else {**more, "activation": "identity"})}
                       for k, one in enumerate(blocks)],
        },
    ]  # fmt: skip
    first = NetworkSpec.model_validate(short)
    assert [getattr(block.bias, "name", block.bias) for block in first.blocks] == [law] * 3
    for other in spelt:
        assert NetworkSpec.model_validate(other) == first


def test_a_block_with_a_law_of_its_own_has_the_default_of_that_law() -> None:
    spec = NetworkSpec.model_validate(
        {"inputs": 5, "outputs": 2, "hidden": "4", "weights": "he_normal", "output": {"weights": "rai"}}
    )
    assert [str(block.bias) for block in spec.blocks] == ["zeros", "own"]
    layers = [{"units": 4}, {"units": 2, "weights": "rai"}]
    assert spec == NetworkSpec.model_validate({"inputs": 5, "layers": layers, "weights": "he_normal"})


@pytest.mark.parametrize("name", ["dense", "conv2d"])
def test_the_list_of_layers_says_the_default_of_the_biases(name: str) -> None:
    (bias,) = [param for param in LAYERS[name].params if param.name == "bias"]
    assert bias.default == "zeros"
    assert "the default beside rai" in bias.meaning


@pytest.mark.parametrize(
    ("front", "layers", "image"),
    [
        (["standardize"], ["conv2d(2, 3)", "flatten", "dense(10)"], True),
        (["conv2d(2, 3)", "flatten"], ["dense(10)"], True),
        (["standardize"], ["dense(10)"], False),
        (["dropout(0.1)"], ["relu", "dense(10)"], False),
        ([{"kind": "residual", "layers": ["relu", "dense(784)"]}], ["dense(10)"], False),
    ],
)
def test_whether_inputs_are_an_image_does_not_depend_on_the_spelling(
    front: list[Any], layers: list[Any], image: bool
) -> None:
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "steps": 1}
    spelt = ({"front": front, "layers": layers}, {"layers": [*front, *layers]})
    one, other = (setup_from({"network": {**LAWS, **network}, "recipe": recipe, "task": "mnist"}) for network in spelt)
    assert one.id == other.id
    assert (one.network.image is not None) is image
    for network in spelt:
        assert described({**LAWS, **network}, (1, 28, 28)) == one.network
