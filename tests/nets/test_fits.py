"""Shapes that a layer cannot take: refused by name, with what would fit; and what is said to fit does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gradlab.errors import SpecError
from gradlab.nets.module_summary import summarize
from tests.nets.test_summary import hooks_of, small_cnn

torch.set_num_threads(1)


def sequential(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3), *layers)


@pytest.mark.parametrize(
    ("module", "shape", "says"),
    [
        (small_cnn(), (3, 28, 28), ["layer 0 (Conv2d)", "got 3 x 28 x 28", "1 channel (in_channels)", "an input of 1 x 28 x 28"]),
        (small_cnn(), (28, 28), ["layer 0 (Conv2d)", "got 28 x 28", "1 x height x width"]),
        (small_cnn(), (1, 4, 4), ["layer 3 (Conv2d)", "got 32 x 2 x 2", "kernel of 3 x 3", "at least 3 x 3", "padding=1"]),
        (small_cnn(), (1, 32, 32), ["layer 10 (Linear)", "got 12544", "9,216 numbers", "in_features=12544"]),
        (sequential(nn.Conv2d(8, 4, 3)), (1, 9, 9), ["layer 1 (Conv2d)", "got 4 x 7 x 7", "8 channels", "in_channels=4"]),
        (sequential(nn.Conv2d(4, 4, 5, dilation=2)), (1, 9, 9), ["layer 1 (Conv2d)", "least 9 x 9", "most 4 x 4", "padding=1"]),
        (sequential(nn.Linear(196, 4)), (1, 9, 9), ["layer 1 (Linear)", "got 4 x 7 x 7", "196 numbers", "Put nn.Flatten()"]),
        (sequential(nn.Linear(5, 4)), (1, 9, 9), ["layer 1 (Linear)", "nn.Flatten() before it and give it in_features=196"]),
        (sequential(nn.MaxPool2d(8)), (1, 9, 9), ["layer 1 (MaxPool2d)", "kernel of 8 x 8", "at most 7 x 7"]),
        (sequential(nn.BatchNorm2d(3)), (1, 9, 9), ["layer 1 (BatchNorm2d)", "3 channels (num_features)", "num_features=4"]),
        (sequential(nn.BatchNorm1d(4)), (1, 9, 9), ["layer 1 (BatchNorm1d)", "got 4 x 7 x 7", "Use BatchNorm2d"]),
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm2d(4)), (3,), ["layer 1 (BatchNorm2d)", "got 4", "Use BatchNorm1d"]),
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(5)), (3,), ["layer 1 (BatchNorm1d)", "5 channels", "num_features=4"]),
        (sequential(nn.LayerNorm(9)), (1, 9, 9), ["layer 1 (LayerNorm)", "got 4 x 7 x 7", "normalized_shape=[9]"]),
        (nn.Sequential(nn.Linear(3, 4), nn.Bilinear(4, 4, 1)), (3,), ["layer 1 (Bilinear)", "missing 1 required"]),
        (nn.ModuleList([nn.Linear(3, 3)]), (3,), ["layer ModuleList", "forward"]),
        (nn.Linear(3, 3), (0,), ["input", "at least 1"]),
        (nn.Linear(3, 3), (10**5, 10**5), ["input", "100,000,000"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_would(
    module: nn.Module, shape: tuple[int, ...], says: list[str]
) -> None:
    hooks = hooks_of(module)
    with pytest.raises(SpecError) as caught:
        summarize(module, shape)
    for fragment in says:
        assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hooks_of(module) == hooks


def test_what_would_fit_does() -> None:
    summarize(sequential(nn.Conv2d(4, 4, 5, dilation=2, padding=1)), (1, 9, 9))
    summarize(sequential(nn.Conv2d(4, 4, 4, dilation=2)), (1, 9, 9))
    summarize(sequential(nn.Flatten(), nn.Linear(196, 4)), (1, 9, 9))
    summarize(sequential(nn.MaxPool2d(7)), (1, 9, 9))


def test_a_users_own_subclass_may_take_other_shapes() -> None:
    class Transposed(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.transpose(1, 2))

    assert summarize(Transposed(7, 2), (7, 3)).layers[0].output == (3, 2)
