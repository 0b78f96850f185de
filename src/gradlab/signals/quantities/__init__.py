"""The quantities: one record and one function each, in a catalog.

To add one, write a function of a layer's arrays and add a record that names it. Listing, measuring and the laws of
tests/signals follow from the catalog, and tests/oracles asks for its slow and obvious counterpart.
"""

from gradlab.signals.quantities import activations, gradients, norms, outputs, units, weights
from gradlab.signals.quantities.record import QUANTITIES, Quantity

__all__ = ["QUANTITIES", "Quantity", "activations", "gradients", "norms", "outputs", "units", "weights"]
