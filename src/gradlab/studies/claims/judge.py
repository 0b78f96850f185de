"""From a claim and what a run found to a verdict: the measure estimates, the criterion judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gradlab.stats import Share
from gradlab.stats.text import counted_text
from gradlab.studies.claims.claim import Claim
from gradlab.studies.claims.criterion import Judged
from gradlab.studies.claims.estimate import Estimate
from gradlab.studies.claims.found import Found
from gradlab.studies.claims.known import Known
from gradlab.studies.claims.result import ClaimResult, Reading, Verdict


def check_claim(claim: Claim, known: Known) -> None:
    """Whether a claim names what a study measures, in cells that it has.

    Raises:
        SpecError: No such outcome, number, layer or cell.
        UnknownName: No such computation, or result of it.
    """
    claim.measure.check(known, f'claim "{claim.id}"', several=claim.criterion.several)


def judge(claim: Claim, found: Found) -> ClaimResult:
    """The verdict on one claim.

    Args:
        claim: The claim.
        found: What the run found.
    """
    estimates = claim.measure.estimates(found, claim.published_replicas)
    if isinstance(estimates, str):
        return _result(claim, verdict="undecided", why=estimates)
    if claim.measure.any_of:
        return _of_readings(claim, estimates)
    judged = claim.criterion.judge(estimates)
    if isinstance(judged, str):
        return _result(claim, verdict="undecided", why=judged)
    shown, few = judged.shown, _too_few(claim, estimates)
    if few and claim.measure.takes_several("where"):  # cells with too few networks are no cells to count
        return _result(claim, verdict="undecided", why=few, replicas=shown.networks, judgement=judged.judgement)
    more: dict[str, Any] = {}
    if judged.values is not None:
        more |= {"values": judged.values, "low": None, "high": None}
        more["published"], more["measured"] = map(_as_number, judged.values)
    if judged.against is not None:
        more["published"] = judged.against
    if judged.counted is not None:
        more["counted"] = (*judged.counted, claim.measure.noun)
    if not few:
        more |= {"verdict": judged.verdict, "why": judged.why}
    plain = {"measured": shown.value, "low": shown.low, "high": shown.high, "replicas": shown.networks,
             "prediction": shown.prediction, "verdict": "undecided", "why": few, "judgement": judged.judgement,
             "resolution": claim.criterion.resolution(shown), "borrowed": _lent(shown)}  # fmt: skip
    return _result(claim, **{**plain, **more})


def _of_readings(claim: Claim, estimates: Sequence[Estimate]) -> ClaimResult:
    """Which readings of a source's missing parameters reproduce its number, each by itself. Held when at least one does.

    Readings are chosen by hand: their share is no rate, and has no interval.
    """
    readings: list[Reading] = []
    for estimate in estimates:
        judged = claim.criterion.judge([estimate])
        assert isinstance(judged, Judged) and estimate.prediction is not None
        verdict: Verdict = "undecided" if _too_few(claim, [estimate]) else judged.verdict
        compatible = {"held": True, "not held": False}.get(verdict)
        share = Share(estimate.value, estimate.low, estimate.high, estimate.n)
        lent = _lent(estimate)
        readings.append(Reading(estimate.levels, share, estimate.prediction, compatible, verdict, lent))
    counts = Counter(reading.verdict for reading in readings)
    first: tuple[Verdict, ...] = ("held", "too wide to tell", "undecided", "not held")
    fits = counts["held"]
    verb = "reproduces" if fits == 1 else "reproduce"
    tried = counted_text(len(readings), "reading")
    why = f"{fits} of {tried} tried {verb} {claim.published:g}, each by its own prediction interval"
    why += "".join(f"; {counts[each]} {each}" for each in first[1:3] if counts[each])
    return _result(
        claim, measured=fits / len(readings), replicas=sum(each.networks for each in estimates),
        verdict=next(each for each in first if counts[each]), why=why, readings=tuple(readings), judgement="readings",
        counted=(fits, len(readings), "readings"), resolution=claim.criterion.resolution(estimates[0]),
    )  # fmt: skip


def _too_few(claim: Claim, estimates: Sequence[Estimate]) -> str | None:
    n = min(estimate.n for estimate in estimates)
    return f"{counted_text(n, 'network')}, {claim.needed} needed" if n < claim.needed else None


def _lent(estimate: Estimate) -> tuple[int, int] | None:
    return None if estimate.borrowed is None else (estimate.borrowed.own, estimate.borrowed.lent)


def _as_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _result(claim: Claim, **found: Any) -> ClaimResult:
    fields: dict[str, Any] = {
        "id": claim.id, "statement": claim.statement, "source": claim.source, "prediction": None,
        "explained_by": claim.explained_by,
        "published": claim.criterion.number, "kind": claim.criterion.kind, "measured": None, "low": None, "high": None,
        "replicas": 0, "unit": claim.measure.told_in,
    }  # fmt: skip
    return ClaimResult(**{**fields, **found})
