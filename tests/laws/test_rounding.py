"""The bound that laws use holds for sums in any order, for functions and for kinks, and does not hide a missing term."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.rounding import EPS, Rounding, assert_within, gamma


def test_sums_in_any_order_are_within_the_bound_and_a_missing_term_is_not() -> None:
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(shape).astype(np.float32) for shape in ((6, 130), (130, 6)))
    with Rounding("float32") as rounding:
        exact = torch.from_numpy(a).double() @ torch.from_numpy(b).double()
    bound = rounding.of(exact)
    absolute = np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64))
    # 130 products and 129 sums; the bound allows for two more roundings and is no larger than gamma of twice as many
    assert (bound >= gamma(130, EPS["float32"]) * absolute).all()
    assert (bound <= gamma(260, EPS["float32"]) * absolute).all()
    for _ in range(30):
        order = random.permutation(130)
        one_by_one = np.zeros((6, 6), np.float32)
        for k in order:
            one_by_one += np.outer(a[:, k], b[k])
        assert_within(one_by_one, exact.numpy(), bound)
    with pytest.raises(AssertionError, match="more than rounding"):
        assert_within(one_by_one - np.outer(a[:, 0], b[0]), exact.numpy(), bound)


def test_a_change_at_a_kink_is_within_the_bound_there_and_nowhere_else() -> None:
    z = torch.tensor([[1.0, 1e8, -1e8], [1.0, 2.0, 3.0]]).double()
    with Rounding("float32") as rounding:
        x = z.sum(1)  # 1 beside 1e8 is lost in single precision
        slope = (x.requires_grad_() * 1.0).relu()
        (slope,) = torch.autograd.grad(slope.sum(), x)
    assert rounding.of(slope)[0] >= 1.0 and rounding.of(slope)[1] < 1e-5


@pytest.mark.parametrize(
    "activation", [nn.Tanh(), nn.ReLU(), nn.GELU(), nn.Softplus()], ids=lambda part: type(part).__name__
)
def test_torchs_own_single_precision_is_within_the_bound(activation: nn.Module) -> None:
    torch.manual_seed(0)
    single = nn.Sequential(nn.Linear(9, 12), activation, nn.LayerNorm(12), nn.Linear(12, 5))
    double = nn.Sequential(nn.Linear(9, 12), activation, nn.LayerNorm(12), nn.Linear(12, 5)).double()
    double.load_state_dict(single.state_dict())
    x, t = torch.randn(40, 9), torch.eye(5)[torch.randint(0, 5, (40,))]
    nn.functional.cross_entropy(single(x), t).backward()  # type: ignore[no-untyped-call]
    with Rounding("float32") as rounding:
        nn.functional.cross_entropy(double(x.double()), t.double()).backward()  # type: ignore[no-untyped-call]
    for ours, theirs in zip(single.parameters(), double.parameters(), strict=True):
        assert ours.grad is not None and theirs.grad is not None
        bound = rounding.of(theirs.grad)
        assert_within(ours.grad.numpy(), theirs.grad.numpy(), bound)
        assert np.linalg.norm(bound) < 0.1 * np.linalg.norm(theirs.grad.numpy()) or theirs.grad.numpy().size == 12


def test_what_has_no_rule_is_refused() -> None:
    with Rounding("float64"), pytest.raises(NotImplementedError, match="no rule"):
        torch.ones(3).double().sort()
