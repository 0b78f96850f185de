"""What a person writes becomes one frozen, hashed Setup, the same by every spelling; test_mistakes has the wrong inputs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gradlab.data import TASKS
from gradlab.parts import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, Optimizer, Param
from gradlab.spec import Choice, NetworkSpec, Recipe, Setup, setup_from
from gradlab.spec.choice import choose
from gradlab.spec.hidden import parse_hidden
from tests.jobs import NETWORK, RECIPE, setup_of


# --- setups of every kind ---------------------------------------------------------------------------------------------
def values_of(param: Param) -> st.SearchStrategy[Any]:
    low, high = max(param.low, -1e4), min(param.high, 1e4)
    if param.kind == "bool":
        return st.booleans()
    if param.kind == "int":
        return st.integers(int(low), int(high))
    return st.floats(low, high, exclude_min=param.excludes_low, exclude_max=param.excludes_high)


def is_consistent(values: Mapping[str, Any]) -> bool:
    """Whether parameters that are right one by one are right together."""
    ordered = all(
        values[low] <= values[high] for low, high in (("low", "high"), ("min_val", "max_val")) if low in values
    )
    return ordered and not (values.get("nesterov") and (values["momentum"] == 0 or values.get("dampening", 0) != 0))


def choices_from(catalog: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables that name a record and give some of its parameters, and all of those without a default."""

    def table(record: Any) -> st.SearchStrategy[dict[str, Any]]:
        params = (record.lr, *record.params) if isinstance(record, Optimizer) else record.params
        needed = {param.name: values_of(param) for param in params if param.default is None}
        optional = {param.name: values_of(param) for param in params if param.default is not None}
        tables = st.fixed_dictionaries({"name": st.just(record.name), **needed}, optional=optional)
        defaults = {param.name: param.default for param in params}
        return tables.filter(lambda given: is_consistent(defaults | given))

    return st.sampled_from(list(catalog.values())).flatmap(table)


