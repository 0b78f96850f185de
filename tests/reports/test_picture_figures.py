"""Pictures on a study's page: what is drawn of snapshots, what captions say, and what is left out."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gradlab.reports.figures import Figure, figures_of, films_of
from gradlab.reports.figures.pictures import MOST_PICTURED, left_out_text, picture_figures, pictured
from gradlab.reports.gifs import gifs
from gradlab.reports.pictures import Film
from gradlab.signals import Snapshot
from gradlab.studies.results import Analysis
from tests.reports import fake, fake_pictures


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return fake_pictures.pictured()


@pytest.fixture(scope="module")
def films(analysis: Analysis) -> list[Film]:
    return films_of(analysis)


def test_pictures_follow_the_metrics(analysis: Analysis) -> None:
    assert [figure.id for figure in figures_of(analysis)] == [
        "metric-train_loss", "metric-test_loss", "metric-test_accuracy", "film-1", "film-2", "confusion", "plane-1", "plane-2",
    ]  # fmt: skip


def test_a_study_without_snapshots_has_no_pictures() -> None:
    assert picture_figures(fake.dying(20)) == [] and films_of(fake.leaky(20)) == []


def test_a_film_has_every_layer_in_the_networks_order_and_the_first_as_images(analysis: Analysis) -> None:
    deep = fake_pictures.pictured(["A"], changes={"network": {**fake_pictures.BASE["network"], "hidden": "4 x 11"}})
    shuffled = [Snapshot(each.step, dict(sorted(each.arrays.items()))) for each in deep.cells[0].snapshots]
    (film,) = films_of(replace(deep, cells=[replace(deep.cells[0], snapshots=tuple(shuffled))]))
    titles = [*(f"layer {k}" for k in range(1, 12)), "output layer"]
    assert [grid.title for grid in film.grids] == 3 * titles
    assert [grid.quantity for grid in film.grids][::12] == ["weights", "weight changes", "mean activation"]
    assert film.grids[0].values.shape == (4, 4, 8, 8) and film.grids[0].is_image
    wanted = [each.arrays["weights/10"][0] for each in shuffled]
    assert (film.grids[9].values[:, 0] == np.stack(wanted)).all()


def test_a_film_prints_the_first_networks_metrics_on_the_snapshots_own_inputs(
    analysis: Analysis, films: list[Film]
) -> None:
    cell = analysis.cells[0]
    assert list(films[0].losses) == cell.metrics["test_loss"][0].tolist() and films[0].loss_name == "test loss"
    assert list(films[0].accuracies) == cell.metrics["test_accuracy"][0].tolist()
    assert films[0].words(3).startswith("step 100, test loss ") and "test accuracy" in films[0].words(3)


def test_snapshots_of_some_looks_get_the_numbers_of_these(analysis: Analysis) -> None:
    cell = analysis.cells[0]
    (film,) = films_of(replace(analysis, cells=[replace(cell, snapshots=cell.snapshots[1::2])]))
    assert list(film.steps) == [1, 100] and list(film.losses) == cell.metrics["test_loss"][0, 1::2].tolist()


def test_without_metrics_the_training_loss_is_printed() -> None:
    analysis = fake_pictures.pictured(["A"], is_classes=False)
    (film,) = films_of(analysis)
    assert list(film.losses) == analysis.cells[0].loss_curves[0].tolist() and film.accuracies == []
    assert film.words(0).startswith("step 0, training loss 2.3") and "accuracy" not in film.words(0)
    assert [figure.id for figure in picture_figures(analysis)] == ["film-1"]  # no classes: nothing to take for another


def test_captions_say_which_network_on_which_inputs_and_how_far_weights_move(films: list[Film]) -> None:
    caption = films[0].caption
    for wanted in (
        "Weights of layer 1 are images of the input",
        "means over the ", " inputs called test.",
        "From step 0 to 100 weights move most in ", "and least in ",
        "n = 1 network, the first (replica 0) of 3.",
    ):  # fmt: skip
        assert wanted in caption
    assert "  " not in caption and not caption.endswith(" ")


def test_how_far_weights_move_is_relative_to_where_they_began() -> None:
    analysis = fake_pictures.pictured(
        ["A"], (0, 5), changes={"network": {**fake_pictures.BASE["network"], "hidden": []}}
    )
    cell = analysis.cells[0]
    first = cell.snapshots[0].arrays["weights/output"]
    shots = [Snapshot(step, {"weights/output": scale * first}) for step, scale in ((0, 1.0), (5, 1.5))]
    (film,) = films_of(replace(analysis, cells=[replace(cell, snapshots=tuple(shots))]))
    assert "From step 0 to 5 weights move by 50 % of their size in the output layer." in film.caption
    assert film.caption.startswith("Weights of the output layer are images of the input, one a unit. From")
    lost = [shots[0], Snapshot(5, {"weights/output": np.nan * first})]
    (film,) = films_of(replace(analysis, cells=[replace(cell, snapshots=tuple(lost))]))
    assert "weights move" not in film.caption


def test_a_network_that_is_not_trained_has_a_film_of_one_picture() -> None:
    (film,) = films_of(fake_pictures.pictured(["A"], [0]))
    assert [grid.quantity for grid in film.grids][::3] == ["weights", "mean activation"] and list(film.steps) == [0]
    figures = picture_figures(fake_pictures.pictured(["A"], [0]))
    assert [figure.id for figure in figures] == ["film-1", "confusion", "plane-1"]
    assert all("Before training" in figure.caption or "before training" in figure.caption for figure in figures[1:])


def test_the_confusion_figure_has_a_panel_for_each_cell_with_the_last_counts(analysis: Analysis) -> None:
    (figure,) = [figure for figure in picture_figures(analysis) if figure.id == "confusion"]
    assert isinstance(figure, Figure)
    for cell, (title, panel) in zip(analysis.cells, figure.panels.items(), strict=True):
        counts = cell.snapshots[-1].arrays["confusion"][0]
        assert title == f"{cell.levels['row']}: {100 * counts.trace() / counts.sum():.4g} % of {counts.sum()} right"
        shares = 100 * counts / counts.sum(axis=1, keepdims=True)
        assert np.array(panel.data[0].z) == pytest.approx(shares, abs=0.01)
    assert "Most frequent mistake: A: " in figure.caption and "mean over networks" not in figure.caption


def test_a_matrix_without_mistakes_says_none() -> None:
    analysis = fake_pictures.pictured(["A"], [0, 1])
    cell = analysis.cells[0]
    shot = Snapshot(1, {**cell.snapshots[1].arrays, "confusion": 5 * np.eye(10, dtype=int)[None]})
    figures = picture_figures(replace(analysis, cells=[replace(cell, snapshots=(cell.snapshots[0], shot))]))
    (figure,) = [figure for figure in figures if figure.id == "confusion"]
    assert isinstance(figure, Figure) and list(figure.panels) == ["100 % of 50 right"]
    assert "Most frequent mistake: none." in figure.caption


def test_maps_have_a_panel_for_each_method_and_say_what_axes_are_worth(analysis: Analysis) -> None:
    planes = [figure for figure in picture_figures(analysis) if figure.id.startswith("plane")]
    for figure, row in zip(planes, "AB", strict=True):
        assert isinstance(figure, Figure) and list(figure.panels) == ["t-SNE", "PCA"] and figure.title.endswith(row)
        assert "the plane holds 75 % of the variance" in figure.caption and "perplexity" in figure.caption
        assert f"n = {fake_pictures.POINTS} of " in figure.caption and "(replica 0) of 3" in figure.caption
        assert sum(len(trace.x) for trace in figure.panels["PCA"].data) == fake_pictures.POINTS


def test_a_map_that_is_absent_is_left_out(analysis: Analysis) -> None:
    cell = analysis.cells[0]
    arrays = {name: array for name, array in cell.snapshots[-1].arrays.items() if name != "embedding/t-SNE"}
    shots = (*cell.snapshots[:-1], Snapshot(100, arrays))
    figures = picture_figures(replace(analysis, cells=[replace(cell, snapshots=shots)]))
    assert isinstance(figures[-1], Figure) and list(figures[-1].panels) == ["PCA"]


def test_only_the_first_cells_are_drawn_and_the_others_are_named() -> None:
    analysis = fake_pictures.pictured([f"R{k}" for k in range(MOST_PICTURED + 2)], [0, 1])
    assert list(pictured(analysis)) == [f"R{k}" for k in range(MOST_PICTURED)]
    films = films_of(analysis)
    assert len(films) == MOST_PICTURED and len(list(gifs(analysis))) == MOST_PICTURED
    said = f"The first {MOST_PICTURED} of {MOST_PICTURED + 2} cells with snapshots are drawn; not R6; R7."
    assert left_out_text(analysis) == said and films[-1].caption.endswith(said)
    assert any(said in figure.caption for figure in picture_figures(analysis) if figure.id == "confusion")


def test_gifs_have_a_frame_a_step_and_names_of_their_own(analysis: Analysis) -> None:
    odd = [replace(cell, levels={"row": f"R/ö {k}"}) for cell, k in zip(analysis.cells, ("x", "X"), strict=True)]
    made = dict(gifs(replace(analysis, cells=odd)))
    assert list(made) == ["fake-pictures-r-x.gif", "fake-pictures-r-x-2.gif"]
    assert all(Image.open(io.BytesIO(content)).n_frames == 4 for content in made.values())  # type: ignore[attr-defined]
    assert [name for name, _ in gifs(fake_pictures.pictured(["A"], [0, 1]))] == ["fake-pictures.gif"]
