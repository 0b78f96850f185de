"""The size and spread of activations and pre-activations."""

from __future__ import annotations

from collections.abc import Callable

from gradlab.signals.captured import CapturedLayer
from gradlab.signals.quantities.record import QUANTITIES, Quantity, by_layer
from gradlab.signals.quantities.statistics import PerReplica, mean, mean_over_inputs, mean_square, quantile, std

_SOURCE = "Glorot and Bengio 2010, section 3"


def activation_mean(layer: CapturedLayer) -> PerReplica:
    """Mean over inputs and units."""
    return mean(layer.post)


def activation_std(layer: CapturedLayer) -> PerReplica:
    """Spread over inputs and units."""
    return std(layer.post)


def activation_quantile(percent: int) -> Callable[[CapturedLayer], PerReplica]:
    """A quantile over inputs and units, as a function of the layer."""
    return lambda layer: quantile(layer.ordered, percent)


def unit_mean_std(layer: CapturedLayer) -> PerReplica:
    """Spread over the units of what each is on average over the inputs."""
    return std(mean_over_inputs(layer.post))


def pre_activation_second_moment(layer: CapturedLayer) -> PerReplica:
    """Mean square over inputs and units."""
    return mean_square(layer.pre)


QUANTITIES.add(
    Quantity(
        name="activation_mean",
        symbol="mean(a)",
        unit="",
        meaning="mean activation; far from 0 it pushes every unit of the next layer the same way",
        formula="mean of a over inputs and units",
        source=_SOURCE,
        needs="forward",
        measure=by_layer(activation_mean),
    )
)
QUANTITIES.add(
    Quantity(
        name="activation_std",
        symbol="std(a)",
        unit="",
        domain="positive",
        meaning="spread of activations; where it shrinks from layer to layer the signal dies out",
        formula="std of a over inputs and units",
        source=_SOURCE,
        needs="forward",
        measure=by_layer(activation_std),
    )
)
for _name, _percent, _what in [
    ("activation_q05", 5, "5 % quantile"),
    ("activation_q25", 25, "lower quartile"),
    ("activation_median", 50, "median"),
    ("activation_q75", 75, "upper quartile"),
    ("activation_q95", 95, "95 % quantile"),
]:
    QUANTITIES.add(
        Quantity(
            name=_name,
            symbol=f"q{_percent:02d}(a)",
            unit="",
            meaning=f"{_what} of activations",
            formula=f"least a that at least {_percent} % of the a over inputs and units do not exceed",
            source=f"percentiles as in {_SOURCE}; Hyndman and Fan 1996, definition 1",
            needs="forward",
            measure=by_layer(activation_quantile(_percent)),
        )
    )
QUANTITIES.add(
    Quantity(
        name="unit_mean_std",
        symbol="std(mean(a))",
        unit="",
        domain="positive",
        meaning="spread over units of their mean activations: how unevenly bright a picture of the layer is",
        formula="std over units of (mean of a over inputs)",
        source="the pictures of S2 3.1, which show means over the images",
        needs="forward",
        measure=by_layer(unit_mean_std),
    )
)
QUANTITIES.add(
    Quantity(
        name="pre_activation_second_moment",
        symbol="q",
        unit="",
        domain="positive",
        meaning="size of pre-activations, which the length map of mean-field theory carries from layer to layer",
        formula="mean of z^2 over inputs and units",
        source="Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli 2016",
        needs="forward",
        scale="log",
        measure=by_layer(pre_activation_second_moment),
    )
)
