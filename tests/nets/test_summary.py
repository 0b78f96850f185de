"""Summaries: published tables, sums, receptive fields beside gradients, shapes that do not fit, and no trace left behind."""

from __future__ import annotations

import math
import tomllib
import warnings
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from gradlab.errors import SpecError
from gradlab.nets.module_summary import expected_input, summarize
from gradlab.nets.modules import to_module
from gradlab.nets.summary import Summary, summarize_spec
from gradlab.spec import NetworkSpec
from tests.layered import NETWORKS, spec_of

torch.set_num_threads(1)

BASE: dict[str, Any] = {"inputs": 5, "outputs": 2, "hidden": "4 x 2", "activation": "relu", "weights": "he_normal"}


def small_cnn() -> nn.Sequential:
    """Row D8 of the experiments."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.LeakyReLU(), nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64),
        nn.Conv2d(64, 64, 1), nn.LeakyReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128),
        nn.BatchNorm1d(128), nn.Linear(128, 128), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )  # fmt: skip


# --- published --------------------------------------------------------------------------------------------------------
def test_d8_has_the_published_parameters() -> None:
    summary = summarize(small_cnn(), (1, 28, 28))
    published = [320, 128, 0, 18496, 256, 4160, 0, 0, 0, 0, 1179776, 512, 16512, 0, 0, 1290]
    assert [layer.parameters + layer.buffers for layer in summary.layers] == published  # as Keras adds them
    assert (summary.trainable, summary.buffers, summary.frozen, summary.parameters) == (1_221_002, 448, 0, 1_221_002)
    assert summary.parameter_bytes == 4 * 1_221_450
    norm = summary.layers[1]
    assert (norm.trainable, norm.buffers) == (64, 64)
    assert [layer.output for layer in summary.layers if layer.kind in ("Conv2d", "MaxPool2d", "Flatten")] == [
        (32, 26, 26), (64, 24, 24), (64, 24, 24), (64, 12, 12), (9216,),
    ]  # fmt: skip
    assert [layer.receptive_field for layer in summary.layers[::7]] == [(3, 3), (6, 6), (28, 28)]


D8 = """
[network]
inputs = 784
image = [1, 28, 28]
weights = "glorot_uniform"
bias = "zeros"
layers = [
  { kind = "conv2d", channels = 32, kernel_size = 3, norm = "batch_norm", activation = "leaky_relu", l2 = 0.01 },
  { kind = "conv2d", channels = 64, kernel_size = 3, norm = "batch_norm" },
  { kind = "conv2d", channels = 64, kernel_size = 1, activation = "leaky_relu" },
  "max_pool2d(2)",
  "dropout(0.25)",
  "flatten",
  { units = 128, norm = "batch_norm", l2 = 0.01 },
  { units = 128, activation = "leaky_relu", dropout = 0.5 },
  { units = 10 },
]
"""


def test_d8_described_has_them_too() -> None:
    spec = NetworkSpec.model_validate(tomllib.loads(D8)["network"])
    summary, module = summarize_spec(spec), summarize(small_cnn(), (1, 28, 28))
    assert numbers(summary) == numbers(module)
    assert (summary.trainable, summary.buffers, summary.parameters) == (1_221_002, 448, 1_221_002)
    assert spec.parameters == summary.trainable


def numbers(summary: Summary) -> list[tuple[object, ...]]:
    """All but the names of the layers."""
    return [
        (one.output, one.trainable, one.buffers, one.multiply_adds, one.output_bytes, one.receptive_field)
        for one in summary.layers
    ]


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "even kernel, same size"])
def test_a_description_and_its_module_have_the_same_summary(name: str) -> None:
    spec = spec_of(NETWORKS[name])
    assert numbers(summarize_spec(spec)) == numbers(summarize(to_module(spec), spec.shapes[0]))


def test_e6_is_the_layer_calculators_answer() -> None:
    (layer,) = summarize(nn.Conv2d(3, 8, 5), (3, 32, 32)).layers
    assert (layer.parameters, layer.output, layer.multiply_adds) == (608, (8, 28, 28), 28 * 28 * 8 * 5 * 5 * 3)
    assert (layer.name, layer.kind, layer.input) == ("", "Conv2d", (3, 32, 32))


# --- weights made of weights ------------------------------------------------------------------------------------------
def test_weights_under_weight_norm_keep_their_first_axis() -> None:
    module = nn.Sequential(parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU())
    rows = {row.name: row for row in summarize(module, (3, 8, 8)).layers}
    assert rows["0.parametrizations.weight"].output == rows["0.parametrizations.weight.0"].output == (8, 3, 3, 3)
    assert rows["0.parametrizations.weight"].output_bytes == 0
    assert (rows["0"].output, rows["0"].multiply_adds) == ((8, 6, 6), 8 * 36 * 27)
    assert sum(row.trainable for row in rows.values()) == 8 * 27 + 8 + 8


def test_weights_of_several_parametrizations_and_of_networks_keep_theirs() -> None:
    layer = parametrizations.spectral_norm(parametrizations.orthogonal(nn.Linear(4, 4)))
    rows = {row.name: row for row in summarize(nn.Sequential(layer), (4,)).layers}
    assert {row.output for name, row in rows.items() if "parametrizations" in name} == {(4, 4)}

    class Made(nn.Module):  # a layer whose weights another layer makes of a code
        def __init__(self) -> None:
            super().__init__()
            self.code, self.maker = nn.Parameter(torch.ones(3, 2)), nn.Linear(2, 5)

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(x, self.maker(self.code))

    made = {row.name: row for row in summarize(Made(), (5,)).layers}
    assert (made["maker"].input, made["maker"].output, made[""].output) == ((3, 2), (3, 5), (3,))


def test_work_in_hooks_of_a_layer_is_the_layers() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = nn.utils.spectral_norm(nn.Linear(4, 3))
    (row,) = summarize(layer, (4,)).layers
    assert row.multiply_adds == 12 + 12 + 3  # the layer's, and u^T W v for its norm


class Branching(nn.Module):
    """A residual block with a called-twice layer, a frozen one, a product of its own, and a head that nothing calls."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.twice = nn.Conv2d(6, 6, 3, padding=1)
        self.mix = nn.Parameter(torch.ones(6, 5))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(5, 2).requires_grad_(False)
        self.other = nn.Linear(7, 7)
        self.register_buffer("scale", torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.relu(self.first(x))
        y = y + self.twice(torch.relu(self.twice(y)))
        y = self.head(self.pool(y).flatten(1) @ self.mix) * self.scale
        return y


def test_layers_called_twice_frozen_or_never() -> None:
    module = Branching()
    summary = summarize(module, (3, 8, 8))
    rows = [(layer.name, layer.kind, layer.output, layer.parameters) for layer in summary.layers]
    assert rows == [
        ("first", "Conv2d", (6, 8, 8), 168),
        ("twice", "Conv2d", (6, 8, 8), 330),
        ("twice", "Conv2d", (6, 8, 8), 0),
        ("pool", "AdaptiveAvgPool2d", (6, 1, 1), 0),
        ("head", "Linear", (2,), 12),
        ("", "Branching", (2,), 30),
        ("other", "Linear", None, 56),
    ]
    assert (summary.frozen, summary.buffers) == (12, 2)
    assert summary.trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert summary.multiply_adds == 64 * 9 * (18 + 36 + 36) + 30 + 10
    assert summary.layers[5].multiply_adds == 30
    assert [layer.receptive_field for layer in summary.layers[:4]] == [(3, 3), (5, 5), (7, 7), (8, 8)]


def test_tied_weights_are_counted_once() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    module[2].weight = module[0].weight
    assert [layer.parameters for layer in summarize(module, (4,)).layers] == [20, 0, 4]


def test_embeddings_are_given_integers_and_other_types_their_own() -> None:
    words = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 2))
    assert [layer.output for layer in summarize(words, (3,)).layers] == [(3, 4), (12,), (2,)]
    double = summarize(nn.Linear(3, 2).double(), (3,)).layers[0]
    assert (double.parameter_bytes, double.output_bytes) == (64, 16)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 3)), (784,)),
        (nn.Conv2d(1, 1, 1), None),
        (nn.Flatten(), None),
    ],
    ids=["dense", "conv", "no-parameters"],
)
def test_what_the_first_layer_tells_of_the_input(module: nn.Module, expected: tuple[int, ...] | None) -> None:
    assert expected_input(module) == expected


