"""Cells by the mean of a metric over their networks: what the measures that look at many cells have in common."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure


class OverCells(Measure):
    """Something of any number of cells, each of which counts by the mean of a metric at the end."""

    @property
    def needed(self) -> int:
        """Two networks of each cell: one says nothing of the spread."""
        return 2

    def takes_several(self, side: str) -> bool:
        """Any number of cells."""
        return True

    def names(self, known: Known) -> Sequence[str]:
        """Metrics."""
        return list(known.metrics)

    def is_measured(self, cell: CellResult) -> bool:
        """Whether the metric of the cell's networks was measured."""
        return bool(len(cell.metrics.get(self.name, ())))

    def networks(self, cell: CellResult) -> int:
        """How many networks were measured."""
        return len(cell.metrics[self.name])

    def mean_at_end(self, cell: CellResult) -> float:
        """Mean over a cell's networks at the end; minus infinity where a number is NaN, which has reached nothing."""
        return float(np.nan_to_num(cell.metrics[self.name][:, -1], nan=-inf).mean())
