"""Tables of claims: one template, a claim for each row."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from gradlab.errors import UserError
from gradlab.studies.claims.measures.rate import Rate
from gradlab.studies.claims.table import expanded
from gradlab.studies.load import load_study, study_from, to_toml
from tests.studies.small import table

TABLE: dict[str, Any] = {
    "columns": ["row", "published", "look"],
    "rows": [["A", 0.5, 0], ["B", 0.25, 0]],
    "id": "{row}",
    "statement": "{published} in row {row}",
    "measure": {"rate": "collapsed", "where": {"row": "{row}"}, "look": "{look}"},
    "published": "{published}",
}


def test_a_row_is_a_claim_and_values_keep_their_types() -> None:
    single = {"id": "last", "statement": "a", "measure": {"rate": "dead", "where": {"row": "A"}}, "published": 0.5}
    study = study_from(table(claims=[TABLE, single], answer="{A}"))
    assert [(claim.id, claim.statement, claim.published) for claim in study.claims] == [
        ("A", "0.5 in row A", 0.5),
        ("B", "0.25 in row B", 0.25),
        ("last", "a", 0.5),
    ]
    assert study.claims[1].measure == Rate(rate="collapsed", where={"row": "B"}, look=0)
    again = study_from(tomllib.loads(to_toml(study)))  # the resolved file lists the claims themselves
    assert again == study
    assert expanded([{**TABLE, "rows": [[True, 1, 0]]}])[0]["statement"] == "1 in row true"


def test_settings_choose_among_the_claims_of_a_table(tmp_path: Any) -> None:
    written = to_toml(study_from(table(claims=[], answer="")))
    written += """
[[claims]]
columns = ["row"]
rows = [["A"], ["B"]]
id = "{row}"
statement = "in row {row}"
measure = { rate = "collapsed", where = { row = "{row}" } }
published = 0.5
"""
    (tmp_path / "small.toml").write_text(written)
    path = str(tmp_path / "small.toml")
    assert [claim.id for claim in load_study(path).claims] == ["A", "B"]
    assert [claim.id for claim in load_study(path, ["row=B"]).claims] == ["B"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"rows": [["A", 0.5, 0], ["B", 0.25]]},
            'claims, table 1 "{row}": row 2: got 2 values; expected 3: row, published',
        ),
        ({"rows": []}, "rows"),
        ({"rows": ["A"]}, "row 1"),
        ({"columns": None}, "columns: got None"),
        ({"columns": ["row", "row", "look"]}, "each name once"),
        ({"id": "{rwo}"}, 'column "rwo" is unknown; did you mean "row"? Claims, table 1 "{rwo}", row 1 names it'),
        ({"statement": "a", "published": 0.5}, "got published; expected columns that the template uses"),
        ({"id": "same"}, '"same" 2 times'),
    ],
)
def test_mistakes_name_table_and_row(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        study_from(table(claims=[{**TABLE, **change}], answer=""))
    assert message in str(error.value)
