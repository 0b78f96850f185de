"""Which studies a store holds, by the files that were noted when they were run."""

from __future__ import annotations

import json
import tomllib

from gradlab.errors import StoreError, UserError
from gradlab.studies.load import study_from
from gradlab.studies.plan import Plan, make_plan
from gradlab.studies.store import Store


def stored_plans(store: Store) -> list[tuple[str, Plan, int]]:
    """Studies the store holds, most recent first: name, plan, trials recorded.

    Raises:
        StoreError: The store cannot be read.
    """
    found = []
    for name, toml, seed, options in store.query("SELECT name, toml, seed, options FROM study ORDER BY updated DESC"):
        try:
            plan = _plan(toml, seed, options)
        except (UserError, ValueError) as error:
            raise StoreError(
                f"store {store.path}: its study {name} cannot be read ({error})", do="Run it again, or update gradlab"
            ) from error
        found.append((name, plan, sum(store.done(plan).values())))
    return found


def lost_cells(store: Store, plan: Plan) -> tuple[int, int]:
    """How many cells of the study that a store holds under a plan's name are none of the plan's, and of how many.

    Raises:
        StoreError: The store cannot be read.
    """
    rows = store.query("SELECT toml, seed, options FROM study WHERE name = ?", (plan.study.name,))
    if not rows:
        return 0, 0
    try:
        held = _plan(*rows[0])
    except (UserError, ValueError):  # of another version of gradlab: what it was cannot be told
        return 0, 0
    ours = {cell.id for cell in plan.cells}
    return sum(cell.id not in ours for cell in held.unique_cells), len(held.unique_cells)


def _plan(toml: str, seed: str, options: str) -> Plan:
    return make_plan(study_from(tomllib.loads(toml)), seed=int(seed), **json.loads(options))
