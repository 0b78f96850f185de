"""The engine contract: a stack advances from look to look, and stands still at each.

    for look in train(job, looks=[0, 10, 100, 1000]):
        ...                                    # measure, or not

There is no Trainer and there are no callbacks: between looks an engine runs at full speed. Engines know nothing of
studies, stores or reports. A replica whose loss becomes Inf or NaN stays in the stack, keeps the weights it had, and
carries the step at which that happened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from gradlab.data import TASKS, Examples
from gradlab.data.inputs import InputSet
from gradlab.nets import Slice, Stack, build_stack
from gradlab.nets.stack import NormNumbers, along_replicas
from gradlab.nets.standards import fitted_standards
from gradlab.nets.steps import Step, all_steps
from gradlab.parts import OPTIMIZERS
from gradlab.spec import Recipe, Setup
from gradlab.training.drawn import training_examples

LOSS_SET = "train"  # the input set on which looks report the loss
LOSS_EXAMPLES = 100


@dataclass(frozen=True, slots=True)
class SetLook:
    """What a look saw on one input set of Q inputs.

    Attributes:
        outputs: [R, Q, N].
        live_units: Units of each hidden layer whose slope is not zero for some input [R, depth]; of a convolution,
            channels whose slope is not zero at some place.
    """

    outputs: Float[ndarray, "R Q N"]
    live_units: Int[ndarray, "R depth"]


@dataclass(frozen=True, slots=True)
class Look:
    """A stack standing still.

    Attributes:
        step: Updates done so far.
        loss: Mean loss on the input set "train" [R]; NaN or Inf where a replica diverged.
        first_bad_step: Update (1 the first) at which the loss was first not finite [R]; 0 where it never was.
        weights: Per block (in a plain network, per layer) [R, N, M]; views that the next advance overwrites.
        biases: Per block [R, N] or None.
        sets: What was seen on each named input set.
        norms: Per norm; views, too.
    """

    step: int
    loss: Float[ndarray, " R"]
    first_bad_step: Int[ndarray, " R"]
    weights: Sequence[Float[ndarray, "R _ _"]]
    biases: Sequence[Float[ndarray, "R _"] | None]
    sets: Mapping[str, SetLook]
    norms: Sequence[NormNumbers] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """All that an engine needs: stack, recipe with its numbers along R, data and named input sets.

    Attributes:
        stack: Initial weights.
        recipe: The first slice's; kinds, batches and length hold for all.
        lr: Base learning rate [R].
        optimizer_params: Per parameter [R].
        schedule_params: Per parameter [R].
        loss_params: Per parameter [R].
        examples: Training examples, in the order of the recipe where that is not a new one for each epoch.
        sets: Inputs of every named set; "train" has targets.
    """

    stack: Stack
    recipe: Recipe
    lr: Float[ndarray, " R"]
    optimizer_params: tuple[Float[ndarray, " R"], ...]
    schedule_params: tuple[Float[ndarray, " R"], ...]
    loss_params: tuple[Float[ndarray, " R"], ...]
    examples: Examples
    sets: Mapping[str, Examples]

    @property
    def points(self) -> int:
        """Training examples of a replica."""
        return int(self.examples.inputs.shape[1])

    @property
    def total_steps(self) -> int:
        """Updates in the whole training."""
        return self.recipe.total_steps(self.points)


def stack_key(setup: Setup) -> str:
    """Two Setups can train in one stack when their keys are equal: everything that may not differ along R."""
    network, recipe = setup.network, setup.recipe
    rule = OPTIMIZERS[recipe.optimizer.name].rule(dict(recipe.optimizer.params))
    shape: list[object]
    if network.is_plain:
        shape = [
            [layer.units, layer.activation.name, layer.bias == "none", layer.dropout > 0] for layer in network.dense
        ]
    else:
        shape = [network.image, *([step.above, *_kind(step)] for step in all_steps(network))]
    rest = [
        recipe.loss.name,
        recipe.schedule.name,
        recipe.batch_size,
        setup.total_steps,
        recipe.order,
        recipe.precision,
    ]
    # given examples are shared by all replicas of a stack, so its slices must agree on them
    given = setup.task.model_dump() if TASKS[setup.task.name].is_given else None
    data = [setup.points, bool(dict(setup.task.params).get("fresh", False)), given]
    return json.dumps([network.inputs, shape, rule.name, *rest, *data])


def _kind(step: Step) -> list[object]:
    """What of a layer may not differ along R, besides its shape."""
    table = step.layer.model_dump(
        mode="json", exclude={"activation", "weights", "bias", "draws", "dropout", "p", "l2", "layers"}
    )
    activation = "" if step.activation is None else step.activation.name
    return [table, activation, getattr(step.layer, "bias", None) == "none", step.dropped > 0, step.is_inside]


def prepare(slices: Sequence[Slice], root_seed: int, inputs: Mapping[str, InputSet]) -> Job:
    """Draw initial weights and data of every slice.

    Args:
        slices: Setups with equal `stack_key` and their replicas.
        root_seed: Key of all streams.
        inputs: Named input sets; a "train" set of 100 training examples is added where it is missing.
    """
    inputs = {LOSS_SET: InputSet.model_validate({"from": "task", "count": LOSS_EXAMPLES}), **inputs}
    drawn: list[Examples] = []
    sets: dict[str, list[Examples]] = {name: [] for name in inputs}
    for part in slices:
        choice = part.setup.task
        task, params = TASKS[choice.name], dict(choice.params)
        examples = training_examples(part, root_seed)
        drawn.append(examples)
        for name, wanted in inputs.items():
            sets[name].append(wanted.examples(task, params, root_seed, part.replicas, examples))
    recipes = [(part, part.setup.recipe) for part in slices]
    (lr, *optimizer_params) = along_replicas([(part, recipe.optimizer.values) for part, recipe in recipes])
    examples = _join(slices, drawn)
    examples = examples.by_class() if slices[0].setup.recipe.order == "by_class" else examples
    stack = build_stack(slices, root_seed)
    stack.standard = fitted_standards(stack.spec, examples.inputs)
    return Job(
        stack=stack,
        recipe=slices[0].setup.recipe,
        lr=lr,
        optimizer_params=tuple(optimizer_params),
        schedule_params=along_replicas([(part, recipe.schedule.values) for part, recipe in recipes]),
        loss_params=along_replicas([(part, recipe.loss.values) for part, recipe in recipes]),
        examples=examples,
        sets={name: _join(slices, parts) for name, parts in sets.items()},
    )


def _join(slices: Sequence[Slice], parts: Sequence[Examples]) -> Examples:
    """Examples of several slices along R; data shared by all replicas of the only slice stay shared."""
    targets = [part.targets for part in parts]
    known = [target for target in targets if target is not None]
    return Examples(
        _joined(slices, [part.inputs for part in parts]),
        _joined(slices, known) if len(known) == len(targets) else None,
    )


def _joined(slices: Sequence[Slice], arrays: Sequence[ndarray]) -> ndarray:
    if len(arrays) == 1:
        return arrays[0]
    if all(len(a) == 1 for a in arrays) and all(a is arrays[0] or np.array_equal(a, arrays[0]) for a in arrays[1:]):
        return arrays[0]
    return np.concatenate(
        [np.broadcast_to(a, (len(part), *a.shape[1:])) for part, a in zip(slices, arrays, strict=True)]
    )


def train(job: Job, looks: Sequence[int], *, engine: str = "torch", device: str = "cpu") -> Iterator[Look]:
    """Train a stack and stop at each look.

    Args:
        job: From `prepare`.
        looks: Steps to stop at, increasing, within 0 and `job.total_steps`; training ends at the last.
        engine: "torch" or "narrow"; see `training.engines` for the choice.
        device: Where torch runs.

    Yields:
        One `Look` per entry of `looks`.
    """
    steps = list(looks)
    assert steps == sorted(set(steps)) and steps and steps[0] >= 0 and steps[-1] <= job.total_steps
    if engine == "narrow" and job.total_steps == 0:
        from gradlab.training.birth import look_at_birth

        yield look_at_birth(job)
        return
    if engine == "narrow":
        from gradlab.training.narrow import train_narrow

        yield from train_narrow(job, steps)
        return
    assert engine == "torch"
    if job.stack.spec.is_plain:
        from gradlab.training.torch_engine import train_torch

        yield from train_torch(job, steps, device=device)
        return
    from gradlab.training.layered_engine import train_layered

    yield from train_layered(job, steps, device=device)
