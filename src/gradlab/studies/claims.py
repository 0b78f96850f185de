"""Judging claims: held, not held or undecided, by intervals and never by a tuned threshold.

A published rate from n networks is held when it lies inside the 95 % prediction interval for another n networks, given
what was measured; not held when outside; undecided while fewer than the claim's `min_replicas` were run. A closed form is
held when every matching cell lies within 4 standard errors. A bound is held when the whole prediction interval (of a
difference: the whole interval) respects it, not held
when the whole interval breaks it, undecided in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradlab.signals import QUANTITIES
from gradlab.stats import Proportion, paired_rates_difference, prediction_interval, standard_error, wilson
from gradlab.stats.text import counted_text
from gradlab.studies.boundary import Boundary, best_constant, boundaries
from gradlab.studies.claim import SPREAD, Claim, Expectation, LevelValue, Measure
from gradlab.studies.claim_result import ClaimResult, Reading, Verdict
from gradlab.studies.compare import DEPTHS, THEORIES
from gradlab.studies.number_claims import allows_any_share, measured, reading, within
from gradlab.studies.plan import Plan
from gradlab.studies.reaching import reached
from gradlab.studies.results import CellResult, ComputedResult
from gradlab.studies.study import Study

STANDARD_ERRORS = 4.0
Pairs = Callable[[CellResult, CellResult, str], tuple[int, int, int]]


def judge_exact(claim: Claim, computed: Mapping[str, ComputedResult]) -> ClaimResult:
    """The verdict on a claim about an exact computation: held when the values are the same, bit for bit."""
    measure = claim.measure
    assert measure.exact is not None and measure.part is not None and claim.expected is not None
    wanted, of = claim.expected.equals, computed[measure.exact]
    found = of.found[measure.part]
    assert wanted is not None
    values = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None for v in (wanted, found)]
    return _result(
        claim, published=values[0], kind="exact", measured=values[1], unit="exact", values=(wanted, found),
        verdict="held" if wanted == found else "not held", why=f"computed by {of.compute}: {measure.part}",
    )  # fmt: skip


def judge(claim: Claim, plan: Plan, cells: Sequence[CellResult], pairs: Pairs) -> ClaimResult:
    """The verdict on one claim.

    Args:
        claim: The claim.
        plan: Where its cells are.
        cells: Results in the plan's order.
        pairs: For paired differences: how many replicas have an outcome in the first of two cells only, in the second
            only, and are recorded in both.
    """
    measure = claim.measure
    named = {key: _matching(cells, levels) for key, levels in measure.cells.items()}
    chosen = named["where"]
    if measure.is_of_numbers:
        single = {key: found[0] for key, found in named.items()}
        return _number(claim, single, is_share=_is_share(measure, plan.study))
    if measure.readings is not None:
        return _readings(claim, chosen, None if measure.spread is None else named[SPREAD][0])
    if measure.difference is not None:
        return _difference(claim, chosen[0], named["minus"][0], pairs)
    if measure.boundary is not None:
        return _boundary(claim, chosen)
    if measure.reaching is not None:
        return _reaching(claim, chosen, named.get("minus", []))
    if claim.expected is not None and claim.expected.theory is not None:
        return _theory(claim, claim.expected.theory, chosen)
    return _rate(claim, chosen[0])


def _matching(cells: Sequence[CellResult], where: Mapping[str, LevelValue]) -> list[CellResult]:
    """Results by their levels: cells with the same content share an id, and are told apart."""
    return [cell for cell in cells if all(cell.levels.get(name) == level for name, level in where.items())]


def _reaching(claim: Claim, cells: Sequence[CellResult], others: Sequence[CellResult]) -> ClaimResult:
    """How many cells reach a number, or how many more; the bound is judged by the interval over cells."""
    found = reached(claim.measure, cells, others)
    if isinstance(found, str):
        return _result(claim, verdict="undecided", why=found)
    assert claim.expected is not None
    verdict, why = _bounded(claim.expected, found.low, found.high, "interval over cells")
    if few := _too_few(claim, min(cell.replicas for cell in (*cells, *others))):
        return _result(claim, replicas=found.networks, verdict="undecided", why=few)
    return _result(
        claim, measured=found.share, low=found.low, high=found.high, replicas=found.networks, verdict=verdict,
        why=f"{found.why}; {why}",
    )  # fmt: skip


def _result(claim: Claim, **found: object) -> ClaimResult:
    bound = claim.expected and next(iter(claim.expected.model_dump(exclude_none=True).values()))
    fields: dict[str, object] = {
        "id": claim.id, "statement": claim.statement, "source": claim.source, "prediction": None,
        "published": claim.published if claim.published is not None else bound if isinstance(bound, float) else None,
        "kind": "published" if claim.published is not None else "theory" if claim.expected and claim.expected.theory else "bound",
        "measured": None, "low": None, "high": None, "replicas": 0,
        "unit": "number" if claim.measure.is_of_numbers else "share",
    }  # fmt: skip
    return ClaimResult(**{**fields, **found})  # type: ignore[arg-type]


def _too_few(claim: Claim, n: int) -> str | None:
    return f"{counted_text(n, 'network')}, {claim.needed} needed" if n < claim.needed else None


def _rate_of(claim: Claim, cell: CellResult) -> Proportion | None:
    return (cell.at_birth if claim.measure.look == 0 else cell.outcomes).get(claim.measure.name)


def _rate(claim: Claim, cell: CellResult) -> ClaimResult:
    rate = _rate_of(claim, cell)
    if rate is None:
        return _result(claim, verdict="undecided", why="no trials yet")
    measured = {"measured": rate.rate, "low": rate.low, "high": rate.high, "replicas": rate.n}
    low, high = prediction_interval(rate.count, rate.n, claim.published_replicas)
    few = _too_few(claim, rate.n)
    if claim.published is not None:
        why = f"95 % prediction interval for another {claim.published_replicas:,} networks: [{low:.3g}, {high:.3g}]"
        verdict, all_shares = _published(low <= claim.published <= high, low, high)
        verdict, why = "undecided" if few else verdict, why + all_shares
        return _result(claim, **measured, prediction=(low, high), verdict=verdict, why=few or why)
    assert claim.expected is not None
    verdict, why = _bounded(claim.expected, low, high, "prediction interval")
    return _result(claim, **measured, prediction=(low, high), verdict="undecided" if few else verdict, why=few or why)


def _published(holds: bool, low: float, high: float, *, is_share: bool = True) -> tuple[Verdict, str]:
    """Held where the prediction interval holds the published number, and leaves something out."""
    if is_share and allows_any_share(low, high):
        return "undecided", ", which leaves no share out"
    return "held" if holds else "not held", ""


def _bounded(expected: Expectation, low: float, high: float, kind: str) -> tuple[Verdict, str]:
    upper = expected.at_most if expected.at_most is not None else expected.below
    if upper is not None:
        verdict: Verdict = "held" if high <= upper else "not held" if low > upper else "undecided"
        return verdict, f"95 % {kind} [{low:.3g}, {high:.3g}] against at most {upper:g}"
    lower = expected.at_least if expected.at_least is not None else expected.above
    assert lower is not None
    verdict = "held" if low >= lower else "not held" if high < lower else "undecided"
    return verdict, f"95 % {kind} [{low:.3g}, {high:.3g}] against at least {lower:g}"


def _difference(claim: Claim, cell: CellResult, other: CellResult, pairs: Pairs) -> ClaimResult:
    only_cell, only_other, n = pairs(cell, other, claim.measure.name) if cell.replicas and other.replicas else (0, 0, 0)
    if n == 0:
        return _result(claim, verdict="undecided", why="no trials yet")
    gap = paired_rates_difference(only_cell, only_other, n)
    assert claim.expected is not None
    verdict, why = _bounded(claim.expected, gap.low, gap.high, "interval")
    few = _too_few(claim, n)
    return _result(
        claim, measured=gap.difference, low=gap.low, high=gap.high, replicas=n,
        verdict="undecided" if few else verdict, why=few or f"{n:,} pairs of replicas; {why}",
    )  # fmt: skip


def _is_share(measure: Measure, study: Study) -> bool:
    """Whether the mean measured is one of numbers between 0 and 1."""
    if measure.mean is None or measure.minus is not None:
        return False
    metric = study.metrics.get(measure.mean)
    return metric.is_share if metric else QUANTITIES[measure.mean].unit.startswith("share")


def _number(claim: Claim, cells: Mapping[str, CellResult], *, is_share: bool) -> ClaimResult:
    found = measured(claim, cells)
    if isinstance(found, str):
        return _result(claim, verdict="undecided", why=found)
    if is_share:
        found = within(found, 0.0, 1.0)
    few = _too_few(claim, found.n)
    low, high = found.prediction
    where = (f" in {found.place}" if found.place else "") + found.borrowed
    if claim.published is not None:
        why = f"95 % prediction interval for one more network: [{low:.3g}, {high:.3g}]"
        verdict, all_shares = _published(claim.allows(low, high), low, high, is_share=is_share)
        why += all_shares
    else:
        assert claim.expected is not None
        is_whole = claim.measure.minus is not None or claim.measure.variance_ratio is not None
        kind = "interval" if is_whole else "prediction interval"
        verdict, why = _bounded(claim.expected, low, high, kind)
    return _result(
        claim, measured=found.value, low=found.low, high=found.high, replicas=found.n,
        prediction=found.prediction, verdict="undecided" if few else verdict, why=few or why + where,
    )  # fmt: skip


def _theory(claim: Claim, theory: str, cells: Sequence[CellResult]) -> ClaimResult:
    """Every matching cell within 4 standard errors of its closed form (or not below it, for a lower bound)."""
    rates = [(cell, _rate_of(claim, cell)) for cell in cells]
    if any(rate is None or theory not in cell.theory for cell, rate in rates):
        missing = (
            "no trials yet" if any(rate is None for _, rate in rates) else f"{theory} does not apply to every cell"
        )
        return _result(claim, verdict="undecided", why=missing)
    bound = THEORIES[theory].kind == "lower bound"
    inside, worst, n = 0, 0.0, 0
    for cell, rate in rates:
        assert rate is not None
        p = cell.theory[theory]
        distance = (rate.rate - p) / max(standard_error(p, rate.n), 1.0 / rate.n)
        distance = min(distance, 0.0) if bound else distance
        inside += abs(distance) <= STANDARD_ERRORS
        worst = distance if abs(distance) > abs(worst) else worst
        n += rate.n
    verdict: Verdict = "held" if inside == len(rates) else "not held"
    few = _too_few(claim, min(rate.n for _, rate in rates if rate is not None))
    why = f"{inside} of {len(rates)} cells within {STANDARD_ERRORS:g} standard errors of the closed form; farthest {worst:+.2f}"
    if len(rates) == 1:
        cell, rate = rates[0]
        assert rate is not None
        return _result(
            claim, published=cell.theory[theory], measured=rate.rate, low=rate.low, high=rate.high, replicas=n,
            verdict="undecided" if few else verdict, why=few or f"{worst:+.2f} standard errors from the closed form",
        )  # fmt: skip
    share = wilson(inside, len(rates))
    return _result(
        claim, published=1.0, measured=share.rate, low=share.low, high=share.high, replicas=n,
        verdict="undecided" if few else verdict, why=few or why,
    )  # fmt: skip


def _boundary(claim: Claim, cells: Sequence[CellResult]) -> ClaimResult:
    """Whether every boundary lies where theory expects it, give or take a factor."""
    found = claim_boundaries(claim, cells)
    if isinstance(found, str):
        return _result(claim, verdict="undecided", why=found)
    assert claim.expected is not None and claim.expected.within is not None
    within = claim.expected.within
    agree = [boundary.agrees(within) for boundary in found]
    share, n = wilson(sum(agree), len(found)), sum(boundary.networks for boundary in found)
    off = [
        " and ".join(f"{k} {v}" for k, v in b.levels.items()) for b, fits in zip(found, agree, strict=True) if not fits
    ]
    why = f"{sum(agree)} of {len(found)} boundaries within a factor {within:g} of {DEPTHS[str(claim.expected.theory)].meaning}"
    if len(found) > 1:
        why += f", one {claim.measure.along} for all within it of {best_constant(found, within)} at best"
    if few := _too_few(claim, min(boundary.n for boundary in found)):
        return _result(claim, published=1.0, replicas=n, verdict="undecided", why=few)
    return _result(
        claim, published=1.0, measured=share.rate, low=share.low, high=share.high, replicas=n,
        verdict="held" if all(agree) else "not held",
        why=why + (f"; not {'; '.join(off[:3])}{f' and {len(off) - 3} more' * (len(off) > 3)}" if off else ""),
    )  # fmt: skip


def claim_boundaries(claim: Claim, cells: Sequence[CellResult]) -> list[Boundary] | str:
    """The boundaries that a claim is about, or why nothing can be said."""
    measure = claim.measure
    assert measure.boundary and measure.along and measure.threshold is not None and claim.expected is not None
    theory = DEPTHS[str(claim.expected.theory)].value
    return boundaries(cells, measure.boundary, measure.along, measure.threshold, theory)


def _readings(claim: Claim, cells: Sequence[CellResult], lender: CellResult | None) -> ClaimResult:
    """Which readings of a source's missing parameters reproduce its number. Held when at least one does."""
    assert claim.published is not None
    readings: list[Reading] = []
    for cell in cells:
        found = reading(claim, cell, lender) if claim.measure.name in cell.metrics else _reading_of_rate(claim, cell)
        if found is None:
            return _result(claim, verdict="undecided", why="no trials yet")
        readings.append(found)
    compatible = sum(bool(reading.compatible) for reading in readings)
    vague = sum(reading.compatible is None for reading in readings)
    share = wilson(compatible, len(readings))
    few = _too_few(claim, min(reading.rate.n for reading in readings))
    verdict: Verdict = "held" if compatible else "undecided" if vague else "not held"
    why = f"{compatible} of {len(readings)} readings reproduce {claim.published:g}"
    why += f"; {vague} leave no share out" if vague else ""
    return _result(
        claim, measured=share.rate, low=share.low, high=share.high, replicas=sum(r.rate.n for r in readings),
        verdict="undecided" if few else verdict, why=few or why, readings=tuple(readings),
    )  # fmt: skip


def _reading_of_rate(claim: Claim, cell: CellResult) -> Reading | None:
    rate = _rate_of(claim, cell)
    if rate is None:
        return None
    assert claim.published is not None
    low, high = prediction_interval(rate.count, rate.n, claim.published_replicas)
    return Reading(
        cell.levels, rate, (low, high), None if allows_any_share(low, high) else low <= claim.published <= high
    )
