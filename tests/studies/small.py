"""A small study that trains in about a second, for tests of plans, stores and runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradlab.studies.analyze import analyze
from gradlab.studies.load import study_from
from gradlab.studies.plan import Plan, make_plan
from gradlab.studies.results import Analysis
from gradlab.studies.run import run_study
from gradlab.studies.store import Store
from gradlab.studies.study import Study


def table(**changes: Any) -> dict[str, Any]:
    """The study as a file would hold it."""
    return {
        "name": "small",
        "question": "How often do small relu networks collapse?",
        "answer": "{A} collapse.",
        "replicas": 12,
        "looks": {"every_epoch": True, "log_spaced": 3},
        "network": {"hidden": {"width": 2, "depth": 3}, "activation": "relu", "weights": "he_normal"},
        "recipe": {"optimizer": {"name": "sgd", "lr": 0.05}, "loss": "mse", "batch_size": 16, "epochs": 3},
        "task": {"name": "abs_x", "points": 40},
        "inputs": {"points": {"linspace": [1, 10, 10]}},
        "outcomes": {"collapsed": {"over": "points"}, "collapsed_on_train": {"over": "train"}},
        "rows": [{"id": "A"}, {"id": "B", "network": {"activation": "leaky_relu"}}],
        "claims": [
            {"id": "A", "statement": "a", "measure": {"rate": "collapsed", "where": {"row": "A"}}, "published": 0.5}
        ],
        **changes,
    }


def small_study(**changes: Any) -> Study:
    """The study, with some of its keys changed."""
    return study_from(table(**changes))


def run(plan: Plan, folder: Path, **options: Any) -> Analysis:
    """Run a plan in a store and analyze it."""
    with Store.open(folder, write=True) as store:
        run_study(plan, store, **options)
        return analyze(store, plan, "test")


def small_plan(chunk: int | None = None, **changes: Any) -> Plan:
    """Plan of the small study."""
    return make_plan(small_study(**changes), chunk=chunk, engine="torch")
