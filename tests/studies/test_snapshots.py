"""Snapshots: the arrays that pictures are drawn from are those of the networks, whatever the chunks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradlab.errors import UserError
from gradlab.nets import Slice, build_stack
from gradlab.studies.load import load_study
from gradlab.studies.plan import make_plan
from gradlab.studies.results import Analysis
from tests.studies.small import run, small_plan, small_study
from tests.studies.test_numbers import DIGITS

PICTURED: dict[str, Any] = {**DIGITS, "signals": None, "snapshots": {"over": "test", "replicas": 2, "rows": ["A"]}}


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return run(small_plan(**PICTURED), tmp_path_factory.mktemp("store"))


def test_only_the_rows_named_have_snapshots(analysis: Analysis) -> None:
    first, second = analysis.cells
    assert not second.snapshots
    assert [each.step for each in first.snapshots] == list(first.steps)
    assert first.snapshots[0].arrays["weights/1"].shape == (2, 8, 64)
    assert first.snapshots[0].arrays["activations/output"].shape == (2, 10)


def test_weights_are_those_that_training_began_with(analysis: Analysis) -> None:
    cell = analysis.cells[0]
    stack = build_stack([Slice(cell.setup, 0, 2)], analysis.seed)
    assert np.array_equal(cell.snapshots[0].arrays["weights/1"], stack.weights[0])


def test_updates_add_up_to_the_change_of_the_weights(analysis: Analysis) -> None:
    shots = analysis.cells[0].snapshots
    moved = sum(
        (after.step - before.step) * before.arrays["updates/2"].astype(float) for before, after in pairwise(shots)
    )
    change = shots[-1].arrays["weights/2"] - shots[0].arrays["weights/2"]
    np.testing.assert_allclose(moved, change, atol=1e-5)
    assert np.array_equal(shots[-1].arrays["updates/2"], shots[-2].arrays["updates/2"])


def test_the_confusion_matrix_counts_every_input(analysis: Analysis) -> None:
    cell = analysis.cells[0]
    confusion = cell.snapshots[-1].arrays["confusion"]
    assert confusion.shape == (2, 10, 10) and (confusion.sum(axis=(1, 2)) == 100).all()
    right = np.trace(confusion, axis1=1, axis2=2) / 100
    np.testing.assert_allclose(right, cell.metrics["accuracy"][:2, -1])


def test_maps_are_made_at_the_end_only(analysis: Analysis) -> None:
    first, *_, last = analysis.cells[0].snapshots
    assert "embedding/PCA" not in first.arrays
    assert last.arrays["embedding/PCA"].shape == last.arrays["embedding/t-SNE"].shape == (2, 100, 2)
    assert last.arrays["embedding/labels"].shape == last.arrays["embedding/rows"].shape == (2, 100)
    assert ((last.arrays["embedding/kept"] > 0) & (last.arrays["embedding/kept"] <= 1)).all()


def test_chunks_change_nothing(analysis: Analysis, tmp_path: Path) -> None:
    other = run(small_plan(chunk=3, **PICTURED), tmp_path)
    for a, b in zip(analysis.cells[0].snapshots, other.cells[0].snapshots, strict=True):
        for name in ("weights/1", "updates/output", "activations/2"):
            np.testing.assert_allclose(a.arrays[name], b.arrays[name], rtol=2e-3, atol=1e-5)


def test_a_row_without_pictures_is_the_same_cell() -> None:
    plain, pictured = (make_plan(small_study(**study)) for study in ({**PICTURED, "snapshots": None}, PICTURED))
    assert plain.cells[1].id == pictured.cells[1].id
    assert plain.cells[0].id != pictured.cells[0].id


def test_mistakes() -> None:
    with pytest.raises(UserError) as error:
        small_study(snapshots={"over": "points"})
    assert "points without targets" in str(error.value)
    for change, piece in (({"over": "tset"}, 'did you mean "test"?'), ({"rows": ["C"]}, '"C"')):
        with pytest.raises(UserError) as error:
            small_study(**{**PICTURED, "snapshots": change})
        assert piece in str(error.value)


def test_choosing_a_row_keeps_its_pictures_only() -> None:
    study = load_study("best-of-all", ["row=C8"])
    assert study.snapshots is not None and study.snapshots.rows == ("C8",)
    assert load_study("best-of-all", ['row="C8 10,000 images"']).snapshots is None
