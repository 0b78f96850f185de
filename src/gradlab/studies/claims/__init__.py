"""Claims: statements that a run can hold or break, written in a study's file, judged by what the run found.

A claim has a *measure*, which makes an estimate of what the cells hold, and a *criterion*, which judges the estimate:

    member      tables that are told apart by the key they have: how a file names a measure or an expectation
    known       what a claim may name: a study's outcomes, numbers, factors and cells
    found       what a run hands to measures: results of cells, pairs of replicas, what was computed
    estimate    what a measure makes of that: a number, its intervals, and the networks behind them
    measures/   one file a measure: its keys, its checks against the study, its estimate
    criteria/   one file a criterion: published number, bound, closed form, depth of a theory, exact value
    claim       the claim itself, as the file writes it
    judge       from a claim and what was found to its result
    result      what became of a claim, for terminal, page and JSON

To add a measure or an expectation, write one class with its `key` in a file of `measures` or `criteria`; the file format,
its schema and its messages follow from it.
"""

from gradlab.studies.claims import criteria, measures  # (their modules add the members of the two families)
from gradlab.studies.claims.claim import Claim
from gradlab.studies.claims.criterion import Criterion
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.judge import check_claim, judge
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.measure import Measure
from gradlab.studies.claims.result import ClaimResult, Reading, Unit, Verdict

__all__ = [
    "Claim",
    "ClaimResult",
    "Criterion",
    "Estimate",
    "Found",
    "Known",
    "Measure",
    "Reading",
    "Unit",
    "Verdict",
    "check_claim",
    "criteria",
    "judge",
    "measures",
]