def fitting(task: dict[str, Any]) -> dict[str, Any]:
    wanted = TASKS[task["name"]].targets_with({key: value for key, value in task.items() if key != "name"})
    return {name: loss for name, loss in LOSSES.items() if loss.targets == wanted}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Tables as a study file holds them."""
    weights = draw(choices_from(INITIALIZERS))
    laws = {name: law for name, law in INITIALIZERS.items() if not law.includes_bias}
    joint = INITIALIZERS[weights["name"]].includes_bias
    network = {
        "hidden": draw(
            st.sampled_from(["", "2 x 9", "3:relu - 4 x 2", [5, 4], {"width": 2, "depth": 3, "front": "1:erf"}, 6])
        ),
        "activation": draw(choices_from(ACTIVATIONS)),
        "weights": weights,
        "bias": "own" if joint else draw(st.sampled_from(["own", "none"]) | choices_from(laws)),
        "output": draw(st.fixed_dictionaries({}, optional={"activation": choices_from(ACTIVATIONS)})),
    }
    task = draw(choices_from(TASKS))
    recipe = {
        "optimizer": draw(choices_from(OPTIMIZERS)),
        "loss": draw(choices_from(fitting(task))),
        "schedule": draw(choices_from(SCHEDULES)),
        "batch_size": draw(st.integers(1, 10**6) | st.just("full")),
        draw(st.sampled_from(["epochs", "steps"])): draw(st.integers(0, 10**9)),
        "order": draw(st.sampled_from(["shuffled", "sequential"])),
        "precision": draw(st.sampled_from(["float32", "float64"])),
    }
    return {"network": network, "recipe": recipe, "task": task}


@settings(max_examples=150)
@given(tables())
def test_toml_and_back_is_the_same_setup(table: dict[str, Any]) -> None:
    setup = setup_from(table)
    again = Setup.from_toml(setup.to_toml())
    assert again == setup
    assert again.id == setup.id
    assert re.fullmatch("[0-9a-f]{16}", setup.id)
    assert setup_from(tomllib.loads(again.to_toml())).to_toml() == setup.to_toml()


@settings(max_examples=100)
@given(st.data())
def test_the_call_form_of_a_choice_is_the_choice(data: st.DataObject) -> None:
    for catalog in (ACTIVATIONS, INITIALIZERS, OPTIMIZERS, SCHEDULES, LOSSES, TASKS):
        chosen = choose(catalog, "part", data.draw(choices_from(catalog)))
        assert choose(catalog, "part", str(chosen)) == chosen
        assert choose(catalog, "part", chosen.to_table()) == chosen
        assert choose(catalog, "part", chosen) is chosen


# --- spellings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("relu", "relu"),
        (" relu ", "relu"),
        ("relu()", "relu"),
        ({"name": "relu"}, "relu"),
        ("leaky_relu", "leaky_relu(negative_slope=0.01)"),
        ("leaky_relu(0.2)", "leaky_relu(negative_slope=0.2)"),
        ("leaky-relu(0.2)", "leaky_relu(negative_slope=0.2)"),
        ({"name": "leaky-relu", "negative_slope": 0.2}, "leaky_relu(negative_slope=0.2)"),
        ("leaky_relu(negative_slope=0.2)", "leaky_relu(negative_slope=0.2)"),
        ("leaky_relu( negative_slope = 2e-1 )", "leaky_relu(negative_slope=0.2)"),
        ({"name": "leaky_relu", "negative_slope": 0.2}, "leaky_relu(negative_slope=0.2)"),
        ("leaky_relu(1)", "leaky_relu(negative_slope=1.0)"),
        ("hardtanh(-2)", "hardtanh(min_val=-2.0, max_val=1.0)"),
        ("hardtanh(max_val=3, min_val=-2)", "hardtanh(min_val=-2.0, max_val=3.0)"),
    ],
)
def test_spellings_of_a_part(spelling: object, expected: str) -> None:
    assert str(choose(ACTIVATIONS, "activation", spelling)) == expected


@pytest.mark.parametrize("task", ["reg-plane(points=20)", {"name": "reg-plane", "points": 20}, "reg_plane(points=20)"])
def test_a_task_as_the_playground_spells_it(task: object) -> None:
    setup = setup_from({"network": NETWORK, "recipe": RECIPE, "task": task})
    assert (setup.task.name, setup.points) == ("reg_plane", 20)
    assert setup.network.inputs == 2


def test_a_choice_gives_its_values_by_name_and_in_order() -> None:
    chosen = choose(OPTIMIZERS, "optimizer", "sgd(0.5, nesterov=true, momentum=0.9)")
    assert chosen.values == (0.5, 0.9, 0.0, True, 0.0)
    assert chosen["momentum"] == 0.9
    assert str(chosen) == "sgd(lr=0.5, momentum=0.9, dampening=0.0, nesterov=true, weight_decay=0.0)"


@pytest.mark.parametrize(
    ("hidden", "widths"),
    [
        ("", []),
        ("7", [7]),
        (7, [7]),
        ("2 x 9", [2] * 9),
        ("2x9", [2] * 9),
        ("2*9", [2] * 9),
        ("2 × 9", [2] * 9),  # noqa: RUF001  (the sign people paste)
        ("2 x 0", []),
        ("400-400-100", [400, 400, 100]),
        ("400 - 400 - 100", [400, 400, 100]),
        ([400, 400, 100], [400, 400, 100]),
        ([], []),
        ("3 - 2 x 2 - 5", [3, 2, 2, 5]),
        ({"width": 2, "depth": 3}, [2, 2, 2]),
        ({"width": 2, "depth": 0}, []),
    ],
)
def test_spellings_of_hidden_layers(hidden: object, widths: list[int]) -> None:
    assert parse_hidden(hidden) == [(width, None) for width in widths]


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ("2:identity - 2 x 2", [(2, "identity"), (2, None), (2, None)]),
        ({"width": 3, "depth": 1, "front": "2:identity"}, [(2, "identity"), (3, None)]),
        ("4:leaky_relu(0.2) - 3 x 2:elu", [(4, "leaky_relu(0.2)"), (3, "elu"), (3, "elu")]),
        ("4:hardtanh(-2, 1)-3", [(4, "hardtanh(-2, 1)"), (3, None)]),
        ("4:hardtanh(min_val=-2) - 3", [(4, "hardtanh(min_val=-2)"), (3, None)]),
    ],
)
def test_layers_with_an_activation_of_their_own(hidden: object, expected: list[tuple[int, str | None]]) -> None:
    assert parse_hidden(hidden) == expected


def test_sugar_is_the_sequence_of_layers() -> None:
    sugar = NetworkSpec.model_validate(
        {
            "inputs": 3,
            "outputs": 2,
            "hidden": "4:identity - 5",
            "activation": "relu",
            "weights": "he_normal",
            "bias": "none",
            "output": {"activation": "tanh", "bias": "zeros"},
        }
    )
    law = {"weights": "he_normal", "bias": "none"}
    layers = [
        {"units": 4, "activation": "identity", **law},
        {"units": 5, "activation": "relu", **law},
        {"units": 2, "activation": "tanh", "weights": "he_normal", "bias": "zeros"},
    ]
    assert sugar == NetworkSpec.model_validate({"inputs": 3, "layers": layers})
    assert sugar.widths == (3, 4, 5, 2)
    assert sugar.depth == 2
    assert sugar.parameters == 3 * 4 + 4 * 5 + 5 * 2 + 2


def test_output_is_linear_and_biases_zero_unless_said_otherwise() -> None:
    network = setup_of(network={"bias": "zeros"}).network
    assert network.dense[-1].activation == Choice(name="identity")
    without = {key: value for key, value in NETWORK.items() if key != "bias"}
    assert setup_from({"network": without, "recipe": RECIPE, "task": "x_sin_5x(points=12)"}).network == network


EQUAL = [
    {"network": {**NETWORK, "hidden": [3, 4]}},
    {"network": {**NETWORK, "activation": {"name": "tanh", "k": 1}}},
    {"network": {**NETWORK, "inputs": 1, "outputs": 1}},
    {"recipe": {**RECIPE, "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0}}},
    {"recipe": {**RECIPE, "schedule": "constant"}},
    {"recipe": {"order": "shuffled", **RECIPE}},
    {"task": {"name": "x_sin_5x", "points": 12.0, "fresh": True}},
]


@pytest.mark.parametrize("change", EQUAL)
def test_other_spellings_have_the_same_id(change: dict[str, Any]) -> None:
    table = {"network": NETWORK, "recipe": RECIPE, "task": "x_sin_5x(points=12)", **change}
    assert setup_from(table) == setup_of()
    assert setup_from(table).id == setup_of().id


def test_id_changes_with_every_field() -> None:
    network = {
        "hidden": "3 - 5",
        "activation": "tanh(k=1.0000001)",
        "weights": "he_normal(truncated=true)",
        "bias": "normal(0.2)",
        "output": {"activation": "tanh"},
    }
    recipe: dict[str, Any] = {
        "optimizer": "sgd(lr=0.05, weight_decay=1e-9)",
        "loss": "mae",
        "schedule": "inverse_time(0)",
        "batch_size": 6,
        "steps": 5,
        "order": "sequential",
        "precision": "float32",
    }
    assert set(recipe) | {"epochs"} == set(Recipe.model_fields)
    setups = [setup_of(), *(setup_of(network={key: value}) for key, value in network.items())]
    setups += [setup_of(network={"hidden": "3 - 4:relu"}), setup_of(network={"hidden": "4 - 3"})]
    for key, value in recipe.items():
        setups.append(setup_of(**{key: value}))
    setups += [setup_of(steps=None, epochs=4), setup_of(batch_size="full"), setup_of("abs_x(points=12)")]
    for inside in ("points=13", "points=12, low=-2.6", "points=12, high=2.6", "points=12, fresh=false"):
        setups.append(setup_of(f"x_sin_5x({inside})"))
    assert len({setup.id for setup in setups}) == len(setups)
    assert len(set(setups)) == len(setups)


def test_a_setup_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setup_of().task = Choice(name="abs_x")


@pytest.mark.parametrize(
    ("batch_size", "points", "sizes"),
    [(5, 12, [5, 5, 2]), (5, 10, [5, 5]), (100, 7, [7]), ("full", 7, [7]), (1, 3, [1, 1, 1])],
)
def test_batches_of_an_epoch(batch_size: int | str, points: int, sizes: list[int]) -> None:
    recipe = Recipe.model_validate({**RECIPE, "steps": None, "epochs": 3, "batch_size": batch_size})
    assert recipe.batch_sizes(points) == sizes
    assert recipe.total_steps(points) == 3 * len(sizes)
    assert Recipe.model_validate({**RECIPE, "batch_size": batch_size}).total_steps(points) == 4


def test_dropout_of_every_hidden_layer_or_of_each() -> None:
    base = {"inputs": 3, "outputs": 2, "hidden": "4-3", "weights": "he_normal"}
    assert [layer.dropout for layer in NetworkSpec.model_validate({**base, "dropout": 0.5}).dense] == [0.5, 0.5, 0.0]
    assert [layer.dropout for layer in NetworkSpec.model_validate({**base, "dropout": [0.5, 0]}).dense] == [0.5, 0, 0]


def test_front_stands_before_the_layers_and_norm_none_takes_one_away() -> None:
    table = {"inputs": 4, "weights": "he_normal", "norm": "batch_norm", "layers": [{"units": 3}, {"units": 2}]}
    spec = NetworkSpec.model_validate({**table, "front": ["standardize", "dropout(0.2)"]})
    assert [layer.kind for layer in spec.layers] == ["standardize", "dropout", "dense", "dense"]
    assert [layer.norm is None for layer in spec.blocks] == [False, True]
    assert NetworkSpec.model_validate({**table, "norm": "none"}).is_plain
    with pytest.raises(ValidationError, match=r"network\.front.*a list of layers"):
        NetworkSpec.model_validate({**table, "front": "standardize"})
