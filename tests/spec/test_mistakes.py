"""Wrong input gives one clear message of a UserError: what was wrong, what was given, what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from gradlab.errors import SpecError, UserError
from gradlab.spec import Setup, setup_from
from tests.jobs import NETWORK, RECIPE

GOOD: dict[str, Any] = {"network": NETWORK, "recipe": RECIPE, "task": "x_sin_5x(points=12)"}

# what is changed, and pieces that the message must have
MISTAKES: list[tuple[dict[str, Any], list[str]]] = [
    # unknown names
    ({"activation": "relo"}, ['activation "relo" is unknown', 'did you mean "relu"?', "gradlab list activations"]),
    ({"weights": "he_norm"}, ['initializer "he_norm" is unknown', 'did you mean "he_normal"?']),
    ({"bias": "zero"}, ['initializer "zero" is unknown', 'did you mean "zeros"?']),
    ({"hidden": "3:relo - 4"}, ['activation "relo" is unknown', 'did you mean "relu"?']),
    ({"optimizer": "adamm"}, ['optimizer "adamm" is unknown', 'did you mean "adam"?', "gradlab list optimizers"]),
    ({"loss": "msse"}, ['loss "msse" is unknown', 'did you mean "mse"?']),
    ({"schedule": "cosin"}, ['schedule "cosin" is unknown', 'did you mean "cosine"?']),
    ({"task": "abs"}, ['task "abs" is unknown', 'did you mean "abs_x"?']),
    ({"hiden": "2 x 9"}, ['network key "hiden" is unknown', 'did you mean "hidden"?']),
    ({"epoch": 3}, ["recipe.epoch: unknown key", 'did you mean "epochs"?']),
    ({"activation": "leaky_relu(negative_slop=0.1)"}, ['parameter "negative_slop" is unknown', '"negative_slope"?']),
    (
        {"optimizer": {"name": "sgd", "learning_rate": 0.1}},
        ['optimizer sgd parameter "learning_rate" is unknown', "lr"],
    ),
    # numbers out of range
    ({"dropout": 1.0}, ["network.dropout", "got 1.0", "at least 0 and below 1"]),
    ({"dropout": ["half", 0]}, ["network.dropout", "got 'half'"]),
    ({"dropout": [0.5]}, ["network.dropout", "got 1 numbers", "2, one for each hidden layer"]),
    ({"output": {"dropout": 0.5}}, ["network.output.dropout", "no dropout of the outputs"]),
    ({"activation": "leaky_relu(2)"}, ["activation leaky_relu.negative_slope", "got 2", "at least 0 and at most 1"]),
    ({"optimizer": "sgd(lr=0)"}, ["optimizer sgd.lr", "got 0", "above 0", "learning rate"]),
    ({"optimizer": "sgd(momentum=1)"}, ["optimizer sgd.momentum", "got 1", "at least 0 and below 1"]),
    ({"optimizer": "sgd(lr=1e999)"}, ["optimizer sgd.lr", "got inf", "above 0"]),
    ({"task": {"name": "abs_x", "points": 10.5}}, ["task abs_x.points", "got 10.5", "a whole number"]),
    ({"task": {"name": "abs_x", "points": float("inf")}}, ["task abs_x.points", "got inf"]),
    ({"task": {"name": "abs_x", "points": float("nan")}}, ["task abs_x.points", "got nan"]),
    ({"task": {"name": "abs_x", "low": 10**400}}, ["task abs_x.low", "a finite number"]),
    ({"task": "abs_x(points=0)"}, ["task abs_x.points", "got 0", "at least 1"]),
    ({"schedule": "step"}, ["schedule step.step_size", "got nothing", "updates between two drops"]),
    ({"hidden": "10-0-1"}, ["network.hidden", "'10-0-1'", "every width between 1 and"]),
    ({"hidden": "-2 x 3"}, ["network.hidden", "every width between 1 and"]),
    ({"hidden": "2 x 1000000"}, ["network.hidden", "a depth between 0 and 10,000"]),
    ({"inputs": 0}, ["network.inputs", "got 0", "greater than or equal to 1"]),
    ({"batch_size": 0}, ["recipe.batch_size", "got 0", '"full"']),
    ({"steps": -1}, ["recipe.steps", "got -1", "greater than or equal to 0"]),
    # not of the form
    ({"hidden": "2 y 9"}, ["network.hidden", "'2 y 9'", '"2 x 9", "400-400-100"']),
    ({"hidden": "2 x -1"}, ["network.hidden", "'2 x -1'"]),
    ({"hidden": 2.5}, ["network.hidden", "got 2.5", '"2 x 9"']),
    ({"hidden": True}, ["network.hidden", "got True"]),
    ({"hidden": [2, "3"]}, ["network.hidden", "got '3'", "a whole number"]),
    ({"hidden": {"width": 2}}, ["network.hidden.depth", "got nothing", "a whole number"]),
    ({"hidden": {"width": 2, "dept": 3}}, ['network.hidden key "dept" is unknown', 'did you mean "depth"?']),
    ({"activation": 3}, ["activation", "got 3", "a name, or a table with a name"]),
    ({"activation": ["relu"]}, ["activation", "['relu']", "a name, or a table with a name"]),
    ({"activation": {"alpha": 1}}, ["activation", "{'alpha': 1}", "a table with a name", 'name = "']),
    ({"activation": {"name": 3}}, ["activation.name", "got 3", "a name"]),
    ({"activation": ""}, ["activation", 'got ""', "a name"]),
    ({"activation": "leaky_relu("}, ["activation", '"leaky_relu("', "name(parameter=value)"]),
    ({"activation": "leaky_relu(x)"}, ["activation", '"leaky_relu(x)"', "name(parameter=number, ...)"]),
    ({"activation": "leaky_relu('a')"}, ["activation leaky_relu.negative_slope", "got 'a'", "a number"]),
    ({"activation": "leaky_relu(true)"}, ["activation leaky_relu.negative_slope", "got True", "a number"]),
    ({"activation": "leaky_relu(0.1, 0.2)"}, ["activation leaky_relu", '"leaky_relu(0.1, 0.2)"', "at most 1"]),
    ({"activation": "leaky_relu(0.1)(0.2)"}, ["activation", '"leaky_relu(0.1)(0.2)"', "name(parameter=number, ...)"]),
    ({"activation": "leaky_relu(0.1), f(0.2)"}, ["activation", "name(parameter=number, ...)"]),
    ({"activation": "leaky_relu(0.1, negative_slope=0.2)"}, ["leaky_relu.negative_slope", "got two values", "one"]),
    ({"activation": "elu(alpha=1, alpha=2)"}, ["activation", '"elu(alpha=1, alpha=2)"', "name(parameter=number, ...)"]),
    ({"optimizer": "sgd(nesterov=1)"}, ["optimizer sgd.nesterov", "got 1", "true or false"]),
    ({"optimizer": "sgd(nesterov=true)"}, ["optimizer sgd.nesterov", "momentum 0", "a momentum above 0"]),
    ({"optimizer": "sgd_keras(nesterov=true)"}, ["optimizer sgd_keras.nesterov", "momentum 0", "a momentum above 0"]),
    ({"output": "relu"}, ["network.output", "got 'relu'", "a table"]),
    ({"batch_size": "all"}, ["recipe.batch_size", "got 'all'", 'at least 1, or "full"']),
    ({"batch_size": True}, ["recipe.batch_size", "got True"]),
    ({"steps": 1.5}, ["recipe.steps", "got 1.5", "whole number"]),
    ({"order": "random"}, ["recipe.order", 'got "random"', "'shuffled', 'sequential' or 'by_class'"]),
    ({"order": "by_class"}, ["recipe.order", "by_class for task x_sin_5x", "a task that has classes"]),
    ({"precision": "float16"}, ["recipe.precision", 'got "float16"', "'float32' or 'float64'"]),
    # numbers whose powers overflow, which Python raises for; a learning rate may be as large as it likes
    ({"weights": "normal(std=1e308)"}, ["initializer normal.std", "got 1e+308", "at most 1e+50 in size"]),
    ({"activation": "elu(alpha=1e200)"}, ["activation elu.alpha", "got 1e+200", "at most 1e+50 in size"]),
    # things that do not go together
    ({"outputs": 3}, ["network", "1 inputs and 3 outputs", "1 and 1, as task x_sin_5x has"]),
    ({"loss": "cross_entropy"}, ["recipe.loss", "cross_entropy, which takes one_hot targets", "real targets"]),
    ({"epochs": 3}, ["recipe", "either epochs or steps", "Set one of them"]),
    ({"steps": None}, ["recipe", "either epochs or steps", "Set one of them"]),
]


def changed(change: dict[str, Any]) -> dict[str, Any]:
    """The good table with one key changed, wherever it belongs."""
    ((key, value),) = change.items()
    if key in GOOD:
        return {**GOOD, key: value}
    recipe = {"optimizer", "loss", "schedule", "batch_size", "epochs", "epoch", "steps", "order", "precision"}
    part = "recipe" if key in recipe else "network"
    return {**GOOD, part: {**GOOD[part], key: value}}


def message_of(table: Any) -> str:
    with pytest.raises(UserError) as caught:
        setup_from(table)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "pieces"), MISTAKES, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_one_mistake_gives_one_clear_message(change: dict[str, Any], pieces: list[str]) -> None:
    message = message_of(changed(change))
    for piece in pieces:
        assert piece in message
    assert "\n" not in message
    assert "problems" not in message
    assert message.endswith((".", "?"))
    for internal in ("pydantic", "Input should", "function-", "Value error", "Assertion"):
        assert internal not in message


@pytest.mark.parametrize("key", ["weights", "optimizer", "loss"])
def test_what_is_missing_is_named(key: str) -> None:
    part = "network" if key in NETWORK else "recipe"
    table = {**GOOD, part: {k: v for k, v in GOOD[part].items() if k != key}}
    assert message_of(table) == f"{part}.{key}: got nothing; expected a value."


@pytest.mark.parametrize("part", ["network", "recipe", "task"])
def test_a_part_that_is_missing_is_named(part: str) -> None:
    table = {key: value for key, value in GOOD.items() if key != part}
    assert f"{part}: got nothing; expected a value." in message_of(table)


def test_an_unknown_part_is_named() -> None:
    assert message_of({**GOOD, "recipie": {}}).startswith('recipie: unknown key; did you mean "recipe"?')


def test_every_problem_is_listed() -> None:
    message = message_of({**GOOD, "recipe": {**RECIPE, "optimizer": "adamm", "order": "random", "batch_size": 0}})
    first, *lines = message.splitlines()
    assert "3 problems" in first
    assert [line.split()[0] for line in lines] == ["optimizer", "recipe.batch_size:", "recipe.order:"]


def test_rai_draws_its_own_biases() -> None:
    message = message_of(changed({"weights": "rai"}))
    assert 'expected "own": rai draws weights and biases together' in message
    assert setup_from({**GOOD, "network": {**NETWORK, "weights": "rai", "bias": "own"}}).network.depth == 2


@pytest.mark.parametrize("text", ["x = [", "network =", '[network]\nhidden = "2 x 9', "= 3"])
def test_malformed_toml_is_a_spec_error(text: str) -> None:
    with pytest.raises(SpecError, match="malformed TOML"):
        Setup.from_toml(text)


@pytest.mark.parametrize("text", ["", "network = 3", "[network]\n[recipe]\n"])
def test_toml_without_a_setup_is_a_spec_error(text: str) -> None:
    with pytest.raises(SpecError, match="task: got nothing"):
        Setup.from_toml(text)


CONV = {"kind": "conv2d", "channels": 3, "kernel_size": 3}
# layers in front of the output, on images of 8 x 8, and pieces that the message must have
WRONG_SHAPES: list[tuple[list[Any], list[str]]] = [
    (
        [{**CONV, "kernel_size": 9}, "flatten"],
        [
            "layer 1 (conv2d): got 1 x 8 x 8 for a kernel of 9 x 9; expected an image of at least 9 x 9.",
            "Use a kernel of at most 8 x 8, or padding=1.",
        ],
    ),
    (
        [CONV, "max_pool2d(2)", {**CONV, "kernel_size": 9, "padding": 1}],
        ["layer 3 (conv2d): got 3 x 3 x 3 for a kernel of 9 x 9 and padding 1", "7 x 7.", "5 x 5, or padding=3."],
    ),
    (
        [CONV, "avg_pool2d(7)"],
        ["layer 2 (avg_pool2d): got 3 x 6 x 6 for a kernel of 7 x 7", "at least 7 x 7", "at most 6 x 6."],
    ),
    ([CONV, "relu"], ["layer 3 (dense): got an image of 3 x 6 x 6", 'Put "flatten" before it']),
    ([CONV], ["layer 2 (dense)", "an image of 3 x 6 x 6", "one row of numbers", 'Put "flatten" before it']),
    (
        ["flatten", CONV],
        ["layer 2 (conv2d)", "64 numbers in a row", "channels x height x width", 'Put it before "flatten"'],
    ),
    (
        [{"kind": "residual", "layers": [{**CONV, "padding": 1}]}],
        [
            "layer 1 (residual)",
            "3 x 8 x 8 after the layers inside",
            "1 x 8 x 8, to add them up",
            "the last with channels = 1",
        ],
    ),
    (
        [CONV, {"kind": "residual", "layers": [CONV]}],
        ["layer 2 (residual)", "3 x 4 x 4 after the layers inside", "3 x 6 x 6"],
    ),
    (
        [CONV, {"kind": "residual", "layers": [{**CONV, "kernel_size": 8}]}],
        ["layer 2 (residual), inside: layer 1 (conv2d)", "got 3 x 6 x 6 for a kernel of 8 x 8"],
    ),
    ([{**CONV, "padding": "same", "stride": 2}], ["conv2d.padding", '"same" with a stride']),
    (["max_pool2d(2, padding=2)"], ["max_pool2d.padding", "at most half the window, 1"]),
    (["standardize", "flatten", "standardize"], ["layer 3 (standardize)", "a second one"]),
    ([CONV, "standardize", "flatten"], ["layer 2 (standardize)", "behind conv2d", "at the inputs"]),
    (
        [{**CONV, "activation": "mistaken_relu6"}, "flatten"],
        ["network.activation", "mistaken_relu6", "dense layers alone"],
    ),
    (["conv2s(3, 3)"], ['layer "conv2s" is unknown', 'did you mean "conv2d"? See "gradlab list layers".']),
]


@pytest.mark.parametrize(("layers", "pieces"), WRONG_SHAPES)
def test_shapes_that_do_not_fit(layers: list[Any], pieces: list[str]) -> None:
    table = {"weights": "he_normal", "layers": [*layers, {"units": 10}]}
    with pytest.raises(SpecError) as caught:
        setup_from({"network": table, "recipe": {**RECIPE, "loss": "cross_entropy"}, "task": "digits"})
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


@pytest.mark.parametrize(
    ("layers", "pieces"),
    [
        (
            ["conv2d(3, 3)"],
            ["layer 1 (conv2d)", "which gives 3 x 26 x 26", 'Add "flatten" and "dense(units)" behind it'],
        ),
        (["flatten", {"units": 10}, "tanh"], ["layer 3 (activation)", '{ units = 10, activation = "tanh" }']),
        (["flatten", {"units": 10}, "dropout(0.5)"], ["layer 3 (dropout)", "which gives 10", 'Add "dense(units)"']),
    ],
)
def test_a_last_layer_that_is_not_dense(layers: list[Any], pieces: list[str]) -> None:
    table = {"weights": "he_normal", "layers": layers}
    with pytest.raises(SpecError) as caught:
        setup_from({"network": table, "recipe": {**RECIPE, "loss": "cross_entropy"}, "task": "mnist"})
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_an_unknown_task_is_all_that_is_told_of_layers_without_inputs() -> None:
    table = {"weights": "he_normal", "layers": [CONV, "flatten", {"units": 10}]}
    said = message_of({"network": table, "recipe": {**RECIPE, "loss": "cross_entropy"}, "task": "digit"})
    assert said == 'task "digit" is unknown; did you mean "digits"? See "gradlab list tasks".'


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            {**CONV, "foo": 1},
            "network.layers[0].foo: unknown key of conv2d; known: activation, bias, channels, draws, ",
        ),
        ({**CONV, "in_channels": 1}, 'network.layers[0].in_channels: unknown key of conv2d; did you mean "channels"?'),
        ({"kind": "dropout", "p": 0.5, "units": 3}, "network.layers[0].units: unknown key of dropout; known: kind, p."),
        ({"kind": "conv2d", "channels": 3, "kernal_size": 3}, "kernal_size: unknown key of conv2d; did you mean"),
        ({"unit": 3}, 'network.layers[0].unit: unknown key of dense; did you mean "units"?'),
        (
            {"kind": "residual", "layers": [{**CONV, "units": 1}]},
            "network.layers[0].layers[0].units: unknown key of conv2d; known: activation,",
        ),
    ],
)
def test_an_unknown_key_of_a_layer_is_told_with_those_of_its_kind(layer: dict[str, Any], message: str) -> None:
    table = {"weights": "he_normal", "layers": [layer, "flatten", {"units": 10}]}
    said = message_of({"network": table, "recipe": {**RECIPE, "loss": "cross_entropy"}, "task": "digits"})
    assert message in said
    assert "\n" not in said


def test_a_batch_of_one_has_no_variance() -> None:
    table = {"weights": "he_normal", "hidden": "4", "norm": "batch_norm"}
    with pytest.raises(SpecError, match="which leaves a batch of one of 41 examples"):
        setup_from({"network": table, "recipe": {**RECIPE, "batch_size": 5}, "task": "abs_x(points=41)"})
    setup_from({"network": table, "recipe": {**RECIPE, "batch_size": 5}, "task": "abs_x(points=42)"})
