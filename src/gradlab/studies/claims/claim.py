"""`Claim`: a statement that a run can hold or break, what it measures, and what it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from gradlab.errors import SpecError, UnknownName
from gradlab.studies.claims.criteria.published import Published
from gradlab.studies.claims.criterion import Criterion, Expectation
from gradlab.studies.claims.measure import AnyMeasure
from gradlab.studies.strict import Strict


class Claim(Strict):
    """A statement a run can hold or break, with the published number or the expectation it is judged by.

    Attributes:
        id: Begins with the row of the source.
        statement: In words.
        measure: What is measured.
        published: The published number.
        published_replicas: How many networks a published rate rests on.
        resolution: The factor within which the published number has to be known: the prediction interval's half-width, on the
            logit of shares and rates or the logarithm of positive numbers, may be its logarithm at most; beyond that the
            verdict is "too wide to tell". Left out, 3 for odds and 1.5 for other numbers.
        source: Where it stands.
        expected: What is expected where nothing is published.
        explained_by: Where the claim does not hold, what was run that shows why: the id of another claim of the study, or
            "STUDY: CLAIM" of another study. Left out, a claim that does not hold is called unexplained.
        min_replicas: Fewer leave the claim undecided; left out, as many as the measure needs.
    """

    id: str = Field(min_length=1)
    statement: str
    measure: AnyMeasure
    published: float | None = Field(default=None, allow_inf_nan=False)
    published_replicas: int = Field(default=1000, ge=1, le=10_000_000)  # what is computed of them takes 24 bytes each
    resolution: float | None = Field(default=None, gt=1.0, allow_inf_nan=False)
    source: str = ""
    expected: Expectation | None = None
    explained_by: str = ""
    min_replicas: int = Field(default=0, ge=0)

    @property
    def needed(self) -> int:
        """Networks of a cell below which the claim is undecided."""
        return self.min_replicas or self.measure.needed

    @property
    def criterion(self) -> Criterion:
        """What it is judged by."""
        if self.expected is not None:
            return self.expected
        assert self.published is not None
        return Published(published=self.published, networks=self.published_replicas, factor=self.resolution)

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        where = f'claim "{self.id}"'
        if (self.published is None) == (self.expected is None):
            raise SpecError(where, got="both or neither", expected="either published or expected")
        if self.resolution is not None and self.published is None:
            raise SpecError(f"{where}.resolution", got=self.resolution, expected="it beside a published number only")
        key, allowed = self.criterion.key, self.measure.judged_by
        if key not in allowed:
            place = where if self.expected is None else f"{where}.expected"
            raise SpecError(
                place, got=f"{key} for the measure {self.measure.key}", expected=f"one of {', '.join(allowed)}"
            )
        self.criterion.check(self.measure, where)
        self.measure.check_criterion(key, where)
        return self


def check_explanations(claims: Sequence[Claim]) -> None:
    """What explains a claim of a file is another claim of it, or is said to be one of another study.

    Raises:
        UnknownName: The file has no such claim.
    """
    ids = [claim.id for claim in claims]
    for claim in claims:
        if claim.explained_by and ": " not in claim.explained_by and claim.explained_by not in ids:
            do = f'Claim "{claim.id}" names it; a claim of another study is written "STUDY: CLAIM"'
            raise UnknownName("claim", claim.explained_by, ids, do=do)
