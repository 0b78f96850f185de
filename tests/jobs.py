"""Small setups and jobs for tests, with made-up examples for losses that no task in the catalog fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import torch

from gradlab.data import Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.nets.stack import NormNumbers
from gradlab.parts import LOSSES
from gradlab.spec import NetworkSpec, Recipe, Setup, setup_from
from gradlab.training import Job, Look, prepare, train

# Everything here is small: waking a second thread costs a thousand times the work when that core is busy.
numba.set_num_threads(1)
torch.set_num_threads(1)

ROOT_SEED = 2**40 + 17  # uses both words of the key
NETWORK = {"hidden": "3 - 4", "activation": "tanh", "weights": "he_normal", "bias": "normal(0.3)"}
RECIPE = {"optimizer": "sgd(lr=0.05)", "loss": "mse", "batch_size": 5, "steps": 4, "precision": "float64"}

Table = Mapping[str, Any]


def setup_of(task: str | Table = "x_sin_5x(points=12)", network: Table = {}, **recipe: Any) -> Setup:  # noqa: B006
    """A small Setup; what is given replaces what NETWORK and RECIPE say."""
    return setup_from({"network": {**NETWORK, **network}, "recipe": {**RECIPE, **recipe}, "task": task})


def job_of(*setups: Setup, replicas: int = 3, start: int = 0, inputs: Mapping[str, InputSet] | None = None) -> Job:
    """A job of one slice of equally many replicas for each setup."""
    slices = [Slice(setup, start, start + replicas) for setup in setups]
    return prepare(slices, ROOT_SEED, inputs or {})


def made_up(
    network: Table, recipe: Table, *, inputs: int = 2, outputs: int = 3, points: int = 12, replicas: int = 3
) -> tuple[Setup, Job]:
    """A Setup and its job on made-up examples with the targets that its loss takes."""
    setup = setup_of().model_copy(
        update={
            "network": NetworkSpec.model_validate({"inputs": inputs, "outputs": outputs, **NETWORK, **network}),
            "recipe": Recipe.model_validate({**RECIPE, **recipe}),
        }
    )
    job = prepare([Slice(setup, 0, replicas)], ROOT_SEED, {})
    random = np.random.default_rng(5)
    x = random.normal(0.0, 1.5, (replicas, points, inputs)).astype(np.float32)
    t = random.normal(0.0, 2.0, (replicas, points, outputs)).astype(np.float32)
    match LOSSES[setup.recipe.loss.name].targets:
        case "one_hot":
            t = np.eye(outputs, dtype=np.float32)[t.argmax(2)]
        case "binary":
            t = (t > 0).astype(np.float32)
        case "sign":
            t = np.sign(t)
    examples = Examples(x, t)
    return setup, replace(job, examples=examples, sets={"train": examples})


def looks_at(job: Job, steps: Sequence[int], **options: Any) -> list[Look]:
    """Looks with weights of their own (those of a live stack are overwritten as it moves on)."""
    return [
        replace(
            look,
            weights=[w.copy() for w in look.weights],
            biases=[None if b is None else b.copy() for b in look.biases],
            norms=[copied(norm) for norm in look.norms],
        )
        for look in train(job, steps, **options)
    ]


def copied(norm: NormNumbers) -> NormNumbers:
    """The numbers of a norm in memory of their own."""
    mean, var = (None if one is None else one.copy() for one in (norm.mean, norm.var))
    return replace(norm, scale=norm.scale.copy(), shift=norm.shift.copy(), mean=mean, var=var)


def flat(look: Look, row: int) -> np.ndarray:
    """All parameters of one replica in one row: layer after layer, weights before biases."""
    pieces = []
    for weights, biases in zip(look.weights, look.biases, strict=True):
        pieces += [weights[row].ravel()] + ([] if biases is None else [biases[row]])
    return np.concatenate(pieces)


# A record not named here is tested with its defaults.
ACTIVATION_CHOICES = {
    "sigmoid": "sigmoid(k=2.5)",
    "tanh": "tanh(k=0.7)",
    "lecun_tanh": "lecun_tanh(linear=0.1)",
    "leaky_relu": "leaky_relu(negative_slope=0.3)",
    "hardtanh": "hardtanh(min_val=-0.6, max_val=0.9)",
    "elu": "elu(alpha=0.7)",
}
