"""A folder to work in, with a small study file and a store that holds its results."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest

from gradlab.cli.main import main

TINY = """\
[study]
name = "tiny"
question = "Does the command line work?"
answer = "{A} collapse."
replicas = 4
looks = { at = [1] }

[network]
hidden = { width = 2, depth = 2 }
activation = "relu"
weights = "glorot_uniform"
bias = "zeros"

[recipe]
optimizer = { name = "sgd", lr = 0.01 }
loss = "mse"
batch_size = 8
steps = 2

[task]
name = "x_sin_5x"
points = 16

[inputs]
points = { linspace = [1, 10, 10] }

[outcomes]
collapsed = { over = "points" }

[[rows]]
id = "A"

[[rows]]
id = "B"
network.activation = "tanh"

[[factors]]
name = "rate"
role = "nuisance"
change = "recipe.optimizer.lr"
levels = [0.01, 0.02]

[[claims]]
id = "A"
statement = "At most half collapse."
measure = { rate = "collapsed", where = { row = "A", rate = 0.01 } }
published = 0.5
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny.toml` and `gradlab-store`, which holds the study's results. Not to be written to."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    errors = io.StringIO()
    command = ["study", "run", f"{folder}/tiny.toml", "--store", f"{folder}/gradlab-store"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        code = main([*command, "--device", "cpu", "--no-report", "--quiet"])
    assert code == 0, errors.getvalue()
    return folder


@pytest.fixture
def work(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the current one, and no variable that gradlab or rich would read."""
    folder = tmp_path / "work"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    for name in ("GRADLAB_STORE", "GRADLAB_DEVICE", "GRADLAB_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return folder
