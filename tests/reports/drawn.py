"""What stands in a drawn chart, read from its JSON."""

from __future__ import annotations

import json
from typing import Any


def traces(figure: Any, **wanted: Any) -> list[dict[str, Any]]:
    """The traces with points, of these properties."""
    found = json.loads(figure.to_json())["data"]
    found = [trace for trace in found if trace.get("x") != [None]]
    return [trace for trace in found if all(trace.get(name) == value for name, value in wanted.items())]


def legend(figure: Any) -> list[str]:
    """The names in the legend."""
    return [trace["name"] for trace in json.loads(figure.to_json())["data"] if trace.get("name")]
