"""Values, modes and hooks of a live model: what refutes a law of theory is refused, or told and marked."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import nn

from gradlab.errors import UnreadableModel
from gradlab.nets.reader import read_model
from gradlab.studies.predict import predict
from tests.nets.test_reader import dense_model
from tests.rounding import EPS, gamma


def linears(model: nn.Module) -> list[nn.Linear]:
    return [part for part in model.modules() if isinstance(part, nn.Linear)]


def filled(fill: Callable[[torch.Tensor], object], activation: nn.Module | None = None) -> nn.Sequential:
    """A model whose weights were filled anew."""
    model = dense_model(activation)
    with torch.no_grad():
        for part in linears(model):
            fill(part.weight)
    return model


def of_rows(weight: torch.Tensor) -> None:
    """Each unit has a mean of its own, and all together have none."""
    weight += 0.5 * weight.std() * torch.tensor([1.0, -1.0]).repeat(len(weight))[: len(weight), None]


@pytest.mark.parametrize(
    ("fill", "says"),
    [
        (lambda w: nn.init.constant_(w, 0.1), "mean 0.1, "),
        (lambda w: nn.init.uniform_(w, 0.0, 0.2), "standard errors from 0"),
        (lambda w: w.add_(0.25 * w.std()), "standard errors from 0"),
        (of_rows, "units whose weights have means of their own"),
    ],
)
def test_weights_with_a_mean_are_refused_as_a_law_with_one_is(
    fill: Callable[[torch.Tensor], object], says: str
) -> None:
    with pytest.raises(UnreadableModel, match=r"module 0 \(Linear\).*up to 4 standard errors") as caught:
        read_model(filled(fill))
    assert says in str(caught.value)


@pytest.mark.parametrize("law", ["normal_", "uniform_", "torch"])
def test_no_independent_weights_around_0_are_refused_or_doubted(law: str) -> None:
    """300 models of 3 layers: at 4 standard errors chance refuses a layer once in 15,000 times."""
    torch.manual_seed(7)
    for widths in ((1, 2, 3, 1), (3, 16, 5, 2), (30, 50, 40, 7)):
        for _ in range(100):
            model = nn.Sequential(*(nn.Linear(n, m) for n, m in pairwise(widths)))
            with torch.no_grad():
                for part in linears(model) if law != "torch" else ():
                    nn.init.normal_(part.weight, 0.0, 0.3) if law == "normal_" else nn.init.uniform_(
                        part.weight, -1.0, 1.0
                    )
            assert read_model(model).doubts == ()


def linear(model: nn.Sequential, place: int) -> nn.Linear:
    part = model[place]
    assert isinstance(part, nn.Linear)
    return part


def repeated(model: nn.Sequential) -> None:
    weight = linear(model, 2).weight
    weight[1::2] = weight[::2]


def of_low_rank(model: nn.Sequential) -> None:
    linear(model, 2).weight.copy_(0.1 * torch.randn(40, 3) @ torch.randn(3, 50))


def copied(model: nn.Sequential) -> None:
    model[0], model[2] = nn.Linear(50, 50), nn.Linear(50, 50)
    model[2].load_state_dict(model[0].state_dict())
    model[4] = nn.Linear(50, 7)


def tied(model: nn.Sequential) -> None:
    model[0], model[2], model[4] = nn.Linear(50, 40), nn.Linear(40, 50), nn.Linear(50, 7)
    linear(model, 2).weight = nn.Parameter(linear(model, 0).weight.T)


def twice(model: nn.Sequential) -> None:
    model[0] = model[2] = nn.Linear(50, 50)
    model[4] = nn.Linear(50, 7)


def of_unlike_rows(model: nn.Sequential) -> None:
    weight = linear(model, 2).weight
    weight[::10] *= 10.0


def biases_of_two_sizes(model: nn.Sequential) -> None:
    model[0] = nn.Linear(30, 400)
    linear(model, 0).bias.copy_(torch.tensor([9.0, -9.0]).repeat(200))
    model[2] = nn.Linear(400, 40)


@pytest.mark.parametrize(
    ("change", "text", "why"),
    [
        (repeated, "weights independent of one another", "of 40 units or inputs of module 2 only 20 differ"),
        (of_low_rank, "weights independent of one another", "those of module 2 count as"),
        (copied, "weights of a layer independent of those of others", "modules 0, 2 have the same"),
        (tied, "weights of a layer independent of those of others", "modules 0, 2 have the same"),
        (twice, "weights of a layer independent of those of others", "modules 0, 2 have the same"),
        (of_unlike_rows, "normal pre-activations", "at module 2"),
        (biases_of_two_sizes, "normal pre-activations", "at module 0"),
    ],
)
@torch.no_grad()
def test_what_values_refute_is_told_and_marks_all_numbers(
    change: Callable[[nn.Sequential], None], text: str, why: str
) -> None:
    model = dense_model()
    change(model)
    found = predict(model)
    (failing,) = [one for one in found.failing if one.text == text]
    assert why in failing.why
    assert {"pre_activation_second_moment", "relative_gradient_rms", "phase", "scales", "spread"} <= found.marked
    assert text not in [one.text for one in found.assumptions if one.holds]
    assert found.verdict.endswith("(in doubt)") and found.can_train is None


@torch.no_grad()
def test_biases_with_a_mean_keep_it() -> None:
    model = dense_model()
    assert isinstance(model[0], nn.Linear)
    torch.nn.init.uniform_(model[0].bias, 1.0, 2.0)
    bias = read_model(model).spec.dense[0].bias
    assert not isinstance(bias, str) and bias.name == "uniform"
    q = predict(model).profile["pre_activation_second_moment"][0, 0]
    expected = float(model[0].bias.square().mean()) + 30 * float(model[0].weight.square().mean())
    # sums of squares, all above 0, in single precision: of 30 inputs' weights at most, each rounded a few times
    terms = model[0].weight.numel() + model[0].bias.numel() + 8
    assert q == pytest.approx(expected, rel=gamma(terms, EPS["float32"]))
    assert "biases of mean 0" in [one.text for one in predict(model).failing]


def with_value(value: float) -> nn.Module:
    return filled(lambda weight: weight[0, 0].fill_(value))


def hooked(method: str, place: int) -> nn.Module:
    model = dense_model()
    getattr(model[place], method)(lambda *given: None)
    return model


def traced(model: nn.Module) -> nn.Module:
    made = torch.jit.trace(model, torch.zeros(1, 30))  # type: ignore[no-untyped-call]
    assert isinstance(made, nn.Module)
    return made


def patched() -> nn.Module:
    model = dense_model()
    model[1].forward = lambda x: 100.0 * x
    return model


class Louder(nn.Sequential):
    def __call__(self, *given: Any) -> Any:
        return 5.0 * super().__call__(*given)


def bad_norm() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    assert isinstance(model[1], nn.BatchNorm1d)
    assert model[1].running_mean is not None
    model[1].running_mean[0] = math.nan
    return model


def normed(weight_norm: Callable[[nn.Linear], nn.Module]) -> nn.Module:
    return nn.Sequential(weight_norm(nn.Linear(4, 3)), nn.ReLU(), nn.Linear(3, 2))


def old_weight_norm(part: nn.Linear) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that it is the old one
        return nn.utils.weight_norm(part)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: with_value(math.nan), ["module 0 (Linear)", "weight with 1 of 1500 values NaN or infinite"]),
        (lambda: with_value(-math.inf), ["module 0 (Linear)", "NaN or infinite"]),
        (bad_norm, ["module 1 (BatchNorm1d)", "running_mean", "NaN"]),
        (lambda: dense_model().to("meta"), ["meta device", "Build the model on a real device"]),
        (lambda: dense_model().to(torch.complex64), ["weight of complex64"]),
        (lambda: dense_model().half(), ["weight of float16", "Call .float()"]),
        (lambda: dense_model().bfloat16(), ["weight of bfloat16", "Call .float()"]),
        (lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU()), ["module 0 (LazyLinear)", "Write nn.Linear"]),
        (lambda: traced(dense_model()), ["a script", "the module that it was made of"]),
        (lambda: nn.Sequential(nn.Linear(3, 3), nn.Dropout(1.0), nn.Linear(3, 1)), ["module 1 (Dropout)", "p=1"]),
        (lambda: dense_model(nn.LeakyReLU(1.5)), ["module 1 (LeakyReLU)", "negative_slope", "1.5", "at most 1"]),
        (lambda: dense_model(nn.LeakyReLU(math.nan)), ["module 1 (LeakyReLU)", "nan"]),
        (lambda: dense_model(nn.ELU(-2.0)), ["module 1 (ELU)", "alpha"]),
        (lambda: dense_model(nn.Softplus(threshold=1)), ["module 1 (Softplus)", "threshold=1"]),
        (
            lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, eps=-1.0), nn.Linear(4, 1)),
            ["(BatchNorm1d)", "eps"],
        ),
        (lambda: Louder(nn.Linear(3, 3), nn.Linear(3, 1)), ["module Louder", "a forward of its own"]),
        (lambda: hooked("register_forward_hook", 1), ["module 1 (Tanh)", "a forward hook"]),
        (lambda: hooked("register_forward_pre_hook", 2), ["module 2 (Linear)", "a forward pre-hook"]),
        (lambda: hooked("register_full_backward_hook", 1), ["module 1 (Tanh)", "a backward hook"]),
        (patched, ["module 1 (Tanh)", "a forward of its own"]),
        (lambda: normed(nn.utils.parametrizations.weight_norm), ["a parametrization of weight"]),
        (lambda: normed(old_weight_norm), ["a forward pre-hook"]),
        (
            lambda: nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)).eval(),
            ["module 1 (BatchNorm1d)", "running statistics", "Call .train()"],
        ),
        (lambda: nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1)).eval(), ["Call .train()"]),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Complex modules")
def test_values_and_modes_are_looked_at_where_they_enter(make: Callable[[], nn.Module], says: list[str]) -> None:
    with pytest.raises(UnreadableModel) as caught:
        read_model(make())
    assert "\n" not in str(caught.value)
    for fragment in says:
        assert fragment in str(caught.value)


def test_evaluation_mode_is_read_where_it_changes_nothing() -> None:
    model = nn.Sequential(
        nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False), nn.Dropout(0.0), nn.Linear(3, 1)
    )
    assert read_model(model.eval()).spec == read_model(model.train()).spec


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own code, as it is imported
def test_a_part_that_is_compiled_is_read_as_what_it_was() -> None:
    model = dense_model()
    compiled = nn.Sequential()
    for key, part in model.named_children():
        compiled._modules[key] = cast(nn.Module, torch.compile(part))
    assert read_model(compiled) == read_model(model)
