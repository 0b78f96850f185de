"""Tasks that are functions of one variable, and the named input sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import kstest

from gradlab.data import TASKS, Examples
from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError, from_validation
from gradlab.parts.param import resolve
from gradlab.seeds import Purpose
from tests.jobs import ROOT_SEED
from tests.oracles import streams

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "x_sin_5x": lambda x: x * np.sin(5 * x),
    "abs_x": np.abs,
    "abs_x_sin_5x": lambda x: np.abs(x * np.sin(5 * x)),
}
REPLICAS = np.array([4, 0, 9])


def draw(
    name: str, replicas: np.ndarray = REPLICAS, purpose: Purpose = Purpose.DATA, count: int = 50, **given: Any
) -> Examples:
    task = TASKS[name]
    return task.draw(ROOT_SEED, replicas, purpose, count, resolve(task.params, given, name))


def targets_of(examples: Examples) -> np.ndarray:
    assert examples.targets is not None
    return examples.targets


@pytest.mark.parametrize("name", FUNCTIONS)
def test_targets_are_the_function_of_the_inputs(name: str) -> None:
    examples = draw(name)
    assert examples.inputs.shape == targets_of(examples).shape == (3, 50, 1)
    assert examples.inputs.dtype == targets_of(examples).dtype == np.float32
    # the target belongs to the input before it was rounded: slope at most 1 + 5 sqrt 7, inputs below 4
    tolerance = (1 + 5 * np.sqrt(7)) * 2 * 2.0**-24 + 4 * 2.0**-24
    difference = targets_of(examples) - FUNCTIONS[name](examples.inputs.astype(float))
    assert np.abs(difference).max() <= tolerance


@pytest.mark.parametrize("name", FUNCTIONS)
def test_inputs_are_uniform_on_the_interval(name: str) -> None:
    x = draw(name, np.arange(40), count=500).inputs.ravel()
    end = np.sqrt(7)
    assert np.abs(x).max() <= np.float32(end)
    assert kstest(x, "uniform", args=(-end, 2 * end)).pvalue > 1e-4
    shifted = draw(name, low=1.0, high=3.0).inputs
    assert ((shifted >= 1) & (shifted <= 3)).all()


def test_inputs_are_the_oracles_draws() -> None:
    unit = streams.uniforms(ROOT_SEED, 9, Purpose.DATA, 0, 50)
    expected = np.array([1 + 2 * u for u in unit], np.float32)
    assert draw("abs_x", low=1.0, high=3.0).inputs[2, :, 0].tolist() == expected.tolist()


def test_replicas_and_purposes_draw_their_own() -> None:
    examples = draw("abs_x")
    assert len(np.unique(examples.inputs)) == 150
    assert not np.isin(draw("abs_x", purpose=Purpose.TEST_DATA).inputs, examples.inputs).any()
    for row, replica in enumerate(REPLICAS):
        assert np.array_equal(examples.inputs[[row]], draw("abs_x", np.array([replica])).inputs)
    assert np.array_equal(draw("abs_x", count=20).inputs, examples.inputs[:, :20])


def test_shared_data_are_those_of_replica_0() -> None:
    shared = draw("abs_x", fresh=False)
    assert shared.inputs.shape == (1, 50, 1)
    assert np.array_equal(shared.inputs, draw("abs_x", np.array([0])).inputs)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_every_task_draws_what_its_record_says(task: Any) -> None:
    examples = task.draw(ROOT_SEED, REPLICAS, Purpose.DATA, 6, resolve(task.params, {}, task.name))
    assert examples.inputs.shape[1:] == (6, task.inputs)
    assert targets_of(examples).shape[1:] == (6, task.outputs)
    assert np.isfinite(examples.inputs).all()
    assert np.isfinite(targets_of(examples)).all()
    assert task.formula
    assert task.source
    assert {"points", "fresh"} <= {param.name for param in task.params}


# --- named input sets -------------------------------------------------------------------------------------------------
def seen(table: dict[str, Any]) -> Examples:
    task = TASKS["abs_x"]
    params = resolve(task.params, {}, "abs_x")
    return InputSet.model_validate(table).examples(task, params, ROOT_SEED, REPLICAS, draw("abs_x"))


def test_equally_spaced_points_have_no_targets() -> None:
    examples = seen({"linspace": [1, 10, 4]})
    assert examples.inputs.tolist() == [[[1.0], [4.0], [7.0], [10.0]]]
    assert examples.targets is None


def test_examples_of_the_task_are_the_first_training_examples() -> None:
    examples = seen({"from": "task", "count": 7})
    assert np.array_equal(examples.inputs, draw("abs_x").inputs[:, :7])
    assert np.array_equal(targets_of(examples), targets_of(draw("abs_x"))[:, :7])
    assert seen({"from": "task", "count": 1000}).inputs.shape == (3, 50, 1)


def test_fresh_examples_are_new_draws() -> None:
    examples = seen({"from": "fresh", "count": 7})
    assert np.array_equal(examples.inputs, draw("abs_x", purpose=Purpose.TEST_DATA, count=7).inputs)
    assert not np.isin(examples.inputs, draw("abs_x").inputs).any()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "both or neither"),
        ({"linspace": [0, 1, 2], "from": "task", "count": 3}, "both or neither"),
        ({"from": "task"}, 'a count exactly when "from" is given'),
        ({"linspace": [0, 1, 2], "count": 3}, 'a count exactly when "from" is given'),
        ({"linspace": [0, 1, 0]}, "count at least 1"),
        ({"from": "elsewhere", "count": 3}, "'task' or 'fresh'"),
        ({"from": "task", "count": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_input_sets_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        InputSet.model_validate(table)
    assert message in str(from_validation(caught.value, "inputs"))


def test_equally_spaced_points_need_one_input() -> None:
    plane = replace(TASKS["abs_x"], name="plane", inputs=2)
    with pytest.raises(SpecError, match="task plane with 2 inputs"):
        InputSet(linspace=(0.0, 1.0, 3)).examples(plane, {}, ROOT_SEED, REPLICAS, draw("abs_x"))
