"""By how much one cell's numbers spread more over networks than another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradlab.stats import paired_variance_ratio
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.measures.numbers import UNMEASURED, LayerName, OfNumbers, numbers
from gradlab.studies.levels import Levels


class VarianceRatio(OfNumbers):
    """The variance of a metric or a quantity over the networks of a cell divided by another cell's, replicas paired.

    Attributes:
        variance_ratio: Name of the metric or quantity.
        to: Levels that pick the other cell.
    """

    key: ClassVar[str] = "variance_ratio"
    judged_by: ClassVar[frozenset[str]] = BOUNDS
    variance_ratio: str
    to: Levels

    @property
    def needed(self) -> int:
        """A hundred: the interval is too narrow with fewer."""
        return 100

    def estimate(
        self, found: Found, cells: Mapping[str, CellResult], layer: LayerName | None, place: str
    ) -> Estimate | str:
        """The ratio, with an interval for any law of the numbers."""
        pair = [numbers(cells[key], self.variance_ratio, layer, self.look) for key in ("where", "to")]
        n = min(map(len, pair))
        if n < 2:
            return UNMEASURED
        if not all(np.isfinite(values[:n]).all() for values in pair):
            return "some networks give no finite number"
        found_ratio = paired_variance_ratio(pair[0][:n], pair[1][:n])
        return Estimate(
            value=found_ratio.ratio,
            low=found_ratio.low,
            high=found_ratio.high,
            n=n,
            networks=n,
            of="ratio",
            place=place,
        )
