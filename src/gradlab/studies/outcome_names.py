"""Names of a study's outcomes and numbers, in the order in which they are listed."""

from __future__ import annotations

from gradlab.signals import QUANTITIES
from gradlab.studies.measured import COLLAPSED, END_ONLY, split_by_cause
from gradlab.studies.study import Study
from gradlab.training import Outcome

OUTCOME_ORDER = tuple(Outcome)


def look_outcomes(study: Study) -> list[str]:
    """Outcomes that exist at every look: collapse on each input set, and its causes."""
    return [name for rule in dict.fromkeys((COLLAPSED, *study.outcomes)) for name in split_by_cause(rule)]


def outcome_names(study: Study) -> list[str]:
    """All outcomes of a study."""
    return [*look_outcomes(study), *END_ONLY]


def quantity_names(study: Study) -> list[str]:
    """Quantities that a study measures inside its networks."""
    if study.signals is None:
        return []
    return list(QUANTITIES if study.signals.quantities is None else study.signals.quantities)


def counts_outcomes(study: Study) -> bool:
    """Whether outcomes are what a study is about: a claim counts them, or there is nothing else in it."""
    measures = [claim.measure for claim in study.claims]
    counted = any(not measure.is_of_numbers and measure.name not in study.metrics for measure in measures)
    return counted or not (study.metrics or study.signals)
