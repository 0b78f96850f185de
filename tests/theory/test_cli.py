"""`gradlab theory`: the documents, the tables, the refusals, and how little is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from gradlab import __version__
from gradlab.cli.main import main
from gradlab.parts import ACTIVATIONS


def document(command: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["theory", *command, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert isinstance(found, dict)
    assert found["gradlab"] == __version__
    assert found["schema"].startswith("gradlab/theory-")
    return found


def test_moments(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["moments", "leaky_relu(0.2)", "--q", "2"], capsys)
    assert (found["activation"], found["q"]) == ("leaky_relu(negative_slope=0.2)", 2.0)
    assert found["E_phi2"] == pytest.approx(1.04)
    assert found["E_dphi2"] == pytest.approx(0.52)
    names = {"E_phi", "E_phi2", "E_dphi", "E_dphi2", "E_dphi4", "E_z_phi_dphi"}
    assert names <= set(found)
    assert set(found["errors"]) == set(found["methods"]) == names
    assert document(["moments", "relu"], capsys)["E_phi2"] == 0.5  # q is 1


def test_gains(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["gains"], capsys)
    assert [record["activation"].split("(")[0] for record in found["records"]] == [
        name for name, record in ACTIVATIONS.items() if not record.mistake
    ]
    by_name = {record["activation"]: record for record in found["records"]}
    assert by_name["relu"]["gain_forward"] == pytest.approx(2**0.5)
    assert by_name["relu"]["gain_backward"] == pytest.approx(2**0.5)
    assert [name for name, record in by_name.items() if not record["is_stable"]] == ["gelu", "silu", "mish"]
    one = document(["gains", "tanh(2)"], capsys)
    assert one["gain_forward"] == one["records"][0]["gain_forward"]


def test_edge(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["edge", "tanh", "--sigma-b2", "0.05"], capsys)
    assert found["sigma_w2"] == pytest.approx(1.76, abs=0.005)
    assert found["q"] == pytest.approx(0.57, abs=0.005)
    small = document(["edge", "tanh", "--sigma-b", "0.05"], capsys)
    assert small["sigma_b2"] == pytest.approx(0.0025)
    curve = document(["edge", "gelu"], capsys)["records"]
    assert len(curve) > 10
    assert {"sigma_w2", "sigma_b2", "q", "status"} <= set(curve[0])


def test_fixed_point(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["fixed-point", "tanh", "--sigma-w2", "2.5", "--sigma-b2", "0.05"], capsys)
    assert {"q_star", "chi1", "slope", "xi_q", "xi_c", "c_star", "status"} <= set(found)
    assert found["status"] == "converged"
    assert found["phase"] == "chaotic"
    assert 0.0 < found["c_star"] < 1.0
    infinite = document(["fixed-point", "relu", "--sigma-w2", "3"], capsys)
    assert (infinite["q_star"], infinite["status"], infinite["c_star"]) == ("inf", "infinite", None)


def test_born_dead(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["born-dead", "--width", "2", "--depth", "3"], capsys)
    assert found["p_exact"] * 3072 == pytest.approx(1045)
    assert found["p_low"] < found["p_exact"] < found["p_up"] == found["p_single_input"]
    assert document(["born-dead", "--width", "10", "--depth", "10"], capsys)["p_exact"] is None


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("moments gelu", "E_z_phi_dphi"),
        ("gains", "length stable"),
        ("gains gelu", "no"),
        ("edge tanh --sigma-b 0.1", "stable"),
        ("edge softplus", "no edge of chaos"),
        ("edge relu", "any"),
        ("fixed-point relu --sigma-w2 2", "neutral, critical"),
        ("fixed-point tanh --sigma-w2 0.5", "zero, ordered"),
        ("born-dead --width 2 --depth 9", "at most"),
        ("born-dead --width 3 --depth 9", "unknown"),
    ],
)
def test_tables(command: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", *command.split()]) == 0
    out, err = capsys.readouterr()
    assert says in out
    assert err == ""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("moments", "activation: got nothing"),
        ("moments relo", 'did you mean "relu"'),
        ("moments mistaken_relu", "mistake"),
        ("moments leaky_relu(2)", "at most 1"),
        ("moments relu --q -1", '--q: got "-1"'),
        ("moments relu --q many", '--q: got "many"'),
        ("moments relu --q inf", '--q: got "inf"'),
        ("edge relu --sigma-b 0.05", "only point, sigma_w2 = 2"),
        ("edge tanh --sigma-b 1 --sigma-b2 1", "Leave one out"),
        ("fixed-point tanh", "--sigma-w2: got nothing"),
        ("fixed-point tanh --sigma-w2 -1", "at least 0"),
        ("fixed-point tanh --sigma-w2 1 --keep 0", "above 0 and at most 1"),
        ("fixed-point tanh --sigma-w2 1 --q0 0", "--q0"),
        ("born-dead --width 2", "--depth: got nothing"),
        ("born-dead --width 0 --depth 2", '--width: got "0"'),
        ("born-dead --width 2 --depth 1.5", '--depth: got "1.5"'),
        ("gian", 'did you mean "gains"'),
    ],
)
def test_mistakes_are_explained(command: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", *command.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert len(err.splitlines()) <= 3


@pytest.mark.parametrize("verb", ["", "moments", "gains", "edge", "fixed-point", "born-dead"])
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", *verb.split(), "--help"]) == 0
    assert "For example:\n  gradlab theory " in capsys.readouterr().out


def test_no_torch_is_loaded_and_help_loads_nothing() -> None:
    code = """
import sys
from gradlab.cli.main import main
main(["theory", "--help"]); main(["theory", "edge", "--help"])
print("HEAVY", *{name.partition(".")[0] for name in sys.modules} & {"torch", "numba", "scipy", "numpy", "pydantic"})
main(["theory", "moments", "gelu"]); main(["theory", "born-dead", "--width", "2", "--depth", "4"])
print("TORCH", "torch" in sys.modules, any(name.startswith("scipy.optimize") for name in sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert "HEAVY" in [line.strip() for line in lines]
    assert lines[-1] == "TORCH False False"
