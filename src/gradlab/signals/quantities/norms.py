"""The numbers of a layer's norm, on average over its units: what it multiplies by and adds, and its running statistics."""

from __future__ import annotations

from collections.abc import Callable

from numpy import ndarray

from gradlab.signals.captured import CapturedLayer
from gradlab.signals.quantities.record import QUANTITIES, Quantity, by_layer
from gradlab.signals.quantities.statistics import PerReplica, mean


def mean_of(numbers: Callable[[CapturedLayer], ndarray | None]) -> Callable[[CapturedLayer], PerReplica | None]:
    """Mean over units of one kind of a norm's numbers, as a function of the layer."""

    def of_layer(layer: CapturedLayer) -> PerReplica | None:
        found = numbers(layer)
        return None if found is None else mean(found)

    return of_layer


QUANTITIES.add(
    Quantity(
        name="norm_scale",
        symbol="mean(gamma)",
        unit="",
        meaning="what a norm multiplies its units by; it begins at 1",
        formula="mean of gamma over units",
        source="Ioffe & Szegedy 2015",
        needs="norms",
        measure=by_layer(mean_of(lambda layer: layer.norm_scale)),
    )
)
QUANTITIES.add(
    Quantity(
        name="norm_shift",
        symbol="mean(beta)",
        unit="",
        meaning="what a norm adds to its units; it begins at 0",
        formula="mean of beta over units",
        source="Ioffe & Szegedy 2015",
        needs="norms",
        measure=by_layer(mean_of(lambda layer: layer.norm_shift)),
    )
)
QUANTITIES.add(
    Quantity(
        name="running_mean",
        symbol="mean(mu)",
        unit="",
        meaning="the mean that a look takes the units to have",
        formula="mean of running means over units",
        source="Ioffe & Szegedy 2015",
        needs="running",
        measure=by_layer(mean_of(lambda layer: layer.running_mean)),
    )
)
QUANTITIES.add(
    Quantity(
        name="running_var",
        symbol="mean(s^2)",
        unit="",
        domain="positive",
        meaning="the variance that a look takes the units to have",
        formula="mean of running variances over units",
        source="Ioffe & Szegedy 2015",
        needs="running",
        measure=by_layer(mean_of(lambda layer: layer.running_var)),
    )
)
