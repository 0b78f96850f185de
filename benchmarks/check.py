"""Whether every competitor trains the same networks: the change of one update against that of the torch engine.

With sgd and a learning rate of 1 the change is the gradient. It is read off as a difference of float32 parameters, so a gap
as large as their rounding is no gap. RMSprop has a large eps here: a vanishing gradient's rounding would be multiplied by
lr / eps. Networks that are dead on the batch would agree with anything nearly the same; they are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from benchmarks.case import Case, Table, case_of
from benchmarks.competitors import WHO, competitor, missing

NETWORK = {"hidden": "2 x 10", "activation": "relu", "weights": "he_normal", "bias": "normal(std=0.1)"}
OPTIMIZERS = ("sgd(lr=1)", "rmsprop(lr=0.1, alpha=0.9, eps=0.1)")
ROUNDING = 2.0**-23
MOST = 1e-5  # relative gap of a change that passes


class Disagreement(Exception):
    """A competitor does not train what the others train: its speed would mean nothing."""


def check(names: Sequence[str], network: Table = NETWORK, replicas: int = 64) -> list[dict[str, Any]]:
    """The largest gap of every competitor, with each of two optimizers; of compiled ones with the second alone.

    Raises:
        Disagreement: A gap is above 1e-5.
    """
    rows: list[dict[str, Any]] = []
    for optimizer in OPTIMIZERS:
        recipe = {"optimizer": optimizer, "loss": "mse", "batch_size": 64, "steps": 1, "order": "sequential"}
        case = case_of(network, recipe, task="x_sin_5x(points=100)", replicas=replicas)
        wanted, _, loss = one_update("torch", case)
        alive = (wanted != 0).mean(axis=1) > 0.5
        for name in names:
            if name == "torch" or missing(name) is not None:
                continue
            if name.endswith(", compiled") and optimizer != OPTIMIZERS[-1]:
                continue  # compiling takes long, and RMSprop's update has the gradient in it
            found, start, losses = one_update(name, case)
            excess = np.linalg.norm(found - wanted, axis=1) - ROUNDING * np.linalg.norm(start, axis=1)
            gaps = np.maximum(0.0, excess)[alive] / np.linalg.norm(wanted, axis=1)[alive]
            gap = float(gaps.max())
            if not (gap <= MOST and np.allclose(losses, loss, rtol=1e-4)):
                raise Disagreement(f"{WHO[name]}: relative gap {gap:.2g} of one update with {optimizer}")
            rows.append({"name": name, "optimizer": optimizer, "networks": int(alive.sum()), "gap": gap})
    return rows


def one_update(name: str, case: Case) -> tuple[ndarray, ndarray, ndarray]:
    """Change of the parameters [R, P], the parameters before it, and the losses before and after it [2, R]."""
    seen = [(each.parameters().astype(np.float64), np.array(each.loss)) for each in competitor(name)(case)()]
    (start, loss_before), (end, loss_after) = seen
    return end - start, start, np.stack([loss_before, loss_after])
