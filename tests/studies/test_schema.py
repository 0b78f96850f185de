"""The JSON Schema of study files: committed, up to date, and true of the shipped studies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradlab.described import Described, attributes
from gradlab.spec import NetworkSpec, Recipe
from gradlab.spec.network import _SUGAR
from gradlab.spec.written import NetworkTable
from gradlab.studies.load import file_schema, load_study, read_table, shipped_studies, study_from, to_toml
from tools import write_study_files

COMMITTED = Path(__file__).parents[2] / "docs" / "study.schema.json"


def test_the_committed_schema_is_the_models_own() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == file_schema(), "run tools/write_schema.py"


def keys_of(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a schema's tables have, with what the schema says of it."""
    for name, part in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name == "properties":
            yield from ((f"{path}/{key}", each) for key, each in part.items())
        yield from keys_of(part, f"{path}/{name}")


def test_every_key_is_described() -> None:
    found = dict(keys_of(file_schema()))
    assert len(found) > 100
    for path, key in found.items():
        assert re.fullmatch(r"\S.*[.?!]", key.get("description", "")), f"{path}: its class's Attributes do not name it"


def test_no_docstring_describes_a_key_that_is_not_there() -> None:
    for model in models_below(Described):
        keys = (
            set(model.model_fields)
            | set(model.__class_vars__)
            | {name for name in dir(model) if is_property(model, name)}
        )
        assert set(attributes(model)) <= keys, model


def is_property(model: type[Described], name: str) -> bool:
    return isinstance(getattr(model, name, None), property)


def models_below(base: type[Described]) -> Iterator[type[Described]]:
    for model in base.__subclasses__():
        yield model
        yield from models_below(model)


def test_the_page_of_study_files_is_written_from_the_schema() -> None:
    found = write_study_files.page()
    assert write_study_files.PAGE.read_text(encoding="utf-8") == found, "run tools/write_study_files.py"
    for path, _ in keys_of(file_schema()):
        assert re.search(rf"`{path.rpartition('/')[2]}`|`\[+{path.rpartition('/')[2]}\]+`", found), (
            f"{path} is not in the page"
        )
    assert "<!--" not in found


def test_examples_of_the_page_are_toml() -> None:
    import tomllib

    blocks = re.findall(r"```toml\n(.*?)```", write_study_files.page(), re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        assert tomllib.loads(block)


def test_the_networks_table_is_what_networks_are_read_from() -> None:
    assert set(NetworkTable.model_fields) == {*_SUGAR, *NetworkSpec.model_fields, "front"}


def test_shipped_files_use_only_keys_of_the_schema() -> None:
    schema = file_schema()
    for path in shipped_studies().values():
        table = read_table(path)
        assert set(table) <= set(schema["properties"])
        assert set(table["study"]) <= set(schema["properties"]["study"]["properties"])
        assert set(schema["required"]) <= set(table)
        for name, model in (("network", NetworkTable), ("recipe", Recipe)):
            for part in [table, *table.get("rows", []), *table.get("variants", {}).values()]:
                assert set(part.get(name, {})) <= set(schema["$defs"][model.__name__]["properties"])


def test_a_resolved_study_loads_to_itself() -> None:
    import tomllib

    for name in shipped_studies():
        study = load_study(name)
        assert study_from(tomllib.loads(to_toml(study))) == study
