"""Gains by name: the number of each activation, what is refused; combinations of levels that are left out."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from gradlab.errors import SpecError, UserError
from gradlab.parts import ACTIVATIONS
from gradlab.spec.choice import choose
from gradlab.studies.load import study_from
from gradlab.studies.named_gains import OF_THEORY, TORCH, named_gain
from gradlab.studies.plan import Plan, make_plan
from gradlab.studies.settings import apply_settings
from gradlab.theory.meanfield import gains
from tests.studies.small import table


def plan_of(activation: str | None, gain: Any, law: str = "lecun_normal") -> Plan:
    network = {"hidden": "3 x 2", "weights": {"name": law, "gain": gain}}
    network |= {} if activation is None else {"activation": activation}
    return make_plan(study_from(table(network=network, rows=[], claims=[], answer="")))


@pytest.mark.parametrize("name", [name for name, record in ACTIVATIONS.items() if not record.mistake])
def test_gains_of_theory(name: str) -> None:
    chosen, found = choose(ACTIVATIONS, "activation", name), gains(name)
    for rule in OF_THEORY:
        assert named_gain(rule, chosen) == pytest.approx(getattr(found, rule), rel=1e-8)


@pytest.mark.parametrize("name", [*TORCH, "leaky_relu"])
def test_gains_of_torch(name: str) -> None:
    ours = named_gain("torch", choose(ACTIVATIONS, "activation", name))
    torchs: Any = "linear" if name == "identity" else name
    theirs = nn.init.calculate_gain(torchs)
    assert ours == pytest.approx(theirs, rel=1e-8)


def test_torch_has_leaky_relus_slope() -> None:
    ours = named_gain("torch", choose(ACTIVATIONS, "activation", "leaky_relu(0.2)"))
    assert ours == pytest.approx(nn.init.calculate_gain("leaky_relu", 0.2), rel=1e-8)


def test_a_cell_holds_the_number() -> None:
    (named,) = plan_of("tanh(k=2.0)", "forward").cells
    gain = named.setup.network.dense[0].weights["gain"]
    assert gain == pytest.approx(gains("tanh(2)").forward, rel=1e-8) and len(f"{gain:.12g}") <= 10
    (typed,) = plan_of("tanh(2)", gain).cells
    assert named.id == typed.id
    (relu,) = plan_of("relu", "forward").cells
    assert relu.id == plan_of("relu", "torch").cells[0].id == plan_of("relu", 1.41421356).cells[0].id


@pytest.mark.parametrize(
    ("activation", "gain", "law", "message"),
    [
        ("tanh", "foward", "lecun_normal", '"foward" is unknown; did you mean "forward"'),
        ("gelu", "torch", "lecun_normal", "torch has a gain for: identity, .*leave_out"),
        ("tanh(2)", "torch", "lecun_normal", r"tanh\(k=2.0\)"),
        (None, "forward", "lecun_normal", "no activation.*Add network.activation"),
        ("tahn", "forward", "lecun_normal", 'did you mean "tanh"'),
        ("tanh", "forward", "he_normal", '"gain" is unknown'),
    ],
)
def test_what_has_no_gain_is_refused(activation: str | None, gain: str, law: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        plan_of(activation, gain, law)


def varied(**changes: Any) -> dict[str, Any]:
    content = {
        "network": {"hidden": "3 x 2", "weights": {"name": "lecun_normal", "gain": 1.0}},
        "rows": [], "claims": [], "answer": "",
        "factors": [
            {"name": "activation", "change": "network.activation", "levels": ["relu", "gelu", "elu"]},
            {"name": "gain", "change": "network.weights.gain", "levels": ["torch", 1.0], "labels": ["torch", "glorot"]},
        ],
        "leave_out": [{"gain": "torch", "activation": ["gelu", "elu"]}],
    }  # fmt: skip
    return table(**content | changes)


def test_combinations_left_out_make_no_cell() -> None:
    cells = make_plan(study_from(varied())).cells
    found = [(cell.levels["activation"], cell.levels["gain"]) for cell in cells]
    assert found == [("relu", "torch"), ("relu", "glorot"), ("gelu", "glorot"), ("elu", "glorot")]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"gian": "torch"}, 'factor "gian" is unknown; did you mean "gain"'),
        ({"gain": "torhc"}, 'level of gain "torhc" is unknown; did you mean "torch"'),
        ({"gain": 1.0}, "leave_out names it"),  # its label counts
        ({}, "an entry without levels"),
        ({"gain": ["torch", "glorot"]}, "every cell"),
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make_plan(study_from(varied(leave_out=[entry])))


def test_settings_take_entries_with_their_levels() -> None:
    study = study_from(apply_settings(varied(), ["network.activation=relu,gelu"]))
    assert study.leave_out == ({"gain": ("torch",), "activation": ("gelu",)},)
    assert len(make_plan(study).cells) == 3
    assert study_from(apply_settings(varied(), ["network.activation=relu,tanh"])).leave_out == ()
