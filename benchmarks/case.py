"""What is trained: one stack of networks with its examples, the same for every competitor.

Initial weights and examples are drawn before any clock starts, for everybody. What a competitor does with them (copies,
the order of examples, the training, the evaluations at the start and the end) is on its own clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from gradlab.data import Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice
from gradlab.parts import LOSSES
from gradlab.spec import NetworkSpec, Recipe, setup_from
from gradlab.training import Job, prepare
from gradlab.training.train import LOSS_EXAMPLES

ROOT_SEED = 20

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A stack to train.

    Attributes:
        job: Initial weights, recipe, examples, and the input sets that looks evaluate.
        looks: Steps at which the networks are evaluated; training ends at the last.
    """

    job: Job
    looks: tuple[int, ...]

    @property
    def steps(self) -> int:
        """Updates to do."""
        return self.looks[-1]

    @property
    def networks(self) -> int:
        """Networks in the stack."""
        return len(self.job.stack)

    @property
    def batch_sizes(self) -> list[int]:
        """Examples of every update, [steps] numbers."""
        epoch = self.job.recipe.batch_sizes(self.job.points)
        return (epoch * (self.steps // len(epoch) + 1))[: self.steps]

    @property
    def is_shuffled(self) -> bool:
        """Whether examples come in a new order in every epoch."""
        return self.job.recipe.order == "shuffled" and self.job.recipe.batch_size != "full"

    @property
    def flop(self) -> int:
        """Floating-point operations of one network's training: 6 x weights x examples.

        Two for a multiplication and an addition, in three products: forward, gradient by the weights, gradient by the
        inputs. Biases, activations, loss, optimizer and evaluations are not counted.
        """
        return 6 * sum(self._products) * sum(self.batch_sizes)

    @property
    def least_flop(self) -> int:
        """As `flop`, without the gradient by the inputs of the first layer, which nobody needs."""
        return (6 * sum(self._products) - 2 * self._products[0]) * sum(self.batch_sizes)

    @property
    def _products(self) -> list[int]:
        widths = self.job.stack.spec.widths
        return [n * m for m, n in pairwise(widths)]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a competitor shows at the start or at the end.

    Attributes:
        loss: Mean loss on the input set "train" [R].
        outputs: On every named input set [R, Q, N].
        parameters: Gives all parameters [R, P], layer after layer, weights before biases; not called on the clock.
    """

    loss: ndarray
    outputs: Mapping[str, ndarray]
    parameters: Callable[[], ndarray]


Run = Callable[[], Iterator[Seen]]  # trains a stack from its initial weights; yields at the start and at the end
Competitor = Callable[[Case], Run]


def case_of(
    network: Table,
    recipe: Table,
    *,
    task: str | Table = "x_sin_5x",
    replicas: int,
    inputs: Mapping[str, InputSet] | None = None,
    looks: tuple[int, ...] | None = None,
) -> Case:
    """A stack on one of gradlab's tasks, looked at before the first update and after the last unless told otherwise."""
    setup = setup_from({"network": network, "recipe": recipe, "task": task})
    job = prepare([Slice(setup, 0, replicas)], ROOT_SEED, inputs or {})
    return Case(job, looks or (0, job.total_steps))


def made_up(
    network: Table, recipe: Table, *, inputs: int, outputs: int, points: int, replicas: int, is_shared: bool = False
) -> Case:
    """A stack on random examples with the kind of targets that its loss takes.

    Inputs are uniform in (0, 1), as the brightness of a pixel is; real targets are standard normal.

    Args:
        network: As in a study file, without inputs and outputs.
        recipe: As in a study file.
        inputs: Numbers of an example.
        outputs: Output units.
        points: Examples of a network.
        replicas: Networks.
        is_shared: All networks have the same examples.
    """
    sizes = {} if "layers" in network else {"outputs": outputs}
    few = {
        "network": {"hidden": [], "weights": "zeros", "inputs": 1, "outputs": 1},
        "recipe": {**recipe, "loss": "mse"},
        "task": f"x_sin_5x(points={LOSS_EXAMPLES})",
    }
    setup = setup_from(few).model_copy(
        update={
            "network": NetworkSpec.model_validate({**network, "inputs": inputs, **sizes}),
            "recipe": Recipe.model_validate(dict(recipe)),
        }
    )
    random = np.random.default_rng(ROOT_SEED)
    rows = 1 if is_shared else replicas
    x = random.random((rows, points, inputs), dtype=np.float32)
    kind = LOSSES[setup.recipe.loss.name].targets
    if kind == "one_hot":
        t = np.eye(outputs, dtype=np.float32)[random.integers(outputs, size=(rows, points))]
    else:
        t = random.standard_normal((rows, points, outputs), dtype=np.float32)
        t = {"real": t, "binary": (t > 0).astype(np.float32), "sign": np.where(t > 0, 1, -1).astype(np.float32)}[kind]
    seen = {"train": Examples(x[:, :LOSS_EXAMPLES], t[:, :LOSS_EXAMPLES])}
    job = replace(prepare([Slice(setup, 0, replicas)], ROOT_SEED, {}), examples=Examples(x, t), sets=seen)
    return Case(job, (0, job.total_steps))
