"""Small jobs of networks with layers of any kind, on made-up images; and the same networks alone, in torch's modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradlab.data import Examples
from gradlab.nets import Slice, Stack, build_stack
from gradlab.nets.modules import Network, to_module
from gradlab.nets.stack import along_replicas
from gradlab.nets.standards import fitted_standards
from gradlab.nets.steps import all_steps
from gradlab.spec import NetworkSpec, Recipe, Setup
from gradlab.spec.layers import KINDS
from gradlab.training import Job, Look
from tests.jobs import RECIPE, ROOT_SEED, setup_of
from tests.oracles import plain_torch, streams

IMAGE, CLASSES, POINTS = (2, 6, 6), 3, 12
CONV = {"kind": "conv2d", "channels": 3, "kernel_size": 3, "activation": "tanh"}
DENSE = {"units": 5, "activation": "tanh"}
LENET = [
    {"kind": "conv2d", "channels": 3, "kernel_size": 5, "padding": 2, "activation": "sigmoid", "norm": "batch_norm"},
    "avg_pool2d(2)",
    {"kind": "conv2d", "channels": 4, "kernel_size": 2, "activation": "sigmoid", "norm": "batch_norm"},
    "flatten",
    {"units": 6, "activation": "sigmoid", "norm": "batch_norm"},
    {"units": 5, "activation": "sigmoid", "norm": "batch_norm"},
]
RESIDUAL = [
    {**CONV, "padding": "same"},
    {
        "kind": "residual",
        "layers": [
            {**CONV, "padding": "same", "norm": "batch_norm", "activation": "relu"},
            {"kind": "residual", "layers": [{**CONV, "padding": 1}]},
        ],
    },
    "relu",
    "flatten",
    {"kind": "residual", "layers": ["flatten", {"units": 108, "activation": "tanh"}]},
]
NETWORKS: dict[str, list[Any]] = {kind: [record.example] for kind, record in KINDS.items()} | {
    "dense": ["flatten", KINDS["dense"].example],
    "residual": [{**CONV, "channels": 1}, KINDS["residual"].example],
    "standardize behind flatten": ["flatten", "standardize", DENSE],
    "unfitted standardize": [CONV, "standardize(fitted=false)"],
    "batch_norm of rows": ["flatten", {**DENSE, "norm": "batch_norm(momentum=0.3)"}, {**DENSE, "norm": "batch_norm"}],
    "batch_norm of images": ["batch_norm", {**CONV, "norm": "batch_norm(eps=1e-3)"}],
    "layer_norm of rows": ["flatten", {**DENSE, "norm": "layer_norm"}],
    "layer_norm of images": ["layer_norm(eps=1e-3)", {**CONV, "norm": "layer_norm"}],
    "l2": [{**CONV, "l2": 0.05}, "flatten", {**DENSE, "l2": 0.02, "bias": "none"}],
    "no biases": [{**CONV, "bias": "none", "norm": "batch_norm"}],
    "stride and padding": [{**CONV, "stride": 2, "padding": 1}, "max_pool2d(3, stride=1, padding=1)"],
    "even kernel, same size": [{**CONV, "kernel_size": 2, "padding": "same"}],
    "channels last": [{**CONV, "channels": 16}, {**CONV, "channels": 17, "kernel_size": 1}, "max_pool2d(2)"],
    "dense on channels": [CONV, {**CONV, "kernel_size": 1}, "avg_pool2d(3, stride=2, padding=1)"],
    "dropout everywhere": ["dropout(0.2)", {**CONV, "dropout": 0.5}, "flatten", {**DENSE, "dropout": 0.3}],
    "gelu and elu": [{**CONV, "activation": "gelu"}, "flatten", {**DENSE, "activation": "elu(0.7)"}],
    "LeNet-5": LENET,
    "residual networks": RESIDUAL,
}  # fmt: skip


def spec_of(layers: Sequence[Any], image: tuple[int, int, int] | None = IMAGE) -> NetworkSpec:
    """These layers, on images unless said otherwise, with a dense output."""
    inputs = 4 if image is None else image[0] * image[1] * image[2]
    made = {"inputs": inputs, "layers": [*layers], "weights": "glorot_normal", "bias": "normal(0.3)"}
    probe = NetworkSpec.model_validate(
        {**made, **({"image": image} if image else {}), "layers": [*layers, "flatten", {"units": 1}]}
    )
    flat = [] if len(probe.shapes[-3]) == 1 else ["flatten"]
    last = {"units": CLASSES, "activation": "identity"}
    return NetworkSpec.model_validate({**made, **({"image": image} if image else {}), "layers": [*layers, *flat, last]})


def made_up_layers(
    layers: Sequence[Any], replicas: int = 3, image: tuple[int, int, int] | None = IMAGE, **recipe: Any
) -> tuple[Setup, Job]:
    """A Setup and its job on made-up images of three classes, different ones for each replica."""
    table = {**RECIPE, "loss": "cross_entropy", **recipe}
    spec = spec_of(layers, image)
    setup = setup_of().model_copy(update={"network": spec, "recipe": Recipe.model_validate(table)})
    slices = [Slice(setup, 0, replicas)]
    random = np.random.default_rng(5)
    x = random.normal(0.5, 1.5, (replicas, POINTS, spec.inputs)).astype(np.float32)
    t = np.eye(CLASSES, dtype=np.float32)[random.integers(0, CLASSES, (replicas, POINTS))]
    stack, examples = build_stack(slices, ROOT_SEED), Examples(x, t)
    stack.standard = fitted_standards(spec, x)
    lr, *params = along_replicas([(slices[0], setup.recipe.optimizer.values)])
    return setup, Job(stack, setup.recipe, lr, tuple(params), (), (), examples, {"train": examples})


class Dropped(nn.Module):
    """Dropout with the masks of `streams`, of images channel by channel; it counts its own steps."""

    def __init__(self, probability: float, stack: Stack, row: int, place: int) -> None:
        super().__init__()
        self.probability, self.step = probability, 0
        self.stream = stack.root_seed, int(stack.replicas[row]), place

    def forward(self, a: Tensor) -> Tensor:
        if not self.training:
            return a
        examples, units = a.flatten(1).shape
        mask = streams.dropout(*self.stream, self.step, examples, units, self.probability)
        self.step += 1
        return a * torch.tensor(mask, dtype=a.dtype).view(a.shape)


def alone(stack: Stack, row: int) -> Network:
    """One network of a stack in torch's modules, with the stack's dropout."""
    module = to_module(stack.spec, stack, row)
    places = [step.place for step in all_steps(stack.spec) if step.dropped]
    found = [(name, one) for name, one in module.named_modules() if isinstance(one, nn.Dropout)]
    for place, (name, one) in zip(places, found, strict=True):
        owner, _, own = name.rpartition(".")
        setattr(module.get_submodule(owner), own, Dropped(one.p, stack, row, place))
    return module


def as_given(spec: NetworkSpec, x: np.ndarray | Tensor, dtype: torch.dtype) -> Tensor:
    """Examples in the shape that a network alone takes."""
    return torch.as_tensor(x).to(dtype).view(len(x), *spec.shapes[0])


def updates_alone(setup: Setup, job: Job, row: int, precision: str) -> Iterator[Network]:
    """Replica `row` in torch's modules, trained by torch's own means: as it is drawn, then after every update."""
    dtype = getattr(torch, precision)
    network = alone(replace(job.stack, spec=setup.network), row).to(dtype)
    yield network
    optimizer = plain_torch.optimizer(setup.recipe.optimizer, network.parameters())
    loss_of = plain_torch.loss_of(setup.recipe)
    assert job.examples.targets is not None
    x = as_given(setup.network, plain_torch.one_of(job.examples.inputs, row), dtype)
    t = plain_torch.one_of(job.examples.targets, row).to(dtype)
    replica = int(job.stack.replicas[row])
    for epoch in count():
        order = torch.arange(len(x))
        if setup.recipe.order == "shuffled":
            order = torch.tensor(streams.permutation(ROOT_SEED, replica, epoch, len(x)))
        for batch in torch.split(order, setup.recipe.batch_sizes(len(x))):
            optimizer.zero_grad()
            (loss_of(network(x[batch]), t[batch]) + network.penalty()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            yield network


def stack_at(job: Job, look: Look) -> Stack:
    """The stack as it stood at a look."""
    return replace(job.stack, weights=[*look.weights], biases=[*look.biases], norms=[*look.norms])


def numbers_of(network: nn.Module) -> Mapping[str, np.ndarray]:
    """Everything a network holds, but for counters."""
    state = network.state_dict()
    return {name: value.detach().numpy() for name, value in state.items() if "num_batches" not in name}
