"""The study's answer with the numbers of its claims filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradlab.studies.claims import ClaimResult

UNKNOWN = "(not run)"


def answer_text(template: str, claims: Sequence[ClaimResult]) -> str:
    """The study's answer with `{claim id}` and `{claim id:rate|interval|published|verdict|n|readings}` filled in.

    A bare `{id}` is the rate with its interval and n: "95.3 % [93.8, 96.4] of 1,000"; a number's is "2.66 [2.61, 2.72]
    (n = 5)", or "0, all alike (n = 5)"; `rate` is the number alone. Of an exact claim it is what was found, of readings how
    many fit. An interval whose spread is another cell's says so. Where nothing of it can be said there is no answer.
    """
    by_id = {claim.id: claim for claim in claims}

    def fill(match: re.Match[str]) -> str:
        claim = by_id.get(match[1])
        if claim is not None and claim.values is not None:
            return {"published": claim.published_text, "verdict": claim.verdict}.get(match[2], claim.measured_text)
        if claim is not None and claim.published is not None and match[2] == "published":
            return claim.published_text  # known without a run
        if claim is not None and claim.readings and match[2] != "readings":
            fits, tried, _ = claim.counted or (0, len(claim.readings), "")
            counted = f"{fits} of {tried} readings tried"
            return {"verdict": claim.verdict, "n": f"{claim.replicas:,}"}.get(match[2], counted)
        if claim is not None and claim.readings:
            return _listed(claim)
        if claim is None or claim.measured is None or claim.low is None or claim.high is None:
            return UNKNOWN
        whole = claim.measured_text
        number, _, interval = whole.partition(" [" if " [" in whole else ", ")
        texts = {
            None: f"{whole} of {claim.replicas:,}"
            if claim.unit in ("share", "points")
            else f"{whole} (n = {claim.replicas:,})",
            "rate": number,
            "interval": f"[{interval}" if " [" in whole else interval,
            "published": claim.published_text,
            "verdict": claim.verdict,
            "n": f"{claim.replicas:,}",
        }
        return texts.get(match[2], UNKNOWN)

    placeholder = r"\{([^{}:]+)(?::(rate|interval|published|verdict|n|readings))?\}"
    measured = [fill(match) for match in re.finditer(placeholder, template) if match[2] != "published"]
    return "" if measured and all(text == UNKNOWN for text in measured) else re.sub(placeholder, fill, template)


def _listed(claim: ClaimResult) -> str:
    """The readings that fit; each says where its spread is another cell's."""
    found = [
        " and ".join(f"{k} {v}" for k, v in r.levels.items() if k != "row")
        + ", spread borrowed" * (r.borrowed is not None)
        for r in claim.readings
        if r.compatible
    ]
    return "; ".join(found) or "none of the readings tried"
