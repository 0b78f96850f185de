"""`measure`: from what a probe captured to a Profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from gradlab.catalog import Catalog
from gradlab.errors import UserError
from gradlab.signals.captured import Captured, Needs
from gradlab.signals.distributions import DISTRIBUTIONS, Distribution
from gradlab.signals.profile import Profile
from gradlab.signals.quantities import QUANTITIES, Quantity

_CAPTURED_BY: dict[Needs, str] = {
    "forward": "a forward pass",
    "backward": "a backward pass",
    "updates": "an optimizer step",
    "norms": "layers with norms",
    "running": "norms with running statistics",
    "classes": "outputs that are scores of two classes or more",
}

T = TypeVar("T", Quantity, Distribution)


def measure(
    captured: Captured,
    *,
    quantities: Iterable[str] | None = None,
    distributions: Iterable[str] | None = (),
    step: int = 0,
) -> Profile:
    """Measure one batch.

    Args:
        captured: From a probe.
        quantities: Names in `QUANTITIES`; None for all that can be had from what was captured.
        distributions: Names in `DISTRIBUTIONS` to make histograms of; None for all that can be had.
        step: Updates done when the batch was captured.

    Returns:
        A profile with source "measured".

    Raises:
        UnknownName: A name is in no catalog.
        UserError: A quantity was asked for by name, and what it needs was not captured.
    """
    return Profile(
        values={one.name: one.measure(captured) for one in _chosen(QUANTITIES, quantities, captured)},
        layers=captured.names,
        source="measured",
        step=step,
        histograms={one.name: one.histogram(captured) for one in _chosen(DISTRIBUTIONS, distributions, captured)},
    )


def _chosen(catalog: Catalog[T], names: Iterable[str] | None, captured: Captured) -> Sequence[T]:
    if names is None:
        return [record for record in catalog.values() if captured.has(record.needs)]
    records = [catalog[name] for name in dict.fromkeys(names)]
    for record in records:
        if not captured.has(record.needs):
            raise UserError(f"{catalog.kind} {record.name}", got="none captured", expected=_CAPTURED_BY[record.needs])
    return records
