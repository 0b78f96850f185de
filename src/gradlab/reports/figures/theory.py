"""Theory's curves for the cells of a study: what a sample of untrained networks of this width is to show.

Drawn at birth only, since theory says nothing of trained networks; and only where the task's examples can be had on this
machine, since lengths follow from those of the inputs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from gradlab.errors import UserError
from gradlab.reports.charts.layers import LayerValues, by_layer
from gradlab.reports.charts.style import colour_of
from gradlab.reports.figures.record import Figure
from gradlab.reports.selection import activation_of, labels
from gradlab.reports.words import count_text
from gradlab.signals import Profile
from gradlab.spec import Setup
from gradlab.studies.results import Analysis, CellResult
from gradlab.theory.predict import compares_inputs, inputs_of, predict_network, typical_profile

THEORY_KEY = "Dashed: theory of untrained networks of this width."
MOST_LINES = 12
_GRADIENTS = "pre_activation_gradient_rms"


def theory_at_birth(cell: CellResult) -> Profile | None:
    """What theory expects of a cell whose last look is at birth; None after training."""
    if cell.signals is None or not len(cell.steps) or cell.steps[-1] != 0:
        return None
    return _expected(cell.setup)


def gradients_beside_theory(analysis: Analysis) -> Figure | None:
    """How far gradients reach at birth, relative to the output layer's, with theory's curve for each setting.

    None where no claim is about gradients, no look at birth measured them, or theory says nothing of the networks.
    """
    if not any("gradient" in claim.measure.name for claim in analysis.study.claims if claim.measure.is_of_numbers):
        return None
    cells = [
        cell
        for cell in analysis.cells
        if cell.signals is not None and cell.steps[0] == 0 and _GRADIENTS in cell.signals.values
    ]
    drawn = []
    for label, cell in zip(labels(cells), cells, strict=True):
        assert cell.signals is not None
        theory, sizes = _expected(cell.setup), cell.signals.values[_GRADIENTS][0]
        if theory is None or theory.layers != tuple(cell.signals.layers):
            continue
        with np.errstate(all="ignore"):
            relative = sizes / sizes[:, -1:]
        expected = theory["relative_gradient_rms"][0]
        drawn.append(LayerValues(label, colour_of(activation_of(cell)), cell.signals.layers, relative, expected))
    chart = by_layer(drawn[:MOST_LINES], "rms(dL/dz) over that of the output", is_log=True) if drawn else None
    if chart is None:
        return None
    counts = sorted({len(one.values) for one in drawn})
    networks = " to ".join(count_text(n) for n in dict.fromkeys((counts[0], counts[-1])))
    caption = (
        f"Before training; {networks} network{'' if networks == '1' else 's'} a setting. Line: mean; band: 95 % interval; "
        f"thin lines: the networks. {THEORY_KEY} Theory is given the mean square of the task's inputs; inputs that are alike "
        "share their gradients' deviations from it."
    )
    return Figure("theory-gradients", "Gradients at birth, beside theory", caption, {"": chart})


def _expected(setup: Setup) -> Profile | None:
    """Theory's profile of a setup; None where theory says nothing of it or its examples cannot be had."""
    bare = setup.network
    if compares_inputs(bare):  # at birth the running statistics of a norm, which a look uses, are not a batch's
        return None
    if bare.is_plain:  # looks are at networks without dropout
        layers = tuple(layer.model_copy(update={"dropout": 0.0}) for layer in bare.dense)
        bare = bare.model_copy(update={"layers": layers})
    return _expected_of(setup.model_copy(update={"network": bare}))


@lru_cache(maxsize=256)
def _expected_of(setup: Setup) -> Profile | None:
    try:
        inputs = inputs_of(setup)
        prediction = predict_network(setup.network, inputs)
    except UserError:  # weights or activations without a theory, or no files: a page then has no dashed line
        return None
    found = typical_profile(setup.network, prediction, inputs, one_input=False)
    return replace(found, assumptions=tuple(one.text for one in prediction.failing))
