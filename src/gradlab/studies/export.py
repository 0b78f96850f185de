"""Rows of a study, one a trial, in a fixed order and without times: what was found, the same from every run of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any, Literal, TextIO

import numpy as np

from gradlab.stats.text import json_safe
from gradlab.studies.analyze import analyze_exact, flag_names
from gradlab.studies.look_arrays import LookArrays
from gradlab.studies.outcome_names import OUTCOME_ORDER
from gradlab.studies.plan import Plan
from gradlab.studies.store import Store

OF_EVERY_TRIAL = frozenset({"cell", "replica", "outcome", "loss", "first_bad_step"})


def rows(store: Store, plan: Plan) -> Generator[dict[str, Any], None, None]:
    """One row a trial, in the order of cells and replicas.

    Columns: cell, levels, replica, outcome, loss, first bad step; and for every collapse outcome whether it held at birth
    and at the end, and the first step at which it did (None for never); and every metric at birth and at the end. A factor
    that is called as another column has "factor" before its name. Of an exact study, one row a result instead.
    """
    for result in analyze_exact(plan, "").computed if plan.study.is_exact else ():
        for part, value in result.found.items():
            yield {"computation": result.name, "compute": result.compute, "part": part, "value": json.dumps(value)}
    numbers = store.cell_numbers(plan)
    level_names = list(dict.fromkeys(name for cell in plan.cells for name in cell.levels))
    names = [name for pair in flag_names(plan) for name in pair]
    at_looks = {
        f"{name} {when}" for name in (*names, *plan.study.metrics) for when in ("at birth", "at end", "first step")
    }
    columns = {name: f"factor {name}" if name in at_looks | OF_EVERY_TRIAL else name for name in level_names}
    for cell in plan.cells:
        number = numbers.get(cell.id)
        if number is None:
            continue
        steps = np.array(plan.steps(cell.setup))
        levels = {column: cell.levels.get(name) for name, column in columns.items()}
        for start, stop in store.recorded(number):
            if start >= cell.replicas:
                break
            blob = store.query("SELECT arrays FROM look WHERE cell = ? AND start = ?", (number, start))[0][0]
            looks = LookArrays.unpack(blob)
            flags = looks.flags
            first = np.where(flags.any(axis=0), steps[flags.argmax(axis=0)], -1)
            trials = store.query(
                "SELECT replica, outcome, loss, first_bad_step FROM trial WHERE cell = ? AND replica >= ? AND replica < ? "
                "ORDER BY replica",
                (number, start, min(stop, cell.replicas)),
            )
            for replica, outcome, loss, bad in trials:
                i = replica - start
                row = {"cell": cell.id, **levels, "replica": replica, "outcome": OUTCOME_ORDER[outcome].name.lower(),
                       "loss": loss, "first_bad_step": bad or None}  # fmt: skip
                for k, name in enumerate(names):
                    row[f"{name} at birth"] = int(flags[0, k, i])
                    row[f"{name} at end"] = int(flags[-1, k, i])
                    row[f"{name} first step"] = int(first[k, i]) if first[k, i] >= 0 else None
                for k, name in enumerate(plan.study.metrics):
                    row[f"{name} at birth"] = float(looks.metrics[0, k, i])
                    row[f"{name} at end"] = float(looks.metrics[-1, k, i])
                yield row


def export_rows(store: Store, plan: Plan, format: Literal["csv", "json"], out: TextIO) -> None:
    """Write all rows.

    Args:
        store: Where the trials are.
        plan: Which.
        format: "csv" with a header, or "json": one array of objects, one a line.
        out: Where to.
    """
    with closing(rows(store, plan)) as found:
        _write(found, format, out)


def _write(found: Iterable[dict[str, Any]], format: str, out: TextIO) -> None:
    if format == "csv":
        writer: Any = None
        for row in found:
            if writer is None:
                writer = csv.DictWriter(out, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
        return
    out.write("[")
    for i, row in enumerate(found):
        out.write(("," if i else "") + "\n" + json.dumps(json_safe(row)))
    out.write("\n]\n")
