"""Tasks that are functions of one variable, and Eggholder's of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from gradlab.data import TASKS, Examples
from gradlab.data.functions import eggholder
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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_their_records_say_that_they_draw(name: str) -> None:
    task = TASKS[name]
    assert (task.inputs, task.outputs, task.targets, task.is_given, task.fetch) == (1, 1, "real", False, None)
    assert {"points", "fresh"} <= {param.name for param in task.params}


def test_eggholder_has_its_published_minimum_and_its_noise() -> None:
    # Jamil and Yang 2013, no. 53: f(512, 404.2319) = -959.6407 is the least on the square
    assert abs(float(eggholder(np.array(512.0), np.array(404.2319))) + 959.6407) < 1e-4
    task = TASKS["eggholder"]
    params = {"size": 512.0, "noise_variance": 0.3, "fresh": True}
    found = task.draw(3, np.arange(4), Purpose.DATA, 2000, params)
    quiet = task.draw(3, np.arange(4), Purpose.DATA, 2000, {**params, "noise_variance": 0.0})
    assert found.targets is not None and quiet.targets is not None
    x = found.inputs.astype(np.float64)
    np.testing.assert_allclose(quiet.targets[:, :, 0], eggholder(x[:, :, 0], x[:, :, 1]), atol=0.02)
    noise = (found.targets - quiet.targets).astype(np.float64)
    error = 0.3 * np.sqrt(2 / noise.size)  # standard error of a normal's variance
    assert abs(noise.var() - 0.3) <= 4 * error
    assert -512 <= x.min() < -500 and 500 < x.max() <= 512
    assert np.array_equal(found.inputs, quiet.inputs)
    test = task.draw(3, np.arange(4), Purpose.TEST_DATA, 2000, params)
    assert not np.isin(test.inputs, found.inputs).all()
