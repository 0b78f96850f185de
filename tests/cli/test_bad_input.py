"""What a person can get wrong on the command line: one clear message on stderr, exit code 2, nothing on stdout, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gradlab.cli.main import main

from .conftest import TINY

MOST_LINES = 6
TEXT_THAT_IS_NO_DATABASE = b"once upon a time " * 20


@dataclass(frozen=True)
class Bad:
    """A command that is refused.

    Attributes:
        id: What is wrong with it.
        command: The arguments; words without spaces, so one text.
        says: What the message must hold, whatever its letters' case.
        edit: (old, new) in the small study file, written to `bad.toml`.
        files: Other files to write first; None makes a folder.
        env: Environment variables.
        arguments: Instead of `command`, where a word holds a space.
    """

    id: str
    command: str
    says: Sequence[str]
    edit: tuple[str, str] | None = None
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()


RUN = "study run tiny.toml"

COMMANDS = [
    Bad("unknown verb", "stduy", ["stduy", 'did you mean "study"', "gradlab --help"]),
    Bad("verb of another level", "run tiny.toml", ['"run"', "known", "study", "gradlab --help"]),
    Bad("endless width", f"theory born-dead --width {10**400} --depth 3", ["--width", "from 1 to 1000000000"]),
    Bad("endless slope", "theory edge elu(alpha=1e308)", ["elu.alpha", "at most 1e+50 in size"]),
    Bad("unknown verb of study", "study rnu tiny.toml", ["rnu", 'did you mean "run"', "gradlab study --help"]),
    Bad("unknown option", f"{RUN} --sed 1", ["--sed", 'did you mean "--seed"', "gradlab study run --help"]),
    Bad("unknown option with a value", f"{RUN} --stroe=x", ["--stroe", 'did you mean "--store"']),
    Bad("unknown letter", f"{RUN} -x", ['"-x"', "known", "gradlab study run --help"]),
    Bad("negated flag", f"{RUN} --no-json", ["--no-json", 'did you mean "--json"']),
    Bad("option of another verb", "study list --seed 1", ["--seed", "gradlab study list --help"]),
    Bad("no study to run", "study run", ["study", "nothing", "gradlab study run --help"]),
    Bad("no kind to list", "list", ["kind", "nothing", "activations", "tasks", "gradlab list --help"]),
    Bad("no study to export", "study export", ["study", "nothing"]),
    Bad("no value", f"{RUN} --seed", ["--seed", "nothing", "a value"]),
    Bad("no value but an option", f"{RUN} --set --json", ["--set", "nothing", "a value"]),
    Bad("given twice", f"{RUN} --seed 1 --seed 2", ["--seed", "more than once"]),
    Bad("two studies", f"{RUN} other.toml", ["too many", "other.toml"]),
    Bad("setting without --set", f"{RUN} replicas=5", ["too many", "--set replicas=5"]),
    Bad("second setting without --set", f"{RUN} --set row=A replicas=5", ["--set replicas=5"]),
    Bad("flag with a value", f"{RUN} --json=3", ["--json", '"3"', "no value"]),
    Bad("unknown engine", f"{RUN} --engine torhc", ["--engine", "torhc", 'did you mean "torch"']),
    Bad("unknown device", f"{RUN} --device gpu", ["--device", '"gpu"', "auto", "cpu", "cuda", "mps"]),
    Bad("unknown format", "study export tiny --format xml", ["--format", '"xml"', "csv", "json"]),
    Bad("unknown kind", "list activation", ["kind", "schedules", 'did you mean "activations"']),
    Bad("seed in words", f"{RUN} --seed one", ["--seed", '"one"', "whole number from 0"]),
    Bad("negative seed", f"{RUN} --seed -1", ["--seed", '"-1"', "from 0 to 18446744073709551615"]),
    Bad("seed too large", f"{RUN} --seed 18446744073709551616", ["--seed", "to 18446744073709551615"]),
    Bad("broken seed", f"{RUN} --seed 1.5", ["--seed", '"1.5"', "whole number"]),
    Bad("no jobs", f"{RUN} --jobs 0", ["--jobs", '"0"', "from 1 to 1024"]),
    Bad("jobs in words", f"{RUN} --jobs many", ["--jobs", '"many"', "whole number"]),
    Bad("no threads", f"{RUN} --threads 0", ["--threads", '"0"', "from 1 to 1024"]),
    Bad("no chunk", f"{RUN} --chunk 0", ["--chunk", '"0"', "at least 1"]),
    Bad("negative chunk", f"{RUN} --chunk=-7", ["--chunk", '"-7"', "at least 1"]),
    Bad("quiet and verbose", f"{RUN} -q -v", ["--quiet", "--verbose", "both", "leave one out"]),
    Bad("report and none", f"{RUN} --report a.html --no-report", ["--report", "--no-report", "both"]),
    Bad("store of no name", "", ["--store", '""', "folder"], arguments=["study", "status", "--store", ""]),
    Bad("device in the environment", RUN, ["GRADLAB_DEVICE", '"gpu"', "cpu"], env={"GRADLAB_DEVICE": "gpu"}),
    Bad("store in the environment", "study status", ["nothing at", "elsewhere"], env={"GRADLAB_STORE": "elsewhere"}),
]

SETTINGS = [
    Bad("setting without =", f"{RUN} --set replicas", ["--set", '"replicas"', "key=value", "replicas=200"]),
    Bad("setting without a key", f"{RUN} --set =3", ["--set", '"=3"', "key=value"]),
    Bad("setting without a value", f"{RUN} --set replicas=", ["--set", "replicas=", "key=value"]),
    Bad("unknown setting", f"{RUN} --set replcas=3", ["replcas", 'did you mean "replicas"']),
    Bad("unknown row", f"{RUN} --set row=Z", ['row "Z"', "known: A, B"]),
    Bad("no replicas", f"{RUN} --set replicas=0", ["replicas", "got 0", "1 to 100,000,000"]),
    Bad("too many replicas", f"{RUN} --set replicas=1000000000", ["replicas", "1000000000", "1 to 100,000,000"]),
    Bad("replicas as a float", f"{RUN} --set replicas=1e9", ["replicas", "whole number"]),
    Bad("replicas in words", f"{RUN} --set replicas=many", ["replicas", "many", "whole number"]),
    Bad("replicas as a truth", f"{RUN} --set replicas=true", ["replicas", "True", "whole number"]),
    Bad("several replicas", f"{RUN} --set replicas=1,2", ["replicas", "[1, 2]", "one number"]),
    Bad("nothing between commas", f"{RUN} --set recipe.steps=1,,2", ["recipe.steps", "1,,2", "between the commas"]),
    Bad("range without end", f"{RUN} --set recipe.steps=1..1000000000", ["recipe.steps", "at most 10,000"]),
    Bad(
        "range backwards",
        f"{RUN} --set recipe.steps=9..1",
        ["recipe.steps", "9..1", "before it begins", "Write recipe.steps=1..9"],
    ),
    Bad("unknown key below", f"{RUN} --set recipe.optimzer=adam", ["optimzer", 'did you mean "optimizer"']),
    Bad("unknown key of hidden", f"{RUN} --set network.hidden.widht=3", ["widht", 'did you mean "width"']),
    Bad("path through a number", f"{RUN} --set recipe.steps.most=3", ["steps", "got 2", "a table"]),
    Bad("width 0", f"{RUN} --set network.hidden.width=0", ["network.hidden", "width", "between 1 and"]),
    Bad("width 0 in a list", f"{RUN} --set network.hidden=10-0-1", ["network.hidden", "10-0-1", "between 1 and"]),
    Bad("width as a float", f"{RUN} --set network.hidden.width=2.5", ["network.hidden.width", "2.5", "whole number"]),
    Bad(
        "unknown activation", f"{RUN} --set network.activation=relo", ['"relo"', 'did you mean "relu"', "gradlab list"]
    ),
    Bad("unknown parameter", f"{RUN} --set network.activation=relu(3)", ["relu(3)", "at most 0 parameters"]),
    Bad("code as a part", f"{RUN} --set network.activation=relu(exit())", ["relu(exit())", "number"]),
    Bad("negative rate", f"{RUN} --set recipe.optimizer.lr=-0.1", ["sgd.lr", "-0.1", "above 0"]),
    Bad("rate in words", f"{RUN} --set recipe.optimizer.lr=fast", ["sgd.lr", "fast", "a number"]),
    Bad("rate that is no number", f"{RUN} --set recipe.optimizer.lr=nan", ["sgd.lr", "nan"]),
    Bad("infinite rate", f"{RUN} --set recipe.optimizer.lr=inf", ["sgd.lr", "inf"]),
    Bad(
        "no epochs but negative ones",
        f"{RUN} --set recipe.steps=-1",
        ["recipe.steps", "-1", "greater than or equal to 0"],
    ),
    Bad("two lengths", f"{RUN} --set recipe.epochs=3 --set recipe.steps=3", ["either epochs or steps"]),
    Bad("no batch", f"{RUN} --set recipe.batch_size=0", ["recipe.batch_size", "got 0", "at least 1", "full"]),
    Bad("unknown task", f"{RUN} --set task=x_sin_6x", ["x_sin_6x", 'did you mean "x_sin_5x"', "gradlab list tasks"]),
    Bad("infinitely many points", f"{RUN} --set task.points=inf", ["points", "inf", "whole number"]),
    Bad("loss for other targets", f"{RUN} --set recipe.loss=hinge", ["recipe.loss", "hinge", "targets"]),
    Bad(
        "settings of an exact study", "study run xor-by-hand --set replicas=5", ["--set", "exact", "trains no network"]
    ),
    Bad("summary of an exact study", "summary layer-calculator", ["layer-calculator", "exact study", "no network"]),
    Bad("unknown order", f"{RUN} --set recipe.order=random", ["recipe.order", '"random"', "shuffled", "sequential"]),
]

FILE = "study run bad.toml"
METRIC_OVER_TEST = '[metrics]\nloss = { kind = "loss", over = "test" }\n'
TEST_LINE = 'Write test = { from = "test" } below [inputs]'
FILES = [
    Bad("unknown study", "study run dying-rleu", ["dying-rleu", 'did you mean "dying-relu"', "gradlab study list"]),
    Bad("unknown study to show", "study show nothing-like-it", ["nothing-like-it", "gradlab study list"]),
    Bad("no such file", "study run nowhere.toml", ["nowhere.toml", "no such file", "TOML"]),
    Bad("a folder", "study run bad.toml", ["bad.toml", "folder", "TOML"], files={"bad.toml": None}),
    Bad("bytes", FILE, ["bad.toml", "no UTF-8", "TOML"], files={"bad.toml": bytes(range(256))}),
    Bad("unreadable", "study run /proc/self/mem", ["/proc/self/mem", "TOML"]),
    Bad("empty", FILE, ["name", "network", "recipe"], files={"bad.toml": b""}),
    Bad("malformed", FILE, ["bad.toml:8", "malformed TOML"], ("[network]", "[network")),
    Bad("key twice", FILE, ["bad.toml:", "malformed TOML"], ('loss = "mse"', 'loss = "mse"\nloss = "mae"')),
    Bad("endless brackets", FILE, ["bad.toml", "malformed TOML"], ("replicas = 4", "replicas = " + 20_000 * "[")),
    Bad("endless digits", FILE, ["bad.toml", "malformed TOML"], ("replicas = 4", "replicas = " + 9_000 * "4")),
    Bad("unknown table", FILE, ["netwrok", 'did you mean "network"'], ("[network]", "[netwrok]")),
    Bad("unknown key", FILE, ["replcas", 'did you mean "replicas"'], ("replicas = 4", "replcas = 4")),
    Bad("unknown key of a row", FILE, ["rows[1].nte", 'did you mean "note"'], ('id = "B"', 'id = "B"\nnte = "x"')),
    Bad("text for a table", FILE, ["recipe"], ("[recipe]\noptimizer", 'recipe = "sgd"\n[other]\noptimizer')),
    Bad("text for a number", FILE, ["replicas", "'four'", "whole number"], ("replicas = 4", 'replicas = "four"')),
    Bad("number for a text", FILE, ["question", "expected text"], ('"Does the command line work?"', "42")),
    Bad("number for a row", FILE, ["rows"], ('[[rows]]\nid = "A"', "[[rows]]\nid = 7")),
    Bad("name as a path", FILE, ["name", "../tiny"], ('name = "tiny"', 'name = "../tiny"')),
    Bad("rows of one name", FILE, ["row", '"A" 2 times', "once"], ('id = "B"', 'id = "A"')),
    Bad("width 0 in a file", FILE, ["network.hidden", "between 1 and"], ("width = 2", "width = 0")),
    Bad("huge whole rate", FILE, ["sgd.lr"], ("levels = [0.01, 0.02]", f"levels = [0.01, {10**400}]")),
    Bad("factor without levels", FILE, ["factors[0].levels", "at least 1"], ("levels = [0.01, 0.02]", "levels = []")),
    Bad("labels for other levels", FILE, ["rate.labels", "1 labels", "2"], ("levels =", 'labels = ["a"]\nlevels =')),
    Bad("factor that names nothing", FILE, ["change", "recipe", "nothing"], ("recipe.optimizer.lr", "nothing.at.all")),
    Bad("factor without its end", FILE, ["optimizer", "lrr", 'did you mean "lr"'], ("optimizer.lr", "optimizer.lrr")),
    Bad("factor of no row", FILE, ['row "Z"', "factor rate"], ("levels =", 'rows = ["Z"]\nlevels =')),
    Bad("factor of unknown role", FILE, ["role", '"main"', "scientific"], ('role = "nuisance"', 'role = "main"')),
    Bad("claim on a missing cell", FILE, ['claim "A"', "0 cells", "exactly one cell"], ('row = "A", rate', 'row = "C", rate')),
    Bad("claim on several cells", FILE, ['claim "A"', "2 cells", "exactly one cell"], (', rate = 0.01 }', " }")),
    Bad("claim on no outcome", FILE, ['claim "A"', "colapsed", "collapsed"], ('rate = "collapsed"', 'rate = "colapsed"')),
    Bad("claim without a judge", FILE, ['claim "A"', "published or expected"], ("published = 0.5", "")),
    Bad("published above 1", FILE, ["published", "1.5", "a rate between 0 and 1"], ("published = 0.5", "published = 1.5")),
    Bad("outcome over no inputs", FILE, ["input set", "pionts", 'did you mean "points"'], ('over = "points"', 'over = "pionts"')),
    Bad("metric over no inputs", FILE, ["metrics.loss.over", TEST_LINE], ("[outcomes]", METRIC_OVER_TEST + "[outcomes]")),
    Bad("outcome over test", FILE, ["outcomes.collapsed.over", TEST_LINE], ('over = "points"', 'over = "test"')),
    Bad("signals over test", FILE, ["signals.over", TEST_LINE], ("[outcomes]", '[signals]\nover = "test"\n[outcomes]')),
    Bad("UTF-16", FILE, ["bad.toml", "UTF-16", "Save it as UTF-8"], files={"bad.toml": "name = 1".encode("utf-16")}),
    Bad("inputs of nothing", FILE, ["inputs"], ("points = { linspace = [1, 10, 10] }", "points = {}")),
]  # fmt: skip

NOT_RUN = [
    Bad(
        "export of a study never run",
        "study export dying-relu",
        ["dying-relu", "unknown", "known: tiny", "gradlab study status"],
    ),
    Bad("report of a study misspelt", "report tinny", ["tinny", 'did you mean "tiny"']),
    Bad("status of a study never run", "study status other", ["other", "known: tiny"]),
    Bad("export without a store", "study export tiny --store none", ["none", "nothing", "gradlab study run"]),
    Bad("report without a store", "report tiny --store none", ["none", "nothing", "gradlab study run"]),
    Bad("status without a store", "study status --store none", ["none", "nothing", "gradlab study run"]),
]

PLACES = [
    Bad("a file as the store", f"{RUN} --store tiny.toml", ["store", "tiny.toml", "folder", "--store"]),
    Bad("a store below a file", f"{RUN} --store tiny.toml/deep", ["store", "tiny.toml/deep", "--store"]),
    Bad("a store where nothing can be", f"{RUN} --store /proc/gradlab", ["store", "/proc/gradlab", "--store"]),
    Bad("page in no folder", f"{RUN} --report none/a.html", ["none/a.html", "no such file"]),
    Bad("page as a folder", f"{RUN} --report gradlab-store", ["gradlab-store", "folder", "file"]),
    Bad("page where nothing can be", f"{RUN} --report /proc/a.html", ["/proc/a.html", "cannot be written"]),
    Bad("page below a file", "report tiny --output tiny.toml/a.html", ["tiny.toml/a.html", "not a directory"]),
    Bad("rows in no folder", "study export tiny --output none/a.csv", ["none/a.csv", "no such file"]),
    Bad("rows as a folder", "study export tiny --output gradlab-store", ["gradlab-store", "folder", "file"]),
    Bad("rows of no name", "", ["--output", '""'], arguments=["study", "export", "tiny", "--output", ""]),
]

DAMAGED = [
    Bad(f"{what}: {command.split()[0]}", f"{command} --store bad", says, files={"bad/gradlab.sqlite": content})
    for what, content, says in [
        ("a text", TEXT_THAT_IS_NO_DATABASE, ["bad", "not a database", "gradlab.sqlite", "move it away"]),
        ("a short text", b"hello", ["bad", "gradlab.sqlite"]),
    ]
    for command in (RUN, "report tiny")
] + [Bad("an empty file", "study status --store bad", ["bad", "empty"], files={"bad/gradlab.sqlite": b""})]

TABLE = [*COMMANDS, *SETTINGS, *FILES, *NOT_RUN, *PLACES, *DAMAGED]


def contents(folder: Path) -> dict[str, bytes | list[str]]:
    """What a folder's files say: a database by its rows, whatever SQLite did to its pages; passing files left out."""
    found: dict[str, bytes | list[str]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".sqlite" and file.read_bytes().startswith(b"SQLite format 3"):
            with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as connection:
                found[file.name] = list(connection.iterdump())
            connection.close()
        elif file.is_file() and not file.name.endswith(("-wal", "-shm", ".lock")):
            found[file.name] = file.read_bytes()
    return found


def refused(arguments: Sequence[str], says: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command and check that it is refused as it should be."""
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert err.count("\n") <= MOST_LINES, err
    for fragment in says:
        assert fragment.lower() in err.lower(), f"{fragment!r} is not in: {err}"


def test_the_table_is_long_and_its_names_are_unique() -> None:
    assert len(TABLE) >= 40
    assert len({bad.id for bad in TABLE}) == len(TABLE)


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.id.replace(" ", "-"))
def test_bad_input_is_refused_in_clear_words(
    bad: Bad, work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if bad.edit is not None:
        assert bad.edit[0] in TINY
        (work / "bad.toml").write_text(TINY.replace(*bad.edit), encoding="utf-8")
    for name, content in bad.files.items():
        file = work / name
        file.parent.mkdir(exist_ok=True)
        file.mkdir() if content is None else file.write_bytes(content)
    for name, value in bad.env.items():
        monkeypatch.setenv(name, value)
    before = contents(work)
    refused(bad.arguments or bad.command.split(), bad.says, capsys)
    assert contents(work) == before
