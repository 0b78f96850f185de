"""`Plan`: a study's cells, and the chunks that run them. A pure function of the study, the seed and the chunk size.

A chunk is one stack, one transaction, and the unit of resuming: slices of cells that may train together
(`training.stack_key`), as many networks as fit the memory budget.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradlab.errors import SpecError, UserError
from gradlab.nets import Slice
from gradlab.spec import Setup, setup_from
from gradlab.studies.claims import Known, check_claim
from gradlab.studies.cost import network_bytes, network_seconds, shared_bytes, stack_seconds
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.left_out import is_left_out
from gradlab.studies.levels import LevelValue, matching
from gradlab.studies.named_gains import with_numbers
from gradlab.studies.outcome_names import look_outcomes, outcome_names, quantity_names
from gradlab.studies.settings import merged, with_path
from gradlab.studies.study import Factor, Row, Study
from gradlab.training import stack_key
from gradlab.training.engines import choose_engine

MEMORY_BYTES = 1_000_000_000  # of one running stack
# torch: larger stacks leave the cache, smaller ones pay for every call; narrow: large enough that a chunk takes a second
CHUNK_NETWORKS = {"torch": 500, "narrow": 2000}
MOST_CELLS = 100_000


@dataclass(frozen=True)
class Cell:
    """One combination of levels.

    Attributes:
        id: Hash of all that its trials depend on: Setup, seed, looks, inputs, outcome rules.
        levels: Row and factor levels.
        setup: The whole Setup.
        replicas: Trials wanted.
        has_snapshots: Whether arrays for pictures are kept of its first networks.
    """

    id: str
    levels: Mapping[str, LevelValue]
    setup: Setup
    replicas: int
    has_snapshots: bool = False


@dataclass(frozen=True)
class Chunk:
    """Slices of cells that train as one stack and are committed together: (cell id, slice) each."""

    slices: tuple[tuple[str, Slice], ...]
    engine: str

    @property
    def networks(self) -> int:
        """Number of replicas."""
        return sum(len(part) for _, part in self.slices)


@dataclass(frozen=True)
class Plan:
    """What is to be run. See `make_plan`."""

    study: Study
    seed: int
    cells: tuple[Cell, ...]
    chunk: int | None
    engine: str
    device: str
    jobs: int = 1

    @cached_property
    def networks(self) -> int:
        """Trials wanted in all; cells with the same content share theirs."""
        return sum(cell.replicas for cell in self.unique_cells)

    @cached_property
    def unique_cells(self) -> tuple[Cell, ...]:
        """Cells with different content; of equal ones the one with most replicas."""
        best: dict[str, Cell] = {}
        for cell in self.cells:
            if cell.id not in best or best[cell.id].replicas < cell.replicas:
                best[cell.id] = cell
        return tuple(best.values())

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """Chunks in the order in which they run."""
        groups: dict[str, list[Cell]] = {}
        for cell in self.unique_cells:
            groups.setdefault(stack_key(cell.setup), []).append(cell)
        return tuple(itertools.chain.from_iterable(self._packed(cells) for cells in groups.values()))

    def _packed(self, cells: Sequence[Cell]) -> list[Chunk]:
        setup = cells[0].setup
        torch_seconds = sum(network_seconds(cell.setup, "torch") * cell.replicas for cell in cells)
        stacks = -(-sum(cell.replicas for cell in cells) // self.capacity(setup, "torch"))
        torch_seconds += stacks * stack_seconds(setup, "torch")
        engine = choose_engine(setup, self.engine, self.device, torch_seconds)
        capacity = self.capacity(setup, engine)
        chunks: list[Chunk] = []
        slices: list[tuple[str, Slice]] = []
        room = capacity
        for cell in cells:
            start = 0
            while start < cell.replicas:
                stop = min(cell.replicas, start + room)
                slices.append((cell.id, Slice(cell.setup, start, stop)))
                room -= stop - start
                start = stop
                if room == 0:
                    chunks.append(Chunk(tuple(slices), engine))
                    slices, room = [], capacity
        return [*chunks, Chunk(tuple(slices), engine)] if slices else chunks

    def capacity(self, setup: Setup, engine: str) -> int:
        """Networks in one chunk of this Setup."""
        fits = max(1, MEMORY_BYTES // self.jobs // network_bytes(setup, self.study.inputs.values()))
        return min(self.chunk or CHUNK_NETWORKS[engine], fits)

    @cached_property
    def bytes(self) -> int:
        """Estimated peak memory of the whole run, the interpreter with torch included."""
        if not self.chunks:
            return 0
        largest = max(
            chunk.networks * network_bytes(setup, self.study.inputs.values()) + shared_bytes(setup)
            for chunk in self.chunks
            for setup in (chunk.slices[0][1].setup,)
        )
        return self.jobs * (largest + 350_000_000)

    @cached_property
    def seconds(self) -> float:
        """Rough estimate of the time on two cores, compilation left out; a dry run prints it."""
        return sum(
            stack_seconds(chunk.slices[0][1].setup, chunk.engine)
            + sum(network_seconds(part.setup, chunk.engine) * len(part) for _, part in chunk.slices)
            for chunk in self.chunks
        )

    def steps(self, setup: Setup) -> list[int]:
        """Steps at which a cell is looked at."""
        per_epoch = len(setup.recipe.batch_sizes(setup.points))
        return self.study.looks.steps(setup.total_steps, per_epoch)

    def last_look(self, where: Mapping[str, LevelValue]) -> int:
        """Number of the last look that all cells whose levels include all of `where` have; 0 is birth."""
        return min(len(self.steps(cell.setup)) for cell in self.matching(where)) - 1

    def matching(self, where: Mapping[str, LevelValue]) -> list[Cell]:
        """Cells whose levels include all of `where`."""
        return matching(self.cells, where)

    @cached_property
    def known(self) -> Known:
        """What claims may name."""
        study = self.study
        return Known(
            kind=study.kind,
            outcomes=outcome_names(study),
            birth_outcomes=look_outcomes(study),
            metrics=study.metrics,
            quantities=quantity_names(study),
            factors=[factor.name for factor in study.factors],
            cells=self.cells,
            last_look=self.last_look,
            computations={name: COMPUTATIONS[each.compute].finds for name, each in study.computations.items()},
        )


def make_plan(
    study: Study, *, seed: int = 0, chunk: int | None = None, engine: str = "auto", device: str = "cpu", jobs: int = 1
) -> Plan:
    """Every cell of a study, validated.

    Args:
        study: The study.
        seed: Root seed of all streams.
        chunk: Most networks in a chunk; the memory budget may make it fewer.
        engine: Which engine; "auto" chooses.
        device: Where torch runs.
        jobs: Processes that share the memory budget.

    Raises:
        SpecError: A cell's Setup is wrong; the message names the cell.
        UserError: A claim names a cell or outcome that does not exist, or there are too many cells.
    """
    cells: list[Cell] = []
    for row in () if study.is_exact else study.rows or (None,):
        factors = [f for f in study.factors if f.rows is None or (row is not None and row.id in f.rows)]
        count = 1
        for factor in factors:
            count *= len(factor.levels)
        if count + len(cells) > MOST_CELLS:
            raise SpecError("factors", got=f"{count:,} cells", expected=f"at most {MOST_CELLS:,}")
        for chosen in itertools.product(*(factor.named for factor in factors)):
            names: dict[str, LevelValue] = {} if row is None else {"row": row.id}
            names |= {factor.name: name for factor, (_, name) in zip(factors, chosen, strict=True)}
            if not is_left_out(study.leave_out, names):
                cells.append(_cell(study, row, factors, [level for level, _ in chosen], names, seed))
    if not cells and not study.is_exact:
        raise SpecError("leave_out", got="every cell", expected="some that are run")
    plan = Plan(study, seed, tuple(cells), chunk, engine, device, jobs)
    for claim in study.claims:
        check_claim(claim, plan.known)
    return plan


def without_lost_claims(study: Study) -> Study:
    """A study less the claims whose cells its settings have changed or multiplied."""
    plan = make_plan(study.model_copy(update={"claims": ()}))
    kept = []
    for claim in study.claims:
        try:
            check_claim(claim, plan.known)
        except SpecError:
            continue
        kept.append(claim)
    return study.model_copy(update={"claims": tuple(kept)})


def _table(study: Study, row: Row | None, factors: Sequence[Factor], levels: Sequence[Any]) -> dict[str, Any]:
    """Network, recipe and task of a cell: the study's, with its row and its levels laid over them."""
    table: dict[str, Any] = {"network": study.network, "recipe": study.recipe, "task": study.task}
    if row is not None:
        changes = {"network": row.network, "recipe": row.recipe, **({} if row.task is None else {"task": row.task})}
        table = merged(table, changes)
    for factor, level in zip(factors, levels, strict=True):
        if factor.change.split(".")[0] not in table:
            raise SpecError(
                f"factor {factor.name}.change",
                got=f'"{factor.change}"',
                expected="a path that begins with network, recipe or task",
            )
        table = with_path(table, factor.change, level)
    if "epochs" in table["recipe"] and "steps" in table["recipe"] and row is not None:
        # the base gives one length and a row the other: the row's counts
        for kept, dropped in (("epochs", "steps"), ("steps", "epochs")):
            if kept in row.recipe and dropped not in row.recipe:
                table["recipe"] = {key: value for key, value in table["recipe"].items() if key != dropped}
    return table


