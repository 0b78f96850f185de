"""The base of what a study file may hold: unknown keys are errors."""

from __future__ import annotations

from pydantic import ConfigDict

from gradlab.described import Described


class Strict(Described):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
