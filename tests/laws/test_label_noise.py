"""Label noise replaces the share that it says, alike in cells that are compared and in both engines, and never a test label."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradlab.data import TASKS, Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts.param import resolve
from gradlab.seeds import Purpose
from gradlab.spec import Setup, setup_from
from gradlab.training import prepare
from tests.jobs import RECIPE, ROOT_SEED, flat, job_of, looks_at, setup_of

WITH_CLASSES = [name for name, task in TASKS.items() if task.targets != "real"]
DRAWN = [name for name in WITH_CLASSES if not TASKS[name].is_given]
REPLICAS = np.array([4, 0, 9])
# sums of at most 100 numbers a step round by 100 eps = 2e-14 of their terms: a hundred thousand times less than this
SAME = 1e-9


def draw(name: str, share: float, count: int, purpose: Purpose = Purpose.DATA, **given: Any) -> Examples:
    task = TASKS[name]
    params = resolve(task.params, {"label_noise": share, **given}, name)
    return task.draw(ROOT_SEED, REPLICAS, purpose, count, params)


def classes(examples: Examples) -> np.ndarray:
    """Class of every example, [R, P]; of two classes the sign or the 1."""
    assert examples.targets is not None
    targets = np.broadcast_to(examples.targets, (len(REPLICAS), *examples.targets.shape[1:]))
    return targets.argmax(axis=2) if targets.shape[2] > 1 else targets[:, :, 0]


def four_errors(share: float, count: int) -> float:
    return 4 * math.sqrt(share * (1 - share) / count)


@pytest.mark.parametrize("name", [*DRAWN, "digits"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_that_is_replaced_is_the_one_asked_for(name: str, share: float) -> None:
    count = 1400
    clean, noisy = draw(name, 0.0, count), draw(name, share, count)
    assert np.array_equal(clean.inputs, noisy.inputs)
    replaced = classes(clean) != classes(noisy)
    for row in replaced:
        assert abs(row.mean() - share) <= four_errors(share, count)
    assert set(np.unique(classes(noisy))) == set(np.unique(classes(clean)))
    assert noisy.targets is not None and noisy.targets.dtype == np.float32


@pytest.mark.parametrize("name", DRAWN)
def test_all_labels_of_two_classes_can_be_the_other_ones(name: str) -> None:
    assert np.array_equal(classes(draw(name, 1.0, 40)), -classes(draw(name, 0.0, 40)))
    ours, clean = (classes(draw(name, share, 40, binary=True)) for share in (1.0, 0.0))
    assert np.array_equal(ours, 1 - clean)


def test_each_other_class_is_as_likely() -> None:
    noisy, clean = classes(draw("digits", 1.0, 1400)), classes(draw("digits", 0.0, 1400))
    steps = (noisy - clean) % 10
    assert steps.min() == 1
    for step in range(1, 10):
        assert abs((steps == step).mean() - 1 / 9) <= four_errors(1 / 9, steps.size)


@pytest.mark.parametrize("name", [*DRAWN, "digits"])
def test_cells_are_paired_and_replicas_are_not(name: str) -> None:
    clean, some, more = (classes(draw(name, share, 400)) for share in (0.0, 0.2, 0.6))
    replaced = some != clean
    assert np.array_equal(some[replaced], more[replaced])  # what is replaced at .2 is replaced at .6, by the same
    assert (replaced[0] != replaced[1]).any()
    assert np.array_equal(classes(draw(name, 0.2, 100)), some[:, :100])


@pytest.mark.parametrize("name", [*DRAWN, "digits"])
def test_test_labels_stay_clean(name: str) -> None:
    ours, clean = (draw(name, share, 200, Purpose.TEST_DATA) for share in (0.5, 0.0))
    assert np.array_equal(classes(ours), classes(clean))


@pytest.mark.parametrize("name", DRAWN)
def test_shared_data_have_shared_labels(name: str) -> None:
    shared, own = draw(name, 0.3, 100, fresh=False), draw(name, 0.3, 100)
    assert shared.targets is not None and own.targets is not None
    assert len(shared.targets) == 1
    assert np.array_equal(shared.targets[0], own.targets[1])  # replica 0


def test_looks_see_the_labels_that_training_sees_and_clean_test_labels() -> None:
    sets = {"train": InputSet.model_validate({"from": "task"}), "test": InputSet.model_validate({"from": "test"})}
    job = job_of(setup_of("moons(label_noise=0.5, points=40)", loss="hinge"), inputs=sets)
    clean = job_of(setup_of("moons(points=40)", loss="hinge"), inputs=sets)
    assert np.array_equal(job.sets["train"].targets, job.examples.targets)  # type: ignore[arg-type]
    assert not np.array_equal(job.sets["train"].targets, clean.sets["train"].targets)  # type: ignore[arg-type]
    assert np.array_equal(job.sets["test"].targets, clean.sets["test"].targets)  # type: ignore[arg-type]


@pytest.mark.parametrize("fresh", ["true", "false"])
@pytest.mark.parametrize("order", ["shuffled", "by_class"])
def test_both_engines_learn_from_the_same_labels(fresh: str, order: str) -> None:
    def task(share: float) -> Setup:
        text = f"moons(points=12, fresh={fresh}, label_noise={share})"
        return setup_of(text, loss="hinge", order=order)

    noisy, clean = task(0.5), task(0.0)
    ends = [looks_at(job_of(noisy, clean), [4], engine=engine)[0] for engine in ("torch", "narrow")]
    for row in range(6):
        assert np.abs(flat(ends[0], row) - flat(ends[1], row)).max() <= SAME
    for row in range(3):  # the clean cell is the same network on the same inputs
        assert np.abs(flat(ends[0], row) - flat(ends[0], row + 3)).max() > 1e3 * SAME
    np.testing.assert_allclose(ends[0].loss, ends[1].loss, rtol=SAME)


@pytest.mark.parametrize("kinds", ["dense", "conv"])
@pytest.mark.parametrize("order", ["shuffled", "sequential", "by_class"])
def test_images_of_all_with_labels_of_their_own(kinds: str, order: str) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "dense": {"hidden": "6", "activation": "tanh"},
        "conv": {"layers": ["conv2d(2, 3)", "tanh", "flatten", "dense(10)"]},
    }
    network = {**shapes[kinds], "weights": "he_normal"}
    task = "digits(points=30, label_noise=0.4)"
    setup = setup_from(
        {"network": network, "recipe": {**RECIPE, "loss": "cross_entropy", "order": order}, "task": task}
    )
    together = prepare([Slice(setup, 0, 3)], ROOT_SEED, {})
    assert together.examples.targets is not None
    assert (len(together.examples.inputs), len(together.examples.targets)) == (3 if order == "by_class" else 1, 3)
    (end,) = looks_at(together, [4])
    for row in range(3):
        (alone,) = looks_at(prepare([Slice(setup, row, row + 1)], ROOT_SEED, {}), [4])
        assert np.abs(flat(alone, 0) - flat(end, row)).max() <= SAME
    assert abs(end.loss[0] - end.loss[1]) > SAME


@pytest.mark.parametrize("name", WITH_CLASSES)
def test_without_noise_a_task_is_what_it_was(name: str) -> None:
    losses = {"sign": "hinge", "one_hot": "cross_entropy"}
    loss = losses[TASKS[name].targets]
    plain, zero, some = (setup_of(f"{name}({text}points=30)", loss=loss) for text in (
        "", "label_noise=0, ", "label_noise=0.1, "
    ))  # fmt: skip
    assert plain.id == zero.id != some.id
    assert "label_noise" not in plain.task.model_dump()
    assert some.task.model_dump()["label_noise"] == 0.1
    assert Setup.from_toml(some.to_toml()) == some
