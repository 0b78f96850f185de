"""Reading study files: shipped by name, or a TOML file by path; `--set` applied, everything validated."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from unicodedata import category

import tomli_w
from pydantic import BaseModel, ValidationError

from gradlab.data.inputs import InputSet
from gradlab.errors import SpecError, StudyFileError, UnknownName, shown
from gradlab.errors.validation import from_validation
from gradlab.spec import Recipe
from gradlab.spec.written import NetworkTable
from gradlab.studies.claims.claim import check_explanations
from gradlab.studies.claims.table import ClaimTable, expanded
from gradlab.studies.settings import apply_settings
from gradlab.studies.study import (
    OF_TRAINED,
    Claim,
    Computed,
    Factor,
    Looks,
    Metric,
    OutcomeRule,
    Row,
    Signals,
    Snapshots,
    Study,
    Variant,
)
from gradlab.studies.variations import check_changes

MOST_BYTES = 10_000_000


@cache
def shipped_studies() -> dict[str, Path]:
    """Name and file of every study that comes with gradlab, in alphabetical order."""
    folder = Path(str(resources.files("gradlab.studies.shipped")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


QUICK = "-quick"  # follows the name of a study at its reduced size, so that a store keeps both


def load_study(name_or_path: str, settings: Sequence[str] = (), *, quick: bool = False) -> Study:
    """The study of that name or file, with settings applied.

    Args:
        name_or_path: A shipped study's name, or the path of a TOML file.
        settings: Raw `key=value` texts.
        quick: At the reduced size that the file states; `settings` come after that.

    Raises:
        UnknownName: Neither a shipped study nor a file.
        StudyFileError: Unreadable file or malformed TOML, with its line.
        SpecError: Wrong content.
    """
    path = shipped_studies().get(name_or_path)
    if path is None:
        path = Path(name_or_path)
        looks_like_path = path.suffix == ".toml" or "/" in name_or_path or path.exists()
        if not looks_like_path:
            do = 'See "gradlab study list", or give the path of a TOML file'
            raise UnknownName("study", name_or_path, tuple(shipped_studies()), do=do)
    table = read_table(path)
    if isinstance(table.get("claims"), list):  # before settings take some of them away
        table = {**table, "claims": expanded(table["claims"])}
    own = table.get("study", table)
    is_exact = isinstance(own, Mapping) and own.get("kind") == "exact"
    if settings and is_exact:
        raise SpecError("--set", got=f"{settings[0]} for an exact study", expected="nothing: it trains no network")
    if quick and not is_exact:  # nothing is quicker than what is only computed
        table, settings = _reduced(table, path), [*_quick_settings(table), *settings]
    study = study_from(table)
    check_explanations(study.claims)  # of the file: a setting may leave out a claim that explains another
    check_changes(study.factors)  # of the file: a setting may change what a factor of some rows does
    if not settings:
        return study
    study = study_from(apply_settings(table, settings))  # of a table that is known to be well made
    from gradlab.studies.plan import without_lost_claims

    return without_lost_claims(study)


def _quick_settings(table: dict[str, Any]) -> list[str]:
    own = table.get("study")
    found = own.get("quick", ()) if isinstance(own, dict) else table.get("quick", ())
    return [str(setting) for setting in found]


def _reduced(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """The table under the name of the reduced study.

    Raises:
        SpecError: The file states no reduced size.
    """
    if not _quick_settings(table):
        raise SpecError(
            f"{path.name}: quick",
            got="nothing",
            expected="settings that make a short run",
            do='Add quick = ["replicas=2", "recipe.epochs=1"] to its [study] table, or leave --quick out',
        )
    own = table.get("study")
    if isinstance(own, dict):
        return {**table, "study": {**own, "name": f"{own.get('name')}{QUICK}"}}
    return {**table, "name": f"{table.get('name')}{QUICK}"}


def read_table(path: Path) -> dict[str, Any]:
    """The table a TOML file holds.

    Raises:
        StudyFileError: No such file, a folder, not text, too large, or malformed TOML.
    """
    try:
        if path.is_dir():
            raise StudyFileError("study file", file=path, got="a folder", expected="a TOML file")
        if path.stat().st_size > MOST_BYTES:
            raise StudyFileError(
                "study file", file=path, got=f"{path.stat().st_size:,} bytes", expected="a study of at most 10 MB"
            )
        content = path.read_bytes()
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte-order mark
    except UnicodeDecodeError:
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        got, do = ("UTF-16 text", "Save it as UTF-8") if is_utf16 else ("bytes that are no UTF-8 text", None)
        raise StudyFileError("study file", file=path, got=got, expected="a TOML file in UTF-8", do=do) from None
    except OSError as error:
        raise StudyFileError(
            "study file", file=path, got=error.strerror or str(error), expected="a TOML file"
        ) from None
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # beside malformed TOML: thousands of digits or brackets
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        raise StudyFileError(
            "malformed TOML", file=path, line=int(place[1]) if place else None, got=str(error), expected="TOML"
        ) from None
    for part in _texts(table):
        control = next((sign for sign in part if category(sign) == "Cc" and sign not in "\n\r\t"), None)
        if control is not None:  # it would steer the terminal that shows it
            got = f"{shown(part)} with the control character U+{ord(control):04X}"
            raise StudyFileError("study file", file=path, got=got, expected="text", do="Leave the character out")
    return table


def _texts(part: object) -> Iterator[str]:
    """All keys and texts of a table."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield key
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)