def _cell(
    study: Study,
    row: Row | None,
    factors: Sequence[Factor],
    levels: Sequence[Any],
    names: Mapping[str, LevelValue],
    seed: int,
) -> Cell:
    try:
        table = _table(study, row, factors, levels)
        setup = setup_from({**table, "network": with_numbers(table["network"])})
    except UserError as error:
        if not names:
            raise
        place = ", ".join(f"{name} {value}" for name, value in names.items())
        raise SpecError.from_message(f"cell ({place}): {error}") from None
    snapshots = study.snapshots
    has_snapshots = snapshots is not None and (snapshots.rows is None or (row is not None and row.id in snapshots.rows))
    ends = setup.network.inputs, setup.network.outputs
    if snapshots is not None and has_snapshots and snapshots.boundary is not None and ends != (2, 1):
        got = f"task {setup.task.name} with {ends[0]} inputs and {ends[1]} outputs"
        raise SpecError("snapshots.boundary", got=got, expected="a task with two inputs and one output")
    content = [
        setup.id, seed, study.looks.model_dump(mode="json"),
        {name: inputs.model_dump(mode="json") for name, inputs in study.inputs.items()},
        {name: rule.model_dump(mode="json") for name, rule in study.outcomes.items()},
        {name: metric.model_dump(mode="json", exclude_none=True) for name, metric in study.metrics.items()},
        study.signals.model_dump(mode="json") if study.signals else None,
    ]  # fmt: skip
    if snapshots is not None and has_snapshots:  # appended only here: other cells are the same with and without
        content.append(snapshots.model_dump(mode="json", exclude={"rows"}, exclude_none=True))
    id = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    replicas = study.replicas if row is None or row.replicas is None else row.replicas
    return Cell(id, names, setup, replicas, has_snapshots)
