"""`predict`: what theory says of whatever describes a network: a spec, a setup, or a live `torch.nn` model.

Here, above both theory and live networks, because theory never sees a tensor: a model is read into a spec first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradlab.errors import UserError
from gradlab.spec import NetworkSpec, Setup
from gradlab.theory.predict import Inputs, Prediction, inputs_of, predict_network

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Description:
    """A network as theory takes it.

    Attributes:
        spec: Its description.
        inputs: What is known of its examples.
        doubts: What a live model's values refute of what theory assumes, and how.
    """

    spec: NetworkSpec
    inputs: Inputs
    doubts: tuple[tuple[str, str], ...] = ()

    def predict(self) -> Prediction:
        """What theory says of it."""
        return predict_network(self.spec, self.inputs, self.doubts)


def predict(
    network: NetworkSpec | Setup | nn.Module, inputs: Inputs | None = None, *, shape: Sequence[int] | None = None
) -> Prediction:
    """What becomes of signal and gradients in a network, from its description alone.

    Args:
        network: A description; a setup, whose task then gives the inputs; or a model that `nets.reader.read_model` can
            read, whose measured variances of weights and biases are judged.
        inputs: What is known of the examples; by default the setup's own, or uncorrelated ones of mean square 1.
        shape: Of one example, for a model whose first layer with weights is not dense.

    Raises:
        UserError: It is neither, or theory says nothing of it.
        UnreadableModel: A model with a part that no description has.
        DataError: The files of a setup's task cannot be had.

    Example:
        >>> spec = NetworkSpec(inputs=784, outputs=10, hidden="100 x 40", activation="relu", weights="glorot_uniform")
        >>> predict(spec).scales.phase
        'ordered'
    """
    return described(network, inputs, shape=shape).predict()


def described(
    network: NetworkSpec | Setup | nn.Module, inputs: Inputs | None = None, *, shape: Sequence[int] | None = None
) -> Description:
    """The description behind a network, and what is known of its inputs and weights.

    Raises:
        UserError: As of `predict`.
    """
    if isinstance(network, Setup):
        return Description(network.network, inputs_of(network) if inputs is None else inputs)
    if isinstance(network, NetworkSpec):
        return Description(network, Inputs() if inputs is None else inputs)
    from torch import nn

    if not isinstance(network, nn.Module):
        raise UserError("network", got=network, expected="a NetworkSpec, a Setup or a torch.nn.Module")
    from gradlab.nets.reader import read_model

    reading = read_model(network, shape)
    return Description(reading.spec, Inputs() if inputs is None else inputs, reading.doubts)