def study_from(table: dict[str, Any]) -> Study:
    """Validate a study's table, and every cell's Setup with it.

    Raises:
        SpecError: With every problem found, each with its path.
    """
    models: dict[str, type[BaseModel]] = {
        "": Study, "rows": Row, "factors": Factor, "claims": Claim, "looks": Looks, "inputs": InputSet, "outcomes": OutcomeRule,
        "metrics": Metric, "variants": Variant, "computations": Computed, "signals": Signals, "snapshots": Snapshots,
    }  # fmt: skip
    known = {path: tuple(f.alias or name for name, f in model.model_fields.items()) for path, model in models.items()}
    try:
        return Study.model_validate(table)
    except ValidationError as error:
        raise from_validation(error, "", known) from None


_TABLES = (
    "network",
    "recipe",
    "task",
    "computations",
    "rows",
    "factors",
    "inputs",
    "outcomes",
    "metrics",
    "signals",
    "snapshots",
    "claims",
    "variants",
)


def to_toml(study: Study) -> str:
    """The resolved study as a TOML file that loads to an equal study."""
    content = study.model_dump(mode="json", exclude_none=True, exclude_defaults=True, by_alias=True)
    if study.is_exact:
        content = {key: value for key, value in content.items() if key not in OF_TRAINED}
    own = {key: value for key, value in content.items() if key not in _TABLES}
    return tomli_w.dumps({"study": own, **{key: value for key, value in content.items() if key in _TABLES}})


def file_schema() -> dict[str, Any]:
    """JSON Schema of a study file: the study's own keys lie in its `[study]` table.

    It asks for no network, recipe and task, which exact studies have not, and for no key of them, which a factor or rows may
    bring; loading asks for what is missing.
    """
    schema = Study.model_json_schema(by_alias=True)
    tables: dict[str, type[BaseModel]] = {"network": NetworkTable, "recipe": Recipe}
    for name, model in tables.items():
        content = model.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        schema["$defs"] |= content.pop("$defs", {})
        schema["$defs"][model.__name__] = {key: value for key, value in content.items() if key != "required"}
        text = schema["properties"][name]["description"]
        schema["properties"][name] = {"$ref": f"#/$defs/{model.__name__}", "description": text}
    schema["$defs"]["ClaimTable"] = ClaimTable.model_json_schema()
    schema["properties"]["claims"]["items"] = {"anyOf": [{"$ref": "#/$defs/Claim"}, {"$ref": "#/$defs/ClaimTable"}]}
    own = {key: value for key, value in schema["properties"].items() if key not in _TABLES}
    rest = {key: value for key, value in schema["properties"].items() if key in _TABLES}
    study = {
        "type": "object",
        "description": "What the study asks, and all that is no table of its own.",
        "properties": own,
        "required": [key for key in schema["required"] if key in own],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradlab study file",
        "type": "object",
        "properties": {"study": study, **rest},
        "required": ["study"],
        "additionalProperties": False,
        "$defs": schema["$defs"],
    }
