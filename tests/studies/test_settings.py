"""What `--set key=value` reads, values between commas unless quoted or in brackets, and paths that go through lists."""

from __future__ import annotations

from typing import Any

import pytest

from gradlab.errors import SpecError
from gradlab.parts import ACTIVATIONS
from gradlab.spec.choice import choose
from gradlab.studies.settings import apply_settings, merged, parse_setting, with_path
from tests.studies.small import small_plan


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


def test_a_wrong_index_names_the_whole_path_and_what_there_is() -> None:
    with pytest.raises(SpecError, match=r'network\.layers\.3: got index "3"; expected an index from 0 to 2'):
        with_path({"network": LAYERS}, "network.layers.3.l2", 0.1)
    with pytest.raises(SpecError, match=r"network\.layers\.first: got index"):
        merged({"network": LAYERS}, {"network": {"layers": {"first": {"l2": 0.1}}}})
    with pytest.raises(SpecError, match=r"recipe\.epochs: got 3; expected a table"):
        with_path({"recipe": {"epochs": 3}}, "recipe.epochs.a", 1)


def test_a_path_goes_through_short_forms_of_layers_and_parts() -> None:
    assert with_path(LAYERS, "layers.1.p", 0.1)["layers"][1] == {"kind": "dropout", "p": 0.1}
    norms = {"layers": ["batch_norm(eps=0.01)", {"kind": "conv2d", "norm": "batch_norm(eps=0.01)"}, "flatten"]}
    inner = {"name": "batch_norm", "eps": 0.01, "momentum": 0.5}
    assert with_path(norms, "layers.0.norm.momentum", 0.5)["layers"][0] == {"kind": "norm", "norm": inner}
    assert merged(norms, {"layers": {"1": {"norm": {"momentum": 0.5}}}})["layers"][1] == {
        "kind": "conv2d",
        "norm": inner,
    }
    assert with_path({"optimizer": "sgd(lr=0.1)"}, "optimizer.momentum", 0.9)["optimizer"] == {
        "name": "sgd", "lr": 0.1, "momentum": 0.9,
    }  # fmt: skip


def test_a_layer_of_another_kind_replaces_what_stood_there() -> None:
    changed = merged(LAYERS, {"layers": {"2": {"kind": "dropout", "p": 0.5}, "0": {"kind": "conv2d", "channels": 8}}})
    assert changed["layers"] == [{"kind": "conv2d", "channels": 8}, "dropout(0.25)", {"kind": "dropout", "p": 0.5}]


def test_setting_a_part_of_what_a_factor_replaces_is_refused() -> None:
    factor = {"name": "shape", "change": "network.hidden", "levels": ["2 x 3", "2 x 9"]}
    with pytest.raises(SpecError, match="which factor shape replaces in every cell"):
        apply_settings({"network": {}, "factors": [factor]}, ["network.hidden.width=4"])
    in_one_row = {**factor, "rows": ["A"]}
    table = apply_settings({"network": {"hidden": "2 x 3"}, "factors": [in_one_row]}, ["network.hidden.width=4"])
    assert table["network"]["hidden"] == {"width": 4, "depth": 3}


def test_what_is_wrong_in_a_row_names_its_cell() -> None:
    with pytest.raises(SpecError, match=r'cell \(row B\): network\.layers\.9: got index "9"'):
        small_plan(
            network={"layers": ["dense(3)", "dense(1)"]},
            rows=[{"id": "B", "network": {"layers": {"9": {}}}}],
            claims=[],
        )


def test_a_hyphen_in_a_name_is_an_underscore() -> None:
    table = {
        "task": "mnist",
        "network": {"activation": "leaky-relu"},
        "variants": {"reg_plane": {"recipe": {"steps": 3}}},
    }
    assert apply_settings(table, ["task=reg-plane(points=20)"])["recipe"] == {"steps": 3}
    changed = apply_settings(table, ["network.activation.negative_slope=0.2"])["network"]["activation"]
    assert str(choose(ACTIVATIONS, "activation", changed)) == "leaky_relu(negative_slope=0.2)"
