"""Modules that cannot be summarized are refused in clear words; lazy ones learn their shapes."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gradlab.errors import SpecError
from gradlab.nets.module_summary import expected_input, summarize

torch.set_num_threads(1)


class Several(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(self, x: Tensor, y: Tensor, *, scale: float = 1.0) -> Tensor:
        z: Tensor = self.a(x) + self.b(y) * scale
        return z


class Keyed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 3)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        y: Tensor = self.a(batch["x"])
        return y


class Constant(nn.Module):
    def forward(self) -> Tensor:
        return torch.ones(1)


class Vast(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.new_ones(1 << 50)


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have others
        return nn.Sequential(nn.Linear(4, 4), torch.jit.script(nn.Sequential(nn.ReLU())))


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (Several(), ["layer Several", "needs x, y", "Wrap it in a module", "self.net(x, y=torch.zeros(len(x), 5))"]),
        (Keyed(), ["layer Keyed", "one tensor", "wrap it in a module"]),
        (Constant(), ["layer Constant", "takes no tensor"]),
        (Vast(), ["layer Vast", "got 4", "fits into memory", "smaller --input"]),
        (nn.Sequential(nn.Linear(4, 2), Vast()), ["layer 1 (Vast)", "got 2", "fits into memory"]),
        (scripted(), ["layer 1 (RecursiveScriptModule)", "TorchScript", "from which torch.jit.script"]),
    ],
    ids=["several", "dictionary", "none", "vast", "vast-inside", "scripted"],
)
def test_modules_that_cannot_be_summarized(module: nn.Module, says: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        summarize(module, (4,))
    for fragment in says:
        assert fragment in str(caught.value)


class Warning_(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        warnings.warn("mind this", UserWarning, stacklevel=1)
        return x


def test_warnings_are_heard_where_it_works() -> None:
    with pytest.warns(UserWarning, match="mind this"):
        summarize(Warning_(), (3,))


def test_lazy_modules_learn_their_shapes_from_the_input_and_stay_lazy() -> None:
    module = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(10))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazy modules are a promise that torch may break, it says
        summary = summarize(module, (3, 8, 8))
    assert [row.parameters for row in summary.layers] == [112, 8, 0, 1450]
    assert all(is_lazy(p) for p in module.parameters())
    assert expected_input(nn.Sequential(nn.LazyLinear(3))) is None
