"""Write docs/study.schema.json: the JSON Schema of study files, for editors that check TOML."""

from __future__ import annotations

import json
from pathlib import Path

from gradlab.studies.load import file_schema

if __name__ == "__main__":
    text = json.dumps(file_schema(), indent=1) + "\n"
    (Path(__file__).parents[1] / "docs" / "study.schema.json").write_text(text, encoding="utf-8")
