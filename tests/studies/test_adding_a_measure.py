"""A measure is one class: the file format, its schema, its messages and the judging of it follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from gradlab.errors import SpecError
from gradlab.studies.claims import Estimate, Found, Known, Measure
from gradlab.studies.claims.criteria.bound import BOUNDS
from gradlab.studies.claims.measures.numbers import numbers
from gradlab.studies.load import file_schema, study_from, to_toml
from gradlab.studies.plan import make_plan
from tests.studies.small import run, table


@pytest.fixture
def median() -> Iterator[type[Measure]]:
    """All that has to be written for a new measure."""

    class Median(Measure):
        """The median of a metric over networks."""

        key: ClassVar[str] = "median"
        judged_by: ClassVar[frozenset[str]] = BOUNDS
        median: str
        where: dict[str, Any] = {}  # noqa: RUF012

        @property
        def needed(self) -> int:
            return 2

        def names(self, known: Known) -> Sequence[str]:
            return list(known.metrics)

        def estimates(self, found: Found, again: int) -> Sequence[Estimate]:
            (cell,) = found.matching(self.where)
            values = numbers(cell, self.median, None, None)
            low, middle, high = (float(value) for value in np.quantile(values, [0.0, 0.5, 1.0]))
            return [Estimate(value=middle, low=low, high=high, n=len(values), networks=len(values), of="median")]

    yield Median
    del Measure.family["median"]


def content(**measure: Any) -> dict[str, Any]:
    claim = {"id": "A", "statement": "a", "measure": measure, "expected": {"at_least": 0.0}}
    metrics = {"loss": {"kind": "loss", "over": "train"}}
    return table(replicas=3, outcomes={"collapsed": {"over": "points"}}, metrics=metrics, claims=[claim])


def test_a_new_measure_is_read_checked_written_and_judged(median: type[Measure], tmp_path: Path) -> None:
    study = study_from(content(median="loss", where={"row": "A"}))
    assert isinstance(study.claims[0].measure, median)
    analysis = run(make_plan(study), tmp_path)
    ends = analysis.cells[0].metrics["loss"][:, -1]
    (claim,) = analysis.claims
    assert (claim.measured, claim.judgement) == (float(np.median(ends)), "interval of the median")
    assert 'median = "loss"' in to_toml(study)
    kinds = [kind["title"] for kind in file_schema()["$defs"]["Claim"]["properties"]["measure"]["anyOf"]]
    assert {"Median", "Rate", "Mean"} <= set(kinds)
    with pytest.raises(SpecError, match="one of loss"):
        make_plan(study_from(content(median="los", where={"row": "A"})))
    with pytest.raises(SpecError, match="wher: unknown key of median"):
        study_from(content(median="loss", wher={}))


def test_and_it_is_gone_with_its_class() -> None:
    with pytest.raises(SpecError, match="exactly one of"):
        study_from(content(median="loss"))