# --- receptive fields -------------------------------------------------------------------------------------------------
WINDOWS = [
    [nn.Conv2d(1, 2, 3), nn.Conv2d(2, 1, (5, 1))],
    [nn.Conv2d(1, 1, 3, stride=2), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3, dilation=2)],
    [nn.Conv2d(1, 2, 3, padding=1, stride=(2, 1)), nn.Identity(), nn.Conv2d(2, 2, 3, groups=2, padding="same")],
    [nn.AvgPool2d(3, stride=1), nn.Conv2d(1, 1, 2, stride=2), nn.AvgPool2d((2, 1))],
]


@pytest.mark.parametrize("layers", WINDOWS, ids=["kernels", "dilated", "strided", "pooled"])
def test_receptive_field_is_where_the_gradient_comes_from(layers: list[nn.Module]) -> None:
    module = nn.Sequential(*layers)
    for p in module.parameters():
        nn.init.ones_(p)
    image = torch.zeros(1, 1, 25, 25, requires_grad=True)
    output = module(image)
    middle = [side // 2 for side in output.shape[2:]]
    output[0, 0, middle[0], middle[1]].backward()
    assert image.grad is not None
    sees = [int((image.grad[0, 0].abs().sum(axis) > 0).nonzero().flatten().diff().sum()) + 1 for axis in (1, 0)]
    assert summarize(module, (1, 25, 25)).layers[-1].receptive_field == tuple(sees)


def test_receptive_fields_that_nothing_has_are_none() -> None:
    assert {layer.receptive_field for layer in summarize(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), (3,)).layers} == {
        None
    }
    upward = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 3), nn.ReLU())
    assert [layer.receptive_field for layer in summarize(upward, (1, 9, 9)).layers] == [(3, 3), None, None]
    wide = nn.Sequential(nn.Conv2d(1, 1, 9, padding=4))
    assert summarize(wide, (1, 5, 5)).layers[0].receptive_field == (5, 5)  # no more than there is


