"""`gradlab summary`: tables and documents of code and of descriptions, and what is said of targets that are neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradlab import __version__
from gradlab.cli.main import main
from gradlab.cli.target import is_code

from .targets import FILES, MODEL, PACKAGES
from .test_bad_input import refused


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with code and descriptions; what targets add to the import path goes again."""
    for name, text in (FILES | PACKAGES).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "summary_package").mkdir()
    (tmp_path / "summary_package" / "nets.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("COLUMNS", "100")
    before = set(sys.modules)
    yield tmp_path
    for name in [
        name
        for name in sys.modules
        if name.startswith(("summary_package", "gradlab_target_", "relative")) and name not in before
    ]:
        del sys.modules[name]


def rows_of(out: str) -> list[list[str]]:
    """The table's lines below the headings, split where two spaces stand."""
    lines = out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("───")) + 1
    return [
        [part.strip() for part in line.split("  ") if part.strip()] for line in lines[start : lines.index("", start)]
    ]


# --- code -------------------------------------------------------------------------------------------------------------
def test_d8_is_printed_with_its_published_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "model.py:d8", "--input", "1x28x28"]) == 0
    out, err = capsys.readouterr()
    assert err == "a word at import\na word at birth\n"
    rows = rows_of(out)
    assert rows[1][3:5] == ["64", "64"]  # parameters and buffers, which the published table adds
    whole = [sum(int(number.replace(",", "")) for number in row[3:5]) for row in rows]
    assert [f"{number:,}" for number in whole] == [
        "320", "128", "0", "18,496", "256", "4,160", "0", "0", "0", "0", "1,179,776", "512", "16,512", "0", "0", "1,290",
    ]  # fmt: skip
    assert rows[0] == ["0", "Conv2d", "32 x 26 x 26", "320", "0", "194,688", "3 x 3"]
    numbers = "1,221,002 parameters: 1,221,002 trainable. Beside them 448 running statistics and other buffers. 4.9 MB in all."
    assert numbers in out.splitlines()


def test_e6_is_the_layer_calculators_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "model.py:e6", "--input", "3x32x32"]) == 0
    out = capsys.readouterr().out
    assert rows_of(out) == [["-", "Conv2d", "8 x 28 x 28", "608", "470,400", "5 x 5"]]
    assert "608 parameters: 608 trainable. 2.4 kB in all." in out


@pytest.mark.parametrize("columns", ["40", "80", "119", "160"])
def test_numbers_are_whole_on_any_terminal(
    columns: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["summary", "model.py:d8", "--input", "1 x 28, 28"]) == 0
    out = capsys.readouterr().out
    assert "1,179,776" in out and "10,616,832" in out and "28 x 28" in out
    assert ("trainable  " in out and "output size" in out) == (int(columns) >= 120)


def test_the_document_has_every_number(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "model.py:d8", "--input", "1x28x28", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert "a word" in err and "a word" not in out
    assert (document["schema"], document["gradlab"], document["target"]) == (
        "gradlab/summary/1",
        __version__,
        "model.py:d8",
    )
    assert (document["network"], document["input"]) == ("Sequential", [1, 28, 28])
    assert (document["trainable"], document["buffers"], document["parameters"]) == (1221002, 448, 1221002)
    assert document["layers"][1] == {
        "name": "1", "kind": "BatchNorm2d", "input": [32, 26, 26], "output": [32, 26, 26], "parameters": 64,
        "trainable": 64, "frozen": 0, "buffers": 64, "multiply_adds": 0, "uncounted": [], "parameter_bytes": 512,
        "output_bytes": 86528, "receptive_field": [3, 3],
    }  # fmt: skip


@pytest.mark.parametrize("target", ["model.py:Dense", "summary_package.nets:Dense", "./model.py:Dense"])
def test_a_class_and_its_first_layer_are_enough(target: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", target]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Dense, input 2\n")
    assert [row[3] for row in rows_of(out)] == ["12", "0", "5"]


def test_what_code_prints_at_work_is_no_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "model.py:Loud", "--input", "3", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["parameters"] == 0
    assert "a word at work" in err


def test_a_process_of_its_own_finds_modules_of_the_folder(folder: Path) -> None:
    command = [sys.executable, "-m", "gradlab", "summary", "summary_package.nets:Dense"]
    env = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONSAFEPATH": "1",
    }  # as the installed command: no folder on the path
    result = subprocess.run(command, capture_output=True, text=True, env=env)
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, "Dense, input 2")


