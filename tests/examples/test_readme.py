"""The README's blocks run: the Python one as it stands, the study as a file, the commands as far as they are quick."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gradlab.cli.main import main

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert re.fullmatch(r"[01]\.\d\d \[0\.\d\d, [01]\.\d\d\] of 20\n", capsys.readouterr().out)


def test_the_study_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = blocks("toml")
    study = tmp_path / "my-depths.toml"
    study.write_text(text, encoding="utf-8")
    assert main(["study", "run", str(study), "--set", "replicas=8", "--store", str(tmp_path / "store"), "-q"]) == 0
    assert "depth" in capsys.readouterr().out
    assert (tmp_path / "store" / "my-depths.html").exists()


def test_the_commands_parse(capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = blocks("console")
    commands = [line.removeprefix("$ ").split("  #")[0].split(" > ")[0] for line in text.splitlines()]
    assert len(commands) >= 5
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "gradlab"
        if words[0] == "report" or words[:2] in (["study", "export"], ["data", "fetch"]):
            continue  # needs results, or a network; tests/cli has them
        if words[:2] == ["study", "run"]:
            words.append("--dry-run")
        assert main(words) == 0, command
        assert capsys.readouterr().out


def test_every_public_name_can_be_imported() -> None:
    import gradlab

    for name in gradlab.__all__:
        assert getattr(gradlab, name) is not None
