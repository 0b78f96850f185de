"""JAX `jit(vmap(scan))`: a network's whole training is one `lax.scan` over its updates, vmapped over networks, compiled.

Two forms. `jax_rows` is what one writes first: examples are rows, `x @ w.T + b`. `jax_columns` is the fastest form found:
examples are columns, `w @ x + b`, and the stack is divided between as many XLA devices as there are cores. Slower, and
left out: products written out as sums over units, an unrolled scan, a permutation drawn inside.

The last batch of an epoch is smaller; it is filled up with examples of weight zero, so that every update has one shape.
Compiling, and bringing weights and examples to the device, happen before the clock starts; the orders are drawn on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.case import Case, Run, Seen
from benchmarks.competitors.orders import orders
from gradlab.spec import Recipe

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "identity": lambda z: z,
}
jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)


def jax_rows(case: Case) -> Run:
    """Examples are rows; one device."""
    return _jax(case, _rows, 1)


def jax_columns(case: Case) -> Run:
    """Examples are columns; one device a core."""
    cores = os.cpu_count() or 1
    return _jax(case, _columns, cores if case.networks % cores == 0 else 1)


def _rows(params: Any, activations: list[str], x: Any) -> Any:
    for (w, b), activation in zip(params, activations, strict=True):
        x = ACTIVATIONS[activation](x @ w.T + b)
    return x


def _columns(params: Any, activations: list[str], x: Any) -> Any:
    x = x.T
    for (w, b), activation in zip(params, activations, strict=True):
        x = ACTIVATIONS[activation](w @ x + b[:, None])
    return x.T


def _jax(case: Case, forward: Callable[..., Any], devices: int) -> Run:
    job, stack = case.job, case.job.stack
    assert job.recipe.loss.name == "mse" and job.examples.targets is not None
    activations = [layer.activation.name for layer in stack.spec.dense]
    update = _update(job.recipe)

    def loss(params: Any, x: Any, t: Any, weight: Any) -> Any:
        error = jnp.mean((forward(params, activations, x) - t) ** 2, axis=1)
        return jnp.sum(weight * error) / jnp.sum(weight)

    def one_training(params: Any, x: Any, t: Any, order: Any, weights: Any) -> Any:
        def step(state: Any, batch: Any) -> tuple[Any, None]:
            params, squares = state
            chosen, weight = batch
            grads = jax.grad(loss)(params, x[chosen], t[chosen], weight)
            return update(params, grads, squares), None

        start = (params, jax.tree.map(jnp.zeros_like, params))
        (params, _), _ = jax.lax.scan(step, start, (order, weights))
        return params

    def one_evaluation(params: Any, sets: Any, t: Any) -> Any:
        outputs = {name: forward(params, activations, x) for name, x in sets.items()}
        return outputs, jnp.mean((outputs["train"] - t) ** 2)

    share, copy_to_all = _places(devices)
    assert all(biases is not None for biases in stack.biases)
    params = jax.device_put(list(zip(stack.weights, stack.biases, strict=True)), share)
    x, t = (jax.device_put(_all(a, case), share) for a in (job.examples.inputs, job.examples.targets))
    sets = {name: jax.device_put(_all(seen.inputs, case), share) for name, seen in job.sets.items()}
    targets = jax.device_put(_all(job.sets["train"].targets, case), share)
    weights = jax.device_put(_weights(case), copy_to_all)
    train = jax.jit(jax.vmap(one_training, in_axes=(0, 0, 0, 0, None)))
    example_order = jax.device_put(_orders(case), share)
    train = train.lower(params, x, t, example_order, weights).compile()
    evaluate = jax.jit(jax.vmap(one_evaluation)).lower(params, sets, targets).compile()

    def seen(params: Any) -> Seen:
        outputs, losses = jax.block_until_ready(evaluate(params, sets, targets))
        made = {name: np.asarray(y) for name, y in outputs.items()}
        return Seen(np.asarray(losses), made, lambda: _flat(params, case))

    def run() -> Iterator[Seen]:
        yield seen(params)
        yield seen(train(params, x, t, jax.device_put(_orders(case), share), weights))

    return run


def _update(recipe: Recipe) -> Callable[[Any, Any, Any], Any]:
    """(parameters, gradients, mean squares) -> (parameters, mean squares) after one update."""
    values = {name: float(value) for name, value in recipe.optimizer.params}
    lr = values["lr"]
    if recipe.optimizer.name == "sgd":
        return lambda params, grads, squares: (jax.tree.map(lambda w, g: w - lr * g, params, grads), squares)
    assert recipe.optimizer.name == "rmsprop"
    alpha, eps = values["alpha"], values["eps"]

    def rmsprop(params: Any, grads: Any, squares: Any) -> Any:
        squares = jax.tree.map(lambda v, g: alpha * v + (1 - alpha) * g * g, squares, grads)
        return jax.tree.map(lambda w, g, v: w - lr * g / (jnp.sqrt(v) + eps), params, grads, squares), squares

    return rmsprop


def _places(devices: int) -> tuple[Any, Any]:
    """Where an array goes that is divided along its first axis, and one that every device has whole."""
    mesh = jax.sharding.Mesh(np.array(jax.devices("cpu")[:devices]), ("replicas",))
    spec = jax.sharding.PartitionSpec
    return jax.sharding.NamedSharding(mesh, spec("replicas")), jax.sharding.NamedSharding(mesh, spec())


def _orders(case: Case) -> np.ndarray:
    """Examples of every update of every network [R, steps, batch]; a short batch repeats the epoch's first ones."""
    points, sizes = case.job.points, case.job.recipe.batch_sizes(case.job.points)
    epochs = -(-case.steps // len(sizes))
    drawn = orders(case.networks * epochs, points, case.is_shuffled).reshape(case.networks, epochs, points)
    filled = np.concatenate([drawn, drawn[..., : len(sizes) * sizes[0] - points]], axis=2)
    return filled.reshape(case.networks, epochs * len(sizes), sizes[0])[:, : case.steps]


def _weights(case: Case) -> np.ndarray:
    """1 for an example that counts, 0 for one that fills up [steps, batch]."""
    sizes = np.array(case.batch_sizes)
    return (np.arange(sizes[0]) < sizes[:, None]).astype(np.float32)


def _all(array: np.ndarray | None, case: Case) -> np.ndarray:
    assert array is not None
    return np.broadcast_to(array, (case.networks, *array.shape[1:]))


def _flat(params: Any, case: Case) -> np.ndarray:
    return np.concatenate([np.asarray(a).reshape(case.networks, -1) for layer in params for a in layer], axis=1)
