"""A made-up study of small networks that learn digits, with snapshots: nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from gradlab.signals import Snapshot, layer_names
from gradlab.spec import setup_from
from gradlab.studies.results import Analysis, CellResult
from gradlab.studies.snapshots import with_updates
from gradlab.studies.study import Study
from tests.reports import fake

POINTS = 40
BASE: dict[str, Any] = {
    "network": {"hidden": "6-4", "activation": "relu", "weights": "he_normal", "bias": "zeros"},
    "recipe": {"optimizer": {"name": "sgd", "lr": 0.1}, "loss": "cross_entropy", "batch_size": 64, "steps": 100},
    "task": "digits",
}


def pictured(
    rows: Sequence[str] = ("A", "B"), steps: Sequence[int] = (0, 1, 10, 100), *, name: str = "fake-pictures",
    replicas: int = 3, changes: dict[str, Any] | None = None, is_classes: bool = True,
) -> Analysis:  # fmt: skip
    """An analysis of some rows with snapshots at some steps.

    Args:
        rows: Names of the rows.
        steps: Steps of the looks.
        name: Of the study.
        replicas: Networks of each row.
        changes: To the base of every row.
        is_classes: Whether there are confusion matrices and maps.
    """
    content = {**BASE, **(changes or {})}
    study = Study.model_validate(
        {
            **content, "name": name, "question": f"What do networks of {name} look like?", "replicas": replicas,
            "rows": [{"id": row} for row in rows],
            "inputs": {"test": {"from": "test"}},
            "metrics": {
                "train_loss": {"kind": "loss", "over": "train"},
                "test_loss": {"kind": "loss", "over": "test"},
                "test_accuracy": {"kind": "accuracy", "over": "test"},
            } if is_classes else {},
            "snapshots": {"over": "test"},
        }
    )  # fmt: skip
    cells = [_cell(row, content, steps, study, k, replicas, is_classes) for k, row in enumerate(rows)]
    networks = replicas * len(rows)
    return replace(
        fake.dying(2), study=study, study_toml=f'[study]\nname = "{name}"\n', cells=cells, claims=[], effects=[],
        answer=f"{networks} networks have pictures.", networks=networks, wanted=networks,
    )  # fmt: skip


def _cell(
    row: str, content: dict[str, Any], steps: Sequence[int], study: Study, seed: int, replicas: int, is_classes: bool
) -> CellResult:
    rng = np.random.default_rng(seed)
    setup = setup_from(content)
    layers = layer_names(len(setup.network.layers))
    sizes = setup.network.widths
    starts = [rng.normal(size=(1, out, into)) for into, out in pairwise(sizes)]
    drifts = [rng.normal(size=start.shape) for start in starts]
    shots = []
    for step in steps:
        arrays: dict[str, ndarray] = {}
        for layer, start, drift in zip(layers, starts, drifts, strict=True):
            arrays[f"weights/{layer}"] = (start + 0.05 * np.log1p(step) * drift).astype(np.float32)
            arrays[f"activations/{layer}"] = rng.uniform(size=start.shape[:2]).astype(np.float32)
        if is_classes:
            arrays["confusion"] = (4 * np.eye(10, dtype=np.int64) + rng.integers(0, 2, (10, 10)))[None]
        if is_classes and step == steps[-1]:
            labels = np.arange(POINTS) % 10
            arrays["embedding/t-SNE"] = (rng.normal(size=(POINTS, 2)) + 9 * labels[:, None])[None]
            arrays["embedding/PCA"] = rng.normal(size=(1, POINTS, 2))
            arrays["embedding/labels"], arrays["embedding/rows"] = labels[None], np.arange(POINTS)[None]
            arrays["embedding/kept"] = np.array([0.75])
        shots.append(Snapshot(step, arrays))
    falling = np.stack([2.3 * 0.8 ** (r + np.arange(len(steps))) for r in range(replicas)])
    by_kind = {"train_loss": falling, "test_loss": falling + 0.1, "test_accuracy": 1 - falling / 3}
    return replace(
        fake.dying(2).cells[0], id=f"{seed:016x}", levels={"row": row}, setup=setup, replicas=replicas, wanted=replicas,
        outcomes={}, at_birth={}, steps=list(steps), by_look={}, loss_curves=falling.astype(np.float32), theory={},
        metrics={name: by_kind[name] for name in study.metrics}, snapshots=with_updates(shots),
    )  # fmt: skip
