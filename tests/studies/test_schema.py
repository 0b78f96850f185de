"""The JSON Schema of study files: committed, up to date, and true of the shipped studies."""

from __future__ import annotations

import json
from pathlib import Path

from gradlab.studies.load import file_schema, load_study, read_table, shipped_studies, study_from, to_toml

COMMITTED = Path(__file__).parents[2] / "docs" / "study.schema.json"


def test_the_committed_schema_is_the_models_own() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == file_schema(), "run tools/write_schema.py"


def test_shipped_files_use_only_keys_of_the_schema() -> None:
    schema = file_schema()
    for path in shipped_studies().values():
        table = read_table(path)
        assert set(table) <= set(schema["properties"])
        assert set(table["study"]) <= set(schema["properties"]["study"]["properties"])
        assert set(schema["required"]) <= set(table)


def test_a_resolved_study_loads_to_itself() -> None:
    import tomllib

    for name in shipped_studies():
        study = load_study(name)
        assert study_from(tomllib.loads(to_toml(study))) == study
