"""Replica r of a stack is the network that plain torch trains alone: same initial numbers, data, order and weights.

Every activation with every optimizer rule and every loss. In float64 the two differ by rounding only, so that a
difference of 1e-10 after several steps is a mistake in a formula, not noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradlab.parts import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES
from gradlab.spec import Setup
from gradlab.training import Job
from tests.jobs import flat, job_of, looks_at, made_up, setup_of
from tests.oracles import plain_torch

STEPS = 4

# A record not named here is tested with its defaults.
ACTIVATION_CHOICES = {
    "sigmoid": "sigmoid(k=2.5)",
    "tanh": "tanh(k=0.7)",
    "lecun_tanh": "lecun_tanh(linear=0.1)",
    "leaky_relu": "leaky_relu(negative_slope=0.3)",
    "hardtanh": "hardtanh(min_val=-0.6, max_val=0.9)",
    "elu": "elu(alpha=0.7)",
}
# eps is larger than the default where rounding of a vanishing gradient would be multiplied by lr / eps = 10^6.
OPTIMIZER_CHOICES = {
    "sgd": ["sgd(lr=0.02)", "sgd(lr=0.02, weight_decay=0.3)"],
    "momentum": ["sgd(lr=0.02, momentum=0.8)", "sgd(lr=0.02, momentum=0.8, dampening=0.4, weight_decay=0.3)"],
    "nesterov": ["sgd(lr=0.02, momentum=0.8, nesterov=true)"],
    "rmsprop": ["rmsprop(lr=0.02, alpha=0.9, eps=1e-3)", "rmsprop(lr=0.02, eps=1e-3, weight_decay=0.3)"],
    "rmsprop_momentum": ["rmsprop(lr=0.02, alpha=0.9, eps=1e-3, momentum=0.7, weight_decay=0.1)"],
    "adam": ["adam(lr=0.02, eps=1e-3)", "adam(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.3)"],
    "adamw": ["adamw(lr=0.02, eps=1e-3, weight_decay=0.3)"],
}
LOSS_CHOICES = {"sum_of_squares": "sum_of_squares(0.3)", "huber": "huber(delta=0.8)", "hinge": "hinge(margin=0.6)"}
SCHEDULE_CHOICES = {"step": "step(step_size=2, gamma=0.3)", "inverse_time": "inverse_time(decay=0.2)"}


def assert_equal_to_plain_torch(setup: Setup, job: Job, rows: Sequence[int], steps: int = STEPS) -> None:
    looks = looks_at(job, range(steps + 1))
    for row in rows:
        alone = plain_torch.train(setup, job.stack, job.examples, row, steps)
        assert np.array_equal(flat(looks[0], row), alone.parameters[0])
        for look, parameters in zip(looks, alone.parameters, strict=True):
            np.testing.assert_allclose(flat(look, row), parameters, rtol=1e-10, atol=1e-11)
        assert np.abs(alone.parameters[-1] - alone.parameters[0]).max() > 1e-4, "nothing was learnt, nothing tested"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZER_CHOICES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_optimizer_and_loss(activation: str, optimizer: str, loss: str) -> None:
    setup, job = made_up(
        {"activation": ACTIVATION_CHOICES.get(activation, activation), "weights": "normal(std=0.9)"},
        {"optimizer": OPTIMIZER_CHOICES[optimizer][0], "loss": LOSS_CHOICES.get(loss, loss)},
    )
    assert_equal_to_plain_torch(setup, job, [1])


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
    for i, setup in enumerate(setups):
        alone = plain_torch.train(setup, mixed.stack, mixed.examples, 3 * i + 1, STEPS)
        by_itself = looks_at(job_of(setup), [STEPS])[0]
        together = looks_at(mixed, [STEPS])[0]
        np.testing.assert_allclose(flat(together, 3 * i + 1), alone.parameters[-1], rtol=1e-10, atol=1e-11)
        for row in range(3):
            np.testing.assert_allclose(flat(together, 3 * i + row), flat(by_itself, row), rtol=1e-12, atol=1e-13)