# --- no trace ---------------------------------------------------------------------------------------------------------
def hooks_of(module: nn.Module) -> list[tuple[int, int]]:
    return [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()]


class Restless(nn.Module):
    """A module whose forward pass draws random numbers, and changes its buffers and weights."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
        self.register_buffer("calls", torch.zeros(1))
        self.fails = False

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.body.get_parameter("0.weight").data.clamp_(-0.1, 0.1)
        y: Tensor = self.body(x + torch.randn_like(x))
        if self.fails:
            raise RuntimeError("failed")
        return y


@pytest.mark.parametrize("fails", [False, True])
def test_a_summary_leaves_no_trace(fails: bool) -> None:
    module = Restless()
    module.fails = fails
    module(torch.ones(4, 3)).sum().backward() if not fails else None
    module.train()
    module.body[2].eval()
    seen: list[str] = []
    module.body[1].register_forward_hook(lambda *_: seen.append("mine"))
    graph = module.body[0](torch.ones(1, 3)).sum()  # a backward pass that waits
    numbers = {name: value.clone() for name, value in module.state_dict().items()}
    objects = {name: value for name, value in (*module.named_parameters(), *module.named_buffers())}
    gradients = {name: None if p.grad is None else p.grad.clone() for name, p in module.named_parameters()}
    modes = [part.training for part in module.modules()]
    hooks = hooks_of(module)
    state = torch.get_rng_state()
    fast = torch.backends.mha.get_fastpath_enabled()

    if fails:
        with pytest.raises(SpecError, match=r"layer Restless: got 3\. RuntimeError: failed\."):
            summarize(module, (3,))
    else:
        assert summarize(module, (3,)).trainable == 18

    assert seen == ["mine"]
    assert torch.equal(torch.get_rng_state(), state)
    assert modes == [part.training for part in module.modules()]
    assert hooks_of(module) == hooks
    assert torch.backends.mha.get_fastpath_enabled() == fast
    assert torch.is_grad_enabled()
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        assert value is objects[name]
        assert torch.equal(value, numbers[name])
    for name, p in module.named_parameters():
        before = gradients[name]
        assert (p.grad is None) == (before is None)
        assert before is None or (p.grad is not None and torch.equal(p.grad, before))
    graph.backward()  # nothing that it saved was written to


# --- descriptions -----------------------------------------------------------------------------------------------------
def built(spec: NetworkSpec) -> nn.Sequential:
    """The same network in plain torch."""
    layers: list[nn.Module] = []
    below = spec.inputs
    for layer in spec.dense:
        layers.append(nn.Linear(below, layer.units, bias=layer.bias != "none"))
        layers += [nn.ReLU()] if layer.activation.name == "relu" else []
        layers += [nn.Dropout(layer.dropout)] if layer.dropout else []
        below = layer.units
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    "change", [{}, {"hidden": ""}, {"bias": "none"}, {"dropout": [0.5, 0.0]}, {"hidden": "7:identity - 3"}]
)
def test_a_description_has_the_summary_of_the_module(change: dict[str, Any]) -> None:
    spec = NetworkSpec.model_validate({**BASE, **change})
    ours, theirs = summarize_spec(spec), summarize(built(spec), (5,))
    assert ours.parameters == spec.parameters
    keys = (
        "input",
        "output",
        "trainable",
        "frozen",
        "buffers",
        "multiply_adds",
        "parameter_bytes",
        "output_bytes",
        "receptive_field",
    )
    assert [[getattr(row, key) for key in keys] for row in ours.layers] == [
        [getattr(row, key) for key in keys] for row in theirs.layers
    ]


def test_a_description_names_its_layers() -> None:
    summary = summarize_spec(
        NetworkSpec.model_validate({**BASE, "dropout": 0.25, "activation": "leaky_relu(0.2)"}), (5, 1)
    )
    leaky = "leaky_relu(negative_slope=0.2)"
    assert [(layer.name, layer.kind) for layer in summary.layers] == [
        ("1", "dense"), ("1", leaky), ("1", "dropout(0.25)"), ("2", "dense"), ("2", leaky), ("2", "dropout(0.25)"),
        ("output", "dense"),
    ]  # fmt: skip
    assert summary.input == (5, 1)
    with pytest.raises(SpecError, match=r"layer 1 \(dense\): got 2 x 3, which is 6 numbers; expected 5 inputs"):
        summarize_spec(NetworkSpec.model_validate(BASE), (2, 3))


def test_the_document_holds_rows_and_sums() -> None:
    summary = summarize(small_cnn(), (1, 28, 28))
    document = summary.to_dict()
    sums = ("parameters", "trainable", "frozen", "buffers", "multiply_adds", "parameter_bytes", "output_bytes")
    for name in sums:
        assert document[name] == sum(row[name] for row in document["layers"]) == getattr(summary, name)
    assert document["output_bytes"] == 4 * sum(math.prod(row["output"]) for row in document["layers"])
    assert document["layers"][0]["output"] == (32, 26, 26)
