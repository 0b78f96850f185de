"""The command line as a person meets it: help, exit codes, what goes to stdout and what to stderr, going on after Ctrl-C."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from gradlab import __version__
from gradlab.cli.list import Kind
from gradlab.cli.main import main
from gradlab.data import TASKS
from gradlab.parts import CATALOGS
from gradlab.signals import CATALOGS as MEASURED
from gradlab.spec.listed import LAYERS
from gradlab.studies.compare import DEPTHS, THEORIES
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.load import load_study

LISTED = {**CATALOGS, **MEASURED, **{each.plural: each for each in (LAYERS, TASKS, COMPUTATIONS, THEORIES, DEPTHS)}}
GRADLAB = [sys.executable, "-m", "gradlab"]
RUN = ["study", "run", "tiny.toml", "--device", "cpu"]
VERBS = [
    "",
    "list",
    "report",
    "predict",
    "summary",
    "theory",
    "study",
    "study list",
    "study show",
    "study run",
    "study status",
    "study export",
]
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-8]|4[0-8]|9[0-7])[0-9;]*m")


def called(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """gradlab in a process of its own."""
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return subprocess.run([*GRADLAB, *arguments], capture_output=True, text=True, env={**env, **variables})


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.replace(" ", "-") or "gradlab")
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_verb_has_help(
    verb: str, flag: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*verb.split(), flag]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: {' '.join(['gradlab', *verb.split()])}")
    assert err == ""
    if verb != "study":
        assert "For example:\n  gradlab " in out


@pytest.mark.parametrize("verb", ["", "study"])
def test_a_verb_alone_shows_its_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(verb.split()) == 0
    assert capsys.readouterr().out.startswith("Usage: gradlab")


@pytest.mark.parametrize("verb", ["", "study", "study run"])
def test_every_verb_knows_the_version(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb.split(), "--version"]) == 0
    assert capsys.readouterr() == (f"{__version__}\n", "")


def test_help_loads_nothing_slow() -> None:
    """torch alone takes 1.5 s; the command line itself a quarter of a second."""
    code = """
import sys
from gradlab.cli.main import main
for verb in ([], ["study"], ["study", "run"], ["list"]):
    main([*verb, "--help"])
main(["--version"])
main(["stduy"])
print(*{name.partition(".")[0] for name in sys.modules} & {"torch", "numba", "scipy", "numpy", "plotly", "pydantic"})
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_help_keeps_to_the_columns(columns: int) -> None:
    lines = called("study", "run", "--help", COLUMNS=str(columns)).stdout.splitlines()
    assert columns - 20 < max(map(len, lines)) <= columns


def test_colours_are_for_terminals_that_want_them() -> None:
    assert "\x1b" not in called("study", "run", "--help").stdout
    assert COLOUR.search(called("study", "run", "--help", FORCE_COLOR="1").stdout)
    assert not COLOUR.search(called("study", "run", "--help", FORCE_COLOR="1", NO_COLOR="1").stdout)


def test_a_terminal_without_these_letters_is_no_reason_to_fail() -> None:
    assert called("study", "run", "--help", PYTHONIOENCODING="ascii").returncode == 0
    result = called("list", "löss", PYTHONIOENCODING="ascii")
    assert result.returncode == 2
    assert 'got "l?ss"' in result.stderr


