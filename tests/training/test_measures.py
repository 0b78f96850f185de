"""RMSE; accuracy: of classes with an output each, of two classes with one output, and of numbers, which have none."""

from __future__ import annotations

import numpy as np
import pytest

from gradlab.training.measures import accuracy, rmse


def test_the_largest_output_is_the_class() -> None:
    targets = np.eye(3)[None, [0, 1, 2, 2]]
    outputs = np.stack([targets[0], -targets[0], np.zeros((4, 3)), np.where(targets[0] == 1, 9.0, np.nan)])
    assert accuracy(outputs, targets).tolist() == [1.0, 0.0, 0.25, 0.0]  # of equal outputs the first counts


@pytest.mark.parametrize("other", [-1.0, 0.0])
def test_a_single_output_tells_two_classes_apart(other: float) -> None:
    targets = np.array([1.0, other, 1.0, other])[None, :, None]
    outputs = np.array([[3, -2, 0.1, -0.1], [3, 2, 0.1, 0.1], [0, 0, 0, 0], [np.nan, -1, 1, np.inf]])[:, :, None]
    assert accuracy(outputs, targets).tolist() == [1.0, 0.5, 0.5, 0.5]
    assert accuracy(outputs, targets, threshold=0.5).tolist() == [0.75, 0.5, 0.5, 0.5]


def test_numbers_have_no_accuracy() -> None:
    assert np.isnan(accuracy(np.zeros((2, 3, 1)), np.array([0.5, 1.0, -1.0])[None, :, None])).all()


def test_tasks_of_one_stack_are_told_apart() -> None:
    targets = np.array([[1.0, -1.0], [0.3, -1.0], [0.0, 1.0]])[:, :, None]
    found = accuracy(np.array([[1.0, -1.0]] * 3)[:, :, None], targets)
    assert found[[0, 2]].tolist() == [1.0, 0.0] and np.isnan(found[1])


def test_rmse_is_the_root_of_the_mean_over_examples_and_outputs() -> None:
    outputs = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [np.nan, 0.0]]], np.float32)
    targets = np.zeros((1, 2, 2), np.float32)
    found = rmse(outputs, targets)
    assert abs(found[0] - np.sqrt(30 / 4)) < 1e-12
    assert np.isnan(found[1])
