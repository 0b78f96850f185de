"""Numbers of networks: what the measures of metrics and quantities have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pydantic import Field

from gradlab.errors import SpecError
from gradlab.stats import Scale, mean_on, next_on
from gradlab.studies.cell_result import CellResult
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.estimate import Borrowed, Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import Unit
from gradlab.studies.levels import Levels

LayerName = Annotated[int, Field(ge=1)] | Literal["output", "every"] | Annotated[str, Field(pattern=r"^norm [1-9]\d*$")]
LookNumber = Annotated[int, Field(ge=0, strict=True)]
SPREAD_OF = "spread of "
OWN_NETWORKS = 5  # of a cell: with fewer, its own spread may be replaced by a cheaper cell's
UNMEASURED = "no networks measured yet"


class OfNumbers(Measure):
    """A number of networks: a metric of whole networks, or a quantity of one of their layers.

    Attributes:
        where: Levels that pick the cell.
        layer: Of a quantity: 1 is the first hidden layer, "output" the last, "norm 1" the first norm that stands by itself;
            "every" is the one farthest from what the claim expects.
        look: Number of the look: 0 is birth; with looks = { every_epoch = true }, 3 is after epoch 3. Left out, the end.
    """

    judged_by: ClassVar[frozenset[str]] = frozenset({"published"}) | BOUNDS
    unit: ClassVar[Unit] = "number"
    is_of_numbers: ClassVar[bool] = True
    where: Levels = Field(default_factory=dict)
    layer: LayerName | None = None
    look: LookNumber | None = None

    @property
    def needed(self) -> int:
        """Two, to have a spread."""
        return 2

    @property
    def looked_at(self) -> dict[str, tuple[int | None, Collection[Levels]]]:
        """By key the look that it names, and levels of the cells that are measured at this look."""
        return {"look": (self.look, self.cells.values())}

    def names(self, known: Known) -> Sequence[str]:
        """Metrics and quantities."""
        return [*known.metrics, *known.quantities]

    def check(self, known: Known, where: str, *, several: bool) -> None:
        """A quantity is one of a layer, a metric is not; all cells have the looks."""
        is_quantity = self.name not in known.metrics
        if self.name in self.names(known) and is_quantity == (self.layer is None):
            raise SpecError(
                f"{where}.measure.layer",
                got=self.layer or "nothing",
                expected=f"a layer of the quantity {self.name}" if is_quantity else "none: a metric has no layers",
            )
        super().check(known, where, several=several)
        for key, (look, cells) in self.looked_at.items():
            if look and look > (last := min(map(known.last_look, cells))):
                raise SpecError(
                    f"{where}.measure.{key}",
                    got=look,
                    expected=f"0 (birth) to {last}, the last look of its cells",
                    do="Name an earlier one, or have more in [study], such as looks = { every_epoch = true }",
                )

    def check_criterion(self, criterion_key: str, where: str) -> None:
        """Every layer can respect a bound."""
        if self.layer == "every" and criterion_key not in BOUNDS:
            raise SpecError(where, got="every layer", expected="a bound, which every layer respects")

    def estimates(self, found: Found, again: int) -> Sequence[Estimate] | str:
        """The number, of one layer or of each."""
        cells = {key: found.matching(levels)[0] for key, levels in self.cells.items()}
        if self.layer != "every":
            one = self.estimate(found, cells, self.layer, "")
            return one if isinstance(one, str) else [one]
        depth = cells["where"].setup.network.depth
        each = [self.estimate(found, cells, layer, f"layer {layer}") for layer in range(1, depth + 1)]
        known = [one for one in each if isinstance(one, Estimate)]
        return known if len(known) == len(each) else next(one for one in each if isinstance(one, str))

    @abstractmethod
    def estimate(
        self, found: Found, cells: Mapping[str, CellResult], layer: LayerName | None, place: str
    ) -> Estimate | str:
        """What one layer gives, or why nothing can be said.

        Args:
            found: What the run found.
            cells: The cells it names, under the keys of `cells`.
            layer: The layer; None for a metric.
            place: What it is called where there are several.
        """


class MayBorrow(OfNumbers):
    """Numbers whose spread over networks may be that of a cheaper cell.

    Attributes:
        spread: Levels of a cheaper cell whose spread over replicas stands for that of the cell(s) measured; for what can be
            run once only.
    """

    spread: Levels | None = None

    @property
    def needed(self) -> int:
        """Two, to have a spread; one where it is borrowed."""
        return 1 if self.spread is not None else 2

    @property
    def cells(self) -> dict[str, Levels]:
        """The cells, and those that lend them their spread."""
        return with_lenders(super().cells, self.spread)

    def sample(
        self, cells: Mapping[str, CellResult], values: Callable[[str], Float[ndarray, " R"]]
    ) -> tuple[Float[ndarray, " R"], Float[ndarray, " M"] | None, Borrowed | None] | str:
        """The number of every network, those that lend their spread if there are fewer own ones, and whose they are.

        Args:
            cells: The cells it names.
            values: The numbers of the cells whose keys have this in front.
        """
        mine = values("")
        lent = None if self.spread is None else values(SPREAD_OF)
        borrowed: Borrowed | None = None
        if lent is not None:
            borrowed = Borrowed(len(mine), len(lent), ", ".join(f"{k} {v}" for k, v in (self.spread or {}).items()))
            if len(mine) >= min(OWN_NETWORKS, max(2, len(lent))):
                lent, borrowed = None, None  # as many networks of its own as it takes, or as it could borrow
        for each in (mine, lent):
            if each is not None and not len(each):
                return UNMEASURED
            if each is not None and not np.isfinite(each).all():
                return f"{int((~np.isfinite(each)).sum())} of {len(each)} networks give no finite number"
        if lent is not None and len(lent) < 2:
            return f"{len(lent)} network to take the spread from, 2 needed"
        if lent is not None and np.ptp(lent) == 0.0 and (mine != lent[0]).any():
            return f"the {len(lent)} networks to take the spread from are all alike, and have none"
        return mine, lent, borrowed


def with_lenders(named: Mapping[str, Levels], spread: Levels | None) -> dict[str, Levels]:
    """Cells, and those that lend them their spread: the same but for some levels."""
    if spread is None:
        return dict(named)
    return {**named, **{f"{SPREAD_OF}{key}": {**levels, **spread} for key, levels in named.items()}}


def mean_of(
    values: Float[ndarray, " R"], scale: Scale, lent: Float[ndarray, " M"] | None = None, **fields: Any
) -> Estimate:
    """The mean of networks' numbers, its interval, and that of one more network, on the scale of what they can be.

    Args:
        values: The numbers.
        scale: The scale.
        lent: Numbers of other networks, whose spread is borrowed.
        fields: What else the estimate says.
    """
    mean, n, prediction = mean_on(scale, values, spread=lent), len(values), next_on(scale, values, spread=lent)
    return Estimate(
        value=mean.mean, low=mean.low, high=mean.high, n=n, networks=n, prediction=prediction,
        scale=scale.of(values, lent), **fields,
    )  # fmt: skip


def numbers(cell: CellResult, name: str, layer: LayerName | None, look: int | None) -> Float[ndarray, " R"]:
    """A metric, or a quantity of one layer, of every measured replica.

    Args:
        cell: Where.
        name: Metric or quantity.
        layer: 1 is the first hidden layer, "output" the last; None for a metric.
        look: 0 for at birth, 1 for the look after it; None for the end.
    """
    at = -1 if look is None else look
    if name in cell.metrics:
        return cell.metrics[name][:, at]
    if cell.signals is None or name not in cell.signals.values:
        return np.zeros(0)
    values = cell.signals[name][at]
    name = str(layer or 1)
    layers = cell.signals.layers
    return np.asarray(values[:, layers.index(name)]) if name in layers else np.zeros(0)
