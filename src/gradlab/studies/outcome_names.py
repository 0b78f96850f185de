"""Names of a study's outcomes, in the order in which they are listed."""

from __future__ import annotations

from gradlab.studies.study import Study
from gradlab.training import Outcome

COLLAPSED = "collapsed"
END_ONLY = ("diverged", "trained", "stalled")
OUTCOME_ORDER = tuple(Outcome)


def look_outcomes(study: Study) -> list[str]:
    """Outcomes that exist at every look: collapse on each input set, and its two causes for the first.

    "dead" and "constant" split "collapsed" by cause; another rule `x` is split into "x by dead units" and the rest.
    """
    names = [COLLAPSED, "dead", "constant"]
    for rule in study.outcomes:
        if rule != COLLAPSED:
            names += [rule, f"{rule} by dead units"]
    return names


def outcome_names(study: Study) -> list[str]:
    """All outcomes of a study."""
    return [*look_outcomes(study), *END_ONLY]
