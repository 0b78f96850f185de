"""What a report says was held fixed and what was not: nothing in which two networks differ is left out."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from gradlab.reports.caveats import described, held_fixed, varied
from gradlab.reports.network_text import network_texts
from gradlab.spec import Setup, setup_from
from gradlab.studies.load import load_study, shipped_studies
from gradlab.studies.plan import make_plan
from tests.reports import fake

LAYERS: list[Any] = [
    {"kind": "conv2d", "channels": 4, "kernel_size": 3, "activation": "relu", "norm": "batch_norm", "l2": 0.01},
    {"kind": "max_pool2d", "kernel_size": 2},
    {"kind": "residual", "layers": [{"kind": "conv2d", "channels": 4, "kernel_size": 1, "activation": "relu"}]},
    {"kind": "norm", "norm": "batch_norm"},
    {"kind": "activation", "activation": "relu"},
    {"kind": "dropout", "p": 0.25},
    "flatten",
    {"units": 8, "activation": "relu", "dropout": 0.5},
    {"units": 10},
]
# (place in LAYERS, what is changed of it)
CHANGES: list[tuple[int, dict[str, Any]]] = [
    *((0, change) for change in (
        {"channels": 4, "kernel_size": 2}, {"stride": 2}, {"padding": 1}, {"padding": "same"}, {"activation": "tanh"},
        {"activation": "identity"}, {"norm": "none"}, {"norm": "batch_norm(momentum=0.01)"}, {"l2": 0.0}, {"l2": 0.02},
        {"dropout": 0.5}, {"weights": "he_normal"}, {"bias": "none"}, {"weights": "he_normal(negative_slope=1e-30)"},
    )),
    *((1, change) for change in ({"kind": "avg_pool2d"}, {"stride": 1}, {"padding": 1}, {"kernel_size": 3})),
    (2, {"layers": [{"kind": "conv2d", "channels": 4, "kernel_size": 1, "activation": "tanh"}]}),
    (2, {"layers": [{"kind": "conv2d", "channels": 4, "kernel_size": 1, "activation": "relu"}] * 2}),
    (2, {"layers": [{"kind": "conv2d", "channels": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}]}),
    (3, {"norm": "batch_norm(eps=0.1)"}),
    (4, {"activation": "tanh"}),
    (5, {"p": 0.5}),
    (7, {"units": 9}),
    (7, {"l2": 0.01}),
    (8, {"bias": "none"}),
    (8, {"activation": "tanh"}),
    (8, {"l2": 0.01}),
    (8, {"norm": "batch_norm"}),
]  # fmt: skip


def of_layers(layers: list[Any], **network: Any) -> Setup:
    table = """
    [network]
    weights = "he_normal"
    bias = "zeros"
    [recipe]
    optimizer = "sgd(0.1)"
    loss = "cross_entropy"
    steps = 1
    [task]
    name = "digits"
    """
    read = tomllib.loads(table)
    read["network"] |= {**network, "layers": layers}
    return setup_from(read)


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("name", shipped_studies())
def test_setups_that_differ_are_described_differently(name: str, quick: bool) -> None:
    setups = [cell.setup for cell in make_plan(load_study(name, quick=quick)).cells]
    rows = list(zip(*described(setups).values(), strict=True))
    assert len(rows) == len(setups)
    assert len(set(rows)) == len({setup.id for setup in setups})


@pytest.mark.parametrize(("place", "change"), CHANGES)
def test_no_change_of_a_layer_is_left_out(place: int, change: dict[str, Any]) -> None:
    base = of_layers(LAYERS)
    layers = [{**layer, **change} if k == place else layer for k, layer in enumerate(LAYERS)]
    changed = of_layers(layers)
    texts = described([base, changed])
    differs = changed.id != base.id  # all but those that say a default
    assert any(one != other for one, other in texts.values()) == differs


def test_layers_in_front_are_told_from_hidden_ones() -> None:
    dense = ["flatten", {"units": 8, "activation": "relu"}, {"units": 10}]
    plain, front = of_layers(dense), of_layers(dense, front=["standardize(fitted=false)", "dropout(0.25)"])
    texts = described([plain, front])
    assert texts["before the first layer"] == ["flatten", "standardize(fitted=false) - dropout(0.25) - flatten"]
    assert len(set(texts["hidden layers"])) == 1


def test_a_chain_is_short_and_says_what_blocks_share_once() -> None:
    block = {
        "kind": "residual",
        "layers": [{"kind": "conv2d", "channels": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}] * 2,
    }
    first = {"kind": "conv2d", "channels": 4, "kernel_size": 3, "stride": 2, "activation": "relu", "dropout": 0.1}
    texts = network_texts(of_layers([first, block, block, "flatten", {"units": 10}]).network)
    assert texts["hidden layers"] == "4 3x3 stride 2 - residual(4 3x3 padding same x 2) x 2 - flatten"
    assert texts["activation"] == "relu"
    assert texts["dropout"] == "0.1 in weighted layer 1"
    assert texts["norm"] == ""


def test_norms_and_dropout_of_dense_networks_are_said() -> None:
    layers: list[Any] = [
        {"units": 8, "activation": "relu", "norm": "batch_norm", "dropout": p} for p in (0.1, 0.1, 0.2)
    ]
    texts = network_texts(of_layers(["flatten", *layers, {"units": 10, "weights": "zeros"}]).network)
    assert texts["hidden layers"] == "8 x 3"
    assert texts["norm"].startswith("batch_norm(") and texts["norm"].endswith(") in every hidden layer")
    assert texts["dropout"] == "0.1 in layers 1 and 2; 0.2 in layer 3"
    assert texts["initial weights"].endswith("; zeros in the output")


def test_a_report_lists_what_layers_vary_in() -> None:
    dying = fake.dying(2)
    plan = make_plan(load_study("dropout-rate", quick=True))
    cells = [replace(dying.cells[0], setup=cell.setup) for cell in plan.cells]
    analysis = replace(dying, cells=tuple(cells))
    changed, fixed = dict(varied(analysis)), dict(held_fixed(analysis))
    assert list(changed) == ["norm", "dropout", "l2 penalty", "batch size"]
    assert changed["dropout"].startswith("none; 0.1 in every hidden layer; ")
    assert changed["l2 penalty"] == "none; 0.0001 in every layer"
    assert "padding same" in fixed["hidden layers"]
