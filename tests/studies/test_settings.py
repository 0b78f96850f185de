"""What `--set key=value` reads, values between commas unless quoted or in brackets, and paths that go through lists."""

from __future__ import annotations

from typing import Any

import pytest

from gradlab.errors import SpecError, UnknownName
from gradlab.parts import ACTIVATIONS
from gradlab.spec.choice import choose
from gradlab.studies.settings import apply_settings, merged, parse_setting, with_path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("replicas=5", [5]),
        ("lr=0.1, 1e-2,true", [0.1, 1e-2, True]),
        ("lr=1..4", [1, 2, 3, 4]),
        ("row=A1,C7 relu", ["A1", "C7 relu"]),
        ('row="C8 10,000 images","C9 10,000 images"', ["C8 10,000 images", "C9 10,000 images"]),
        ("optimizer=sgd(lr=0.1, momentum=0.9),adam", ["sgd(lr=0.1, momentum=0.9)", "adam"]),
        ('hidden=[4,4],"2 x 3",{ width = 2, depth = 3 }', [[4, 4], "2 x 3", {"width": 2, "depth": 3}]),
        ("batches=[[1,2],[3,4]],5", [[[1, 2], [3, 4]], 5]),
    ],
)
def test_values_between_commas(text: str, values: list[Any]) -> None:
    assert parse_setting(text) == (text.partition("=")[0], values)


LAYERS = {"layers": [{"kind": "conv2d", "channels": 4}, "dropout(0.25)", {"units": 3}]}


def test_a_path_goes_through_a_list_by_its_indices_and_leaves_the_original() -> None:
    changed = with_path({"network": LAYERS}, "network.layers.0.l2", 0.1)
    assert changed == {"network": {"layers": [{"kind": "conv2d", "channels": 4, "l2": 0.1}, *LAYERS["layers"][1:]]}}
    assert with_path(LAYERS, "layers.1", "flatten")["layers"][1] == "flatten"
    assert "l2" not in LAYERS["layers"][0]


def test_a_row_merges_into_single_layers_of_a_list() -> None:
    changed = merged(LAYERS, {"layers": {"0": {"channels": 8}, "2": {"l2": 0.1}}})
    assert changed == {"layers": [{"kind": "conv2d", "channels": 8}, "dropout(0.25)", {"units": 3, "l2": 0.1}]}


def test_a_wrong_index_and_a_layer_without_keys_name_the_whole_path() -> None:
    with pytest.raises(UnknownName, match=r'index of network\.layers "3" is unknown; known: 0, 1, 2'):
        with_path({"network": LAYERS}, "network.layers.3.l2", 0.1)
    with pytest.raises(SpecError, match=r"network\.layers\.1: got 'dropout\(0\.25\)'"):
        with_path({"network": LAYERS}, "network.layers.1.p", 0.1)
    with pytest.raises(UnknownName, match="index of a list"):
        merged(LAYERS, {"layers": {"first": {"l2": 0.1}}})


def test_a_hyphen_in_a_name_is_an_underscore() -> None:
    table = {
        "task": "mnist",
        "network": {"activation": "leaky-relu"},
        "variants": {"reg_plane": {"recipe": {"steps": 3}}},
    }
    assert apply_settings(table, ["task=reg-plane(points=20)"])["recipe"] == {"steps": 3}
    changed = apply_settings(table, ["network.activation.negative_slope=0.2"])["network"]["activation"]
    assert str(choose(ACTIVATIONS, "activation", changed)) == "leaky_relu(negative_slope=0.2)"