def test_listed_kinds_are_the_catalogs() -> None:
    assert set(get_args(Kind)) == set(LISTED)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_catalogs_are_listed_whole(kind: str, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    table = capsys.readouterr().out
    assert main(["list", kind, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["gradlab"], document["kind"]) == ("gradlab/catalog/1", __version__, kind)
    assert [record["name"] for record in document["records"]] == list(LISTED[kind])
    assert all(record["name"] in table for record in document["records"])


def test_shipped_studies_are_listed_and_shown(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "list"]) == 0
    table = capsys.readouterr().out
    assert main(["study", "list", "--json"]) == 0
    names = [study["study"] for study in json.loads(capsys.readouterr().out)["studies"]]
    assert {"dying-relu", "leaky-collapse"} <= set(names)
    for name in names:
        assert name in table
        assert main(["study", "show", name]) == 0
        out = capsys.readouterr().out
        assert ("Factor " in out) == bool(load_study(name).factors)
        assert load_study(name).is_exact or ("Looks: " in out and "memory " in out)
    assert main(["study", "show", "dying-relu", "--set", "row=B2", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [cell["levels"]["row"] for cell in plan["plan"]] == ["B2"]
    assert plan["networks"] == 1000


def test_a_run_prints_tables_and_writes_its_page(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--fresh"]) == 0
    out, err = capsys.readouterr()
    assert "undecided" in out
    assert "page: gradlab-store/tiny.html" in out.splitlines()
    assert "16 / 16 networks" in err
    assert (work / "gradlab-store/tiny.html").read_text(encoding="utf-8").startswith("<!")


def test_a_run_with_json_prints_one_document_and_nothing_else(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--json", "--seed", "7", "--report", "page.html"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "gradlab/study-result/2"
    assert (document["study"], document["seed"], document["device"], document["networks"]) == ("tiny", 7, "cpu", 16)
    assert document["report_seconds"] > 0
    assert [claim["id"] for claim in document["claims"]] == ["A"]
    assert document["command"] == "gradlab study run tiny.toml --seed 7 --device cpu"
    assert (work / "page.html").exists()


def test_a_quiet_run_says_nothing_beside_its_result(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--fresh", "--no-report", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_dry_run_says_the_cost_and_touches_nothing(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--dry-run", "--store", "new", "--set", "replicas=1000", "--chunk", "300"]) == 0
    out, err = capsys.readouterr()
    assert "4,000 in 4 cells" in out
    assert "memory" in out and "time" in out
    assert err == ""
    assert main([*RUN, "--dry-run", "--store", "new", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["networks"], document["cells"], document["chunks"]) == (16, 4, 2)
    assert not (work / "new").exists()


def test_rows_are_the_same_from_every_run(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "export", "tiny"]) == 0
    first = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(first)))
    assert [(row["row"], row["rate"], row["replica"]) for row in rows[:5]] == [
        *(("A", "0.01", str(replica)) for replica in range(4)),
        ("A", "0.02", "0"),
    ]
    assert main([*RUN, "--store", "again", "--no-report", "--chunk", "3"]) == 0
    capsys.readouterr()
    assert main(["study", "export", "tiny", "--store", "again", "--format", "json", "--output", "rows.json"]) == 0
    again = json.loads((work / "rows.json").read_text(encoding="utf-8"))
    assert [(row["cell"], row["replica"], row["outcome"]) for row in again] == [
        (row["cell"], int(row["replica"]), row["outcome"]) for row in rows
    ]


def test_status_and_report_tell_what_a_store_holds(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--set", "row=A", "--set", "replicas=4", "-q"]) == 0
    capsys.readouterr()
    assert main(["study", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["studies"] == [
        {"study": "tiny", "seed": 0, "done": 8, "networks": 8, "complete": True}
    ]
    assert main(["study", "status"]) == 0
    assert "tiny" in capsys.readouterr().out
    assert main(["report", "tiny", "--output", "page.html"]) == 0
    assert capsys.readouterr() == ("page.html\n", "")
    assert main(["report", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["complete"] is True


def test_the_store_may_come_from_the_environment(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "gradlab-store").rename(work / "elsewhere")
    monkeypatch.setenv("GRADLAB_STORE", "elsewhere")
    assert main(["study", "export", "tiny"]) == 0
    assert capsys.readouterr().out.count("\n") == 17
    (work / "elsewhere").rename(work / "gradlab-store")
    monkeypatch.setenv("GRADLAB_STORE", "")
    assert main(["study", "export", "tiny"]) == 0


def test_a_warning_is_one_line(work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def warned(*_: object) -> dict[str, Path]:
        warnings.simplefilter("default")
        warnings.warn("this option has no effect", stacklevel=2)
        return {}

    monkeypatch.setattr("gradlab.studies.load.shipped_studies", warned)
    assert main(["study", "list"]) == 0
    assert capsys.readouterr().err == "warning: this option has no effect\n"


def heed_ctrl_c() -> None:
    """What a shell runs in the background ignores Ctrl-C, and hands that on to what it starts: tests may be run so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def recorded(store: Path) -> int:
    """Networks that a store holds while another process writes it."""
    with closing(sqlite3.connect(f"file:{store / 'gradlab.sqlite'}?mode=ro", uri=True, timeout=30)) as database:
        return int(database.execute("SELECT COUNT(*) FROM trial").fetchone()[0])


def test_after_ctrl_c_the_same_command_goes_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Interrupted once something is recorded; what the store then holds is reported as incomplete, and completed."""
    command = [*RUN, "--set", "replicas=2500", "--chunk", "50", "--no-report"]
    with subprocess.Popen(
        [*GRADLAB, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    ) as process:
        patience = time.monotonic() + 60
        while recorded(work / "gradlab-store") <= 16 and time.monotonic() < patience:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == "interrupted: what is finished is kept, and the same command goes on from there."
    assert main(["report", "tiny", "--json"]) == 0
    out, err = capsys.readouterr()
    done = json.loads(out)["networks"]
    assert 16 < done < 10_000
    assert err == f"tiny is not complete: {done:,} of 10,000 networks.\n"
    assert main([*command, "-q"]) == 0
    capsys.readouterr()
    assert main(["study", "status", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["studies"][0]["complete"] is True


@pytest.mark.parametrize(
    ("number", "code", "jobs"),
    [(signal.SIGTERM, 143, "1"), (signal.SIGTERM, 143, "2"), (signal.SIGHUP, 129, "1")],
    ids=["SIGTERM", "SIGTERM-of-several", "SIGHUP"],
)
def test_a_signal_that_ends_a_run_is_answered(work: Path, number: signal.Signals, code: int, jobs: str) -> None:
    """As Ctrl-C is; the processes that train end too, although the signal was not sent to them."""
    command = ["study", "run", "tiny.toml", "--device", "cpu", "--engine", "torch", "--store", "ended", "--no-report"]
    long = [
        "--set",
        "replicas=100_000",
        "--set",
        "recipe.steps=20_000",
        "--chunk",
        "4",
        "--jobs",
        jobs,
        "--threads",
        jobs,
    ]
    with subprocess.Popen([*GRADLAB, *command, *long], stderr=subprocess.PIPE, text=True) as process:
        log = work / "ended/gradlab.sqlite-wal"
        patience = time.monotonic() + 60
        while not (log.exists() and log.stat().st_size > 50_000) and time.monotonic() < patience:
            time.sleep(0.01)
        time.sleep(3.0 * (jobs != "1"))  # until the others are at work
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    told = f"ended by {number.name}: what is finished is kept, and the same command goes on from there."
    assert err.splitlines()[-1] == told


def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind `nohup`; and afterwards nothing of ours is left."""
    seen: list[object] = []
    monkeypatch.setattr(
        "gradlab.cli.main._command", lambda _: seen.extend(map(signal.getsignal, (signal.SIGTERM, signal.SIGHUP)))
    )
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main([]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    term, hup = seen
    assert callable(term) and hup is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_ctrl_c_before_anything_is_trained(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradlab.studies.load.load_study", interrupted)
    assert main(RUN) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


@pytest.mark.parametrize("command", [["list", "activations", "--json"], ["study", "list"]], ids=["document", "table"])
def test_a_reader_that_goes_away_is_no_error(command: Sequence[str]) -> None:
    with subprocess.Popen([*GRADLAB, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("command", [["list", "losses"], ["list", "losses", "--json"], ["study", "list"]], ids=str)
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_output_is_no_error(command: Sequence[str], closed: str) -> None:
    """As behind `>&-`: python then has no stream at all."""
    line = f"exec {shlex.join([*GRADLAB, *command])} {closed}"
    result = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert not result.stderr


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_says_that_it_is_one(
    debug: str, work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("oh")

    monkeypatch.setenv("GRADLAB_DEBUG", debug)
    monkeypatch.setattr("gradlab.studies.load.load_study", broken)
    assert main(RUN) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"error: this is a bug in gradlab {__version__}: KeyError: 'oh'\n" in err
    assert "GRADLAB_DEBUG=1" in err
    assert ("Traceback" in err) == bool(debug)


def test_messages_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[31mred\x07"]) == 2
    assert "\\x1b[31mred\\x07" in capsys.readouterr().err
