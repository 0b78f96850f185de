"""Computations whose results are exact: what studies of `kind = "exact"` are made of, where nothing is trained or drawn.

    record      what a computation is, and the catalog of them
    picture     what is seen of one, as plain data
    boolean     what relu units can do with two inputs of 0 and 1
    layers      sizes, numbers and work of layers; pooling

One record is one computation: its arguments are a model that checks what a study file gives, its results plain values.
"""

from gradlab.studies.exact import boolean, layers  # noqa: F401  (add their computations)
from gradlab.studies.exact.picture import Bars, Done, Grids, Panel, Picture, Plane, Table
from gradlab.studies.exact.record import COMPUTATIONS, Computation, Value, arguments, computed

__all__ = [
    "COMPUTATIONS",
    "Bars",
    "Computation",
    "Done",
    "Grids",
    "Panel",
    "Picture",
    "Plane",
    "Table",
    "Value",
    "arguments",
    "computed",
]
