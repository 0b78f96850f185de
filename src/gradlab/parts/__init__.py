"""What networks are made of: catalogs of records, each with its formula, its source and, where one exists, closed forms.

A formula is written once over a small `Namespace` (torch, numpy, or scalars that numba compiles). Nothing here imports
torch. Adding a part is adding one record; listing, documentation and laws follow from the catalog.
"""

from gradlab.catalog import Catalog
from gradlab.parts.activations import ACTIVATIONS, Activation
from gradlab.parts.initializers import INITIALIZERS, Initializer
from gradlab.parts.losses import LOSSES, Loss
from gradlab.parts.norms import NORMS, Norm
from gradlab.parts.optimizers import OPTIMIZERS, Optimizer, UpdateRule
from gradlab.parts.param import Param
from gradlab.parts.schedules import SCHEDULES, Schedule

CATALOGS: dict[
    str,
    Catalog[Activation] | Catalog[Initializer] | Catalog[Norm] | Catalog[Optimizer] | Catalog[Schedule] | Catalog[Loss],
]
CATALOGS = {
    "activations": ACTIVATIONS,
    "initializers": INITIALIZERS,
    "norms": NORMS,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "losses": LOSSES,
}

__all__ = [
    "ACTIVATIONS",
    "CATALOGS",
    "INITIALIZERS",
    "LOSSES",
    "NORMS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Activation",
    "Initializer",
    "Loss",
    "Norm",
    "Optimizer",
    "Param",
    "Schedule",
    "UpdateRule",
]