# --- descriptions -----------------------------------------------------------------------------------------------------
def test_a_byte_order_mark_is_no_content(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("marked.toml").write_bytes(b"\xef\xbb\xbf" + Path("network.toml").read_bytes())
    assert main(["summary", "marked.toml"]) == 0
    assert "108 parameters" in capsys.readouterr().out


def test_a_lazy_network_learns_its_shapes_from_the_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "model.py:Lazy", "--input", "5"]) == 0
    assert "18 parameters: 18 trainable." in capsys.readouterr().out


def test_a_file_of_a_package_runs_under_the_name_that_is_suggested(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", "relative.network:net"]) == 0
    assert "4 parameters" in capsys.readouterr().out


def test_a_network_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "network.toml"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert rows_of(out)[0] == ["1", "dense", "8", "40", "32"]
    assert "108 parameters: 108 trainable. 432 B in all." in out


@pytest.mark.parametrize("command", ["image.toml", "image.toml --input 1x6x6", "shapeless.toml --input 1x6x6"])
def test_an_image_says_the_inputs(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", *command.split(), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["input"], document["layers"][0]["output"]) == ([1, 6, 6], [2, 4, 4])


def test_input_says_the_inputs_of_dense_layers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ('hidden = "3"\noutputs = 2', 'layers = ["dense(3)", "dense(2)"]'):
        Path("rows.toml").write_text(f'[network]\nweights = "he_normal"\n{line}\n', encoding="utf-8")
        assert main(["summary", "rows.toml", "--input", "1x2x2", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["parameters"] == 5 * 3 + 4 * 2


def test_a_setup_takes_its_sizes_from_its_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "setup.toml", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["input"], document["layers"][-1]["output"]) == ([2], [1])


def test_a_study_has_the_network_of_its_first_cell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "study.toml"]) == 0
    out, err = capsys.readouterr()
    assert err == "This is the network of A, rate 0.01; 1 other network of the study can be chosen with --set.\n"
    assert "13 parameters" in out
    assert main(["summary", "study.toml", "--set", "row=B"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "22 parameters" in out


def test_a_shipped_study(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "dying-relu", "--set", "row=B1", "--set", "network.hidden=2 x 9", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [layer["kind"] for layer in document["layers"][:2]] == ["dense", "relu"]
    assert document["parameters"] == 4 + 8 * 6 + 3


# --- mistakes ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", ["target", "nothing"]),
        ("dying-rleu", ['did you mean "dying-relu"', "model.py:Net"]),
        ("nowhere.toml", ["nowhere.toml", "no such file"]),
        ("misspelt.toml", ['"tahn"', 'did you mean "tanh"']),
        ("empty.toml", ["empty.toml", "no network", "[network]"]),
        (
            "network.toml --set network.hidden=3",
            [
                "--set: got a setting for network.toml, which describes one network; expected one for a study. Change the"
            ],
        ),
        ("shapeless.toml", ["network.inputs: got nothing", "image = [channels, height, width]"]),
        ("shapeless.toml --input 1x2x2", ["layer 1 (conv2d): got 1 x 2 x 2 for a kernel of 3 x 3"]),
        ("image.toml --input 3x6x6", ["layer 1 (conv2d)", "got 3 x 6 x 6", "an image of 1 x 6 x 6"]),
        ("network.toml --input 5", ["layer 1 (dense)", "got 5", "4 inputs"]),
        ("model.py", ["model.py", "no name", "model.py:Net"]),
        ("model.py:", ["model.py:", "no name"]),
        ("nowhere.py:net", ["nowhere.py", "no such file"]),
        ("model.py:Dens", ["model.py", '"Dens"', 'did you mean "Dense"']),
        ("model.py:Dense.front", ["model.py", '"front"', "unknown"]),
        ("no_such_module:Net", ['module "no_such_module"', "no such module", "model.py:Net"]),
        ("summary_package.other:Net", ['module "summary_package.other"', "no such module"]),
        ("..nets:Net", ['module "..nets"', "no name of a module"]),
        ("malformed.py:network", ["malformed.py", "cannot be imported", "SyntaxError", "line 1"]),
        ("incomplete.py:network", ["incomplete.py", "no_such_package", "line 2"]),
        ("ending.py:network", ["ending.py", "cannot be imported", "SystemExit: 3", "line 2"]),
        ("model.py:number", ["model.py:number", "got int", "nn.Module"]),
        (
            "model.py:Needy",
            ["model.py:Needy", "needs width, depth", "without arguments", "def network(): return Needy(...)"],
        ),
        ("model.py:nothing", ["returns NoneType", "nn.Module"]),
        ("model.py:broken", ["model.py:broken", "RuntimeError: no weights", "model.py, line"]),
        ("model.py:d8", ["--input", "nothing", "1x28x28"]),
        ("model.py:d8 --set row=A", ["--set", "code"]),
        ("model.py:d8 --input 3x28x28", ["layer 0 (Conv2d)", "got 3 x 28 x 28", "1 channel", "input of 1 x 28 x 28"]),
        ("model.py:d8 --input 1x4x4", ["layer 3 (Conv2d)", "kernel of 3 x 3", "at most 2 x 2"]),
        ("model.py:no_flatten --input 1x28x28", ["layer 1 (Linear)", "got 4 x 26 x 26", "Put nn.Flatten() before it"]),
        ("model.py:d8 --input 1x28xx", ["--input", '"1x28xx"', "whole numbers"]),
        ("model.py:d8 --input 0x28x28", ["--input", "at least 1"]),
        (
            "model.py:d8 --input 99999x99999x99999",
            ["--input", "999,970,000,299,999 numbers", "at most 100,000,000 numbers"],
        ),
        ("model.py:d8 --input 100000000000", ["--input", '"100000000000"', "at most 100,000,000 numbers"]),
        ("model.py:scripted --input 4", ["layer RecursiveScriptModule", "TorchScript", "torch.jit.script"]),
        ("model.py:Two --input 4", ["layer Two", "needs x, y", "wrap it", "y=torch.zeros(len(x), 5)"]),
        ("model.py:Keyed --input 4", ["layer Keyed", "one tensor", "wrap it"]),
        ("model.py:Lazy", ["--input", "nothing", "1x28x28"]),
        ("relative/network.py:net", ["relative import (network.py, line 1)", "package: relative.network:net."]),
        ("relative/deep/network.py:net", ["package: relative.deep.network:net."]),
        ("namespace/network.py:net", ["package: namespace.network:net."]),
    ],
)
def test_bad_targets_are_refused_in_clear_words(
    command: str, says: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["summary", *command.split()])
    out, err = capsys.readouterr()
    err = err.replace("a word at import\n", "").replace("a word at birth\n", "")  # the code's own
    assert (code, out) == (2, ""), err
    assert err.startswith("error: ") and err.count("\n") <= 2
    assert "Traceback" not in err and "bug" not in err
    for fragment in says:
        assert fragment.lower() in err.lower(), f"{fragment!r} is not in: {err}"


def test_help_and_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: gradlab summary")
    assert "For example:\n  gradlab " in out
    refused(["sumary"], ['did you mean "summary"'], capsys)


def test_code_is_told_from_descriptions() -> None:
    assert [is_code(target) for target in ("a.py:b", "a.b:c", "a.py", "a", "a.toml", "at/12:30/a.toml")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
