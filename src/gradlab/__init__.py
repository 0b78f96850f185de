"""gradlab: will this network train, why not, and what would?

The public names, loaded when first used: importing gradlab imports neither torch nor numba.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Public name -> the module that defines it.
_PUBLIC: dict[str, str] = {
    "Analysis": "gradlab.studies.results",
    "Plan": "gradlab.studies.plan",
    "Setup": "gradlab.spec",
    "Store": "gradlab.studies.store",
    "Study": "gradlab.studies.study",
    "analyze": "gradlab.studies.analyze",
    "load_study": "gradlab.studies.load",
    "Inputs": "gradlab.theory.predict",
    "NetworkSpec": "gradlab.spec",
    "Prediction": "gradlab.theory.predict",
    "make_plan": "gradlab.studies.plan",
    "predict": "gradlab.studies.predict",
    "run_study": "gradlab.studies.run",
    "setup_from": "gradlab.spec",
    "shipped_studies": "gradlab.studies.load",
    "write_page": "gradlab.reports.page",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    """Import the module of a public name when the name is first used (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *_PUBLIC})
