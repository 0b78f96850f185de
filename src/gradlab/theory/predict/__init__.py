"""Signal and gradients of a network from its description alone: layer by layer, at infinite width, and what width adds.

A layer's kind is one function in `layers` that says which steps (`flow`) it is made of; the rest follows from those steps.
Numbers stand in a `Profile` with source "theory" under the names that probes measure, so that the two subtract; every
`Prediction` names what it assumes, what of that fails for this network, and which of its numbers that concerns.
"""

from gradlab.theory.predict.advice import Change, advise
from gradlab.theory.predict.inputs import Inputs, inputs_of
from gradlab.theory.predict.layers import compares_inputs
from gradlab.theory.predict.predict import predict_network
from gradlab.theory.predict.prediction import Assumption, DepthScales, Prediction, RecommendedGains, Spread
from gradlab.theory.predict.typical import typical_profile

__all__ = [
    "Assumption",
    "Change",
    "DepthScales",
    "Inputs",
    "Prediction",
    "RecommendedGains",
    "Spread",
    "advise",
    "compares_inputs",
    "inputs_of",
    "predict_network",
    "typical_profile",
]
