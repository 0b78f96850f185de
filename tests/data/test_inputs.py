"""Named input sets: equally spaced points, training examples, examples that training does not see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from gradlab.data import TASKS, Examples
from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError
from gradlab.errors.validation import from_validation
from gradlab.parts.param import resolve
from gradlab.seeds import Purpose
from tests.jobs import ROOT_SEED

REPLICAS = np.array([4, 0, 9])
HELD_OUT = ["test", "fresh"]


def draw(name: str, purpose: Purpose = Purpose.DATA, count: int = 50) -> Examples:
    task = TASKS[name]
    return task.draw(ROOT_SEED, REPLICAS, purpose, count, resolve(task.params, {}, name))


def seen(table: dict[str, Any], name: str = "abs_x", points: int = 50) -> Examples:
    task = TASKS[name]
    wanted = InputSet.model_validate(table)
    examples = wanted.examples(
        task, resolve(task.params, {}, name), ROOT_SEED, REPLICAS, draw(name, Purpose.DATA, points)
    )
    assert examples.inputs.shape[1] == wanted.size(task, points)
    return examples


def are_equal(found: Examples, expected: Examples) -> bool:
    assert found.targets is not None and expected.targets is not None
    return np.array_equal(found.inputs, expected.inputs) and np.array_equal(found.targets, expected.targets)


def test_equally_spaced_points_have_no_targets() -> None:
    examples = seen({"linspace": [1, 10, 4]})
    assert examples.inputs.tolist() == [[[1.0], [4.0], [7.0], [10.0]]]
    assert examples.targets is None


@pytest.mark.parametrize("name", ["abs_x", "digits"])
def test_examples_of_the_task_are_the_first_training_examples(name: str) -> None:
    assert are_equal(seen({"from": "task", "count": 7}, name), draw(name, count=7))
    for table in ({"from": "task"}, {"from": "task", "count": 50}, {"from": "task", "count": 1000}):
        assert are_equal(seen(table, name), draw(name))


@pytest.mark.parametrize("source", HELD_OUT)
def test_a_task_that_draws_is_tested_on_new_draws(source: str) -> None:
    examples = seen({"from": source, "count": 7})
    assert are_equal(examples, draw("abs_x", Purpose.TEST_DATA, 7))
    assert not np.isin(examples.inputs, draw("abs_x").inputs).any()
    assert are_equal(seen({"from": source}), draw("abs_x", Purpose.TEST_DATA, 50))
    assert seen({"from": source, "count": 70}).inputs.shape == (3, 70, 1)


@pytest.mark.parametrize("source", HELD_OUT)
def test_given_examples_are_tested_on_those_held_out(source: str) -> None:
    everything = draw("digits", Purpose.TEST_DATA, 360)
    assert seen({"from": source}, "digits") is everything
    assert seen({"from": source, "count": 10_000}, "digits") is everything
    assert are_equal(seen({"from": source, "count": 7}, "digits"), draw("digits", Purpose.TEST_DATA, 7))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, 'either linspace or from = "task" or "test"'),
        ({"linspace": [0, 1, 2], "from": "task", "count": 3}, "both or neither"),
        ({"linspace": [0, 1, 2], "count": 3}, 'a count only beside "from"'),
        ({"count": 3}, "both or neither"),
        ({"linspace": [0, 1, 0]}, "count from 1 to 1,000,000"),
        ({"from": "elsewhere", "count": 3}, "'task', 'test' or 'fresh'"),
        ({"from": "task", "count": 0}, "greater than or equal to 1"),
        ({"from": "test", "count": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_input_sets_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        InputSet.model_validate(table)
    assert message in str(from_validation(caught.value, "inputs"))


@pytest.mark.parametrize("task", [replace(TASKS["abs_x"], name="plane", inputs=2), TASKS["digits"]])
def test_equally_spaced_points_need_one_input(task: Any) -> None:
    with pytest.raises(SpecError, match=rf"task {task.name} with \d+ inputs"):
        InputSet(linspace=(0.0, 1.0, 3)).examples(task, {}, ROOT_SEED, REPLICAS, draw("abs_x"))
