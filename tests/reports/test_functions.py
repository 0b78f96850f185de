"""The activations that a study compares are drawn with their slopes, from their formulas."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradlab.parts import ACTIVATIONS
from gradlab.reports.figures.functions import MOST_FUNCTIONS, activations_of, function_figure
from gradlab.studies.results import Analysis
from tests.reports import fake


def with_activations(*names: str, output: str = "identity") -> Analysis:
    """An analysis of a cell for each activation."""
    analysis = fake.dying(10)
    cell = analysis.cells[0]
    cells = []
    for name in names:
        network = {"inputs": 1, "outputs": 1, "hidden": "3", "activation": name, "weights": "he_normal"}
        network |= {"output": {"activation": output}}
        setup = type(cell.setup).model_validate({**cell.setup.model_dump(), "network": network})
        cells.append(replace(cell, setup=setup))
    return replace(analysis, cells=tuple(cells))


def drawn(figure: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        trace["name"]: (np.array(trace["x"], float), np.array(trace["y"], float))
        for trace in json.loads(figure.to_json())["data"]
    }


def test_functions_and_slopes_are_those_of_the_formulas() -> None:
    figure = function_figure(with_activations("lecun_tanh", "tanh"))
    assert figure is not None and list(figure.panels) == ["activation", "slope"]
    z, lecun = drawn(figure.panels["activation"])["lecun_tanh(linear=0.01)"]
    np.testing.assert_allclose(lecun, 1.7159 * np.tanh(2 * z / 3) + 0.01 * z, rtol=1e-5)
    z, slope = drawn(figure.panels["slope"])["tanh(k=1)"]
    np.testing.assert_allclose(slope, 1 - np.tanh(z) ** 2, rtol=1e-5, atol=1e-12)
    steepest = drawn(figure.panels["slope"])["lecun_tanh(linear=0.01)"][1].max()
    assert steepest == pytest.approx(1.7159 * 2 / 3 + 0.01, rel=1e-5)  # 1.15393, not 1.55393


def test_a_mistaken_slope_is_drawn_as_it_was_run_and_said_to_be_one() -> None:
    figure = function_figure(with_activations("tanh", output="mistaken_tanh"))
    assert figure is not None
    values, slopes = drawn(figure.panels["activation"]), drawn(figure.panels["slope"])
    assert set(values) == {"tanh(k=1)", "mistaken_tanh(k=1)"}
    np.testing.assert_array_equal(values["tanh(k=1)"][1], values["mistaken_tanh(k=1)"][1])
    assert slopes["mistaken_tanh(k=1)"][1].min() < 0 <= slopes["tanh(k=1)"][1].min()
    assert "sign is wrong where the output is negative" in figure.caption


def test_one_activation_or_too_many_are_not_drawn() -> None:
    assert function_figure(with_activations("relu")) is None
    assert function_figure(with_activations("relu", "identity")) is None
    names = [name for name in ACTIVATIONS if name != "identity"]
    assert len(activations_of(with_activations(*names[: MOST_FUNCTIONS + 1]))) == MOST_FUNCTIONS + 1
    assert function_figure(with_activations(*names[:MOST_FUNCTIONS])) is not None
    assert function_figure(with_activations(*names[: MOST_FUNCTIONS + 1])) is None


def test_slopes_of_one_activation_are_told_apart() -> None:
    figure = function_figure(with_activations("sigmoid(k=0.1)", "sigmoid(k=10)"))
    assert figure is not None
    assert set(drawn(figure.panels["slope"])) == {"sigmoid(k=0.1)", "sigmoid(k=10)"}
    assert max(drawn(figure.panels["slope"])["sigmoid(k=10)"][1]) == pytest.approx(2.5)
