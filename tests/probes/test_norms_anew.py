"""Outputs with statistics gathered anew are those of torch's modules with cumulative averages; looks stay as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from gradlab.probes.norms_anew import outputs_anew
from gradlab.studies.metrics import Meter
from gradlab.studies.seen import stack_at
from gradlab.studies.study import Metric
from gradlab.training import Job, Look, train
from tests.layered import CONV, DENSE, LENET, alone, as_given, made_up_layers

NETWORKS: dict[str, list[Any]] = {
    "LeNet-5": LENET,
    "dropout": ["batch_norm", {**CONV, "norm": "batch_norm(momentum=0.01)", "dropout": 0.4}, "flatten",
                {**DENSE, "norm": "batch_norm", "dropout": 0.3}],
}  # fmt: skip
KINDS = {
    "plain": Metric.model_validate({"kind": "loss"}),
    "anew": Metric.model_validate({"kind": "loss", "statistics": "anew"}),
    "right": Metric.model_validate({"kind": "accuracy", "statistics": "anew"}),
}


def last_look(job: Job) -> Look:
    *_, look = train(job, [0, job.total_steps])
    return look


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_those_of_torch_with_cumulative_averages(name: str) -> None:
    _, job = made_up_layers(NETWORKS[name], optimizer="sgd(lr=0.3)", steps=6)
    look, size = last_look(job), 5
    stack = stack_at(look, job.stack, slice(None))
    found = outputs_anew(stack, job.examples.inputs, size, {"all": job.examples.inputs})["all"]
    one, own = stack_at(look, job.stack, slice(1, 2)), job.examples.inputs[1:2]
    by_itself = outputs_anew(one, own, size, {"all": own})["all"][0]
    np.testing.assert_allclose(by_itself, found[1], rtol=1e-9, atol=1e-11)  # whatever stack it is in, as in training
    for row in range(len(stack)):
        network = alone(stack, row).train()
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.reset_running_stats()
                module.momentum = None  # torch: a cumulative average
        x = as_given(stack.spec, job.examples.inputs[row], torch.float64)
        with torch.no_grad():
            for first in (0, size):  # two batches of 5, and 2 of 12 examples left out
                network(x[first : first + size])
            wanted = network.eval()(x)
        np.testing.assert_allclose(found[row], wanted.numpy(), rtol=1e-9, atol=1e-11)
        assert np.abs(found[row] - look.sets["train"].outputs[row]).max() > 1e-3, "the statistics are others"


def seen(job: Job, meter: Meter) -> list[np.ndarray]:
    """Running means and outputs of every look, read by a meter on the way."""
    found: list[np.ndarray] = []
    for look in train(job, [0, job.total_steps]):
        meter.see(look)
        mean = look.norms[0].mean
        assert mean is not None
        found += [mean.copy(), look.sets["train"].outputs.copy()]
    return found


def test_a_metric_with_statistics_anew_leaves_looks_as_they_are() -> None:
    _, job = made_up_layers(LENET, optimizer="sgd(lr=0.3)", steps=6)
    one, all_of_them = Meter({"plain": KINDS["plain"]}, job), Meter(KINDS, job)
    for before, after in zip(seen(job, one), seen(job, all_of_them), strict=True):
        assert np.array_equal(before, after)
    values = all_of_them.values()
    assert np.array_equal(values[:, :1], one.values())
    assert (np.abs(values[-1, 1] - values[-1, 0]) > 1e-6).all() and ((values[:, 2] >= 0) & (values[:, 2] <= 1)).all()


def test_of_networks_without_running_statistics_it_is_the_same_number() -> None:
    _, job = made_up_layers([CONV, "layer_norm"], steps=2)
    meter = Meter(KINDS, job)
    for look in train(job, [0, 2]):
        meter.see(look)
    values = meter.values()
    assert np.array_equal(values[:, 0], values[:, 1])


def test_only_numbers_of_outputs_can_have_them() -> None:
    with pytest.raises(ValidationError, match='"anew" for dead_units'):
        Metric.model_validate({"kind": "dead_units", "statistics": "anew"})


def test_what_other_metrics_are_keyed_by_is_what_it_was() -> None:
    assert KINDS["plain"].model_dump(mode="json", exclude_none=True) == {"kind": "loss", "over": "train"}
