"""Write docs/study-files.md, the reference of study files: keys from the JSON Schema, everything else from study-files.md here.

A line `<!-- keys NAME -->` becomes the table of the keys of a definition of the schema ("study" for the study's own,
"of claims" for a claim and every definition that only claims use), `<!-- file PATH -->` the content of a file, and
`<!-- studies -->` the list of examples/studies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradlab.studies.load import file_schema

ROOT = Path(__file__).parents[1]
TEMPLATE, PAGE = Path(__file__).with_name("study-files.md"), ROOT / "docs" / "study-files.md"
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "nothing",
}
_MARK = re.compile(r"^<!-- (keys|file|studies)(?: (.*?))? -->$", re.MULTILINE)


def page() -> str:
    """The whole page."""
    schema = file_schema()
    return _MARK.sub(lambda mark: _filled(schema, mark[1], mark[2] or ""), TEMPLATE.read_text(encoding="utf-8"))


def _filled(schema: dict[str, Any], kind: str, name: str) -> str:
    if kind == "file":
        return f"```toml\n{(ROOT / name).read_text(encoding='utf-8').rstrip()}\n```"
    if kind == "studies":
        return "\n".join(_studies())
    if name == "of claims":
        return "\n\n".join(f"**{title}**\n\n{_table(each)}" for title, each in of_claims(schema).items())
    return _table(schema["properties"]["study"] if name == "study" else schema["$defs"][name])


def of_claims(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Claims and the tables inside them, by name, in the order in which they are met."""
    found: dict[str, dict[str, Any]] = {"Claim": schema["$defs"]["Claim"]}
    waiting = [found["Claim"]]
    while waiting:
        for key in waiting.pop(0).get("properties", {}).values():
            for part in (key, *key.get("anyOf", ())):
                one = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
                if "properties" in one and one["title"] not in found:
                    found[one["title"]] = one
                    waiting.append(one)
    return found


def _studies() -> Iterator[str]:
    for path in sorted((ROOT / "examples" / "studies").glob("*.toml")):
        first = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        yield f"- [{path.stem}](../examples/studies/{path.name}): {first}"


def _table(definition: dict[str, Any]) -> str:
    """A definition's keys, what they take, their defaults and what they mean."""
    if "properties" not in definition:
        return _cell(definition.get("description", _value(definition)))
    lines = ["| key | value | left out | meaning |", "|---|---|---|---|"]
    required = definition.get("required", [])
    for key, each in definition["properties"].items():
        default = "needed" if key in required else _default(each.get("default"))
        lines.append(f"| `{key}` | {_cell(_value(each))} | {_cell(default)} | {_cell(each['description'])} |")
    return "\n".join(lines)


def _default(value: Any) -> str:
    return "" if value in (None, "", [], {}) else f"`{json.dumps(value)}`"


def _value(each: dict[str, Any]) -> str:
    """What a key takes, in words."""
    if "$ref" in each:
        return f"table ({each['$ref'].rpartition('/')[2]})"
    if "const" in each:
        return f"`{json.dumps(each['const'])}`"
    if "enum" in each:
        return ", ".join(f"`{json.dumps(one)}`" for one in each["enum"])
    if "anyOf" in each:
        return " or ".join(dict.fromkeys(_value(one) for one in each["anyOf"] if one.get("type") != "null"))
    kind = each.get("type")
    if kind == "array":
        one: dict[str, Any] = each.get("items") or next(iter(each.get("prefixItems", [])), {})
        return f"list of {_value(one)}" if one else "list"
    if kind == "object" and "properties" in each:
        return f"table ({each['title']})"
    if kind == "object":
        inside = each.get("additionalProperties")
        return f"tables by name, each {_value(inside)}" if isinstance(inside, dict) and "$ref" in inside else "table"
    bounds = [f"{word} {each[bound]:g}" for bound, word in _BOUNDS.items() if bound in each]
    return " ".join([_KINDS.get(str(kind), "anything"), " and ".join(bounds)]).strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
