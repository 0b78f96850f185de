"""Every schedule of the catalog against torch's schedulers and its closed formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from gradlab.parts import SCHEDULES
from gradlab.parts.namespace import NUMPY
from gradlab.spec import Choice
from gradlab.spec.choice import choose
from tests.oracles import plain_torch

STEPS = 30


def factors(choice: str, steps: int = STEPS) -> list[float]:
    chosen = choose(SCHEDULES, "schedule", choice)
    factor = SCHEDULES[chosen.name].factor
    return [float(factor(NUMPY, float(t), float(steps), *chosen.values)) for t in range(steps)]


def rates(make: Callable[[torch.optim.Optimizer], Any], steps: int = STEPS) -> list[float]:
    """The rate at each step of an optimizer of base rate 1 under one of torch's schedulers."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    listed = []
    for _ in range(steps):
        listed.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return listed


@pytest.mark.parametrize("step_size", [1, 2, 3, 7, 29, 30, 100])
@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.99, 1.0])
def test_step_is_torchs_step_lr(step_size: int, gamma: float) -> None:
    expected = rates(lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma))
    np.testing.assert_allclose(factors(f"step(step_size={step_size}, gamma={gamma})"), expected, rtol=1e-12)


@pytest.mark.parametrize("step_size", [3, 1000, 99_999])
def test_step_drops_exactly_at_multiples(step_size: int) -> None:
    factor = SCHEDULES["step"].factor
    for k in (1, 2, 10):
        before, at = (float(factor(NUMPY, float(t), 1e9, step_size, 0.5)) for t in (k * step_size - 1, k * step_size))
        assert before == pytest.approx(0.5 ** (k - 1), rel=1e-13)
        assert at == pytest.approx(0.5**k, rel=1e-13)


@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_cosine_is_torchs_cosine_annealing_lr(final: float) -> None:
    kind = torch.optim.lr_scheduler.CosineAnnealingLR
    expected = rates(lambda optimizer: kind(optimizer, T_max=STEPS, eta_min=final))
    np.testing.assert_allclose(factors(f"cosine(final={final})"), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("warmup", [1, 2, 10, 29])
@pytest.mark.parametrize("final", [0.0, 0.25])
def test_cosine_after_a_linear_warmup(warmup: int, final: float) -> None:
    listed = factors(f"cosine(warmup={warmup}, final={final})")
    assert listed[:warmup] == pytest.approx([(t + 1) / warmup for t in range(warmup)])
    assert listed[warmup] == pytest.approx(1.0)
    expected = [
        final + (1 - final) * (1 + math.cos(math.pi * (t - warmup) / (STEPS - warmup))) / 2
        for t in range(warmup, STEPS)
    ]
    assert listed[warmup:] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("warmup", [30, 31, 1000])
def test_cosine_that_never_leaves_its_warmup(warmup: int) -> None:
    assert factors(f"cosine(warmup={warmup})") == pytest.approx([(t + 1) / warmup for t in range(STEPS)])


def test_cosine_reaches_its_final_factor_and_stays() -> None:
    factor = SCHEDULES["cosine"].factor
    assert [float(factor(NUMPY, t, 10.0, 2.0, 0.2)) for t in (10.0, 11.0, 99.0)] == pytest.approx([0.2] * 3)


@pytest.mark.parametrize("decay", [0.0, 0.01, 2.0])
def test_inverse_time_is_its_formula(decay: float) -> None:
    expected = rates(lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + decay * t)))
    assert factors(f"inverse_time({decay})") == pytest.approx(expected, rel=1e-14)


def test_constant_is_one() -> None:
    assert factors("constant") == [1.0] * STEPS


CHOICES = {"step": "step(4, 0.3)", "cosine": "cosine(3, 0.1)", "inverse_time": "inverse_time(0.3)"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_the_oracles_and_stays_in_range(name: str) -> None:
    chosen: Choice = choose(SCHEDULES, "schedule", CHOICES.get(name, name))
    listed = factors(CHOICES.get(name, name))
    expected = rates(lambda optimizer: plain_torch.scheduler(chosen, optimizer, STEPS))
    assert listed == pytest.approx(expected, rel=1e-12)
    assert all(0 < factor <= 1 for factor in listed)


@pytest.mark.parametrize("name", SCHEDULES)
def test_parameters_may_differ_along_the_stack(name: str) -> None:
    chosen = choose(SCHEDULES, "schedule", CHOICES.get(name, name))
    arrays = [np.array([value, value]) for value in chosen.values]
    for t, expected in enumerate(factors(CHOICES.get(name, name))):
        together = np.broadcast_to(SCHEDULES[name].factor(NUMPY, float(t), float(STEPS), *arrays), 2)
        np.testing.assert_allclose(together, expected, rtol=1e-14)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_record_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert SCHEDULES[name].formula
    assert len(SCHEDULES[name].source) > 5
