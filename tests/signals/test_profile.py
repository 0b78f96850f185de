"""Profile, History and Snapshot: the arithmetic of tables, and messages for tables that do not fit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import safetensors.numpy
import scipy.stats

from gradlab.errors import UnknownName, UserError
from gradlab.signals import History, Profile, Snapshot, layer_names, measure
from tests.signals.made import alone, changed, made

LAYERS = layer_names(2)


def profile(*rows: list[float], step: int = 0, name: str = "activation_std") -> Profile:
    return Profile({name: np.array(rows, dtype=float)}, LAYERS, "measured", step)


def measured(step: int, seed: int = 1, replicas: int = 2) -> Profile:
    return measure(made(replicas, seed=seed), distributions=None, step=step)


def assert_equal(one: Profile, other: Profile) -> None:
    assert (one.layers, one.source, one.step) == (other.layers, other.source, other.step)
    assert list(one.values) == list(other.values)
    assert list(one.histograms) == list(other.histograms)
    for name in one.values:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    for name, histogram in one.histograms.items():
        for part in ("edges", "counts", "nans", "zero_bins"):
            np.testing.assert_array_equal(getattr(histogram, part), getattr(other.histograms[name], part), err_msg=name)


def test_a_difference_subtracts_what_both_hold() -> None:
    theory = Profile({"q": np.ones((1, 2)), "chi": np.ones((1, 2))}, LAYERS, "theory", assumptions=("wide",))
    seen = Profile(
        {"std": np.ones((2, 2)), "q": np.array([[1.0, 2.0], [0.5, math.nan]])}, LAYERS, "measured", 5, {}, ("iid",)
    )
    found = theory.difference(seen)
    np.testing.assert_array_equal(found["q"], [[0.0, -1.0], [0.5, math.nan]])
    assert (list(found.values), found.source, found.step) == (["q"], "difference", 5)
    assert found.assumptions == ("wide", "iid")
    np.testing.assert_array_equal(found["q"], -seen.difference(theory)["q"])


def test_profiles_that_do_not_fit_are_not_subtracted() -> None:
    one = profile([1.0, 2.0])
    with pytest.raises(UserError, match="got layers 1, output and 1, 2, output; expected the same layers"):
        one.difference(Profile({"activation_std": np.ones((1, 3))}, layer_names(3), "theory"))
    with pytest.raises(UserError, match="got 2 and 3 replicas"):
        profile(*[[1.0, 1.0]] * 2).difference(profile(*[[1.0, 1.0]] * 3))
    with pytest.raises(UserError, match="got activation_std and q; expected a quantity in both"):
        one.difference(profile([1.0, 2.0], name="q"))


def test_shapes_must_agree() -> None:
    with pytest.raises(AssertionError, match="one number of replicas"):
        Profile({"a": np.ones((1, 2)), "b": np.ones((2, 2))}, LAYERS, "measured")
    with pytest.raises(AssertionError, match="layers"):
        Profile({"a": np.ones((1, 3))}, LAYERS, "measured")


def test_a_replica_is_taken_whole() -> None:
    captured = made(3)
    assert_equal(measure(captured, distributions=None).replica(2), measure(alone(captured, 2), distributions=None))
    with pytest.raises(UserError, match="replica: got 3; expected 0 to 2"):
        measured(0, replicas=3).replica(3)


def test_an_unmeasured_quantity_is_named() -> None:
    with pytest.raises(UnknownName, match='did you mean "activation_std"'):
        profile([1.0, 2.0])["activation_sdt"]


def test_means_are_students() -> None:
    values = np.random.default_rng(1).lognormal(size=(6, 2))
    means = profile(*values.tolist()).means("activation_std", level=0.9)
    for place, mean in enumerate(means):
        theirs = scipy.stats.ttest_1samp(values[:, place], 0).confidence_interval(0.9)
        assert (mean.low, mean.high) == pytest.approx((theirs.low, theirs.high))
        assert mean.n == 6
        assert mean.mean == pytest.approx(values[:, place].mean())
    geometric = profile(*values.tolist()).means("activation_std", level=0.9, scale="log")
    for place, mean in enumerate(geometric):
        theirs = scipy.stats.ttest_1samp(np.log(values[:, place]), 0).confidence_interval(0.9)
        assert (mean.low, mean.high) == pytest.approx((math.exp(theirs.low), math.exp(theirs.high)))
        assert mean.mean == pytest.approx(scipy.stats.gmean(values[:, place]))


def test_means_leave_out_what_is_no_number_and_say_so() -> None:
    rows = [[1.0, math.nan], [3.0, math.nan], [math.inf, 2.0], [0.0, math.nan]]
    first, second = profile(*rows).means("activation_std")
    assert (first.n, first.mean) == pytest.approx((3, 4 / 3))
    assert (second.mean, second.n) == (2.0, 1)
    assert math.isnan(second.low)
    first, second = profile(*rows).means("activation_std", scale="log")
    assert (first.n, first.mean) == pytest.approx((2, math.sqrt(3)))
    assert (second.mean, second.n) == (2.0, 1)
    none = profile([math.nan, 0.0]).means("activation_std", scale="log")
    assert all(math.isnan(mean.mean) and mean.n == 0 for mean in none)
    with pytest.raises(UserError, match="level"):
        profile([math.nan, 0.0]).means("activation_std", level=2.0)


def test_means_of_extreme_values_warn_of_nothing() -> None:
    means = profile([1e-320, 1e308], [1e308, 1e308]).means("activation_std", scale="log")
    assert means[1].mean == pytest.approx(1e308)
    assert means[0].high == math.inf


def test_a_profile_as_plain_numbers() -> None:
    one = measured(3)
    told = json.loads(json.dumps(one.to_dict()))
    assert (told["step"], told["layers"], told["source"]) == (3, ["1", "2", "output"], "measured")
    np.testing.assert_array_equal(told["values"]["weight_std"], one["weight_std"])
    np.testing.assert_array_equal(told["histograms"]["weights"]["counts"], one.histograms["weights"].counts)


def test_a_history_gives_its_profiles_back() -> None:
    profiles = [measured(step, seed=step) for step in (0, 5, 100)]
    history = History.of(profiles)
    assert history.steps == (0, 5, 100)
    assert history["weight_std"].shape == (3, 2, 3)
    for one in profiles:
        assert_equal(history.at(one.step), one)
    with pytest.raises(UserError, match="step: got 7; expected one that was measured: 0, 5, 100"):
        history.at(7)
    with pytest.raises(UnknownName, match='did you mean "weight_std"'):
        history["weight_sdt"]


def test_a_quantity_that_one_step_lacks_is_not_a_number_there() -> None:
    first = measure(made(2, has_updates=False), distributions=None, step=0)
    history = History.of([first, measured(1)])
    assert np.isnan(history["update_to_data"][0]).all()
    assert np.isfinite(history["update_to_data"][1]).all()
    assert (history.histograms["updates"].totals[0] == 0).all()
    assert (history.histograms["updates"].totals[1] > 0).all()


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        ([], "history: got no profiles"),
        ([profile([1.0, 1.0], step=1), profile([1.0, 1.0], step=1)], "got steps 1, 1; expected each later"),
        ([profile([1.0, 1.0]), profile([1.0, 1.0], [1.0, 1.0], step=1)], "got 1 measured and 2 measured replicas"),
        ([profile([1.0, 1.0]), Profile({}, layer_names(3), "measured", 1)], "expected the same layers"),
    ],
)
def test_profiles_that_make_no_history(profiles: list[Profile], message: str) -> None:
    with pytest.raises(UserError, match=message):
        History.of(profiles)


def test_groups_of_replicas_join_into_one() -> None:
    captured = [made(5, seed=seed) for seed in (1, 2)]
    whole = History.of([measure(one, distributions=None, step=step) for step, one in enumerate(captured)])
    parts = []
    for start, stop in ((0, 2), (2, 5)):
        cut = [changed(one, lambda array: array[start:stop]) for one in captured]  # noqa: B023  called at once
        parts.append(History.of([measure(one, distributions=None, step=step) for step, one in enumerate(cut)]))
    joined = History.join(parts)
    for step in whole.steps:
        for name in whole.values:
            np.testing.assert_allclose(joined.at(step)[name], whole.at(step)[name], rtol=1e-13, err_msg=name)
        for name, histogram in whole.at(step).histograms.items():
            np.testing.assert_array_equal(joined.at(step).histograms[name].counts, histogram.counts)


def test_histories_that_differ_in_more_than_replicas_are_not_joined() -> None:
    one = History.of([measured(0)])
    with pytest.raises(UserError, match=r"different steps: \(0,\) and \(1,\)"):
        History.join([one, History.of([measured(1)])])
    with pytest.raises(UserError, match="different values"):
        History.join([one, History.of([measure(made(1), quantities=["weight_std"])])])
    with pytest.raises(UserError, match="none"):
        History.join([])


def test_a_history_survives_safetensors() -> None:
    history = History.of([measured(step, seed=step) for step in (0, 5)])
    arrays = history.to_arrays()
    assert arrays["histograms/weights/counts"].dtype == np.uint8  # few entries, small numbers
    again = History.from_arrays(safetensors.numpy.load(safetensors.numpy.save(arrays)))
    for step in history.steps:
        assert_equal(again.at(step), history.at(step))
    assert again.histograms["weights"].counts.dtype == np.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"about": None}, 'got arrays .*expected one called "about"'),
        ({"about": np.zeros(3, np.uint8)}, "damaged"),
        ({"about": np.frombuffer(b"[]", np.uint8)}, "damaged"),
        ({"histograms/weights/edges": None}, "damaged"),
        ({"values/weight_std": np.ones((1, 1, 1))}, "damaged"),
    ],
)
def test_a_damaged_history_is_refused(change: dict[str, np.ndarray | None], message: str) -> None:
    arrays: dict[str, np.ndarray | None] = {**History.of([measured(0)]).to_arrays(), **change}
    with pytest.raises(UserError, match=message):
        History.from_arrays({name: array for name, array in arrays.items() if array is not None})


def test_snapshots_of_several_steps_share_a_table() -> None:
    early = Snapshot(
        0, {"weights/1": np.ones((2, 3)).T, "weights/output": np.ones(2), "confusion": np.eye(2, dtype=int)}
    )
    late = Snapshot(100, {"weights/1": np.zeros((3, 2))})
    table = {**late.to_arrays(), **early.to_arrays()}
    found = Snapshot.from_arrays(safetensors.numpy.load(safetensors.numpy.save(table)))
    assert [one.step for one in found] == [0, 100]
    for one, other in zip(found, (early, late), strict=True):
        assert set(one.arrays) == set(other.arrays)
        for name, array in other.arrays.items():
            np.testing.assert_array_equal(one.arrays[name], array)
    assert set(early.by_layer("weights")) == {"1", "output"}
    assert early.by_layer("updates") == {}
    with pytest.raises(UserError, match="snapshot: got weights/1; expected a name"):
        Snapshot.from_arrays({"weights/1": np.ones(1)})
