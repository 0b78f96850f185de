"""Every quantity of the catalog: equal to a slow and obvious one, scaling as it must, deaf to the other replicas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradlab.errors import UnknownName, UserError
from gradlab.signals import QUANTITIES, Captured, Profile, Quantity, measure
from tests.oracles import signals as oracle
from tests.signals.made import alone, changed, made, stacked

EACH = pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=list(QUANTITIES))
CASES = {
    "ordinary": made(),
    "double": made(dtype="float64"),
    "one replica": made(1),
    "one input": made(2, 1),
    "one unit everywhere": made(2, 6, (1, 1, 1)),
    "one of all": made(1, 1, (1, 1, 1)),
    "no hidden layer": made(2, 6, (3, 2)),
    "no biases": made(2, 6, has_biases=False),
    "forward only": made(2, 6, has_backward=False, has_updates=False, is_classes=False, has_norms=False),
    "no updates": made(2, 6, has_updates=False),
    "140 entries": made(2, 20, (3, 7, 2)),  # 5 % of 140 is not 7 in floating point
    "all zero": changed(made(2, 6), np.zeros_like),
    "all alike": changed(made(2, 6), lambda array: np.full_like(array, 0.1)),
    "tiny": changed(made(2, 6, dtype="float64"), lambda array: array * 1e-200),
    "huge": changed(made(2, 6, dtype="float64"), lambda array: array * 1e300),
    "small in single precision": changed(made(2, 6), lambda array: array * np.float32(1e-38)),
}


def poisoned(value: float, only: str | None = None, into: Captured | None = None, seed: int = 1) -> Captured:
    """Replica 0 holds the value in one place of every array, or of those of one name; the others are as they were."""
    random = np.random.default_rng(seed)

    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        if array.ndim > 1:
            array[0].flat[random.integers(array[0].size)] = value
        return array

    return changed(into or made(3, 20), change, only)


CASES |= {f"a {value} in each array": poisoned(value) for value in (math.nan, math.inf, -math.inf)}
CASES["both infinities in each array"] = poisoned(-math.inf, into=poisoned(math.inf), seed=2)


def assert_same(ours: Profile, theirs: Profile, rtol: float = 1e-13) -> None:
    assert list(ours.values) == list(theirs.values)
    for name in ours.values:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, err_msg=name)


@pytest.mark.parametrize("captured", CASES.values(), ids=list(CASES))
@EACH
def test_each_quantity_equals_the_obvious_one(quantity: Quantity, captured: Captured) -> None:
    ours = quantity.measure(captured)
    assert ours.dtype == np.float64
    if not captured.has(quantity.needs):
        assert np.isnan(ours).all() or quantity.needs == "classes"
        return
    theirs = [
        [oracle.quantity(quantity.name, alone(captured, r), place) for place in range(len(captured.layers))]
        for r in range(captured.replicas)
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15 * np.abs(np.nan_to_num(ours, posinf=0.0)).max())


@EACH
def test_not_a_number_stays_in_its_replica(quantity: Quantity) -> None:
    before, after = quantity.measure(made(3, 20)), quantity.measure(poisoned(math.nan))
    np.testing.assert_array_equal(after[1:], before[1:])
    assert np.isnan(after[0]).all()


@pytest.mark.parametrize(
    "array", ["pre", "post", "slope", "weights", "weight_grads", "pre_grads", "updates", "outputs"]
)
def test_not_a_number_stays_with_what_is_measured_of_its_array(array: str) -> None:
    before, after = measure(made(3, 20)), measure(poisoned(math.nan, only=array))
    touched = {name for name in before.values if not np.array_equal(before[name], after[name], equal_nan=True)}
    expected = {
        "pre": {"pre_activation_second_moment"},
        "post": {n for n in QUANTITIES if n.startswith("activation_")} | {"unit_mean_std", "zero_entries"},
        "slope": {"saturation", "saturated_units", "slope_max", "slope_min", "dead_units"},
        "weights": {"weight_mean", "weight_std", "grad_to_data", "update_to_data"},
        "weight_grads": {n for n in QUANTITIES if n.startswith("gradient_")} | {"grad_to_data"},
        "pre_grads": {"pre_activation_gradient_rms", "relative_gradient_rms"},
        "updates": {"update_to_data"},
        "outputs": {"output_variance", "top_class_share"},
    }
    assert touched == expected[array]


def test_a_replica_measures_as_it_would_alone() -> None:
    captured = made(4)
    together = measure(captured, distributions=None)
    for r in range(4):
        single = measure(alone(captured, r), distributions=None)
        assert_same(together.replica(r), single)
        for name, histogram in single.histograms.items():
            np.testing.assert_array_equal(together.replica(r).histograms[name].counts, histogram.counts)


def test_the_order_of_the_batch_and_the_layout_of_arrays_do_not_matter() -> None:
    captured = made(2, 30)
    order = np.random.default_rng(3).permutation(30)
    by_input = {"pre", "post", "slope", "pre_grads"}
    shuffled = captured
    for name in by_input:
        shuffled = changed(shuffled, lambda array: array[:, order], only=name)
    shuffled = changed(shuffled, lambda array: array[:, order], only="outputs")
    assert_same(measure(captured), measure(shuffled), rtol=1e-12)
    turned = changed(captured, lambda array: np.asfortranarray(array))
    assert_same(measure(captured), measure(turned), rtol=1e-12)


# How each quantity follows when one array is multiplied: array -> quantity -> power of the factor.
POWERS = {
    "post": {
        **{name: 1 for name in QUANTITIES if name.startswith("activation_")},
        "unit_mean_std": 1,
        "zero_entries": 0,
    },
    "pre": {"pre_activation_second_moment": 2},
    "weights": {"weight_mean": 1, "weight_std": 1, "grad_to_data": -1},
    "weight_grads": {**{name: 1 for name in QUANTITIES if name.startswith("gradient_")}, "grad_to_data": 1},
    "pre_grads": {"pre_activation_gradient_rms": 1},
    "outputs": {"output_variance": 2, "top_class_share": 0},
}


@pytest.mark.parametrize("factor", [2.0, 2.0**-60, 2.0**40])
@pytest.mark.parametrize("array", list(POWERS))
def test_quantities_scale_with_their_arrays(array: str, factor: float) -> None:
    captured = made(dtype="float64")
    before, after = measure(captured), measure(changed(captured, lambda a: factor * a, only=array))
    for name in before.values:
        power = POWERS[array].get(name, 0)
        if name != "update_to_data":
            np.testing.assert_allclose(after[name], before[name] * factor**power, rtol=1e-12, err_msg=name)


def test_an_update_ten_times_as_large_is_one_decade_more() -> None:
    captured = made(dtype="float64")
    more = measure(changed(captured, lambda a: 10 * a, only="updates"))["update_to_data"]
    np.testing.assert_allclose(more, measure(captured)["update_to_data"] + 1, rtol=1e-12)
    wider = measure(changed(captured, lambda a: 10 * a, only="weights"))["update_to_data"]
    np.testing.assert_allclose(wider, measure(captured)["update_to_data"] - 1, rtol=1e-12)


def test_healthy_relu_is_half_saturated_by_entry_and_not_at_all_by_unit() -> None:
    profile = measure(made(4, 400, (30, 40, 40, 10), seed=5))
    assert np.abs(profile["saturation"][:, 0] - 0.5).max() < 0.2
    np.testing.assert_array_equal(profile["saturation"][:, 0], profile["zero_entries"][:, 0])
    assert profile["saturated_units"][:, 0].max() == 0
    assert profile["dead_units"].max() == 0


def test_units_that_are_off_for_the_whole_batch_are_dead_and_saturated() -> None:
    captured = made(1, 40, (5, 8, 3, 2))
    first = captured.layers[0]
    for array in (first.slope, first.post):
        array[:, :, :2] = 0.0  # two of eight are dead
    first.slope[:, :, 2] = 0.0
    first.slope[:, 7, 2] = 1.0  # one passes a gradient for one input of forty
    profile = measure(captured)
    assert profile["dead_units"][0, 0] == 2 / 8
    assert profile["saturated_units"][0, 0] >= 3 / 8


@pytest.mark.parametrize("value", [0.1, 1e300, 1e-300, 0.0])
def test_a_network_of_one_output_value_has_exactly_no_variance(value: float) -> None:
    captured = changed(made(2, 37, dtype="float64"), lambda a: np.full_like(a, value), only="outputs")
    profile = measure(captured)
    assert (profile["output_variance"][:, -1] == 0).all()
    assert (profile["top_class_share"][:, -1] == 1).all()
    assert np.isnan(profile["output_variance"][:, :-1]).all()


def test_what_was_not_captured_is_left_out_and_missed_when_asked_for() -> None:
    captured = made(2, 6, has_backward=False, has_updates=False, is_classes=False, has_norms=False)
    needed = {QUANTITIES[name].needs for name in measure(captured).values}
    assert needed == {"forward"}
    with pytest.raises(UserError, match=r"quantity gradient_rms: got none captured; expected a backward pass\."):
        measure(captured, quantities=["gradient_rms"])
    with pytest.raises(UserError, match=r"distribution updates: got none captured; expected an optimizer step\."):
        measure(captured, distributions=["updates"])
    with pytest.raises(UserError, match=r"quantity norm_scale: got none captured; expected layers with norms\."):
        measure(captured, quantities=["norm_scale"])
    with pytest.raises(UserError, match="scores of two classes or more"):
        measure(made(2, 6, (3, 1)), quantities=["top_class_share"])
    with pytest.raises(UnknownName, match='did you mean "gradient_rms"'):
        measure(captured, quantities=["gradient_rsm"])


def test_only_what_is_asked_for_is_measured() -> None:
    profile = measure(made(), quantities=["weight_std", "weight_std", "saturation"], distributions=["weights"], step=7)
    assert (list(profile.values), list(profile.histograms)) == (["weight_std", "saturation"], ["weights"])
    assert (profile.step, profile.source, profile.layers) == (7, "measured", ("1", "2", "output"))


def test_an_empty_selection_is_a_profile_of_nothing() -> None:
    assert measure(made(), quantities=[]).replicas == 0


def test_gradients_of_a_layer_that_has_none_are_not_a_number() -> None:
    captured = stacked([made(1), made(1, seed=2)])
    layer = captured.layers[0]
    frozen = type(layer)(layer.pre, layer.post, layer.slope, layer.steepest, layer.weights)
    captured = type(captured)((frozen, *captured.layers[1:]), captured.inputs, captured.outputs)
    profile = measure(captured)
    assert np.isnan(profile["gradient_rms"][:, 0]).all()
    assert np.isfinite(profile["gradient_rms"][:, 1:]).all()
    assert np.isfinite(profile["weight_std"]).all()


@EACH
def test_each_record_says_what_it_is(quantity: Quantity) -> None:
    assert all((quantity.symbol, quantity.meaning, quantity.formula, len(quantity.source) > 5))
    assert not quantity.meaning.endswith(".")


def test_each_quantity_has_an_oracle() -> None:
    assert set(QUANTITIES) == {
        *oracle.OF_LAYER,
        *oracle.OF_BACKWARD,
        *oracle.OF_UPDATES,
        *oracle.OF_OUTPUT,
        oracle.OF_TWO,
        *oracle.OF_NORM,
    }
