"""Checking claims against a plan before anything runs: what is measured exists, in exactly one cell where it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab.errors import SpecError, UnknownName
from gradlab.studies.exact import COMPUTATIONS
from gradlab.studies.reaching import rest
from gradlab.studies.study import Claim, Study

if TYPE_CHECKING:
    from gradlab.studies.plan import Plan


def check_claim(plan: Plan, claim: Claim) -> None:
    """Whether a claim names what the study measures, in cells that it has.

    Raises:
        SpecError: No such outcome, number, layer or cell.
        UnknownName: No such computation, or result of it.
    """
    from gradlab.studies.compare import DEPTHS, THEORIES
    from gradlab.studies.outcome_names import look_outcomes, number_names, outcome_names

    measure = claim.measure
    if plan.study.is_exact or measure.exact is not None:
        _check_exact(plan.study, claim)
        return
    if measure.along is not None:
        factors = [factor.name for factor in plan.study.factors]
        if measure.along not in factors:
            raise UnknownName("factor", measure.along, factors, do=f'Claim "{claim.id}" names it')
        if any(isinstance(cell.levels.get(measure.along), str | bool | None) for cell in plan.matching(measure.where)):
            raise SpecError(f'claim "{claim.id}".measure.along', got=measure.along, expected="a factor of numbers")
    if measure.is_of_numbers:
        known = number_names(plan.study)
        is_quantity = measure.name not in plan.study.metrics
        if measure.name in known and is_quantity == (measure.layer is None):
            raise SpecError(
                f'claim "{claim.id}".measure.layer',
                got=measure.layer or "nothing",
                expected=f"a layer of the quantity {measure.name}" if is_quantity else "none: a metric has no layers",
            )
    elif measure.boundary is not None or measure.reaching is not None:
        known = list(plan.study.metrics)
    else:
        known = look_outcomes(plan.study) if measure.look == 0 else outcome_names(plan.study)
        if measure.readings is not None:
            known = [*known, *(name for name, metric in plan.study.metrics.items() if metric.kind == "accuracy")]
    if measure.name not in known:
        raise SpecError(
            f'claim "{claim.id}".measure',
            got=f'"{measure.name}"',
            expected=f"one of {', '.join(known)}" if known else "metrics or signals in the study",
        )
    if measure.readings is not None and measure.spread is not None and measure.name not in plan.study.metrics:
        raise SpecError(f'claim "{claim.id}".measure.spread', got="a rate", expected="readings of an accuracy")
    if claim.expected is not None and claim.expected.theory is not None:
        _ = (THEORIES if measure.boundary is None else DEPTHS)[claim.expected.theory]
    for side, where in measure.cells.items():
        found = plan.matching(where)
        single = (measure.readings is None or side != "where") and not (claim.expected and claim.expected.theory)
        single = single and measure.reaching is None
        if not found or (single and len(found) != 1):
            raise SpecError(
                f'claim "{claim.id}".measure.{side}',
                got=f"{dict(where)}, which {len(found)} cells match",
                expected="exactly one cell" if single else "at least one cell",
                do='See "gradlab study show" for the cells',
            )
    if measure.reaching is not None and measure.minus is not None:
        first, second = (
            {rest(cell.levels, measure) for cell in plan.matching(w)} for w in (measure.where, measure.minus)
        )
        if not first & second:
            expected = "some cell that agrees with one of where in all other levels"
            raise SpecError(f'claim "{claim.id}".measure.minus', got=measure.minus, expected=expected)


def _check_exact(study: Study, claim: Claim) -> None:
    exact, part = claim.measure.exact, claim.measure.part
    if not study.is_exact or exact is None:
        kind = "an exact computation" if exact else f'"{claim.measure.name}"'
        expected = "exact and part" if study.is_exact else "an outcome, metric or quantity"
        raise SpecError(f'claim "{claim.id}".measure', got=f"{kind} in a study of kind {study.kind}", expected=expected)
    if exact not in study.computations:
        raise UnknownName("computation", exact, study.computations, do=f'Claim "{claim.id}" names it')
    finds = COMPUTATIONS[study.computations[exact].compute].finds
    if part not in finds:
        raise UnknownName("result", part, finds, do=f'Claim "{claim.id}" names it')
