"""Replica r of a stack with layers of any kind is the network that plain torch trains alone, however replicas are grouped.

The two differ by rounding only. Numbers that train, running statistics, outputs and losses are compared.
"""

from __future__ import annotations

import numpy as np
import pytest

from gradlab.training import layered_engine
from tests.jobs import looks_at
from tests.layered import NETWORKS, made_up_layers
from tests.oracles.step_by_step import assert_updates_are_torchs
from tests.rounding import EPS

STEPS = 4


@pytest.mark.parametrize("grouped", [True, False], ids=["together", "one by one"])
@pytest.mark.parametrize(
    ("name", "precision"),
    # for several norms in a row the bound says nothing in single precision
    [(name, p) for name in NETWORKS for p in EPS if p == "float64" or name not in ("LeNet-5", "residual networks")],
)
def test_one_step(name: str, precision: str, grouped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layered_engine, "together", lambda job, device: len(job.stack) if grouped else 1)
    # the rate is 1, so the change is the gradient
    setup, job = made_up_layers(NETWORKS[name], optimizer="sgd(lr=1)", precision=precision, batch_size=7)
    assert_updates_are_torchs(setup, job, looks_at(job, [0, 1]), [0, 2])


@pytest.mark.parametrize("order", ["shuffled", "sequential"])
@pytest.mark.parametrize("name", NETWORKS)
def test_several_steps(name: str, order: str) -> None:
    setup, job = made_up_layers(NETWORKS[name], optimizer="adam(lr=0.02, eps=1e-3)", batch_size=5, order=order)
    looks = looks_at(job, range(STEPS + 1))
    moved = [np.abs(w - before).max() for w, before in zip(looks[-1].weights, looks[0].weights, strict=True)]
    assert min(moved) > 1e-6, "a layer that learns nothing tests nothing"
    assert_updates_are_torchs(setup, job, looks, [0, 2])
