"""What is measured: quantities and distributions by layer and replica, and the tables they stand in.

`Captured` is what a probe hands over, `measure` turns it into a `Profile` (quantity x layer x replica), and Profiles by
step make a `History`. Theory fills in the same table, so theory minus measurement is a subtraction. Shape legend: R
replicas, B batch (examples), L layers (hidden ... output), N units out, M units in, S steps, C classes, K bins.

What must hold: replica r of a stack measures as it would alone; NaN and Inf are passed on, never raised; histograms of
two halves of a batch add up to that of the whole. Nothing here runs a network, and nothing here needs more than numpy.
"""

from gradlab.catalog import Catalog
from gradlab.signals.captured import Captured, CapturedLayer, Needs, layer_names
from gradlab.signals.distributions import DISTRIBUTIONS, Distribution
from gradlab.signals.histogram import Histogram
from gradlab.signals.history import History
from gradlab.signals.measure import measure
from gradlab.signals.profile import Profile
from gradlab.signals.quantities import QUANTITIES, Quantity
from gradlab.signals.snapshot import Snapshot

CATALOGS: dict[str, Catalog[Quantity] | Catalog[Distribution]]
CATALOGS = {"quantities": QUANTITIES, "distributions": DISTRIBUTIONS}

__all__ = [
    "CATALOGS",
    "DISTRIBUTIONS",
    "QUANTITIES",
    "Captured",
    "CapturedLayer",
    "Distribution",
    "Histogram",
    "History",
    "Needs",
    "Profile",
    "Quantity",
    "Snapshot",
    "layer_names",
    "measure",
]
