"""What became of a claim: the published or expected number, the measured one, and the verdict. Plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from gradlab.stats import Proportion, Share
from gradlab.stats.text import given_text, interval_text, mean_text, percent_text, value_text
from gradlab.studies.exact import Value
from gradlab.studies.levels import LevelValue

Verdict = Literal["held", "not held", "too wide to tell", "undecided"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Kind = Literal["published", "theory", "bound", "exact"]
Unit = Literal["share", "points", "number", "exact"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One admissible reading of a source's missing parameters, and whether it reproduces the published number.

    Attributes:
        levels: Its cell's.
        rate: What was measured.
        prediction: Where one more run of the published size would lie.
        compatible: Whether that holds the published number; None where it is too wide to tell, or of too few networks.
        verdict: In a word.
        borrowed: Where its spread is another cell's, its own networks and those that lend.
    """

    levels: Mapping[str, LevelValue]
    rate: Proportion | Share
    prediction: tuple[float, float]
    compatible: bool | None
    verdict: Verdict = "undecided"
    borrowed: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim, what was measured, and the verdict.

    Attributes:
        id: The claim's; begins with its row.
        statement: In words.
        published: Published number, or what is expected (closed form or bound); None where there is none.
        kind: Where `published` comes from: "published", "theory", "bound" or "exact".
        measured: The measured rate, difference or share; None before there are trials.
        low: Lower end of its 95 % interval (Wilson for a rate).
        high: Upper end.
        replicas: Number of trials behind it.
        prediction: 95 % prediction interval for a run of the published size, where a published rate is judged.
        verdict: "held", "not held", "too wide to tell" or "undecided".
        why: One line that says how the verdict came about.
        source: Where the published number stands.
        readings: For a claim about readings, each of them.
        unit: "share" for what reads best in percent, "points" for a difference of such, "exact" for the values of a
            computation, else "number".
        values: Of an exact claim: what is expected and what was found.
        judgement: By what it was judged, in a word or two: "prediction interval", "closed form".
        resolution: Of a published number, the factor within which it has to be known.
        borrowed: Where the spread over networks is another cell's, the networks of its own and those that lend.
        counted: Where cells, boundaries or readings are counted: how many agree, of how many, and what they are.
        explained_by: The claim, of this study or another, that shows why it does not hold; "" where none does.
    """

    id: str
    statement: str
    published: float | None
    kind: Kind
    measured: float | None
    low: float | None
    high: float | None
    replicas: int
    prediction: tuple[float, float] | None
    verdict: Verdict
    why: str
    source: str = ""
    readings: Sequence[Reading] = ()
    unit: Unit = "share"
    values: tuple[Value, Value] | None = None
    judgement: str = ""
    resolution: float | None = None
    borrowed: tuple[int, int] | None = None
    counted: tuple[int, int, str] | None = None
    explained_by: str = ""

    @property
    def judged_text(self) -> str:
        """The verdict with what it was judged by: "held (prediction interval)"."""
        return f"{self.verdict} ({self.judgement})" if self.judgement else self.verdict

    @property
    def reason(self) -> str:
        """How the verdict came about, and where the claim does not hold, what shows why."""
        if self.verdict != "not held":
            return self.why
        return f"{self.why}; {f'explained by {self.explained_by}' if self.explained_by else 'unexplained'}"

    @property
    def readings_tried(self) -> int:
        """How many readings of the source were tried; 0 for a claim that is about none."""
        return len(self.readings)

    @property
    def measured_text(self) -> str:
        """The measured number with its interval, "" before there is one; it says where the spread is borrowed."""
        if self.values is not None:
            return value_text(self.values[1])
        if self.measured is None or self.low is None or self.high is None:
            return ""
        borrowed = ", spread borrowed" if self.borrowed is not None else ""
        if self.unit in ("share", "points"):
            return (
                interval_text(self.measured, self.low, self.high, "%" if self.unit == "share" else "points") + borrowed
            )
        return mean_text(self.measured, self.low, self.high) + borrowed

    @property
    def published_text(self) -> str:
        """The published or expected number, "-" where there is none."""
        if self.values is not None:
            return value_text(self.values[0])
        if self.published is None:
            return "-"
        return (percent_text if self.unit in ("share", "points") else given_text)(self.published)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "id": self.id,
            "statement": self.statement,
            "published": self.published,
            "measured": self.measured,
            "low": self.low,
            "high": self.high,
            "replicas": self.replicas,
            "verdict": self.verdict,
            "kind": self.kind,
            "prediction": None if self.prediction is None else list(self.prediction),
            "why": self.why,
            "source": self.source,
            "explained_by": self.explained_by,
            "unit": self.unit,
            "judgement": self.judgement,
            "resolution": self.resolution,
            "readings_tried": self.readings_tried,
            "borrowed": None if self.borrowed is None else dict(zip(("own", "lent"), self.borrowed, strict=True)),
            **({} if self.values is None else {"expected": self.values[0], "found": self.values[1]}),
            "readings": [
                {
                    "levels": dict(r.levels),
                    "rate": r.rate.rate,
                    "low": r.rate.low,
                    "high": r.rate.high,
                    "n": r.rate.n,
                    "prediction": list(r.prediction),
                    "compatible": r.compatible,
                    "verdict": r.verdict,
                }
                for r in self.readings
            ],
        }
