"""Image sets as tasks: what every task promises, and that images are the same arrays for every replica and seed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gradlab.data import TASKS, Examples, Task
from gradlab.data.images import SETS
from gradlab.errors import DataError, SpecError
from gradlab.parts.param import resolve
from gradlab.seeds import Purpose
from gradlab.spec import setup_from
from tests.data.sets import needs_shared
from tests.jobs import ROOT_SEED

REPLICAS = np.array([4, 0, 9])
NEEDS_FILES = ("mnist", "fashion_mnist")
EVERY_TASK = [pytest.param(TASKS[name], marks=needs_shared if name in NEEDS_FILES else ()) for name in TASKS]


def draw(name: str, purpose: Purpose = Purpose.DATA, count: int | None = None, **given: Any) -> Examples:
    task = TASKS[name]
    params = resolve(task.params, given, name)
    return task.draw(ROOT_SEED, REPLICAS, purpose, int(params["points"]) if count is None else count, params)


def labels(examples: Examples) -> list[int]:
    assert examples.targets is not None
    assert examples.targets.sum(axis=2).tolist() == [[1.0] * examples.targets.shape[1]]
    return [int(label) for label in examples.targets[0].argmax(axis=1)]


# --- every task -------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("real_images")
@pytest.mark.parametrize("task", EVERY_TASK, ids=list(TASKS))
@pytest.mark.parametrize("purpose", [Purpose.DATA, Purpose.TEST_DATA])
def test_every_task_draws_what_its_record_says(task: Task, purpose: Purpose) -> None:
    params = resolve(task.params, {}, task.name)
    examples = task.draw(ROOT_SEED, REPLICAS, purpose, 6, params)
    assert examples.targets is not None
    assert examples.inputs.shape == (1 if task.is_given else 3, 6, task.inputs)
    assert examples.targets.shape == (1 if task.is_given else 3, 6, task.outputs)
    for array in (examples.inputs, examples.targets):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    again = task.draw(ROOT_SEED, REPLICAS, purpose, 6, params)
    assert np.array_equal(again.inputs, examples.inputs)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_every_record_is_whole(task: Task) -> None:
    assert task.formula
    assert task.source
    assert "points" in {param.name for param in task.params}
    assert task.is_given == ("fresh" not in {param.name for param in task.params})
    assert task.image is None or np.prod(task.image) == task.inputs
    assert len(task.classes) in (0, task.outputs)


@pytest.mark.parametrize("targets", ["real", "binary", "one_hot", "sign"])
def test_zeros_and_ones_are_numbers_too(targets: Any) -> None:
    assert TASKS["digits"].suits(targets) == (targets != "sign")
    assert TASKS["abs_x"].suits(targets) == (targets == "real")


# --- images -----------------------------------------------------------------------------------------------------------
def test_digits() -> None:
    train, test = draw("digits"), draw("digits", Purpose.TEST_DATA, 360)
    assert train.inputs.shape == (1, 1437, 64)
    assert test.inputs.shape == (1, 360, 64)
    assert labels(train)[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert labels(test)[:5] == [2, 3, 4, 5, 6]
    assert (train.inputs.min(), train.inputs.max()) == (0.0, 1.0)


@needs_shared
@pytest.mark.usefixtures("real_images")
@pytest.mark.parametrize(
    ("name", "mean", "std", "first", "first_test"),
    [
        ("mnist", 0.1307, 0.3081, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]),
        ("fashion_mnist", 0.2860, 0.3530, [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),
    ],
)
def test_sixty_thousand_images(name: str, mean: float, std: float, first: list[int], first_test: list[int]) -> None:
    train, test = draw(name), draw(name, Purpose.TEST_DATA, 10_000)
    assert train.inputs.shape == (1, 60_000, 784)
    assert test.inputs.shape == (1, 10_000, 784)
    assert abs(train.inputs.mean(dtype=float) - mean) < 5e-5
    assert abs(train.inputs.std(dtype=float) - std) < 5e-5
    assert (labels(train)[:10], labels(test)[:10]) == (first, first_test)
    assert np.bincount(labels(test)).sum() == 10_000


def test_pixels_may_stay_as_they_are_or_be_standardized() -> None:
    unit = draw("digits").inputs
    assert np.array_equal(draw("digits", divide_by=1).inputs, unit * 16)
    standard = draw("digits", standardize=True).inputs
    assert abs(standard.mean(dtype=float)) < 1e-6
    assert abs(standard.std(dtype=float) - 1) < 1e-6
    assert np.array_equal(draw("digits", standardize=True, divide_by=1).inputs, standard)
    # test images, and the first few, by the same two numbers: those of all training images
    mean, std = unit.mean(dtype=float), unit.std(dtype=float)
    expected = (draw("digits", Purpose.TEST_DATA, 360).inputs - mean) / std
    assert np.abs(draw("digits", Purpose.TEST_DATA, 360, standardize=True).inputs - expected).max() < 1e-5
    assert np.array_equal(draw("digits", points=10, standardize=True).inputs, standard[:, :10])


def test_images_are_the_same_arrays_however_often_they_are_drawn() -> None:
    first = draw("digits", points=100)
    task = TASKS["digits"]
    params = resolve(task.params, {"points": 100}, "digits")
    assert task.draw(ROOT_SEED + 1, np.array([77]), Purpose.DATA, 100, params) is first
    assert np.array_equal(first.inputs, draw("digits").inputs[:, :100])
    assert draw("digits", Purpose.TEST_DATA, 100) is not first


@pytest.mark.parametrize(("name", "most"), [("mnist", 60_000), ("digits", 1437)])
def test_more_points_than_there_are_is_one_clear_message(name: str, most: int) -> None:
    with pytest.raises(SpecError) as caught:
        setup_from({"network": {"hidden": "4"}, "recipe": {}, "task": f"{name}(points={most + 1})"})
    told = [line.strip() for line in str(caught.value).splitlines() if "points" in line]
    assert told == [
        f"task {name}.points: got {most + 1}; expected at least 1 and at most {most} (training images, the first ones)."
    ]


@pytest.mark.parametrize("task", [*NEEDS_FILES, "digits"])
def test_a_network_takes_its_sizes_from_the_task_without_reading_it(task: str) -> None:
    recipe = {"optimizer": "sgd", "loss": "cross_entropy", "batch_size": 8, "epochs": 1}
    network = {"hidden": "4", "activation": "relu", "weights": "he_normal", "bias": "zeros"}
    setup = setup_from({"network": network, "recipe": recipe, "task": task})
    images = {images.name: images for images in SETS}[task]
    assert setup.network.inputs == images.inputs
    assert setup.network.dense[-1].units == 10
    assert setup.points == images.train
    assert setup_from({"network": network, "recipe": recipe, "task": {"name": task, "points": 7}}).points == 7


def test_drawing_what_is_nowhere_says_so() -> None:
    with pytest.raises(DataError, match="mnist: train-images"):
        draw("mnist")
    bring = TASKS["mnist"].fetch
    assert bring is not None
    with pytest.raises(DataError, match="mnist: train-images"):
        bring(True)


def test_importing_and_listing_read_no_file() -> None:
    code = """
import builtins, io, sys
from pathlib import Path
import numpy, numba, pydantic
opened, before = [], open
def watched(file, *rest, **more):
    opened.append(str(file))
    return before(file, *rest, **more)
builtins.open = io.open = watched
import gradlab.data
assert [task.inputs for task in gradlab.data.TASKS.values()]
print([name for name in opened if name.endswith((".gz", ".npz")) or "ubyte" in name], "sklearn" in sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split("\n")[-2] == "[] False"
