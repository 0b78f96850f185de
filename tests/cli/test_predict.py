"""`gradlab predict`: one screen, the document, the comparison, what is refused, how little is loaded."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradlab import __version__
from gradlab.cli.main import main
from tests.cli.targets import FILES

GLOROT = ["--hidden", "100x40", "--activation", "relu", "--init", "glorot_uniform"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def document(command: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["predict", *command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    assert (found["schema"], found["gradlab"]) == ("gradlab/prediction/1", __version__)
    return found


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_one_screen(columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["predict", *GLOROT]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("Gradients vanish, to 1.29e-06 of the output's, by a factor of 0.712 a layer")
    table = lines[lines.index("") : lines.index("", lines.index("") + 1)]
    assert max(map(len, table)) <= max(columns, 60)
    assert len(lines) < 40
    assert ("std(W)" in out, "std(a)" in out) == (columns == 160, columns > 60)
    assert 'weights = "he_uniform"' in out and "Gradients keep their size" in out
    assert "Six depth scales: 8.66 layers; this one has 40. A rule for plain gradient descent" in out
    assert "? not so: layers so wide that seeds agree" in out
    bars = [line.count("█") for line in lines if re.match(r"^(\d+|output) ", line)]
    assert bars == sorted(bars) and bars[0] < bars[-1]


def test_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(GLOROT, capsys)
    assert found["can_train"] is None and found["target"] is None
    assert found["scales"]["chi1"] == pytest.approx(0.5)
    assert found["scales"]["phase"] == "ordered"
    assert found["gradient_factor"] == pytest.approx(0.5**0.5, rel=0.05)
    assert found["profile"]["source"] == "theory"
    assert len(found["profile"]["values"]["pre_activation_second_moment"][0]) == 41
    assert found["changes"][0]["can_train"] is None
    assert {"text", "holds", "why", "marks"} == set(found["assumptions"][0])
    assert found["comparison"] is None


def test_options_of_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(
        [
            "--hidden",
            "50-30",
            "--activation",
            "tanh",
            "--dropout",
            "0.1",
            "--input",
            "64",
            "--output",
            "2",
            "--bias",
            "none",
        ],
        capsys,
    )
    assert found["network"] == "2 hidden layers of 30 to 50, tanh, dropout"
    for norm, q in (([], 8.0), (["--norm", "batch"], 1.0)):  # what activations see: behind the norm
        found = document(["--hidden", "50x20", "--input-square", "4", *norm], capsys)
        assert found["profile"]["values"]["pre_activation_second_moment"][0][0] == pytest.approx(q, rel=1e-5)
    assert found["gains"] is None
    assert document(["--hidden", "50x2", "--norm", "layer", "--input", "2x5x5"], capsys)["depth"] == 2


def test_targets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(["network.toml"], capsys)["network"] == "2 hidden layers of 6 to 8, tanh"
    assert document(["setup.toml"], capsys)["depth"] == 2
    assert main(["predict", "study.toml"]) == 0
    out, err = capsys.readouterr()
    assert "2 hidden layers of 2, relu" in out and "can be chosen with --set" in err
    assert document(["study.toml", "--set", "row=B"], capsys)["network"] == "2 hidden layers of 3, relu"
    dense = document(["model.py:Dense"], capsys)
    assert (dense["network"], dense["profile"]["layers"]) == ("1 hidden layer of 4, relu", ["1", "output"])
    convolutions = document(["model.py:d8", "--input", "1x28x28"], capsys)
    assert convolutions["depth"] == 5 and "norms" in convolutions["network"]


def test_theory_beside_drawn_networks(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--hidden", "64x5", "--activation", "tanh", "--input", "64", "--output", "64", "--dropout", "0.3"]
    found = document([*command, "--compare"], capsys)["comparison"]
    assert (found["networks"], found["examples"]) == (100, 1)
    z = [abs(float(one)) for one in found["quantities"]["pre_activation_second_moment"]["z"]]
    assert len(z) == 6 and max(z) < 4
    assert main(["predict", *command, "--compare"]) == 0
    out = capsys.readouterr().out
    assert "Theory beside 100 networks, drawn and not trained, one input each." in out
    assert "of 36 numbers are more than 4 standard errors from theory" in out


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", ["network", "nothing", "--hidden 100x40"]),
        ("--hidden 100y40", ["network.hidden", "100y40"]),
        ("--hidden 10 --activation relo", ['did you mean "relu"']),
        ("--hidden 10 --init he", ["initializer", "he"]),
        ("--hidden 10 --init rai --bias own", ["no theory for weights rai"]),
        ("--hidden 10 --norm group", ["norm"]),
        ("--hidden 10 --dropout 2", ["--dropout", '"2"']),
        ("--hidden 10 --input x", ["--input", "whole numbers"]),
        ("--hidden 10 --activation mistaken_relu", ["mistake"]),
        ("--hidden 10 --set row=A", ["--set", "study"]),
        ("network.toml --hidden 3", ["--hidden", "not both"]),
        ("network.toml --init he_normal", ["--init", "not both"]),
        ("model.py:d8", ["input", "1x28x28"]),
        ("model.py:Loud", ["input"]),
        ("model.py:Loud --input 3", ["module Loud", "cannot be read"]),
        ("model.py:Dense --set row=A", ["--set", "code"]),
        ("dying-rleu", ['did you mean "dying-relu"']),
    ],
)
def test_mistakes_are_explained(
    command: str, says: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *command.split()]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    for fragment in says:
        assert fragment in err, err


def test_a_file_of_a_package_is_named_as_a_module(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = folder / "parts_of_it"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "width.py").write_text("WIDTH = 3\n")
    (package / "net.py").write_text(
        "from torch import nn\nfrom .width import WIDTH\n"
        "net = nn.Sequential(nn.Linear(2, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))\n"
    )
    assert main(["predict", "parts_of_it/net.py:net"]) == 2
    assert "Name it as a module of its package: parts_of_it.net:net" in capsys.readouterr().err
    assert main(["predict", "parts_of_it.net:net"]) == 0


def test_a_description_needs_no_heavy_package() -> None:
    code = f"""
import sys
from gradlab.cli.main import main
main(["predict", *{GLOROT!r}, "--json"])
print("HEAVY", *sorted({{name.partition(".")[0] for name in sys.modules}} & {{"torch", "numba", "sklearn", "plotly"}}))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1].strip() == "HEAVY"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--help"]) == 0
    assert "For example:\n  gradlab predict --hidden 100x40" in capsys.readouterr().out


@pytest.mark.parametrize("hidden", ["2000x2", "5000", "1100x3", "300x100"])
@pytest.mark.parametrize("bias", ["zeros", "constant(0.5)"])
def test_no_chance_is_less_than_none(hidden: str, bias: str, capsys: pytest.CaptureFixture[str]) -> None:
    for options in ([], ["--json"]):
        assert main(["predict", "--hidden", hidden, "--activation", "relu", "--bias", bias, *options]) == 0
        out = capsys.readouterr().out
        assert not re.search(r"(?<![\d.e])-0(\.0)?(?![\d.])", out), out
