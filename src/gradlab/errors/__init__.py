"""Every exception gradlab raises on purpose (`kinds`), and pydantic's errors translated into them (`validation`)."""

from gradlab.errors.kinds import (
    DataError,
    GradlabError,
    MissingExtra,
    SpecError,
    StoreError,
    StudyFileError,
    UnknownName,
    UnreadableModel,
    UserError,
    shown,
    suggestion,
)
from gradlab.errors.validation import from_validation

__all__ = [
    "DataError",
    "GradlabError",
    "MissingExtra",
    "SpecError",
    "StoreError",
    "StudyFileError",
    "UnknownName",
    "UnreadableModel",
    "UserError",
    "from_validation",
    "shown",
    "suggestion",
]
