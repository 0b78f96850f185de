"""Made-up but realistic results, so that pages and tables can be looked at and tested without training anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import ndarray

from gradlab.spec import setup_from
from gradlab.stats import Proportion, prediction_interval, standard_error, wilson
from gradlab.studies.claims import ClaimResult, Reading
from gradlab.studies.claims.criteria.closed_form import ClosedForm
from gradlab.studies.claims.measures.rate import Rate
from gradlab.studies.compare import theories_of
from gradlab.studies.environment import Environment, Trained
from gradlab.studies.levels import LevelValue
from gradlab.studies.results import Analysis, CellResult, Effect
from gradlab.studies.study import Study

RMSPROP = {"name": "rmsprop", "lr": 0.0099, "alpha": 0.9, "eps": 1e-7}
BASE: dict[str, Any] = {
    "network": {"hidden": {"width": 2, "depth": 9}, "activation": "relu", "weights": "glorot_uniform", "bias": "zeros"},
    "recipe": {"optimizer": RMSPROP, "loss": "mse", "batch_size": 64, "epochs": 10},
    "task": "x_sin_5x",
}
ENVIRONMENT = Environment(
    {"gradlab": "0.1.0", "python": "3.11.2", "torch": "2.13.0", "numpy": "2.3.1"},
    {"processor": "x86_64", "cores": 2, "threads": 2},
)
STEPS = [0, 1, 2, 5, 10, 22, 47, 94, 141, 188, 235, 282, 329, 376, 423, 470]
LEAKY = {"name": "leaky_relu", "negative_slope": 0.2}

# row, note, changes to the network, task, share at birth, share at the end, share of it that is constant to precision
ROWS: list[tuple[str, str, dict[str, Any], str, float, float, float]] = [
    ("B1", "relu, 9 hidden layers", {}, "x_sin_5x", 0.925, 0.953, 0.0),
    ("B1 deeper", "relu, 10 hidden layers", {"hidden": {"width": 2, "depth": 10}}, "x_sin_5x", 0.944, 0.9685, 0.0),
    ("B1 width 3", "", {"hidden": {"width": 3, "depth": 9}}, "x_sin_5x", 0.70, 0.74, 0.0),
    ("B1 width 5", "", {"hidden": {"width": 5, "depth": 9}}, "x_sin_5x", 0.248, 0.262, 0.0),
    ("B1 width 10", "", {"hidden": {"width": 10, "depth": 9}}, "x_sin_5x", 0.009, 0.011, 0.0),
    ("B2", "leaky relu", {"activation": LEAKY}, "x_sin_5x", 0.0, 0.001, 1.0),
    ("B3", "relu, biases from the weights' law", {"weights": "normal(std=0.05)", "bias": "own"}, "abs_x", 0.991, 0.997, 0.35),
    ("B4", "leaky relu .01", {"activation": "leaky_relu(0.01)", "weights": "normal(std=0.05)"}, "abs_x_sin_5x", 0.88, 0.76, 0.97),
    ("B5 RAI |x|", "", {"weights": "rai", "bias": "own"}, "abs_x", 0.21, 0.30, 0.0),
    ("B5 RAI |x sin 5x|", "", {"weights": "rai", "bias": "own"}, "abs_x_sin_5x", 0.21, 0.33, 0.0),
    ("B5 He |x|", "", {"weights": "he_normal"}, "abs_x", 0.925, 0.918, 0.0),
    ("B5 He |x sin 5x|", "", {"weights": "he_normal"}, "abs_x_sin_5x", 0.925, 0.936, 0.0),
]  # fmt: skip


def dying(replicas: int = 1000, share_done: float = 1.0) -> Analysis:
    """A study of named rows with a map of widths and depths at birth."""
    rng = np.random.default_rng(7)
    n = max(1, round(replicas * share_done))
    cells = [
        _cell({"row": row}, {"network": network, "task": task}, n, replicas, birth, end, constant, rng)
        for row, _, network, task, birth, end, constant in ROWS
    ]
    for width in (2, 3, 4, 5, 10):
        for depth in range(1, 21):
            network = {"hidden": {"width": width, "depth": depth}}
            drawn = 1 - (1 - 2.0**-width) ** depth
            levels = {"row": "born", "width": width, "depth": depth}
            cells.append(_cell(levels, {"network": network}, 10 * n, 10 * replicas, drawn, drawn, 0.0, rng, steps=[0]))
    study = Study.model_validate(
        {
            **BASE,
            "name": "fake-dying",
            "question": "How often does a deep, narrow relu network collapse to a constant, and when?",
            "answer": "{B1} of relu networks collapse; {B1 born} were born so.",
            "text": "Two reports trained the same network and found numbers that look contradictory.\n\n"
            "The study repeats them with intervals. Replicas are paired: replica r of two rows sees the same data.",
            "sources": ("S0, questions 2 and 3", "Lu, Shin, Su, Karniadakis 2019"),
            "rows": [{"id": row, "note": note} for row, note, *_ in ROWS] + [{"id": "born", "note": "drawn, not trained"}],
            "factors": [
                {"name": "width", "change": "network.hidden.width", "levels": [2, 3, 4, 5, 10], "rows": ["born"]},
                {"name": "depth", "change": "network.hidden.depth", "levels": list(range(1, 21)), "rows": ["born"]},
            ],
            "inputs": {"points": {"linspace": (1.0, 10.0, 10)}},
            "outcomes": {"collapsed": {"over": "points"}, "collapsed_on_train": {"over": "train"}},
            "fixed": ("One learning rate, the sources' own.", "Width 2 unless a row says otherwise."),
            "claims": [
                _claim("B1", "collapse rate of relu networks, 9 hidden layers", "B1", published=0.967, source="S0, question 2"),
                _claim("B1 deeper", "collapse rate of relu networks, 10 hidden layers", "B1 deeper", published=0.967),
                _claim("B1 born", "born so as the closed form says", "B1", look=0, expected={"theory": "born_dead_one_input"}),
                _claim("B2", "leaky relu networks hardly ever collapse", "B2", expected={"at_most": 0.01}),
                _claim("B3", "collapse rate with Keras' default sigma", "B3", published=0.996),
                _claim("B4", "collapse rate of leaky relu networks", "B4", published=0.83),
                _claim(
                    "B5 RAI against He", "RAI collapses less than He", "B5 RAI |x|", kind="difference",
                    minus={"row": "B5 He |x|"}, expected={"below": 0.0},
                ),
                {
                    "id": "map", "statement": "every cell of the map is born collapsed as often as the closed form says",
                    "measure": {"rate": "collapsed", "where": {"row": "born"}, "look": 0},
                    "expected": {"theory": "born_dead_one_input"},
                },
            ],
        }
    )  # fmt: skip
    by_row = {str(cell.levels["row"]): cell for cell in cells if "width" not in cell.levels}
    claims = [
        _rate_claim(study, 0, by_row["B1"]),
        _rate_claim(study, 1, by_row["B1 deeper"]),
        _rate_claim(study, 2, by_row["B1"]),
        _rate_claim(study, 3, by_row["B2"]),
        _rate_claim(study, 4, by_row["B3"]),
        _rate_claim(study, 5, by_row["B4"]),
        ClaimResult(
            "B5 RAI against He", study.claims[6].statement, 0.0, "bound", -0.618, -0.651, -0.585, n, None, "held",
            f"{n:,} pairs of replicas; 95 % interval of the difference [-0.651, -0.585] against below 0",
            unit="points", judgement="interval of the difference",
        ),
        ClaimResult(
            "map", study.claims[7].statement, 1.0, "theory", 0.99, 0.9455, 0.9982, 1_000_000, None, "not held",
            "99 of 100 cells within 4 standard errors of the closed form; farthest -4.12",
            judgement="closed form", counted=(99, 100, "cells"),
        ),
    ]  # fmt: skip
    answer = "95.4 % [93.9, 96.5] of 1,000 relu networks end constant; 92.2 % were born so. The report it repeats found 96.7 %."
    effects = [
        Effect("width", "collapsed", 0.61, {2: 0.84, 3: 0.66, 4: 0.46, 5: 0.27, 10: 0.01}, 100),
        Effect("depth", "collapsed", 0.55, {depth: 0.05 * depth for depth in range(1, 21)}, 100),
    ]
    return _analysis(study, cells, claims, effects, answer if share_done >= 1 else "")


def leaky(replicas: int = 200) -> Analysis:
    """A study of crossed factors with readings of a source."""
    rng = np.random.default_rng(11)
    slopes, sigmas, laws = (0.01, 0.1, 0.2, 0.3), (0.02, 0.05, 0.1, 0.5, 1.0), ("zeros", "own")
    cells = []
    for slope in slopes:
        for sigma in sigmas:
            for law in laws:
                share = 1 / (1 + math.exp(4 * slope / 0.1 + 1.2 * math.log(sigma / 0.05) - 3.5 * (law == "own") - 1.4))
                network = {"activation": f"leaky_relu({slope})", "weights": f"normal(std={sigma})", "bias": law}
                levels: dict[str, LevelValue] = {"slope": slope, "sigma": sigma, "bias": law}
                cells.append(_cell(levels, {"network": network}, replicas, replicas, 0.8 * share, share, 0.9, rng))
    study = Study.model_validate(
        {
            **BASE,
            "name": "fake-leaky",
            "question": "Why do two reports on leaky relu disagree, 0.1 % against 83 %?",
            "answer": "x",
            "text": "The source cuts its parameters off, so every admissible reading was run.",
            "factors": [
                {"name": "slope", "change": "network.activation.negative_slope", "levels": slopes},
                {"name": "sigma", "change": "network.weights.std", "levels": sigmas},
                {"name": "bias", "change": "network.bias", "levels": laws},
            ],
            "claims": [
                {
                    "id": "B4 readings",
                    "statement": "some reading of the cut-off parameters gives 83 %",
                    "measure": {"readings": "collapsed"},
                    "published": 0.83,
                    "source": "S1, section 2.2",
                }
            ],
        }
    )
    readings = []
    for cell in cells:
        rate = cell.outcomes["collapsed"]
        low, high = prediction_interval(rate.count, rate.n, 1000)
        readings.append(Reading(cell.levels, rate, (low, high), low <= 0.83 <= high))
    fits = sum(bool(reading.compatible) for reading in readings)
    fitting = wilson(fits, len(readings))
    claim = ClaimResult(
        "B4 readings", study.claims[0].statement, 0.83, "published", fitting.rate, fitting.low, fitting.high, replicas * 40, None,
        "held" if fits else "not held", f"{fits} of {len(readings)} readings reproduce 0.83", "S1, section 2.2", tuple(readings),
        judgement="readings", counted=(fits, len(readings), "readings"),
    )  # fmt: skip
    effects = sorted((_effect(name, cells) for name in ("slope", "sigma", "bias")), key=lambda effect: -effect.largest)
    return _analysis(
        study,
        cells,
        [claim],
        effects,
        f"{fits} of 40 readings give the published 83 %; {effects[0].factor} matters most.",
    )


def hostile() -> Analysis:
    """One cell, with markup in every text a user writes, a diverged row and no finite loss."""
    bad = '<script>alert("x")</script> & <b>[bold]</b>'
    cell = dying(20).cells[0]
    cell = replace(cell, levels={"row": bad}, loss_curves=np.full((3, len(STEPS)), np.nan, np.float32))
    study = Study.model_validate(
        {
            **BASE, "name": "hostile", "question": bad, "answer": bad, "text": bad, "fixed": (bad,), "sources": (bad,),
            "rows": [{"id": bad, "note": bad}],
            "claims": [{"id": bad, "statement": bad, "published": 0.5, "measure": {"rate": "collapsed", "where": {"row": bad}}}],
        }
    )  # fmt: skip
    claim = ClaimResult(bad, bad, 0.5, "published", 0.5, 0.4, 0.6, 20, (0.3, 0.7), "undecided", bad, bad)
    return replace(_analysis(study, [cell], [claim], [], bad), study_toml=bad, command=bad)


def _claim(id: str, statement: str, row: str, kind: str = "rate", **rest: Any) -> dict[str, Any]:
    measure = {
        kind: "collapsed",
        "where": {"row": row},
        "look": rest.pop("look", None),
        "minus": rest.pop("minus", None),
    }
    return {"id": id, "statement": statement, "measure": measure, **rest}


def _rate_claim(study: Study, index: int, cell: CellResult) -> ClaimResult:
    claim = study.claims[index]
    assert isinstance(claim.measure, Rate)
    rate = (cell.at_birth if claim.measure.look == 0 else cell.outcomes)["collapsed"]
    target, kind, prediction = claim.published, "published", None
    if isinstance(claim.expected, ClosedForm):
        target, kind = cell.theory[claim.expected.theory], "theory"
        gap = (rate.rate - target) / standard_error(target, rate.n)
        verdict, why = "held", f"{gap:+.2f} standard errors from the closed form"
    elif claim.expected is not None:
        target, kind, verdict, why = (
            claim.expected.number,
            "bound",
            "held",
            "95 % interval [0.0002, 0.006] against at most 0.01",
        )
    else:
        assert target is not None
        prediction = prediction_interval(rate.count, rate.n, 1000)
        verdict = "undecided" if rate.n < 100 else "held" if prediction[0] <= target <= prediction[1] else "not held"
        why = f"95 % prediction interval for another 1,000 networks: [{prediction[0]:.3g}, {prediction[1]:.3g}]"
    return ClaimResult(
        claim.id, claim.statement, target, kind, rate.rate, rate.low, rate.high, rate.n, prediction, verdict, why, claim.source  # type: ignore[arg-type]
    )  # fmt: skip


def _cell(
    levels: Mapping[str, LevelValue], changes: Mapping[str, Any], n: int, wanted: int, birth: float, end: float,
    constant: float, rng: np.random.Generator, steps: list[int] | None = None,
) -> CellResult:  # fmt: skip
    setup = setup_from({**BASE, **changes, "network": {**BASE["network"], **changes.get("network", {})}})
    steps = STEPS if steps is None else steps
    first, last = (int(rng.binomial(n, birth)), int(rng.binomial(n, end)))
    if len(steps) == 1:
        last = first
    path = np.round(np.interp(np.log1p(steps), [0, np.log1p(470)], [first, last])).astype(np.int64)
    dead = np.round(path * (1 - constant)).astype(np.int64)
    diverged = 2 if levels.get("row") == "B5 RAI |x|" else 0
    trained = round((n - last) * 0.8)

    def rates(at: int) -> dict[str, Proportion]:
        total, died = int(path[at]), int(dead[at])
        wide = min(n, round(1.03 * total))
        return {
            "collapsed": wilson(total, n), "dead": wilson(died, n), "constant": wilson(total - died, n),
            "collapsed_on_train": wilson(wide, n), "collapsed_on_train by dead units": wilson(died, n),
        }  # fmt: skip

    ends = {"diverged": diverged, "trained": trained, "stalled": max(0, n - last - trained - diverged)}
    return CellResult(
        id=f"{abs(hash(tuple(levels.items()))):016x}"[:16],
        levels=levels,
        setup=setup,
        replicas=n,
        wanted=wanted,
        outcomes={**rates(-1), **{name: wilson(count, n) for name, count in ends.items()}},
        at_birth=rates(0),
        steps=steps,
        by_look={"collapsed": path, "dead": dead} if len(steps) > 1 else {"collapsed": path},
        loss_curves=_losses(min(50, n), steps, end, diverged, rng),
        theory=theories_of(setup),
    )


def _losses(count: int, steps: list[int], flat: float, diverged: int, rng: np.random.Generator) -> ndarray:
    """Falling and flat curves; the first `diverged` blow up to Inf and NaN."""
    start = rng.uniform(1.5, 9.0, (count, 1))
    speed = np.where(rng.uniform(size=(count, 1)) < flat, 0.0, rng.uniform(0.2, 1.2, (count, 1)))
    curves = 1.2 + start * (1 + np.array(steps)) ** (-speed - 0.15)
    for k in range(min(diverged, count)):
        curves[k] = curves[k, 0] * 30.0 ** np.arange(len(steps))
        curves[k, 8:] = np.inf if k % 2 else np.nan
    return curves.astype(np.float32)


def _effect(factor: str, cells: list[CellResult]) -> Effect:
    groups: dict[tuple[Any, ...], list[float]] = {}
    levels: dict[LevelValue, list[float]] = {}
    for cell in cells:
        rate = cell.outcomes["collapsed"].rate
        groups.setdefault(tuple((k, v) for k, v in cell.levels.items() if k != factor), []).append(rate)
        levels.setdefault(cell.levels[factor], []).append(rate)
    largest = float(np.mean([max(rates) - min(rates) for rates in groups.values()]))
    return Effect(
        factor, "collapsed", largest, {level: float(np.mean(rates)) for level, rates in levels.items()}, len(cells)
    )


def _analysis(
    study: Study, cells: list[CellResult], claims: list[ClaimResult], effects: list[Effect], answer: str
) -> Analysis:
    return Analysis(
        study=study,
        study_toml=f'[study]\nname = "{study.name}"\nquestion = "..."\nreplicas = {study.replicas}\n',
        cells=cells,
        claims=claims,
        effects=effects,
        answer=answer,
        seed=0,
        device="cpu",
        engine="torch",
        networks=sum(cell.replicas for cell in cells),
        wanted=sum(cell.wanted for cell in cells),
        trained=[Trained(ENVIRONMENT, "torch", "cpu", sum(cell.replicas for cell in cells), 187.4, 2.1)],
        command=f"gradlab study run {study.name} --seed 0",
    )
