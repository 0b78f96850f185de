"""From rows to rates: what a store holds of a plan, as an `Analysis`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.stats import Proportion, wilson
from gradlab.studies.claims import answer_text, judge
from gradlab.studies.compare import theories_of
from gradlab.studies.load import to_toml
from gradlab.studies.outcome_names import COLLAPSED, OUTCOME_ORDER
from gradlab.studies.plan import Cell, Plan
from gradlab.studies.results import Analysis, CellResult, Effect, LevelValue
from gradlab.studies.run import hardware, versions
from gradlab.studies.store import Store, unpack_looks
from gradlab.training import Outcome


def analyze(store: Store, plan: Plan, command: str = "") -> Analysis:
    """Rates with intervals for every cell, verdicts for every claim.

    Args:
        store: Holds the trials.
        plan: Whose cells to look at; trials beyond a cell's replicas are left out.
        command: What repeats the run, for the report; by default the one the store noted.

    Raises:
        StoreError: The store cannot be read.
    """
    numbers = store.cell_numbers(plan)
    cells = [cell_result(store, plan, cell, numbers.get(cell.id)) for cell in plan.cells]
    claims = [judge(claim, plan, cells, lambda cell: at_end(store, plan, cell, numbers)) for claim in plan.study.claims]
    sessions = store.query(
        "SELECT seconds, compile_seconds, versions, hardware FROM session WHERE plan = ? ORDER BY id",
        (plan.key,),
    )
    marks = ", ".join("?" * len(numbers))
    engines = [
        name
        for (name,) in store.query(
            "SELECT DISTINCT engine FROM chunk WHERE id IN "
            f"(SELECT DISTINCT chunk FROM trial WHERE cell IN ({marks})) ORDER BY engine",
            tuple(numbers.values()),
        )
    ]
    done = {cell.id: result.replicas for cell, result in zip(plan.cells, cells, strict=True)}
    networks = sum(min(done[cell.id], cell.replicas) for cell in plan.unique_cells)
    return Analysis(
        study=plan.study,
        study_toml=to_toml(plan.study),
        cells=cells,
        claims=claims,
        effects=effects(plan, cells),
        answer=answer_text(plan.study.answer, claims) if networks >= plan.networks else "",
        seed=plan.seed,
        device=plan.device,
        engine=", ".join(engines) or plan.engine,
        seconds=float(sum(row[0] for row in sessions)),
        compile_seconds=float(sum(row[1] for row in sessions)),
        networks=networks,
        wanted=plan.networks,
        versions=json.loads(sessions[-1][2]) if sessions else versions(),
        hardware=json.loads(sessions[-1][3]) if sessions else hardware(None),
        command=command or store.command(plan),
    )


def flag_names(plan: Plan) -> list[tuple[str, str]]:
    """(collapse outcome, its name when by dead units) of each pair of flags, in the order they are stored."""
    return [(rule, "dead" if rule == COLLAPSED else f"{rule} by dead units") for rule in plan.study.outcomes]


def cell_result(store: Store, plan: Plan, cell: Cell, number: int | None) -> CellResult:
    """Rates of one cell."""
    steps = plan.steps(cell.setup)
    codes: dict[Outcome, int] = {}
    born: list[int] = []
    end: list[int] = []
    flags = 2 * len(plan.study.outcomes)
    if number is not None:
        limit = (number, cell.replicas)
        rows = store.query("SELECT outcome, COUNT(*) FROM trial WHERE cell = ? AND replica < ? GROUP BY outcome", limit)
        codes = {OUTCOME_ORDER[code]: count for code, count in rows}
        bits = ", ".join(f"SUM(({column} >> {k}) & 1)" for column in ("at_birth", "at_end") for k in range(flags))
        counts = store.query(f"SELECT {bits} FROM trial WHERE cell = ? AND replica < ?", limit)[0]
        born, end = [int(c or 0) for c in counts[:flags]], [int(c or 0) for c in counts[flags:]]
    n = sum(codes.values())
    outcomes: dict[str, Proportion] = {}
    at_birth: dict[str, Proportion] = {}
    by_look: dict[str, ndarray] = {}
    looks = _looks(store, cell, number, len(steps), flags)
    if n:
        for k, (rule, dead) in enumerate(flag_names(plan)):
            for target, counted in ((outcomes, end), (at_birth, born)):
                target[rule] = wilson(counted[2 * k], n)
                target[dead] = wilson(counted[2 * k + 1], n)
                if rule == COLLAPSED:
                    target["constant"] = wilson(counted[2 * k] - counted[2 * k + 1], n)
            by_look[rule], by_look[dead] = looks[0][:, 2 * k], looks[0][:, 2 * k + 1]
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
        loss_curves=looks[1],
        theory=theories_of(cell.setup),
    )


def _looks(
    store: Store, cell: Cell, number: int | None, steps: int, flags: int
) -> tuple[ndarray, Float[ndarray, "K S"]]:
    """Counts of each flag at each look [S, F], and the kept loss curves."""
    counts = np.zeros((steps, flags), np.int64)
    curves = [np.zeros((0, steps), np.float32)]
    if number is not None:
        rows = store.iterate(
            "SELECT start, arrays FROM look WHERE cell = ? AND start < ? ORDER BY start", (number, cell.replicas)
        )
        for start, blob in rows:
            at_look, kept = unpack_looks(blob)
            counts += at_look[:, :, : cell.replicas - start].sum(axis=2)
            curves.append(kept)
    return counts, np.concatenate(curves)


def at_end(store: Store, plan: Plan, cell: CellResult, numbers: dict[str, int]) -> dict[str, Sequence[int]]:
    """For each outcome that flags record: 0 or 1 for every replica in order; for paired differences."""
    rows = store.query(
        "SELECT at_end, outcome FROM trial WHERE cell = ? AND replica < ? ORDER BY replica",
        (numbers[cell.id], cell.wanted),
    )
    masks = np.array([row[0] for row in rows], np.int64)
    codes = np.array([row[1] for row in rows], np.int64)
    values: dict[str, Sequence[int]] = {}
    for k, (rule, dead) in enumerate(flag_names(plan)):
        values[rule] = ((masks >> (2 * k)) & 1).tolist()
        values[dead] = ((masks >> (2 * k + 1)) & 1).tolist()
    values["constant"] = (np.array(values[COLLAPSED]) - np.array(values["dead"])).tolist()
    for name in ("diverged", "trained", "stalled"):
        values[name] = (codes == OUTCOME_ORDER.index(Outcome[name.upper()])).astype(int).tolist()
    return values


def effects(plan: Plan, cells: Sequence[CellResult]) -> list[Effect]:
    """How far each factor moves the collapse rate with all other levels fixed; largest first.

    For every combination of the other levels (the row among them): largest minus smallest rate over the factor's levels;
    then the mean over the combinations.
    """
    found = []
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
