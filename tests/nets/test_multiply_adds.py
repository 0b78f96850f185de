"""Multiply-adds: of every product however it is written, and what cannot be counted is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradlab.nets.module_summary import summarize
from gradlab.reports.summary_text import sums_text

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (nn.Linear(10, 7), (10,), 70),
        (nn.Linear(10, 7, bias=False), (3, 10), 3 * 70),
        (nn.Conv1d(3, 4, 3), (3, 9), 7 * 4 * 9),
        (nn.Conv2d(4, 8, 5, groups=2, stride=2, padding=2), (4, 16, 16), 8 * 8 * 8 * 25 * 2),
        (nn.Conv3d(1, 2, 2), (1, 3, 3, 3), 8 * 2 * 8),
        (nn.ConvTranspose2d(4, 8, 5), (4, 8, 8), 8 * 8 * 4 * 8 * 25),
        (nn.LSTM(5, 6, batch_first=True), (4, 5), 4 * 4 * 6 * (5 + 6)),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (4, 8), 4 * (4 * 64 + 2 * 8 * 16) + 2 * 4 * 4 * 8),
        (nn.BatchNorm2d(3), (3, 4, 4), 0),
        (nn.MultiheadAttention(8, 2, batch_first=True), (4, 8), 4 * 4 * 64 + 2 * 4 * 4 * 8),
        (nn.ConvTranspose1d(4, 6, 3, groups=2), (4, 5), 5 * 4 * 3 * 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)  # fmt: skip
def test_multiply_adds_and_parameters(module: nn.Module, shape: tuple[int, ...], expected: int) -> None:
    if isinstance(module, nn.MultiheadAttention):
        module = Itself(module)
    summary = summarize(module, shape)
    assert summary.uncounted == ()
    assert summary.multiply_adds == expected
    assert summary.trainable == sum(p.numel() for p in module.parameters())


class Itself(nn.Module):
    """Attention of a sequence to itself."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.attention(x, x, x)[0]
        return found


class Written(nn.Module):
    """A forward pass that is one expression of the input and of parameters [6, 4], [6] and [3, 4, 5]."""

    def __init__(self, forward: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(6, 4)), nn.Parameter(torch.ones(6))
        self.c = nn.Parameter(torch.ones(3, 4, 5))
        self.written = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.written(x, self.a, self.b, self.c)


PRODUCTS: dict[str, tuple[Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], int]] = {
    "mv": (lambda x, a, b, c: torch.mv(a, x[0]), 24),
    "addmv": (lambda x, a, b, c: torch.addmv(b, a, x[0]), 24),
    "dot": (lambda x, a, b, c: torch.dot(x[0], a[0]), 4),
    "addr": (lambda x, a, b, c: torch.addr(a, b, x[0]), 24),
    "matmul": (lambda x, a, b, c: a @ x[0], 24),
    "bmm": (lambda x, a, b, c: torch.bmm(x.expand(3, 1, 4), c), 60),
    "baddbmm": (lambda x, a, b, c: torch.baddbmm(torch.ones(3, 1, 5), x.expand(3, 1, 4), c), 60),
    "addbmm": (lambda x, a, b, c: torch.addbmm(torch.ones(1, 5), x.expand(3, 1, 4), c), 60),
    "addmm_": (lambda x, a, b, c: torch.ones(1, 6).addmm_(x, a.T), 24),
    "einsum": (lambda x, a, b, c: torch.einsum("bi,ki->bk", x, a), 24),
    "einsum of three": (lambda x, a, b, c: torch.einsum("bi,kij,bj->bk", x, c, torch.ones(1, 5)), 3 * 4 * 5 + 3 * 5),
    "tensordot": (lambda x, a, b, c: torch.tensordot(x, c, ([1], [1])), 60),
    "bilinear": (lambda x, a, b, c: F.bilinear(x, torch.ones(1, 5), c), 3 * 4 * 5 + 3 * 5),
    "attention": (lambda x, a, b, c: F.scaled_dot_product_attention(a[None], a[None], a[None]), 6 * 6 * (4 + 4)),
    "unfold": (lambda x, a, b, c: a @ F.unfold(x.view(1, 1, 2, 2), 2), 24),
    "pointwise": (lambda x, a, b, c: torch.sigmoid(a * x + 1).sum(0).cumsum(0).sort()[0].softmax(0)[None], 0),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_counted_however_they_are_written(name: str) -> None:
    written, expected = PRODUCTS[name]
    summary = summarize(Written(written), (4,))
    assert (summary.multiply_adds, summary.uncounted) == (expected, ())


def test_a_bilinear_layer_is_two_products() -> None:
    class Squared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Bilinear(4, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(x, x)
            return y

    (row,) = summarize(Squared(), (4,)).layers
    assert (row.kind, row.multiply_adds, row.uncounted) == ("Bilinear", 3 * 4 * 4 + 3 * 4, ())


class Spectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.fft.rfft(x).abs()
        return y


@torch.library.custom_op("gradlab_tests::mixed", mutates_args=())
def mixed(x: Tensor) -> Tensor:
    return x @ torch.ones(3, 3)


class Custom(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = mixed(x)
        return y


@pytest.mark.parametrize(("module", "operation"), [(Spectrum(), "_fft_r2c"), (Custom(), "gradlab_tests::mixed")])
def test_what_nobody_counts_is_unknown_and_has_a_name(module: nn.Module, operation: str) -> None:
    summary = summarize(nn.Sequential(nn.Linear(2, 3), module), (2,))
    kind = type(module).__name__
    assert [(row.multiply_adds, row.uncounted) for row in summary.layers] == [(6, ()), (0, (operation,))]
    assert summary.uncounted == (kind,)
    document = summary.to_dict()
    assert [row["multiply_adds"] for row in document["layers"]] == [6, None]
    assert (document["multiply_adds"], document["uncounted"]) == (6, (kind,))
    assert sums_text(summary)[1].startswith("One example: at least 6 multiply-adds, ")
    assert sums_text(summary)[1].endswith(f" Not counted: {kind} ({operation}).")
    alone = summarize(nn.Sequential(module), (3,))
    assert alone.to_dict()["multiply_adds"] is None
    assert sums_text(alone)[1].startswith("One example: unknown multiply-adds, ")
