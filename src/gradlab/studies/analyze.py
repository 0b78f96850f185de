"""From rows to rates: what a store holds of a plan, as an `Analysis`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.signals import History, Snapshot
from gradlab.stats import Proportion, wilson
from gradlab.studies.answer import answer_text
from gradlab.studies.claims import Found, judge
from gradlab.studies.compare import theories_of
from gradlab.studies.environment import Environment, Trained, added, network_seconds
from gradlab.studies.exact import computed
from gradlab.studies.levels import LevelValue
from gradlab.studies.load import to_toml
from gradlab.studies.look_arrays import LookArrays
from gradlab.studies.measured import COLLAPSED, END_ONLY, split_by_cause
from gradlab.studies.outcome_names import OUTCOME_ORDER, counts_outcomes
from gradlab.studies.plan import Cell, Plan
from gradlab.studies.results import Analysis, CellResult, ComputedResult, Effect
from gradlab.studies.snapshots import with_updates
from gradlab.studies.store import Store
from gradlab.studies.study import Study
from gradlab.training import Outcome
from gradlab.training.train import LOSS_SET


def analyze(store: Store, plan: Plan, command: str = "") -> Analysis:
    """Rates with intervals for every cell, verdicts for every claim.

    Args:
        store: Holds the trials.
        plan: Whose cells to look at; trials beyond a cell's replicas are left out.
        command: What repeats the run, for the report; by default the one the store noted.

    Raises:
        StoreError: The store cannot be read.
    """
    if plan.study.is_exact:
        return analyze_exact(plan, command or store.command(plan))
    numbers = store.cell_numbers(plan)
    cells = [cell_result(store, plan, cell, numbers.get(cell.id)) for cell in plan.cells]
    found = Found(
        cells=cells,
        metrics=plan.study.metrics,
        inputs=plan.study.inputs,
        signals_over=plan.study.signals.over if plan.study.signals is not None else LOSS_SET,
        pairs=lambda *pair: paired_counts(store, plan, numbers, *pair),
    )
    claims = [judge(claim, found) for claim in plan.study.claims]
    done: dict[str, int] = {}
    for cell, result in zip(plan.cells, cells, strict=True):  # of equal cells one may want fewer networks
        done[cell.id] = max(result.replicas, done.get(cell.id, 0))
    networks = sum(min(done[cell.id], cell.replicas) for cell in plan.unique_cells)
    trained = added(
        part
        for cell in plan.unique_cells
        if cell.id in numbers
        for part in store.trained(numbers[cell.id], cell.replicas)
    )
    return Analysis(
        study=plan.study,
        study_toml=to_toml(plan.study),
        cells=cells,
        claims=claims,
        effects=effects(plan, cells),
        answer=answer_text(plan.study.answer, claims) if networks >= plan.networks else "",
        seed=plan.seed,
        device=", ".join(sorted({part.device for part in trained})) or plan.device,
        engine=", ".join(sorted({part.engine for part in trained})) or plan.engine,
        networks=networks,
        wanted=plan.networks,
        trained=trained,
        command=command or store.command(plan),
    )


def analyze_exact(plan: Plan, command: str) -> Analysis:
    """Everything that an exact study computes, and verdicts for every claim. It takes no store: nothing was drawn."""
    study, started = plan.study, time.perf_counter()
    results = [
        ComputedResult(name, each.compute, each.given, computed(each.compute, each.given, f"computations.{name}.given"))
        for name, each in study.computations.items()
    ]
    found = Found(computed={result.name: result for result in results})
    claims = [judge(claim, found) for claim in study.claims]
    here = Trained(Environment.here(), "exact", plan.device, 0, time.perf_counter() - started, 0.0)
    return Analysis(
        study=study, study_toml=to_toml(study), cells=[], claims=claims, effects=[],
        answer=answer_text(study.answer, claims), seed=plan.seed, device=plan.device, engine="exact",
        networks=0, wanted=0, trained=[here], command=command, computed=results,
    )  # fmt: skip


def flag_names(plan: Plan) -> list[tuple[str, str]]:
    """(collapse outcome, its name when by dead units) of each pair of flags, in the order they are stored."""
    return [(rule, split_by_cause(rule)[1]) for rule in plan.study.outcomes]


def cell_result(store: Store, plan: Plan, cell: Cell, number: int | None) -> CellResult:
    """Rates of one cell."""
    steps = plan.steps(cell.setup)
    codes = store.outcome_counts(number, cell.replicas) if number is not None else {}
    n = sum(codes.values())
    outcomes: dict[str, Proportion] = {}
    at_birth: dict[str, Proportion] = {}
    by_look: dict[str, ndarray] = {}
    looks = _looks(store, cell, number, len(steps), plan.study)
    counts = looks.counts
    if n:
        for k, (rule, dead) in enumerate(flag_names(plan)):
            by_look[rule], by_look[dead] = counts[:, 2 * k], counts[:, 2 * k + 1]
            for target, look in ((at_birth, 0), (outcomes, -1)):
                target[rule] = wilson(by_look[rule][look], n)
                target[dead] = wilson(by_look[dead][look], n)
                if rule == COLLAPSED:
                    target["constant"] = wilson(by_look[rule][look] - by_look[dead][look], n)
        for name, outcome in (
            ("diverged", Outcome.DIVERGED), ("trained", Outcome.TRAINED), ("stalled", Outcome.STALLED)
        ):  # fmt: skip
            outcomes[name] = wilson(codes.get(outcome, 0), n)
    return CellResult(
        id=cell.id,
        levels=cell.levels,
        setup=cell.setup,
        replicas=n,
        wanted=cell.replicas,
        outcomes=outcomes,
        at_birth=at_birth,
        steps=steps,
        by_look=by_look,
        loss_curves=looks.curves,
        theory=theories_of(cell.setup),
        metrics=dict(zip(plan.study.metrics, looks.metrics, strict=True)),
        signals=looks.signals,
        snapshots=with_updates(looks.snapshots),
        seconds=math.nan if number is None else network_seconds(store.trained(number, cell.replicas)),
    )


@dataclass(frozen=True, slots=True)
class _Looks:
    """What the looks of a cell saw: counts of each flag, and numbers of its replicas in order."""

    counts: Int[ndarray, "S F"]
    curves: Float[ndarray, "K S"]
    metrics: Float[ndarray, "M R S"]
    signals: History | None
    snapshots: tuple[Snapshot, ...]


def _looks(store: Store, cell: Cell, number: int | None, steps: int, study: Study) -> _Looks:
    counts = np.zeros((steps, 2 * len(study.outcomes)), np.int64)
    curves, metrics = [np.zeros((0, steps), np.float32)], [np.zeros((len(study.metrics), 0, steps), np.float32)]
    histories: list[History] = []
    snapshots: tuple[Snapshot, ...] = ()
    if number is not None:
        rows = store.iterate(
            "SELECT start, arrays FROM look WHERE cell = ? AND start < ? ORDER BY start", (number, cell.replicas)
        )
        for start, blob in rows:
            seen, here = LookArrays.unpack(blob), cell.replicas - start
            counts += seen.flags[:, :, :here].sum(axis=2)
            curves.append(seen.curves)
            metrics.append(seen.metrics[:, :, :here].transpose(1, 2, 0))
            histories += [] if seen.signals is None else [seen.signals]
            snapshots = snapshots or seen.snapshots  # of the first chunk that has some
    return _Looks(
        counts,
        np.concatenate(curves),
        np.concatenate(metrics, axis=1),
        History.join(histories) if histories else None,
        snapshots,
    )


def paired_counts(
    store: Store, plan: Plan, numbers: Mapping[str, int], cell: CellResult, other: CellResult, outcome: str
) -> tuple[int, int, int]:
    """How many replicas have an outcome at the end in the first cell only, in the second only, and are in both cells.

    The database counts them: a million pairs take no memory.
    """
    first, second = (_at_end(plan, outcome, table) for table in ("a", "b"))
    wanted = min(cell.wanted, other.wanted)
    ((only_first, only_second, pairs),) = store.query(
        f"SELECT SUM({first} > {second}), SUM({first} < {second}), COUNT(*) FROM trial a "
        "JOIN trial b ON b.cell = ? AND b.replica = a.replica WHERE a.cell = ? AND a.replica < ?",
        (numbers[other.id], numbers[cell.id], wanted),
    )
    return int(only_first or 0), int(only_second or 0), int(pairs)


def _at_end(plan: Plan, outcome: str, table: str) -> str:
    """SQL for 1 where a trial ended with an outcome, else 0."""
    if outcome in END_ONLY:
        return f"({table}.outcome = {OUTCOME_ORDER.index(Outcome[outcome.upper()])})"
    names = flag_names(plan)
    if outcome == "constant":
        k = [rule for rule, _ in names].index(COLLAPSED)
        return f"((({table}.at_end >> {2 * k}) & 3) = 1)"  # collapsed, and not by dead units
    bit = next(
        2 * k + (name == dead) for k, (rule, dead) in enumerate(names) for name in (rule, dead) if name == outcome
    )
    return f"(({table}.at_end >> {bit}) & 1)"


def effects(plan: Plan, cells: Sequence[CellResult]) -> list[Effect]:
    """How far each factor moves the collapse rate with all other levels fixed; largest first.

    Nothing where the study is not about outcomes, or no network of it collapsed: then there is nothing to move.

    For every combination of the other levels (the row among them): largest minus smallest rate over the factor's levels;
    then the mean over the combinations.
    """
    found: list[Effect] = []
    if not counts_outcomes(plan.study) or not any(cell.replicas and cell.outcomes[COLLAPSED].count for cell in cells):
        return found
    for factor in plan.study.factors:
        groups: dict[tuple[tuple[str, LevelValue], ...], list[float]] = {}
        by_level: dict[LevelValue, list[float]] = {}
        for cell in cells:
            if factor.name not in cell.levels or not cell.replicas:
                continue
            rate = cell.outcomes[COLLAPSED].rate
            rest = tuple((name, value) for name, value in cell.levels.items() if name != factor.name)
            groups.setdefault(rest, []).append(rate)
            by_level.setdefault(cell.levels[factor.name], []).append(rate)
        spreads = [max(rates) - min(rates) for rates in groups.values() if len(rates) > 1]
        if spreads:
            means = {level: float(np.mean(rates)) for level, rates in by_level.items()}
            found.append(Effect(factor.name, COLLAPSED, float(np.mean(spreads)), means, sum(map(len, groups.values()))))
    return sorted(found, key=lambda effect: -effect.largest)
