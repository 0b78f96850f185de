"""Which figures a page has is read off the data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradlab.reports.caveats import held_fixed, varied
from gradlab.reports.figures import Figure, figures_of
from gradlab.reports.figures.signals import metric_figures
from gradlab.reports.selection import activation_of, factors_of, grid_groups, labels, map_cells, row_cells
from gradlab.studies.load import load_study
from gradlab.studies.results import Analysis, CellResult
from tests.reports import fake


def charts_of(analysis: Analysis) -> list[Figure]:
    """Its figures; none of them is a film."""
    figures = [figure for figure in figures_of(analysis) if isinstance(figure, Figure)]
    assert len(figures) == len(figures_of(analysis))
    return figures


@pytest.fixture(scope="module")
def dying() -> Analysis:
    return fake.dying(100)


@pytest.fixture(scope="module")
def leaky() -> Analysis:
    return fake.leaky(50)


@pytest.fixture(scope="module")
def figures(dying: Analysis) -> list[Figure]:
    return charts_of(dying)


def test_rows_with_a_map_get_rates_survival_map_and_losses(figures: list[Figure]) -> None:
    assert [figure.id for figure in figures] == ["rates", "causes", "survival", "map-1", "losses"]


def test_crossed_factors_get_a_grid_first_then_effects_and_readings(leaky: Analysis) -> None:
    assert [figure.id for figure in figures_of(leaky)] == ["grid", "effects", "readings-1"]


def test_every_row_with_crossed_factors_gets_a_grid(leaky: Analysis) -> None:
    rows = [replace(cell, levels={"row": row, **cell.levels}) for row in ("B3", "B4") for cell in leaky.cells]
    ids = [figure.id for figure in figures_of(replace(leaky, cells=rows))]
    assert ids == ["grid-1", "effects", "grid-2", "readings-1"]


def test_captions_say_n(figures: list[Figure], leaky: Analysis) -> None:
    for figure in (*figures, *charts_of(leaky)):
        assert "n = " in figure.caption or all("n = " in title for title in figure.panels), figure.id
        assert figure.caption.endswith(".") and "  " not in figure.caption


def test_the_map_pairs_outcomes_with_closed_forms_as_the_claims_do(dying: Analysis, figures: list[Figure]) -> None:
    (cells,) = map_cells(dying).values()
    assert len(cells) == 100
    figure = next(figure for figure in figures if figure.id == "map-1")
    assert len(figure.panels) == 2 and "standard errors" in figure.caption


def test_rows_are_cells_in_which_at_most_one_factor_varies(dying: Analysis, leaky: Analysis) -> None:
    assert len(row_cells(dying)) == len(fake.ROWS)
    assert row_cells(leaky) == []
    assert grid_groups(dying) == {}
    assert factors_of(leaky.cells) == ["sigma", "slope", "bias"]
    assert labels(row_cells(dying))[:2] == ["B1", "B1 deeper"]


def test_labels_add_levels_where_a_row_is_not_enough(dying: Analysis) -> None:
    first, second = (replace(dying.cells[0], levels={"row": "B1", "lr": lr, "same": 1}) for lr in (0.1, 0.2))
    assert labels([first, second]) == ["B1, lr 0.1", "B1, lr 0.2"]


def test_activations_are_those_of_the_hidden_layers(dying: Analysis) -> None:
    by_row = {str(cell.levels["row"]): activation_of(cell) for cell in row_cells(dying)}
    assert (by_row["B1"], by_row["B2"]) == ("relu", "leaky_relu")


def test_nothing_measured_means_no_figures(dying: Analysis) -> None:
    empty = [
        replace(cell, outcomes={}, at_birth={}, by_look={}, replicas=0, loss_curves=cell.loss_curves[:0])
        for cell in dying.cells
    ]
    assert figures_of(replace(dying, cells=empty, claims=(), effects=())) == []
    assert figures_of(replace(dying, cells=(), claims=(), effects=())) == []


def test_what_is_the_same_in_every_cell_is_held_fixed(dying: Analysis, leaky: Analysis) -> None:
    fixed, changed = dict(held_fixed(dying)), dict(varied(dying))
    assert fixed["optimizer"].startswith("rmsprop(lr=0.0099")
    assert fixed["length"] == "10 epochs = 470 updates"
    assert not set(fixed) & set(changed)
    assert {"hidden layers", "activation", "initial weights", "initial biases", "task"} <= set(changed)
    assert "more" in changed["hidden layers"]
    assert dict(held_fixed(leaky))["hidden layers"] == "2 x 9"


def test_panels_of_a_metric_have_the_same_axes(dying: Analysis) -> None:
    def cell(row: str, data: str, losses: list[float]) -> CellResult:
        levels = {"row": row, "data": data}
        metrics = {"training_loss": np.array([losses, losses])}
        curves = np.zeros((0, 3), dtype=np.float32)
        return replace(dying.cells[0], levels=levels, steps=(0, 1, 10), by_look={}, loss_curves=curves, metrics=metrics)

    still = [cell("zero", data, [0.5, 0.5001, 0.5]) for data in "abcd"]
    learn = [cell("random", data, [0.5, 0.1, 0.001]) for data in "abcd"]
    study = load_study("zero-weights", quick=True)
    (figure,) = metric_figures(replace(dying, study=study, cells=(*still, *learn)))
    panels: list[Any] = list(figure.panels.values())
    assert len(panels) == 2 and "All panels have the same axes." in figure.caption
    assert len({(panel.layout.xaxis.to_json(), panel.layout.yaxis.to_json()) for panel in panels}) == 1
    assert panels[0].layout.yaxis.type == "log"
