"""Maps of activations: repeatable, honest about n and axes, absent where there is nothing to map."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.reports.pictures import embedding_chart
from gradlab.reports.pictures.embedding import COLOURS
from gradlab.signals.embedding import Method, embedded

METHODS: tuple[Method, ...] = ("t-SNE", "PCA")


def clusters(points: int = 60, units: int = 8) -> tuple[Float[ndarray, "P N"], Int[ndarray, " P"]]:
    """Three classes well apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(points) % 3
    return (10 * rng.normal(size=(3, units))[labels] + rng.normal(size=(points, units))).astype(np.float32), labels


@pytest.mark.parametrize("method", METHODS)
def test_classes_that_lie_apart_do_so_on_the_map_and_every_time_alike(method: Method) -> None:
    activations, labels = clusters()
    one, again = embedded(activations, labels, method), embedded(activations, labels, method)
    assert one is not None and again is not None
    assert (one.points == again.points).all()
    distances = np.linalg.norm(one.points[:, None] - one.points[None], axis=-1) + 1e9 * np.eye(len(labels))
    assert (labels[distances.argmin(axis=1)] == labels).all()


def test_pca_keeps_distances_and_the_share_of_variance() -> None:
    rng = np.random.default_rng(1)
    plane = rng.normal(size=(50, 2)) * [3.0, 1.0]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    activations = plane @ turn[:2] + 5.0
    found = embedded(activations, np.zeros(50, int), "PCA")
    assert found is not None and found.kept == pytest.approx(1.0)
    between = np.linalg.norm(found.points[:, None] - found.points[None], axis=-1)
    assert between == pytest.approx(np.linalg.norm(plane[:, None] - plane[None], axis=-1))
    assert "100 % of the variance" in found.words and "n = 50 examples." in found.words


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_size_of_activations_does_not_matter(scale: float) -> None:
    activations, labels = clusters()
    plain, scaled = embedded(activations, labels, "PCA"), embedded(activations * scale, labels, "PCA")
    assert plain is not None and scaled is not None
    assert scaled.points / scale == pytest.approx(plain.points, rel=1e-4, abs=1e-4)


def test_many_examples_are_thinned_evenly_and_said() -> None:
    activations, labels = clusters(301)
    found = embedded(activations, labels, "PCA", most=101)
    assert found is not None and len(found.points) == 101 and set(np.diff(found.rows)) == {3}
    assert (found.labels == labels[found.rows]).all()
    assert "n = 101 of 301 examples, evenly spread" in found.words


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("units", [1, 2])
def test_layers_of_one_or_two_units_have_a_map(method: Method, units: int) -> None:
    activations, labels = clusters(30, units)
    found = embedded(activations, labels, method)
    assert found is not None and np.isfinite(found.points).all()


@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_map_gives_no_map(method: Method) -> None:
    activations, labels = clusters(20)
    assert embedded(np.full_like(activations, 0.3), labels, method) is None
    assert embedded(np.zeros_like(activations), labels, method) is None
    assert embedded(activations[:4], labels[:4], method) is None
    activations[3, 2] = np.nan
    assert embedded(activations, labels, method) is None


def test_the_chart_has_a_trace_and_a_name_for_every_class_that_occurs() -> None:
    activations, labels = clusters()
    found = embedded(activations, 2 * labels, "PCA")
    assert found is not None
    chart = embedding_chart(found, ["a<b>", "b", "c", "d", "e"])
    assert [trace.name for trace in chart.data] == ["a&lt;b&gt; (20)", "c (20)", "e (20)"]
    assert {trace.marker.color for trace in chart.data} == {COLOURS[0], COLOURS[2], COLOURS[4]}
    assert [note.text for note in chart.layout.annotations] == ["<b>a&lt;b&gt;</b>", "<b>c</b>", "<b>e</b>"]
    assert chart.layout.yaxis.scaleanchor == "x"
    assert sum(len(trace.x) for trace in chart.data) == 60
    assert chart.data[1].customdata[0] == 1  # the example, as it was given


def test_names_of_classes_in_one_place_do_not_hide_each_other() -> None:
    rng = np.random.default_rng(2)
    found = embedded(rng.normal(size=(400, 3)), np.arange(400) % 4, "PCA")
    assert found is not None
    places = np.array([(note.x, note.y) for note in embedding_chart(found).layout.annotations])
    apart = np.abs(places[:, None] - places[None]).max(axis=-1) + np.eye(4)
    assert apart.min() > 0.02 * np.ptp(found.points, axis=0).max()


def test_ten_classes_have_ten_colours() -> None:
    assert len(set(COLOURS)) >= 10


def test_scikit_learn_is_loaded_only_for_a_map() -> None:
    code = "import sys, gradlab.reports.pictures; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
