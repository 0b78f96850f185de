"""Theory's curves on pages: at birth only, for networks that theory says something of, where inputs are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gradlab.errors import DataError
from gradlab.reports.figures import theory as theory_figures
from gradlab.reports.figures.theory import gradients_beside_theory, theory_at_birth
from gradlab.signals import History
from gradlab.spec import NetworkSpec, Setup
from gradlab.studies.claims import Claim
from gradlab.studies.results import Analysis, CellResult
from tests.reports import fake

LAYERS = tuple([*map(str, range(1, 10)), "output"])


def cell_at_birth(row: str, last: int = 0) -> CellResult:
    analysis = fake.dying(10)
    cell = next(cell for cell in analysis.cells if cell.levels["row"] == row)
    steps = (0,) if last == 0 else (0, last)
    sizes = np.geomspace(1e-6, 1.0, 10) * np.ones((len(steps), 4, 1))
    return replace(
        cell, steps=steps, signals=History(steps, LAYERS, "measured", {"pre_activation_gradient_rms": sizes})
    )


def with_claim(cells: list[CellResult], name: str) -> Analysis:
    """An analysis of these cells, whose study claims something about a quantity."""
    analysis = fake.dying(10)
    claim = Claim.model_validate(
        {"id": "g", "statement": "", "measure": {"ratio": name, "layer": 1, "to_layer": "output"}, "published": 1.0}
    )
    return replace(analysis, study=analysis.study.model_copy(update={"claims": (claim,)}), cells=tuple(cells))


def test_theory_is_drawn_at_birth_only() -> None:
    found = theory_at_birth(cell_at_birth("B1"))
    assert found is not None and found.layers == LAYERS
    assert (found["activation_std"] > 0.0).all()
    assert theory_at_birth(cell_at_birth("B1", last=470)) is None
    assert theory_at_birth(replace(cell_at_birth("B1"), signals=None)) is None
    assert theory_at_birth(cell_at_birth("B5 RAI |x|")) is None  # weights that theory says nothing of


@pytest.mark.parametrize(("norm", "is_drawn"), [("layer_norm", True), ("batch_norm", False)])
def test_a_look_at_birth_has_no_statistics_of_a_batch(norm: str, is_drawn: bool) -> None:
    cell = cell_at_birth("B1")
    network = NetworkSpec.model_validate(
        {"inputs": 1, "outputs": 1, "hidden": [2] * 9, "activation": "relu", "weights": "he_normal", "norm": norm}
    )
    found = theory_at_birth(replace(cell, setup=cell.setup.model_copy(update={"network": network})))
    assert (found is not None) == is_drawn


def test_gradients_stand_beside_theory_where_claims_are_about_them() -> None:
    cells = [cell_at_birth("B1"), cell_at_birth("B5 RAI |x|")]
    figure = gradients_beside_theory(with_claim(cells, "gradient_max"))
    assert figure is not None
    (chart,) = figure.panels.values()
    dashed = [
        trace for trace in chart.data if getattr(trace.line, "dash", None) and trace.x is not None and len(trace.x) > 2
    ]
    assert dashed, "theory is the dashed line"
    assert "4 networks a setting" in figure.caption
    assert gradients_beside_theory(with_claim(cells, "activation_std")) is None
    assert gradients_beside_theory(with_claim(cells[1:], "gradient_max")) is None


def test_without_the_task_s_files_there_is_no_theory(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(setup: Setup) -> None:
        raise DataError("mnist: not found")

    monkeypatch.setattr(theory_figures, "inputs_of", absent)
    theory_figures._expected_of.cache_clear()
    assert theory_at_birth(cell_at_birth("B1")) is None
    theory_figures._expected_of.cache_clear()
