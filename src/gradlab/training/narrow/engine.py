"""The narrow engine: a stack of small networks, each trained by one compiled loop with its state in first-level cache.

Same contract as the torch engine. A framework spends a hundred times the arithmetic of such networks on overhead; here
forward, backward and optimizer step of a replica are one loop, specialised for its combination of layers, optimizer and
loss from the catalog records, and replicas run in parallel. A replica's numbers depend on neither the number of threads
nor the stack it is in: its loop shares nothing with others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, groupby, pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS
from gradlab.spec import NetworkSpec, Setup
from gradlab.training.narrow import cache
from gradlab.training.narrow.blocks import TILE
from gradlab.training.narrow.kernel import kernel_source
from gradlab.training.narrow.source import Combination, Run
from gradlab.training.train import LOSS_SET, Job, Look, SetLook

WIDEST = 32
LOOK_BYTES = 64_000_000  # of what one call of the loop records; longer lists of looks take several calls

_compiling = threading.Lock()
compile_seconds = 0.0  # spent in this process so far; a chunk reports the difference


def can_train(setup: Setup) -> bool:
    """Whether the loop can train this Setup: dense layers alone, of at most 32 units, inputs and outputs included.

    It writes nothing over activations, as one source's mistaken backward pass does.
    """
    if not setup.network.is_plain:
        return False
    overwritten = any(ACTIVATIONS[layer.activation.name].overwritten for layer in setup.network.dense)
    return max(setup.network.widths) <= WIDEST and not overwritten


def runs_of(spec: NetworkSpec) -> tuple[tuple[Run, ...], list[int]]:
    """Maximal runs of equal layers; and the first layer of each, with the number of layers at the end."""
    kinds = [
        (fan_in, layer.units, layer.activation.name, layer.bias != "none", layer.dropout > 0)
        for fan_in, layer in zip(spec.widths, spec.dense, strict=False)
    ]
    counts = [(kind, len(list(group))) for kind, group in groupby(kinds)]
    runs = tuple(Run(*kind, only=count == 1) for kind, count in counts)
    return runs, [0, *accumulate(count for _, count in counts)]


def train_narrow(job: Job, looks: Sequence[int]) -> Iterator[Look]:
    """Train a stack with the compiled loop; see `training.train.train`."""
    global compile_seconds
    stack, recipe = job.stack, job.recipe
    spec, replicas = stack.spec, len(stack)
    real = np.dtype(recipe.precision)
    shuffled = recipe.order == "shuffled" and recipe.batch_size != "full"
    rule = OPTIMIZERS[recipe.optimizer.name].rule(dict(recipe.optimizer.params))
    runs, run_start = runs_of(spec)
    combination = Combination(runs, rule, recipe.loss.name, recipe.schedule.name, recipe.precision, shuffled)
    started = time.perf_counter()
    with _compiling:
        module = cache.load(kernel_source(combination))
    params_RP = np.concatenate(
        [
            piece
            for w, b in zip(stack.weights, stack.biases, strict=True)
            for piece in ([w.reshape(replicas, -1)] if b is None else [w.reshape(replicas, -1), b])
        ],
        axis=1,
    ).astype(real)
    count = params_RP.shape[1]
    slots = np.zeros((replicas, len(rule.slots) * count), real)
    bad_step = np.zeros(replicas, np.int64)
    most = max(len(params) for params in stack.activation_params)
    act_params = np.zeros((replicas, len(spec.dense), most + 1))
    for i, params in enumerate(stack.activation_params):
        for k, values in enumerate((*params, stack.dropout[i])):
            act_params[:, i, k] = values
    x, y = job.examples.inputs.astype(real), job.examples.targets
    assert y is not None
    names = list(job.sets)
    sets = _joined([job.sets[name].inputs for name in names]).astype(real)
    seen_targets = job.sets[LOSS_SET].targets
    assert seen_targets is not None
    divisor = LOSSES[recipe.loss.name].divisor(*seen_targets.shape[1:])
    set_start = np.cumsum([0, *(job.sets[name].inputs.shape[1] for name in names)])
    per_epoch_batch = max(recipe.batch_sizes(job.points))
    records = 3 * TILE * sum(spec.widths)
    hidden = sum(spec.widths[1:-1])
    steps = list(looks)
    step0 = 0
    each = replicas * (set_start[-1] * spec.widths[-1] * real.itemsize + len(names) * hidden + count * real.itemsize)
    at_once = max(1, int(LOOK_BYTES // max(each, 1)))
    while steps:
        part, steps = steps[:at_once], steps[at_once:]
        out = np.empty((len(part), replicas, set_start[-1], spec.widths[-1]), real)
        live = np.zeros((len(part), replicas, len(names), max(hidden, 1)), np.uint8)
        params_at = np.empty((len(part), replicas, count), real)
        losses = np.zeros((len(part), replicas))
        arguments = (
            0, replicas, params_RP, slots, bad_step, act_params, job.lr, _rows(job.optimizer_params), _rows(job.schedule_params),
            _rows(job.loss_params), x, y.astype(real), np.uint64(stack.root_seed), stack.replicas, per_epoch_batch,
            job.total_steps, step0, np.array(part, np.int64), np.array(run_start, np.int64), records, sets,
            set_start.astype(np.int64), names.index(LOSS_SET), seen_targets.astype(real), out, live, params_at, losses,
        )  # fmt: skip
        with _compiling:
            if not module.advance.signatures:
                module.advance.compile(tuple(map(_typeof, arguments)))
                compile_seconds += time.perf_counter() - started
        _in_threads(module.advance, replicas, arguments[2:])
        for s, step in enumerate(part):
            yield _look(job, step, losses[s] / divisor, bad_step, params_at[s], out[s], live[s], names, set_start)
        step0 = part[-1]


def _in_threads(advance: Callable[..., None], replicas: int, arguments: tuple[object, ...]) -> None:
    """Advance every replica with the number of threads the user set; a thread takes the next few when it is done."""
    import numba

    threads = min(numba.get_num_threads(), replicas)
    if threads == 1:
        return advance(0, replicas, *arguments)
    few = max(1, replicas // (16 * threads))
    edges = [*range(0, replicas, few), replicas]
    with ThreadPoolExecutor(threads) as pool:
        done = [pool.submit(advance, a, b, *arguments) for a, b in pairwise(edges)]
        for each in done:
            each.result()
    return None


def _typeof(value: object) -> object:
    from numba import typeof

    return typeof(value)  # type: ignore[no-untyped-call]


def _rows(params: Sequence[Float[ndarray, " R"]]) -> Float[ndarray, "K R"]:
    return np.array(params, np.float64) if params else np.zeros((1, 1))


def _joined(arrays: Sequence[ndarray]) -> ndarray:
    """Input sets one behind the other; shared ones are repeated only where others are not shared."""
    rows = max(len(a) for a in arrays)
    return np.concatenate([np.broadcast_to(a, (rows, *a.shape[1:])) for a in arrays], axis=1)


def _look(
    job: Job,
    step: int,
    loss: Float[ndarray, " R"],
    bad_step: ndarray,
    params_RP: ndarray,
    out: ndarray,
    live: ndarray,
    names: list[str],
    start: ndarray,
) -> Look:
    """One look from what the loop recorded."""
    spec = job.stack.spec
    starts = [0, *accumulate(spec.widths[1:-2])]
    units = np.add.reduceat(live, starts, axis=2, dtype=np.int64) if len(spec.dense) > 1 else live[:, :, :0].astype(int)
    seen = {name: SetLook(out[:, start[s] : start[s + 1]], units[:, s]) for s, name in enumerate(names)}
    weights, biases, at = [], [], 0
    for w, b in zip(job.stack.weights, job.stack.biases, strict=True):
        size = w.shape[1] * w.shape[2]
        weights.append(params_RP[:, at : at + size].reshape(-1, *w.shape[1:]))
        at += size
        biases.append(None if b is None else params_RP[:, at : at + w.shape[1]])
        at += 0 if b is None else w.shape[1]
    first_bad = np.where((bad_step > 0) & (bad_step <= step), bad_step, 0)
    return Look(step, loss, first_bad, weights, biases, seen)
