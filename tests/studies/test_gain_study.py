"""The study of all gains: every activation that has some, and what it expects is what theory says."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradlab.parts import ACTIVATIONS
from gradlab.studies.claims.criteria.bound import AtLeast
from gradlab.studies.claims.measures.mean import Mean
from gradlab.studies.compare import DEPTHS
from gradlab.studies.load import load_study
from gradlab.studies.named_gains import TORCH
from gradlab.studies.plan import Plan, make_plan

NAME = "gain-for-every-activation"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_study(NAME))


def test_it_has_every_activation_with_gains_and_torchs_with_an_entry(plan: Plan) -> None:
    def activations(gain: str) -> set[Any]:
        return {cell.levels["activation"] for cell in plan.matching({"gain": gain})}

    every = {name for name, record in ACTIVATIONS.items() if not record.mistake}
    assert all(activations(gain) == every for gain in ("forward", "backward", "between", "glorot", "he"))
    assert activations("torch") == {*TORCH, "leaky_relu"}
    assert {c.setup.network.dense[0].weights["gain"] for c in plan.matching({"gain": "he"})} == {
        float(f"{math.sqrt(2.0):.9g}")
    }


def test_what_it_expects_is_what_theory_says() -> None:
    # two layers of a kind have the depth scales of fifty, in a tenth of the time
    plan = make_plan(load_study(NAME, ["network.hidden.depth=2"]))
    claims = load_study(NAME).claims
    depth = {cell.id: DEPTHS["trainable_depth"].value(cell.setup) for cell in plan.unique_cells}
    trains = {
        gain: {str(c.levels["activation"]) for c in plan.matching({"gain": gain}) if (depth[c.id] or 0.0) >= 50}
        for gain in ("forward", "backward", "between", "glorot", "he", "torch")
    }
    assert {gain: len(found) for gain, found in trains.items()} == {
        "forward": 12, "backward": 12, "between": 12, "glorot": 8, "he": 11, "torch": 5
    }  # fmt: skip
    for claim in claims:
        measure = claim.measure
        if isinstance(measure, Mean):
            does = str(measure.where["activation"]) in trains[str(measure.where["gain"])]
            assert does == isinstance(claim.expected, AtLeast), claim.id
    assert trains["forward"] - trains["glorot"] == {"relu", "leaky_relu", "relu6", "mish"}
    assert trains["backward"] - trains["glorot"] == {"relu", "leaky_relu", "relu6", "gelu"}
    assert (trains["forward"] - trains["he"], trains["he"] - trains["forward"]) == ({"identity", "mish"}, {"softplus"})
    assert (trains["backward"] - trains["he"], trains["he"] - trains["backward"]) == (
        {"identity", "gelu"}, {"softplus"}
    )  # fmt: skip
    assert not trains["glorot"] - trains["forward"] and not trains["glorot"] - trains["backward"]
    assert trains["torch"] <= trains["forward"]
