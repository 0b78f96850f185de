"""What every engine obeys: each update is the one that plain torch makes from the same weights, but for rounding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gradlab.nets.modules import to_module
from gradlab.spec import Setup
from gradlab.training import Job, Look
from tests.layered import as_given, numbers_of, stack_at, updates_alone
from tests.oracles import plain_torch
from tests.rounding import Rounding, assert_within

# Of an update that its bound may be, so that the law says something. Bounds grow by a factor with every layer, most where a
# norm takes differences, while roundings in truth cancel: single precision cannot be held to much less.
LARGEST_SHARE = {"float32": 0.25, "float64": 1e-3}


def assert_updates_are_torchs(setup: Setup, job: Job, looks: Sequence[Look], rows: Sequence[int]) -> None:
    """All numbers after each update, and outputs and loss at each look, are torch's within the bound of `tests.rounding`.

    Torch's network starts each update from the engine's numbers, so that the bound is that of one update; and the bound of
    the first is checked to be a small part of what the update changes.

    Args:
        setup: What the rows were drawn from.
        job: Their job.
        looks: One look a step, from step 0 on, with numbers of their own.
        rows: Which replicas.
    """
    assert [look.step for look in looks] == list(range(len(looks)))
    for row in rows:
        before: Mapping[str, np.ndarray] = {}
        with Rounding(job.recipe.precision) as rounding:
            for look, network in zip(looks, oracle(setup, job, row), strict=False):
                numbers, ours = named(network), engine_numbers(setup, job, look, row)
                assert numbers.keys() == ours.keys()
                bounds = {name: rounding.of(number) for name, number in numbers.items()}
                for name, number in numbers.items():
                    what = f"{name} of replica {row} after update {look.step}"
                    assert_within(ours[name], number.numpy(), bounds[name], what)
                if look.step == 1:
                    moved = max(float(np.linalg.norm(ours[name] - before[name])) for name in ours)
                    bound = max(float(np.linalg.norm(one)) for one in bounds.values())
                    assert bound <= LARGEST_SHARE[job.recipe.precision] * moved, (
                        "an update as small as its rounding tests nothing"
                    )
                before = ours
                for name, number in numbers.items():
                    number.copy_(torch.tensor(ours[name], dtype=torch.float64))
                assert_seen_is_torchs(setup, job, look, row, network, rounding)


def oracle(setup: Setup, job: Job, row: int) -> Iterator[nn.Module]:
    """A network of the job by torch's own means, in float64: as it is drawn, then after every update."""
    if setup.network.is_plain:
        for network, _ in plain_torch.updates(setup, job.stack, job.examples, row, "float64"):
            yield network
    else:
        yield from updates_alone(setup, job, row, "float64")


def named(network: nn.Module) -> dict[str, Tensor]:
    """Everything a network holds, but for counters, to read and to write."""
    return {name: value for name, value in network.state_dict().items() if "num_batches" not in name}


def engine_numbers(setup: Setup, job: Job, look: Look, row: int) -> Mapping[str, np.ndarray]:
    """The same of a look."""
    stack = stack_at(job, look)
    if setup.network.is_plain:
        return numbers_of(plain_torch.build(setup, stack, row))
    return numbers_of(to_module(setup.network, stack, row))


@torch.no_grad()
def assert_seen_is_torchs(setup: Setup, job: Job, look: Look, row: int, network: nn.Module, rounding: Rounding) -> None:
    """Outputs on every input set and the loss are those of a network, within rounding."""
    network.eval()
    for name, seen in look.sets.items():
        y = network(as_given(setup.network, plain_torch.one_of(job.sets[name].inputs, row), torch.float64))
        assert_within(seen.outputs[row], y.numpy(), rounding.of(y), f"outputs of replica {row} on {name}")
        if name == "train":
            targets = job.sets[name].targets
            assert targets is not None
            value = plain_torch.loss_of(setup.recipe)(y, plain_torch.one_of(targets, row).double())
            assert_within(look.loss[row], value.numpy(), rounding.of(value), f"loss of replica {row}")
    network.train()
