"""Rough estimates of what a network costs: bytes, for stacks that fit into memory, and seconds, for a dry run to print."""

from __future__ import annotations

from collections.abc import Iterable

from gradlab.data import TASKS
from gradlab.data.inputs import InputSet
from gradlab.parts import OPTIMIZERS
from gradlab.spec import Setup

# two cores: products and activations of the torch engine, and how much less the narrow engine takes
FLOP_PER_SECOND = 1.5e11
ACTIVATION_SECONDS = 1e-8
NARROW_SPEEDUP = 15.0
CALL_SECONDS = 3e-4  # of the torch engine for each layer at each step, however small the networks of the stack
MOST_AT_ONCE = 4096  # examples that pass through a network together


def network_bytes(setup: Setup, sets: Iterable[InputSet]) -> int:
    """Estimated peak bytes of one network while it trains: data, one batch's arrays, parameters and buffers."""
    widths, number = setup.network.widths, 8 if setup.recipe.precision == "float64" else 4
    rule = OPTIMIZERS[setup.recipe.optimizer.name].rule(dict(setup.recipe.optimizer.params))
    trains = setup.total_steps > 0
    batch = max(setup.recipe.batch_sizes(setup.points)) if trains else 100
    task = TASKS[setup.task.name]
    # data are drawn in float64, kept, and copied in the order of the epoch; given ones are shared
    data = 0 if task.is_given else setup.points * (16 + (3 if trains else 1) * number * (widths[0] + widths[-1]))
    looked_at = sum(inputs.size(task, setup.points) for inputs in sets) + 100
    arrays = 4 * number * sum(widths) * min(max(batch, looked_at), MOST_AT_ONCE)
    return data + arrays + setup.network.parameters * number * (4 + 2 * len(rule.slots))


def shared_bytes(setup: Setup) -> int:
    """Bytes of the examples that all networks share."""
    task = TASKS[setup.task.name]
    examples = setup.points + (task.held_out or 0)
    return 2 * 4 * examples * (task.inputs + task.outputs) if task.is_given else 0


def stack_seconds(setup: Setup, engine: str) -> float:
    """Rough estimate of the time for a stack besides that for its networks: torch is called at every step."""
    return 0.0 if engine == "narrow" else CALL_SECONDS * len(setup.network.layers) * setup.total_steps


def network_seconds(setup: Setup, engine: str) -> float:
    """Rough estimate of the time for one network on two cores."""
    examples = setup.total_steps * max(setup.recipe.batch_sizes(setup.points)) + 20
    products = 6 * setup.network.parameters / FLOP_PER_SECOND  # forward, and backward by weights and by inputs
    seconds = examples * (products + ACTIVATION_SECONDS * sum(setup.network.widths[1:]))
    return seconds / (NARROW_SPEEDUP if engine == "narrow" else 1.0)
