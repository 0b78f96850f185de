"""Every law of initial weights: mean and standard deviation as claimed, the same draws in any grouping, pairing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from gradlab.nets.stack import initial_layer
from gradlab.nets.steps import Step
from gradlab.parts import INITIALIZERS
from gradlab.parts.initializers import TRUNCATED_STD, Draws
from gradlab.seeds import Purpose
from gradlab.spec import Dense
from gradlab.spec.choice import choose
from tests.jobs import ROOT_SEED
from tests.oracles import streams

CHOICES: dict[str, list[str]] = {
    "constant": ["constant(0.7)"],
    "uniform": ["uniform", "uniform(-1, 3)"],
    "normal": ["normal", "normal(std=2)"],
    "lecun_normal": ["lecun_normal", "lecun_normal(gain=1.5)", "lecun_normal(truncated=true)"],
    "lecun_uniform": ["lecun_uniform(gain=1.5)"],
    "glorot_normal": ["glorot_normal", "glorot_normal(gain=0.5, truncated=true)"],
    "glorot_uniform": ["glorot_uniform", "glorot_uniform(gain=2)"],
    "he_normal": ["he_normal", "he_normal(negative_slope=0.5)", "he_normal(truncated=true)"],
    "he_uniform": ["he_uniform", "he_uniform(negative_slope=0.5)"],
    "orthogonal": ["orthogonal", "orthogonal(gain=2)"],
}
ALL = [choice for name in INITIALIZERS for choice in CHOICES.get(name, [name])]
FAN_IN, FAN_OUT = 5, 8
REPLICAS = np.arange(1500)


def sample(choice: str, replicas: Any = REPLICAS, fan_in: int = FAN_IN, fan_out: int = FAN_OUT) -> np.ndarray:
    """A block of weights [R, fan_out, columns], biases in the last column for a law that draws both."""
    chosen = choose(INITIALIZERS, "initializer", choice)
    law = INITIALIZERS[chosen.name]
    columns = fan_in + law.includes_bias
    drawn = law.sample(Draws(ROOT_SEED, np.asarray(replicas), 2), fan_out, columns, fan_in, fan_out, *chosen.values)
    return np.asarray(drawn)


def claimed_std(choice: str, fan_in: int = FAN_IN, fan_out: int = FAN_OUT) -> float | None:
    chosen = choose(INITIALIZERS, "initializer", choice)
    std = INITIALIZERS[chosen.name].std
    return None if std is None else std(fan_in, fan_out, *chosen.values)


def middle(choice: str) -> float:
    """The mean a law claims: 0 but for uniform laws on an interval that is not symmetric, and constants."""
    return {"uniform(-1, 3)": 1.0, "constant(0.7)": 0.7}.get(choice, 0.0)


@pytest.mark.parametrize("choice", ALL)
def test_mean_and_std_are_as_claimed(choice: str) -> None:
    std = claimed_std(choice)
    if std is None:
        assert choice in ("constant(0.7)", "rai")  # tested below
        return
    # replicas are independent, the entries of an orthogonal matrix are not: standard errors come from replica means
    values = sample(choice).reshape(len(REPLICAS), -1) - middle(choice)
    means, squares = values.mean(1), (values**2).mean(1)
    root_n = math.sqrt(len(REPLICAS))
    assert abs(means.mean()) <= 4 * means.std() / root_n
    assert abs(squares.mean() - std**2) <= 4 * squares.std() / root_n + 1e-12


@pytest.mark.parametrize("choice", ALL)
def test_mean_kurtosis_and_independence_are_as_claimed(choice: str) -> None:
    chosen = choose(INITIALIZERS, "initializer", choice)
    law = INITIALIZERS[chosen.name]
    claimed = 0.0 if law.mean is None else law.mean(*chosen.values)
    assert claimed == pytest.approx(middle(choice)) or choice == "rai"
    std = claimed_std(choice)
    if not std:
        return
    values = (sample(choice) - claimed) / std
    if law.is_independent:
        fourth = (values**4).reshape(len(REPLICAS), -1).mean(1)
        kurtosis = 3.0 + (0.0 if law.kurtosis is None else law.kurtosis(*chosen.values))
        assert abs(fourth.mean() - kurtosis) <= 4 * fourth.std() / math.sqrt(len(REPLICAS))
    # squares of two weights of one row do not go together, unless the row has a fixed length
    together = (values[:, 0, 0] ** 2 - 1) * (values[:, 0, 1] ** 2 - 1)
    is_near_0 = abs(together.mean()) <= 4 * together.std() / math.sqrt(len(REPLICAS))
    assert is_near_0 or not law.is_independent


@pytest.mark.parametrize("choice", ALL)
def test_chunks_and_order_of_replicas_do_not_matter(choice: str) -> None:
    whole = sample(choice, np.arange(30))
    pieces = np.concatenate([sample(choice, np.arange(a, a + 10)) for a in (0, 10, 20)])
    assert np.array_equal(whole, pieces)
    assert np.array_equal(whole[[7, 3, 29]], sample(choice, [7, 3, 29]))
    assert np.array_equal(whole[[4]], sample(choice, [4]))


@pytest.mark.parametrize("choice", ALL)
def test_shape_and_finiteness(choice: str) -> None:
    for fan_in, fan_out in ((1, 1), (1, 7), (7, 1), (3, 3)):
        block = sample(choice, np.arange(4), fan_in, fan_out)
        assert block.shape == (4, fan_out, fan_in + (choice == "rai"))
        assert np.isfinite(block).all()


@pytest.mark.parametrize("choice", [choice for choice in ALL if choice.split("(")[0] not in ("zeros", "constant")])
def test_replicas_and_layers_differ(choice: str) -> None:
    chosen = choose(INITIALIZERS, "initializer", choice)
    layer = Dense(units=4, weights=chosen, bias="own")
    weights, biases = initial_layer(Step(layer, 0, (4,), (4,), block=0), ROOT_SEED, REPLICAS[:2])
    other, _ = initial_layer(Step(layer, 1, (4,), (4,), block=1), ROOT_SEED, REPLICAS[:2])
    assert biases is not None
    assert not np.isclose(weights[0], weights[1]).any()
    assert not np.isclose(weights, other).any()
    assert not np.isin(biases, weights).any()


def test_weights_are_the_published_laws_of_oracle_draws() -> None:
    # he: the bound is sqrt(6 / fan_in), the normal's standard deviation sqrt(2 / fan_in)
    draws = streams.uniforms(ROOT_SEED, 3, Purpose.WEIGHTS, 2, FAN_IN * FAN_OUT)
    bound = math.sqrt(6 / FAN_IN)
    expected = np.reshape([bound * (2 * u - 1) for u in draws], (FAN_OUT, FAN_IN))
    np.testing.assert_allclose(sample("he_uniform", [3])[0], expected, rtol=1e-14, atol=1e-15)
    normals = streams.normals(ROOT_SEED, 3, Purpose.WEIGHTS, 2, FAN_IN * FAN_OUT)
    expected = np.reshape(normals, (FAN_OUT, FAN_IN)) * math.sqrt(2 / FAN_IN)
    np.testing.assert_allclose(sample("he_normal", [3])[0], expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("choice", "bound"),
    [
        ("uniform(-0.3, 0.3)", 0.3),
        ("truncated_normal(std=1)", 2.0),
        ("he_normal(truncated=true)", 2 * math.sqrt(2 / FAN_IN) / TRUNCATED_STD),
        ("glorot_normal(truncated=true)", 2 * math.sqrt(2 / (FAN_IN + FAN_OUT)) / TRUNCATED_STD),
        ("glorot_uniform", math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("torch_default", 1 / math.sqrt(FAN_IN)),
    ],
)
def test_bounded_laws_fill_their_range_and_stay_inside(choice: str, bound: float) -> None:
    values = np.abs(sample(choice))
    assert 0.995 * bound < values.max() <= bound


def test_truncated_std_is_that_of_a_normal_cut_at_two() -> None:
    # integral of z^2 over [-2, 2] divided by that of 1
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    std = math.sqrt(1 - 4 * density / math.erf(math.sqrt(2)))
    assert std == pytest.approx(TRUNCATED_STD, rel=1e-15)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(5, 5), (3, 8), (8, 3), (1, 4), (4, 1)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_rows_or_columns_are_orthonormal(fan_in: int, fan_out: int, gain: float) -> None:
    w = sample(f"orthogonal(gain={gain})", np.arange(20), fan_in, fan_out)
    transposed = np.swapaxes(w, 1, 2)
    gram = transposed @ w if fan_out >= fan_in else w @ transposed
    expected = np.broadcast_to(gain**2 * np.eye(min(fan_in, fan_out)), gram.shape)
    np.testing.assert_allclose(gram, expected, atol=1e-13)


def test_orthogonal_law_is_haar() -> None:
    # the square of an entry of a Haar orthogonal matrix is Beta(1/2, (n - 1)/2); a raw QR would fix signs on the diagonal
    w = sample("orthogonal", REPLICAS, 5, 5)
    for row, column in ((0, 0), (4, 4), (1, 3)):
        entries = w[:, row, column]
        assert abs((entries > 0).mean() - 0.5) <= 4 * 0.5 / math.sqrt(len(entries))
        assert kstest(entries**2, "beta", args=(0.5, 2.0)).pvalue > 1e-4


def test_rai_replaces_one_entry_of_every_row_by_beta() -> None:
    s = 0.6007
    replaced = sample("rai")
    plain = s / math.sqrt(FAN_IN) * Draws(ROOT_SEED, REPLICAS, 2).normals(FAN_OUT, FAN_IN + 1)
    changed = replaced != plain
    assert (changed.sum(2) == 1).all()
    counts = changed.sum((0, 1))
    rows = len(REPLICAS) * FAN_OUT
    assert counts.sum() == rows
    assert chisquare(counts).pvalue > 1e-4

    values = replaced[changed]
    assert ((values > 0) & (values < 1)).all()
    assert abs(values.mean() - 2 / 3) <= 4 * math.sqrt(1 / 18 / rows)
    assert kstest(values, lambda x: x**2).pvalue > 1e-4

    others = replaced[~changed]
    assert abs(others.mean()) <= 4 * others.std() / math.sqrt(others.size)
    variance = s**2 / FAN_IN
    assert abs((others**2).mean() - variance) <= 4 * variance * math.sqrt(2 / others.size)


def test_rai_keeps_the_second_moment_of_a_relu_layer() -> None:
    # the equation s solves, with E[B] = 2/3 and E[B^2] = 1/2 for Beta(2, 1)
    s = 0.60074730915
    assert s**2 / 2 + 2 * (2 / 3) * s / math.sqrt(2 * math.pi) + 1 / 2 == pytest.approx(1, abs=1e-10)


def test_laws_that_differ_in_scale_share_their_draws() -> None:
    assert np.array_equal(sample("normal(std=0.1)"), 2 * sample("normal(std=0.05)"))
    assert np.array_equal(sample("truncated_normal(std=0.1)"), 2 * sample("truncated_normal(std=0.05)"))
    assert np.array_equal(sample("orthogonal(gain=2)"), 2 * sample("orthogonal"))
    np.testing.assert_allclose(sample("he_normal"), math.sqrt(2) * sample("lecun_normal"), rtol=1e-14)
    np.testing.assert_allclose(sample("glorot_uniform(gain=3)"), 3 * sample("glorot_uniform"), rtol=1e-14)
    monotone = np.argsort(sample("he_uniform", [5]).ravel()) == np.argsort(sample("he_normal", [5]).ravel())
    assert monotone.all()


@pytest.mark.parametrize("record", INITIALIZERS.values(), ids=list(INITIALIZERS))
def test_every_record_says_what_it_is_and_where_it_comes_from(record: Any) -> None:
    assert record.formula
    assert len(record.source) > 5
