"""`NetworkTable`: a network as people write it, which `NetworkSpec` reads; for the schema of study files."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from gradlab.described import Described

Part = str | dict[str, Any]  # "relu", "leaky_relu(0.2)", { name = "leaky_relu", negative_slope = 0.2 }
Layers = tuple[Part, ...]


class NetworkTable(Described):
    """The network: fully connected ones by `hidden`, those of any layers by `layers`.

    Attributes:
        inputs: Numbers of one example; left out, those of the task.
        outputs: Outputs of a network given by `hidden`; left out, those of the task.
        image: Channels, height and width, where the inputs are the pixels of an image; left out, the task's where the
            first layer takes an image.
        hidden: Hidden layers of a fully connected network: "2 x 9" is nine of width 2, "400-400-100" and
            [400, 400, 100] list widths, "2:identity - 2 x 10" gives the first one an activation of its own, and
            { width = 2, depth = 9, front = "2:identity" } lets factors change width or depth alone.
        layers: Instead of `hidden`: layers of any kind from the inputs to the outputs, as "conv2d(32, 3)", "flatten",
            "dense(10)" or tables with a `kind`; see `gradlab list layers`.
        front: Layers that stand before those of `layers`, so that a row can change them alone.
        activation: Of all hidden layers that name none; see `gradlab list activations`.
        weights: Law that the weights are drawn from, of all layers that name none; see `gradlab list initializers`. Its
            `gain` may be a number or a rule's name: "forward", "backward", "compromise" or "torch".
        bias: Law of the biases of all layers that name none: an initializer, "own" for the weights' law, or "none"; zeros if
            left out.
        draws: "own", or "shared" for the same draws in every layer of equal shape, as one seeded initializer that serves all
            layers gives; "own" if left out.
        norm: Norm before the activation of every hidden layer that names none: "batch_norm", "layer_norm" or "none".
        dropout: Probability that training sets a hidden activation to 0: one number, or with `hidden` a list of one a layer.
        output: What is different in the last layer of a network given by `hidden`: activation, weights, bias.
    """

    model_config = ConfigDict(extra="forbid")

    inputs: int | None = None
    outputs: int | None = None
    image: tuple[int, int, int] | None = None
    hidden: str | int | tuple[int, ...] | dict[str, Any] | None = None
    layers: Layers | None = None
    front: Layers | None = None
    activation: Part | None = None
    weights: Part | None = None
    bias: Part | None = None
    draws: str | None = None
    norm: Part | None = None
    dropout: float | tuple[float, ...] | None = None
    output: dict[str, Any] | None = None
