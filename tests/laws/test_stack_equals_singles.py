"""Replica r of a stack is the network that plain torch trains alone: same initial numbers, data, order and weights.

Every activation with every optimizer rule and every loss. The two differ by rounding only, for which `tests.rounding` has a
bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from gradlab import seeds
from gradlab.data.inputs import InputSet
from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES
from gradlab.seeds import Purpose
from gradlab.spec import Setup
from gradlab.training import Job
from gradlab.training.outcomes import has_dead_layer, is_constant
from tests.jobs import ACTIVATION_CHOICES, ROOT_SEED, flat, job_of, looks_at, made_up, setup_of
from tests.oracles import plain_torch, streams
from tests.oracles.step_by_step import assert_updates_are_torchs

STEPS = 4

# eps is larger than the default where rounding of a vanishing gradient would be multiplied by lr / eps = 10^6.
OPTIMIZER_CHOICES = {
    "sgd": ["sgd(lr=0.02)", "sgd(lr=0.02, weight_decay=0.3)"],
    "momentum": ["sgd(lr=0.02, momentum=0.8)", "sgd(lr=0.02, momentum=0.8, dampening=0.4, weight_decay=0.3)"],
    "nesterov": [
        "sgd(lr=0.02, momentum=0.8, nesterov=true)",
        "sgd(lr=0.02, momentum=0.8, nesterov=true, weight_decay=0.3)",
    ],
    "rmsprop": ["rmsprop(lr=0.02, alpha=0.9, eps=1e-3)", "rmsprop(lr=0.02, eps=1e-3, weight_decay=0.3)"],
    "rmsprop_momentum": ["rmsprop(lr=0.02, alpha=0.9, eps=1e-3, momentum=0.7, weight_decay=0.1)"],
    "adam": ["adam(lr=0.02, eps=1e-3)", "adam(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.3)"],
    "adamw": ["adamw(lr=0.02, eps=1e-3, weight_decay=0.3)"],
    "sgd_keras": ["sgd_keras(lr=0.02)"],
    "sgd_keras_momentum": ["sgd_keras(lr=0.02, momentum=0.8)", "sgd_keras(lr=0.02, momentum=0.8, nesterov=true)"],
    "rmsprop_keras": ["rmsprop_keras(lr=0.02, eps=1e-3)"],
    "rmsprop_keras_momentum": ["rmsprop_keras(lr=0.02, alpha=0.95, eps=1e-3, momentum=0.7)"],
    "adam_keras": ["adam_keras(lr=0.02, eps=1e-3)", "adam_keras(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3)"],
}
LOSS_CHOICES = {"sum_of_squares": "sum_of_squares(0.3)", "huber": "huber(delta=0.8)", "hinge": "hinge(margin=0.6)"}
SCHEDULE_CHOICES = {"step": "step(step_size=2, gamma=0.3)", "inverse_time": "inverse_time(decay=0.2)"}


def assert_equal_to_plain_torch(setup: Setup, job: Job, rows: Sequence[int], steps: int = STEPS) -> None:
    looks = looks_at(job, range(steps + 1))
    for row in rows:
        assert np.array_equal(flat(looks[0], row), plain_torch.flat(plain_torch.build(setup, job.stack, row)))
        moved = [
            np.abs(w[row] - initial[row]).max() for w, initial in zip(looks[-1].weights, looks[0].weights, strict=True)
        ]
        assert min(moved) > 1e-6, "a layer that learns nothing tests nothing"
    assert_updates_are_torchs(setup, job, looks, rows)


# Four activations a network, one on each hidden layer: every triple is there, at a quarter of the runs.
NETWORKS = [list(ACTIVATIONS)[start : start + 4] for start in range(0, len(ACTIVATIONS), 4)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZER_CHOICES)
@pytest.mark.parametrize("activations", NETWORKS, ids="+".join)
def test_every_activation_optimizer_and_loss(activations: list[str], optimizer: str, loss: str) -> None:
    widths = (3, 4, 4, 3)
    hidden = [f"{n}:{ACTIVATION_CHOICES.get(a, a)}" for n, a in zip(widths, activations, strict=False)]
    setup, job = made_up(
        {"hidden": " - ".join(hidden), "weights": "normal(std=0.9)"},
        {"optimizer": OPTIMIZER_CHOICES[optimizer][0], "loss": LOSS_CHOICES.get(loss, loss)},
    )
    assert_equal_to_plain_torch(setup, job, [1])


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu"])
def test_dropout(activation: str) -> None:
    network = {
        "hidden": "6 - 5 - 4",
        "activation": activation,
        "weights": "normal(std=0.9)",
        "dropout": [0.5, 0.0, 0.2],
    }
    setup, job = made_up(network, {"optimizer": "adam(lr=0.02, eps=1e-3)"})
    assert_equal_to_plain_torch(setup, job, [0, 2])


def test_every_optimizer_is_among_the_choices() -> None:
    named = {choice.split("(")[0] for choices in OPTIMIZER_CHOICES.values() for choice in choices}
    assert named == set(OPTIMIZERS)


@pytest.mark.parametrize("optimizer", [choice for choices in OPTIMIZER_CHOICES.values() for choice in choices])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_variant_and_schedule(schedule: str, optimizer: str) -> None:
    setup = setup_of(optimizer=optimizer, schedule=SCHEDULE_CHOICES.get(schedule, schedule), steps=7)
    assert_equal_to_plain_torch(setup, job_of(setup), [0, 2], steps=7)


@pytest.mark.parametrize("schedule", ["cosine(warmup=3, final=0.2)", "cosine(warmup=0, final=0.5)"])
def test_cosine_with_warmup_and_final_rate(schedule: str) -> None:
    setup = setup_of(schedule=schedule, steps=7)
    assert_equal_to_plain_torch(setup, job_of(setup), [1], steps=7)


@pytest.mark.parametrize("bias", ["none", "own", "zeros"])
@pytest.mark.parametrize("hidden", ["", "1", "2 x 3", "7 - 6 - 5", "1 - 9 - 2", "5:identity - 3:relu - 40"])
def test_every_shape(hidden: str, bias: str) -> None:
    # torch takes other roads for products with 1 or 2 inputs, and from 5 on
    setup = setup_of(network={"hidden": hidden, "bias": bias, "output": {"activation": "softsign"}})
    assert_equal_to_plain_torch(setup, job_of(setup), [0, 1, 2])


@pytest.mark.parametrize("batch_size", [1, 5, 12, 100, "full"])
@pytest.mark.parametrize("fresh", ["true", "false"])
@pytest.mark.parametrize("order", ["shuffled", "sequential"])
def test_every_way_through_the_data(order: str, fresh: str, batch_size: int | str) -> None:
    # 5 leaves a last batch of 2; 30 steps go through the data several times
    task = f"abs_x(points=12, fresh={fresh})"
    setup = setup_of(task, order=order, batch_size=batch_size, steps=30, optimizer="sgd(lr=0.005)")
    assert_equal_to_plain_torch(setup, job_of(setup), [0, 2], steps=30)


@pytest.mark.parametrize(
    ("network", "recipe"),
    [
        ({}, {"optimizer": ["sgd(lr=0.01)", "sgd(lr=0.3, weight_decay=0.2)", "sgd(lr=0.05)"]}),
        ({"activation": ["leaky_relu(0.01)", "leaky_relu(0.5)", "leaky_relu(0)"]}, {}),
        ({"activation": ["hardtanh(-1, 1)", "hardtanh(-0.2, 0.4)", "elu(1)"][:2]}, {}),
        ({"activation": ["elu(0.5)", "elu(1.5)"]}, {}),
        ({"activation": ["sigmoid(1)", "sigmoid(10)"]}, {}),
        ({"activation": ["lecun_tanh(0.3)", "lecun_tanh(0)"]}, {}),
        ({"weights": ["normal(0.2)", "normal(0.8)", "orthogonal", "zeros"]}, {}),
        ({"bias": ["zeros", "constant(0.5)", "own"]}, {}),
        ({}, {"optimizer": ["sgd(lr=0.02, momentum=0.5, dampening=0.5)", "sgd(lr=0.05, momentum=0.9)"]}),
        ({}, {"optimizer": ["rmsprop(alpha=0.9, eps=1e-3)", "rmsprop(alpha=0.99, eps=1e-2)"]}),
        ({}, {"optimizer": ["adam(lr=0.02, beta1=0.8)", "adam(lr=0.01, beta2=0.9, eps=1e-3)"]}),
        ({}, {"schedule": ["step(2, 0.1)", "step(3, 0.5)"]}),
        ({}, {"schedule": ["cosine(0, 0.1)", "cosine(2, 0)"]}),
        ({}, {"loss": ["huber(0.1)", "huber(2)"]}),
        ({}, {"loss": ["sum_of_squares(0.5)", "sum_of_squares(0.1)"]}),
    ],
)
def test_setups_mixed_in_one_stack(network: dict[str, list[str]], recipe: dict[str, list[str]]) -> None:
    count = len(next(iter({**network, **recipe}.values())))
    setups = [
        setup_of(network={k: v[i] for k, v in network.items()}, **{k: v[i] for k, v in recipe.items()})
        for i in range(count)
    ]
    assert len({setup.id for setup in setups}) == count
    mixed = job_of(*setups)
    assert len(mixed.stack) == 3 * count
    looks = looks_at(mixed, range(STEPS + 1))
    for i, setup in enumerate(setups):
        assert_updates_are_torchs(setup, mixed, looks, range(3 * i, 3 * i + 3))


def test_initial_weights_data_and_order_are_bitwise_those_of_the_oracle() -> None:
    setup = setup_of("x_sin_5x(points=12)", {"weights": "he_normal", "bias": "uniform(-0.4, 0.4)"}, precision="float32")
    job = job_of(setup, replicas=4, start=998)
    assert job.examples.targets is not None
    for row, replica in enumerate(range(998, 1002)):
        for i, (fan_in, units) in enumerate([(1, 3), (3, 4), (4, 1)]):
            normals = streams.normals(ROOT_SEED, replica, Purpose.WEIGHTS, i, fan_in * units)
            weights = np.array([math.sqrt(2 / fan_in) * z for z in normals], np.float32).reshape(units, fan_in)
            uniforms = streams.uniforms(ROOT_SEED, replica, Purpose.BIAS, i, units)
            biases = job.stack.biases[i]
            assert biases is not None
            assert np.array_equal(job.stack.weights[i][row], weights)
            assert np.array_equal(biases[row], np.array([-0.4 + 0.8 * u for u in uniforms], np.float32))
        end = math.sqrt(7)
        x = [-end + 2 * end * u for u in streams.uniforms(ROOT_SEED, replica, Purpose.DATA, 0, 12)]
        assert np.array_equal(job.examples.inputs[row, :, 0], np.array(x, np.float32))
        targets = np.array([v * math.sin(5 * v) for v in x], np.float32)
        assert np.array_equal(job.examples.targets[row, :, 0], targets)
        for epoch in (0, 1, 77):
            order = seeds.permutations(ROOT_SEED, np.array([replica]), epoch, 12)[0]
            assert order.tolist() == streams.permutation(ROOT_SEED, replica, epoch, 12)


@pytest.mark.parametrize("optimizer", ["sgd(lr=0.05, momentum=0.9)", "rmsprop(eps=1e-3)", "adam(lr=0.02, eps=1e-3)"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_single_precision_drifts_by_rounding_only(activation: str, optimizer: str) -> None:
    setup = setup_of(network={"hidden": "6 - 5", "activation": activation}, optimizer=optimizer, precision="float32")
    job = job_of(setup)
    looks = looks_at(job, range(STEPS + 1))
    assert {w.dtype for look in looks for w in look.weights} == {np.dtype(np.float32)}
    assert_updates_are_torchs(setup, job, looks, range(3))


REPLICAS, WIDTH, DEPTH = 300, 2, 9


@pytest.mark.parametrize("training", [0, 20])
def test_rate_of_collapse_is_the_exact_one(training: int) -> None:
    # positive inputs are one ray, on which a layer of n relu units without bias dies with probability 2^-n; what is dead
    # at birth stays dead
    setup = setup_of(
        "abs_x(low=0.5, high=2, points=20)",
        {"hidden": f"{WIDTH} x {DEPTH}", "activation": "relu", "bias": "zeros"},
        precision="float32",
        steps=training,
        optimizer="sgd(lr=1e-4)",
    )
    line = InputSet(linspace=(0.5, 2.0, 10))
    look = looks_at(job_of(setup, replicas=REPLICAS, inputs={"line": line}), [training])[0]
    collapsed = is_constant(look.sets["line"])
    assert np.array_equal(collapsed, has_dead_layer(look.sets["line"]))
    rate = 1 - (1 - 2**-WIDTH) ** DEPTH
    assert abs(collapsed.mean() - rate) <= 4 * math.sqrt(rate * (1 - rate) / REPLICAS)


def test_rate_of_collapse_for_both_signs_is_between_its_bounds() -> None:
    # Lu, Shin, Su and Karniadakis 2019: dead for one input is an upper bound; the lower one is exact for 2 hidden layers
    setup = setup_of(
        "abs_x(points=20)", {"hidden": f"{WIDTH} x {DEPTH}", "activation": "relu", "bias": "zeros"}, precision="float32"
    )
    line = InputSet(linspace=(-2.0, 2.0, 11))
    look = looks_at(job_of(setup, replicas=REPLICAS, inputs={"line": line}), [0])[0]
    rate = is_constant(look.sets["line"]).mean()
    a1 = 1 - 2.0**-WIDTH
    a2 = 1 - 2.0 ** (1 - WIDTH) - (WIDTH - 1) * 4.0**-WIDTH
    k = (1 - 2.0 ** (1 - WIDTH)) * a1 / (1 + (WIDTH - 1) * 2.0**-WIDTH)
    upper = 1 - a1**DEPTH
    lower = 1 - a1 ** (DEPTH - 1) - k * (a1 ** (DEPTH - 1) - a2 ** (DEPTH - 1))
    assert lower < upper
    assert rate >= lower - 4 * math.sqrt(lower * (1 - lower) / REPLICAS)
    assert rate <= upper + 4 * math.sqrt(upper * (1 - upper) / REPLICAS)
