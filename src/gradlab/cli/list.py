"""`gradlab list`: the parts and tasks that studies can name, what is measured, computed, and compared with theory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from gradlab.cli.options import AsJson

if TYPE_CHECKING:
    from gradlab.catalog import Catalog

Kind = Literal[
    "layers",
    "activations",
    "initializers",
    "norms",
    "optimizers",
    "schedules",
    "losses",
    "tasks",
    "quantities",
    "distributions",
    "computations",
    "theories",
    "depths",
]


def show(kind: Annotated[Kind, Parameter(help="What to list.")], /, *, as_json: AsJson = False) -> None:
    """List what networks are made of, what they learn, what is measured or computed of them, and theories for claims.

    Every layer, part and task can stand in a study file or behind --set, with its parameters in brackets.

    For example:
      gradlab list activations
      gradlab list tasks --json
      gradlab study run dying-relu --set 'network.activation=leaky_relu(0.2)'
    """
    from rich.console import Console

    from gradlab.cli.documents import catalog_document
    from gradlab.cli.output import print_json
    from gradlab.data import TASKS
    from gradlab.parts import CATALOGS
    from gradlab.reports.catalog_text import print_catalog
    from gradlab.signals import CATALOGS as MEASURED
    from gradlab.spec.listed import LAYERS
    from gradlab.studies.compare import DEPTHS, THEORIES
    from gradlab.studies.exact import COMPUTATIONS

    of_studies: dict[str, Catalog[Any]] = {
        "layers": LAYERS,
        "tasks": TASKS,
        "computations": COMPUTATIONS,
        "theories": THEORIES,
        "depths": DEPTHS,
    }
    catalog = {**CATALOGS, **MEASURED, **of_studies}[kind]
    if as_json:
        print_json(catalog_document(catalog))
    else:
        print_catalog(kind, catalog, Console())
