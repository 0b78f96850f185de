"""What a run hands to the measures of claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradlab.data import TASKS
from gradlab.data.inputs import InputSet
from gradlab.signals import QUANTITIES
from gradlab.spec import Dense
from gradlab.stats import Scale
from gradlab.studies.cell_result import CellResult, ComputedResult
from gradlab.studies.levels import LevelValue, matching
from gradlab.studies.measured import Metric
from gradlab.training.train import LOSS_EXAMPLES, LOSS_SET

Pairs = Callable[[CellResult, CellResult, str], tuple[int, int, int]]


def no_pairs(cell: CellResult, other: CellResult, outcome: str) -> tuple[int, int, int]:
    """Of no replica."""
    return (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found.

    Attributes:
        cells: Results in the plan's order.
        metrics: The study's.
        inputs: The study's input sets.
        signals_over: The input set on which quantities are measured.
        pairs: How many replicas have an outcome in the first of two cells only, in the second only, and are in both.
        computed: What an exact study computed, by name.
    """

    cells: Sequence[CellResult] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    inputs: Mapping[str, InputSet] = field(default_factory=dict)
    signals_over: str = LOSS_SET
    pairs: Pairs = no_pairs
    computed: Mapping[str, ComputedResult] = field(default_factory=dict)

    def matching(self, where: Mapping[str, LevelValue]) -> list[CellResult]:
        """The cells that have all of these levels."""
        return matching(self.cells, where)

    def scale(self, name: str, cell: CellResult) -> Scale:
        """On which a metric or a quantity of a cell's networks is judged.

        A share of units and examples moves in smaller steps than one example; that of examples is taken for all shares, which
        keeps their odds nearer to even than they have to be.
        """
        metric = self.metrics.get(name)
        if metric is not None:
            return metric.scale(self._examples(metric.over, cell), max(1, hidden_units(cell)))
        domain = QUANTITIES[name].domain
        if domain == "share":
            return Scale("logit", step=1.0 / self._examples(self.signals_over, cell))
        return Scale("log" if domain == "positive" else "identity")

    def _examples(self, over: str, cell: CellResult) -> int:
        inputs = self.inputs.get(over) or InputSet.model_validate({"from": "task", "count": LOSS_EXAMPLES})
        return inputs.size(TASKS[cell.setup.task.name], cell.setup.points)


def hidden_units(cell: CellResult) -> int:
    """Units of all hidden layers of a cell's networks; of a convolution, its channels."""
    hidden = cell.setup.network.blocks[:-1]
    return sum(layer.units if isinstance(layer, Dense) else layer.channels for layer in hidden)
