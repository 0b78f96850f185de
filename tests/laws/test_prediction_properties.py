"""What holds of every prediction: scaling, no NaN anywhere, depth and width in their places."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlab.parts import ACTIVATIONS
from gradlab.spec import NetworkSpec
from gradlab.stats.text import json_safe
from gradlab.theory.predict import Inputs, advise, predict_network

NAMES = st.sampled_from([name for name, record in ACTIVATIONS.items() if not record.mistake])


def sizes(low: float, high: float) -> st.SearchStrategy[float]:
    """Log-uniform."""
    return st.floats(math.log10(low), math.log10(high)).map(lambda x: 10.0**x)


def network(**said: Any) -> NetworkSpec:
    base = {"inputs": 10, "outputs": 10, "hidden": [10] * 4, "activation": "relu", "weights": "he_normal"}
    return NetworkSpec.model_validate({**base, **said})


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in numbers(item)]
    if isinstance(value, list | tuple):
        return [one for item in value for one in numbers(item)]
    return [value] if isinstance(value, float) else []


@given(
    name=NAMES,
    sigma_w2=sizes(1e-6, 1e6),
    sigma_b2=st.one_of(st.just(0.0), sizes(1e-6, 1e3)),
    depth=st.sampled_from([1, 2, 30]),
    square=st.one_of(st.just(0.0), sizes(1e-6, 1e6)),
    dropout=st.sampled_from([0.0, 0.5]),
    norm=st.sampled_from([None, "batch_norm", "layer_norm"]),
)
@settings(max_examples=60)
def test_no_nan_escapes(
    name: str, sigma_w2: float, sigma_b2: float, depth: int, square: float, dropout: float, norm: str | None
) -> None:
    spec = network(
        hidden=[10] * depth,
        activation=name,
        weights={"name": "lecun_normal", "gain": math.sqrt(sigma_w2)},
        bias=f"normal({math.sqrt(sigma_b2)!r})",
        dropout=dropout,
        **({} if norm is None else {"norm": norm}),
    )
    found = predict_network(spec, Inputs(square))
    assert not any(map(math.isnan, numbers(found.to_dict())))
    assert json.dumps(json_safe(found.to_dict()), allow_nan=False)
    assert found.verdict


@given(std=sizes(1e-3, 10.0), factor=sizes(1e-2, 1e2), place=st.integers(0, 4))
@settings(max_examples=30)
def test_scaling_a_relu_layer_scales_q_from_there_on(std: float, factor: float, place: int) -> None:
    plain = network(weights=f"normal({std!r})")
    layers = list(plain.dense)
    layers[place] = network(weights=f"normal({std * factor!r})").dense[place]
    scaled = plain.model_copy(update={"layers": tuple(layers)})
    before, after = predict_network(plain).profile, predict_network(scaled).profile
    q, new = before["pre_activation_second_moment"][0], after["pre_activation_second_moment"][0]
    np.testing.assert_allclose(new[:place], q[:place])
    np.testing.assert_allclose(new[place:], q[place:] * factor**2, rtol=1e-9)
    # a gradient on its way to layer l passes the weights above it
    old, now = before["relative_gradient_rms"][0], after["relative_gradient_rms"][0]
    np.testing.assert_allclose(now[:place], old[:place] * factor, rtol=1e-9)
    np.testing.assert_allclose(now[place:], old[place:], rtol=1e-12)


@given(name=NAMES, first=st.integers(1, 300), last=st.integers(1, 300))
@settings(max_examples=10)
def test_at_a_gain_of_one_a_layer_s_width_changes_nothing_but_its_own_share(name: str, first: int, last: int) -> None:
    one, other = (network(hidden=[7, n, 7], activation=name, weights="lecun_normal") for n in (first, last))
    a, b = predict_network(one).profile, predict_network(other).profile
    for quantity in ("pre_activation_second_moment", "activation_mean", "activation_std", "saturation"):
        np.testing.assert_allclose(a[quantity], b[quantity], rtol=1e-12, atol=1e-15)
    norms = [p["relative_gradient_rms"][0] * np.sqrt([7, n, 7, 10]) for p, n in ((a, first), (b, last))]
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-12)


@pytest.mark.parametrize("weights", ["glorot_uniform", "torch_default", "he_normal", "normal(0.3)"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "sigmoid"])
def test_advice_brings_a_network_nearer_to_health(activation: str, weights: str) -> None:
    from gradlab.theory.predict.advice import distance

    spec = network(hidden=[100] * 30, activation=activation, weights=weights)
    found = predict_network(spec)
    for change in advise(spec, found):
        assert distance(change.spec) < distance(spec)
        assert change.prediction.profile.layers == found.profile.layers
        assert change.text.startswith("weights = ")
